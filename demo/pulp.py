"""What papers are made of: uneven pulp, tooth, fibers, flecks, creases, and how ink and light meet them.

Random fields are shaped by their spectrum, not laid on a lattice: a lattice shows as soft squares in a flat sheet.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from brush import OVER, Rgb, blend, rgb
from numpy.typing import NDArray

SIZE = 768
LARGE = (SIZE * OVER, SIZE * OVER)      # everything is made at this shape and made smaller at the end
Array = NDArray[Any]      # of 32-bit floats, but for masks that are being drawn, of 8 bits
Rng = np.random.Generator


def field(shape: tuple[int, int], rng: Rng, coarse: float, fine: float = 1.0, slope: float = 1.0,
          stretch: float = 1.0, turn: float = 0.0) -> Array:
    """Random values, mean 0 and deviation 1, with features from `fine` to `coarse` pixels wide.

    `slope` says how much stronger large features are than small ones; `stretch` draws them out along `turn` (radians).
    """
    down, right = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    along, across = right * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - right * np.sin(turn)
    frequency = np.sqrt((along * stretch) ** 2 + across ** 2)
    gain = np.exp(-(frequency * fine) ** 2) * (1 - np.exp(-(frequency * coarse) ** 2))
    gain /= np.maximum(frequency, 0.5 / coarse) ** slope
    values = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * gain, s=shape)
    return np.asarray((values - values.mean()) / values.std(), np.float32)


def step(values: Array, edge: Array | float, width: float) -> Array:
    """0 below an edge, 1 above it, smooth over `width`."""
    t = np.clip((values - edge) / width + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def tooth(rng: Rng, size: float = 7.0, shape: tuple[int, int] = LARGE) -> Array:
    """The height of a paper's surface: felt marks about `size` pixels wide, and finer grain on them."""
    return np.asarray(0.8 * field(shape, rng, size * 1.6, size * 0.7, 0.6) + 0.4 * field(shape, rng, 5, 2, 0.3))


def light(height: Array, soft: float = 0.8) -> Array:
    """How much more (or less) than a flat sheet a surface catches of a lamp at the top left: about -1..1."""
    smooth = cv2.GaussianBlur(height, (0, 0), soft)
    return np.tanh(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125) + 1.2 * cv2.Sobel(
        smooth, cv2.CV_32F, 0, 1, scale=0.125)).astype(np.float32)


def flat(color: Rgb, shape: tuple[int, int] = LARGE) -> Array:
    return np.broadcast_to(np.asarray(color, np.float32), (*shape, 3)).copy()


def over(picture: Array, color: Rgb, share: Array) -> Array:
    """Lay an opaque color over a picture, where `share` (0..1) says."""
    return np.asarray(blend(picture, flat(color), share.astype(np.float32)))


def shade(picture: Array, amount: Array) -> Array:
    """Make a picture lighter (`amount` above 0) or darker."""
    return np.asarray(picture * (1 + amount[..., None]), np.float32)


def stain(picture: Array, amount: Array, color: Rgb) -> Array:
    """Lay transparent ink or dye of that color over a picture: 1 is one full coat, 2 two of them."""
    absorbed = np.log(np.maximum(np.asarray(color, np.float32), 0.012))
    return np.asarray(picture * np.exp(amount[..., None] * absorbed), np.float32)


def curls(rng: Rng, count: int, length: tuple[float, float], curl: float, turn: float | None = None,
          shape: tuple[int, int] = LARGE, width: tuple[int, int] = (1, 2)) -> Array:
    """Fibers: wandering hair lines of different strength (0..1), led by `turn` (radians) if one is given."""
    mask = np.zeros(shape, np.uint8)
    for _ in range(count):
        steps = max(6, int(rng.uniform(*length) / 5))
        bend = np.cumsum(rng.normal(0, curl, steps)) * 0.35 + np.cumsum(rng.normal(0, curl * 0.2, steps)).cumsum() * 0.1
        start = rng.uniform(0, 2 * np.pi) if turn is None else turn + rng.normal(0, 0.25)
        path = np.stack([np.cos(start + bend), np.sin(start + bend)], 1).cumsum(0) * 5
        path += rng.uniform((-60, -60), (shape[1] + 60, shape[0] + 60)) - path[steps // 2]
        cv2.polylines(mask, [np.round(path * 16).astype(np.int32)[:, None]], False, int(rng.uniform(70, 255)),
                      int(rng.integers(width[0], width[1] + 1)), cv2.LINE_AA, 4)
    return (mask / np.float32(255)).astype(np.float32)


def flecks(rng: Rng, count: int, size: tuple[float, float], shape: tuple[int, int] = LARGE) -> Array:
    """Specks of bark, straw and rag: ragged little slivers of different strength (0..1)."""
    mask = np.zeros(shape, np.uint8)
    for _ in range(count):
        radius, corners = rng.uniform(*size) * rng.uniform(0.5, 1), int(rng.integers(5, 9))
        angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
        far = radius * rng.uniform(0.4, 1.1, corners)
        lean, thin = rng.uniform(0, np.pi), rng.uniform(0.25, 0.9)
        x, y = far * np.cos(angle), far * np.sin(angle) * thin
        points = np.stack([x * np.cos(lean) - y * np.sin(lean), x * np.sin(lean) + y * np.cos(lean)], 1)
        points += rng.uniform((0, 0), (shape[1], shape[0]))
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], int(rng.uniform(90, 255)), cv2.LINE_AA, 4)
    return (mask / np.float32(255)).astype(np.float32)


