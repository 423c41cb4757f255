"""A canvas with thick paint on it, and bristle brushes that follow a field of directions.

Everything is drawn at twice the final size and made smaller at the end. Positions and lengths are in pixels of the
final picture, colors are display-referred RGB in 0..1, angles are in radians with y downward.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Rgb = tuple[float, float, float]
OVER = 2        # how much larger than the final picture everything is drawn


def rgb(text: str) -> Rgb:
    """A color from its six hexadecimal digits."""
    return int(text[0:2], 16) / 255, int(text[2:4], 16) / 255, int(text[4:6], 16) / 255


def palette(*colors: str) -> list[Rgb]:
    return [rgb(color) for color in colors]


def blend(below: Array, above: Array, share: Array) -> Array:
    return below * (1 - share[..., None]) + above * share[..., None]


def noise(shape: tuple[int, int], scale: float, rng: np.random.Generator, octaves: int = 4) -> Array:
    """Smooth random values, mean 0 and deviation 1, whose largest features are `scale` pixels wide."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(scale / 2 ** octave, 1.0)
        cells = rng.standard_normal((int(height / size) + 3, int(width / size) + 3)).astype(np.float32)
        large = cv2.resize(cells, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
        total += large[:height, :width] * 0.5 ** octave
    return ((total - total.mean()) / total.std()).astype(np.float32)


def ramp(values: Array, colors: list[Rgb]) -> Array:
    """A picture from values in 0..1: each is blended from the two nearest of these colors."""
    table = np.asarray(colors, np.float32)
    position = np.clip(values, 0, 1) * (len(table) - 1)
    low = np.minimum(position.astype(int), len(table) - 2)
    share = (position - low)[..., None]
    return (table[low] * (1 - share) + table[low + 1] * share).astype(np.float32)


class Canvas:
    """Paint (color and thickness) on a ground of one color."""

    def __init__(self, width: int, height: int, ground: Rgb, seed: int) -> None:
        self.width, self.height = width, height
        self.color: Array = np.full((height * OVER, width * OVER, 3), ground, np.float32)
        self.thickness: Array = np.zeros((height * OVER, width * OVER), np.float32)
        self.rng = np.random.default_rng(seed)

    def stroke(self, path: Array, width: float, color: Array, streak: float = 0.07) -> None:
        """One pull of a brush along `path` (n x 2), every bristle with its own length and a little of its own color."""
        rng, path = self.rng, path * OVER
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
        span = width * OVER
        bristles = max(3, int(span / 2.2))
        swell = np.interp(np.linspace(0, 1, len(path)), [0, 0.18, 0.7, 1], [0.62, 1, 1, 0.5])[:, None]
        lean = rng.uniform(-0.25, 0.25)                 # one side of a brush always carries more paint
        for across in rng.permutation(np.linspace(-0.5, 0.5, bristles)):
            first = int(rng.integers(0, max(1, len(path) // 5) + 1))
            last = len(path) - int(rng.integers(0, max(1, len(path) // 4) + 1))
            if last - first < 2:
                continue
            line = path[first:last] + normal[first:last] * (across * span) * swell[first:last]
            points = np.round(line * 8).astype(np.int32)[:, None]
            own = np.clip(color * (1 + streak * rng.standard_normal()) + 0.25 * streak * rng.standard_normal(3), 0, 1)
            body = 0.55 + 0.45 * np.sqrt(1 - (1.8 * across) ** 2) + lean * across + 0.16 * rng.standard_normal()
            cv2.polylines(self.color, [points], False, own.tolist(), 3, cv2.LINE_8, 3)
            cv2.polylines(self.thickness, [points], False, float(body), 3, cv2.LINE_8, 3)

    def finish(self, relief: float, weave: float = 0.0, gloss: float = 0.06) -> Array:
        """The picture under a lamp at the top left: `relief` is how strongly thick paint casts light and shade."""
        height = cv2.GaussianBlur(self.thickness, (0, 0), 0.9)
        y, x = np.mgrid[0:height.shape[0], 0:height.shape[1]].astype(np.float32)
        height = height + weave * (np.sin(x * 1.45) * np.sin(y * 1.45)).astype(np.float32)
        slope_x, slope_y = cv2.Sobel(height, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(height, cv2.CV_32F, 0, 1) / 8
        light = np.tanh((slope_x + 1.3 * slope_y) * 1.6)[..., None]
        picture = self.color * (1 + relief * light) + gloss * np.clip(light - 0.35, 0, 1)
        small = cv2.resize(np.clip(picture, 0, 1), (self.width, self.height), interpolation=cv2.INTER_AREA)
        return np.clip(small, 0, 1).astype(np.float32)


def trace(starts: Array, angle: Array, length: Array, steps: int = 12) -> Array:
    """Follow the direction field from many starts at once: an array (starts, steps, 2) of positions."""
    height, width = angle.shape
    position, path = starts.astype(np.float32).copy(), []
    for _ in range(steps):
        path.append(position.copy())
        column = np.clip(position[:, 0], 0, width - 1).astype(int)
        row = np.clip(position[:, 1], 0, height - 1).astype(int)
        turn = angle[row, column]
        position += np.stack([np.cos(turn), np.sin(turn)], 1) * (length / (steps - 1))[:, None]
    return np.stack(path, 1)


def cover(canvas: Canvas, picture: Array, angle: Array, spacing: float, length: float, width: float,
          chance: Array | float = 1.0, vary: float = 0.05, wobble: float = 0.12, streak: float = 0.07) -> None:
    """Lay strokes over the canvas in random order, colored by `picture` and led by `angle` (both at final size).

    `chance` (0..1, a number or a map) says how likely a stroke is at a place, `vary` how far its color strays,
    `wobble` (radians) how far its direction does.
    """
    rng, (height, width_px) = canvas.rng, angle.shape
    columns, rows = np.arange(0, width_px + spacing, spacing), np.arange(0, height + spacing, spacing)
    starts = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2) + rng.uniform(-0.6, 0.6, (
        len(columns) * len(rows), 2)) * spacing
    row = np.clip(starts[:, 1], 0, height - 1).astype(int)
    column = np.clip(starts[:, 0], 0, width_px - 1).astype(int)
    likely = chance[row, column] if isinstance(chance, np.ndarray) else chance
    kept = rng.permutation(np.flatnonzero(rng.uniform(size=len(starts)) < likely))
    lengths = length * rng.uniform(0.6, 1.3, len(kept))
    paths = trace(starts[kept].astype(np.float32), angle + np.float32(wobble) * noise(angle.shape, 14, rng, 2), lengths)
    for path, r, c in zip(paths, row[kept], column[kept], strict=True):
        color = picture[r, c] * (1 + vary * rng.standard_normal()) + 0.6 * vary * rng.standard_normal(3)
        canvas.stroke(path - path[len(path) // 2] + path[0], width * rng.uniform(0.7, 1.25),
                      np.clip(color, 0, 1).astype(np.float32), streak)


def save(picture: Array, path: Path, quality: int = 90) -> None:
    """Write a JPEG. Raises OSError when it cannot be written."""
    bgr = np.round(picture[..., ::-1] * 255).astype(np.uint8)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OSError(f"{path} cannot be encoded.")
    path.write_bytes(data.tobytes())