def crumple(rng: Rng, folds: int, shape: tuple[int, int] = LARGE) -> Array:
    """The height of a sheet that was crushed and smoothed again: flat facets between sharp creases."""
    y, x = np.mgrid[0:shape[0], 0:shape[1]].astype(np.float32)
    x, y = x + 9 * field(shape, rng, 900, 200, 1.6), y + 9 * field(shape, rng, 900, 200, 1.6)
    height = np.zeros(shape, np.float32)
    for k in range(folds):
        reach = np.float32(shape[0] * rng.uniform(0.5, 1.0) / (1 + 4.0 * k / folds) * 0.6)
        turn, sign = rng.uniform(0, np.pi), rng.choice((-1.0, 1.0))
        from_x, from_y = x - rng.uniform(0, shape[1]), y - rng.uniform(0, shape[0])
        across = from_x * np.float32(np.cos(turn)) + from_y * np.float32(np.sin(turn))
        along = from_y * np.float32(np.cos(turn)) - from_x * np.float32(np.sin(turn))
        window = np.clip(1 - (across / reach) ** 2 * 2.2 - (along / reach) ** 2, 0, 1) ** 2
        height += np.float32(sign * rng.uniform(0.3, 1)) * np.abs(across) * window
    return height


def age(picture: Array, rng: Rng, amount: float, tint: str = "d9b277") -> Array:
    """Yellow a sheet unevenly, as air and light do: in clouds, along one side, in a few faint spots of mold."""
    shape = (picture.shape[0], picture.shape[1])
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    edge = (x if rng.uniform() < 0.5 else 1 - x) ** 3
    clouds = np.clip(0.5 + 0.25 * field(shape, rng, 1400, 30, 1.7), 0, 1.5) + 0.5 * edge
    spots = cv2.GaussianBlur(flecks(rng, 26, (3, 16), shape), (0, 0), 4) * step(field(shape, rng, 600, 200, 1), 0.3, 1)
    return stain(picture, (amount * (clouds + 1.1 * spots)).astype(np.float32), rgb(tint))


def ink(paper: Array, mask: Array, color: Rgb, rng: Rng, gain: float = 1.0, worn: float = 0.3,
        strong: float = 0.93) -> Array:
    """Print a mask (0..1): ink spreads `gain` pixels, thins out in clouds and misses the deepest pits of the paper."""
    shape = (mask.shape[0], mask.shape[1])
    spread = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6 + gain)
    ragged = field(shape, rng, 9, 2.0, 0.5)
    solid = step(spread, 0.42 - 0.06 * min(gain, 2.0) + 0.07 * ragged, 0.5)
    pits = step(field(shape, rng, 8, 2.5, 0.5) + 0.4 * field(shape, rng, 500, 12, 0.9, 5), 2.3 - 2.0 * worn, 0.9)
    tone = strong * (1 + 0.05 * field(shape, rng, 900, 30, 1.1) + 0.05 * ragged) * (1 - (0.25 + 0.75 * worn) * pits)
    return blend(paper, flat(color, shape), np.clip(solid * tone, 0, 1).astype(np.float32))


def finish(picture: Array) -> Array:
    """The sheet at its final size."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.8)       # as a scanner's lens would: grain as fine as pixels is noise
    small = cv2.resize(np.clip(soft, 0, 1), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 1).astype(np.float32)
