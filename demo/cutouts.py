"""Papers painted with gouache, shapes cut from them with scissors, and the bundled style picture glued of both."""

from __future__ import annotations

import cv2
import numpy as np
from brush import Array, Rgb, blend, noise, palette, rgb


def scissors(mask: Array, rounding: float) -> Array:
    """Round off a drawn shape as scissors do: blur it and cut it again, with an edge one pixel soft."""
    smooth = cv2.GaussianBlur(mask, (0, 0), rounding)
    return np.clip((smooth - 0.5) * rounding * 2.2 + 0.5, 0, 1)


def alga(shape: tuple[int, int], foot: Array, tip: Array, fingers: int, reach: float,
         rng: np.random.Generator) -> Array:
    """A seaweed from foot to tip (pixels), with fat, round `fingers` on each side, `reach` times its length."""
    mask = np.zeros(shape, np.float32)
    axis = tip - foot
    length, side = float(np.linalg.norm(axis)), np.array([-axis[1], axis[0]])
    bend, thick = rng.uniform(-0.10, 0.10), length * 0.046

    def dab(at: Array, radius: float) -> None:
        cv2.circle(mask, tuple(np.round(at).astype(int).tolist()), max(2, int(radius)), 1.0, -1)

    def spine(t: float) -> Array:
        return np.asarray(foot + axis * t + side * bend * np.sin(np.pi * t), np.float32)
    for t in np.linspace(0, 1, 60):
        dab(spine(t), thick * (0.95 - 0.25 * t))
    for k in range(fingers):
        t = 0.06 + 0.80 * k / max(1, fingers - 1)
        size = reach * (0.5 + 0.5 * np.sin(np.pi * (0.2 + 0.7 * t))) * rng.uniform(0.9, 1.1)
        for turn in (-1, 1):
            lift = rng.uniform(0.12, 0.18)
            for u in np.linspace(0, 1, 24):
                dab(spine(t) + side * turn * size * u + axis * lift * u ** 1.8, thick * (0.55 + 0.75 * u))
    return scissors(mask, thick * 0.5)


def leaf(shape: tuple[int, int], center: Array, size: float, turn: float) -> Array:
    """A pointed leaf, `size` pixels from its middle to its tip, turned by `turn` radians."""
    u = np.linspace(0, 2 * np.pi, 40)
    along, across = np.cos(u) * size, np.sin(u) ** 3 * size * 0.5
    points = np.stack([along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)], 1)
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.round(points + center).astype(np.int32)], 1.0)
    return scissors(mask, size * 0.07)


def burst(shape: tuple[int, int], center: Array, radius: float, rays: int, rng: np.random.Generator) -> Array:
    """A sun or a flower: a disc with rounded rays."""
    mask = np.zeros(shape, np.float32)
    middle = tuple(np.round(center).astype(int).tolist())
    cv2.circle(mask, middle, int(radius * 0.42), 1.0, -1)
    for k in range(rays):
        turn = 2 * np.pi * (k + rng.uniform(-0.12, 0.12)) / rays
        way = radius * rng.uniform(0.86, 1.02) * np.array([np.cos(turn), np.sin(turn)])
        for u in np.linspace(0.3, 1, 20):
            at = tuple(np.round(center + way * u).astype(int).tolist())
            cv2.circle(mask, at, int(radius * 0.09 * u + 3), 1.0, -1)
    return scissors(mask, radius * 0.055)


def paper(shape: tuple[int, int], color: Rgb, rng: np.random.Generator) -> Array:
    """A sheet brushed with gouache: long, faint streaks, and pigment that settled unevenly."""
    height, width = shape
    tall = bool(rng.integers(2))
    streaks = noise((height, width) if not tall else (width, height), 26, rng, 5)
    narrow = streaks[:, : max(8, streaks.shape[1] // 9)]
    streaks = cv2.resize(narrow, streaks.shape[::-1], interpolation=cv2.INTER_CUBIC)
    streaks = streaks.T if tall else streaks
    tone = 1 + 0.045 * streaks + 0.02 * noise(shape, 90, rng) + 0.012 * noise(shape, 2, rng, 1)
    return np.clip(np.asarray(color, np.float32) * tone[..., None], 0, 1).astype(np.float32)


def lay(picture: Array, mask: Array, color: Rgb, rng: np.random.Generator) -> Array:
    """Glue a cut shape on: a soft shadow below right, a bright cut edge above left."""
    shadow = np.roll(cv2.GaussianBlur(mask, (0, 0), 4.0), (4, 3), (0, 1)) * (1 - mask)
    picture = picture * (1 - 0.30 * shadow[..., None])
    picture = blend(picture, paper(mask.shape, color, rng), mask)
    rim = np.clip(mask - np.roll(mask, (1, 1), (0, 1)), 0, 1)
    return np.clip(picture + 0.10 * rim[..., None], 0, 1)


COLUMNS, ROWS = (0, 0.27, 0.49, 0.76, 1), (0, 0.36, 0.68, 1)
BURSTS = {3: 13, 6: 9, 8: 11}       # panels that hold a burst, and its rays


def cut_paper(width: int = 800, height: int = 640) -> Array:
    """Seaweeds, suns and leaves cut from papers painted in bright gouache, glued onto colored panels."""
    rng, shape = np.random.default_rng(23), (height, width)
    grounds = palette("1f4fa3", "f4b81c", "e8502f", "f6efe0", "1d7d5a", "f29cb0", "f6efe0", "12306b", "f07f1e",
                      "7cc4d8", "8a2f6b", "f4d35e")
    shapes = palette("f6efe0", "c8252d", "f4c92b", "1f4fa3", "f7a8b8", "1d7d5a", "e8502f", "f2c230", "f6efe0",
                     "c8252d", "8fd0c2", "2257b0")
    panels = [((COLUMNS[k % 4] + COLUMNS[k % 4 + 1]) / 2 * width, (ROWS[k // 4] + ROWS[k // 4 + 1]) / 2 * height,
               (COLUMNS[k % 4 + 1] - COLUMNS[k % 4]) * width, (ROWS[k // 4 + 1] - ROWS[k // 4]) * height)
              for k in range(12)]
    picture = paper(shape, rgb("f6efe0"), rng)
    for (x, y, wide, tall), ground in zip(panels, grounds, strict=True):
        panel = np.zeros(shape, np.float32)
        corners = np.array([(x + a * wide / 2, y + b * tall / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
        cv2.fillPoly(panel, [np.round(corners + rng.uniform(-6, 6, (4, 2))).astype(np.int32)], 1.0)
        picture = lay(picture, cv2.GaussianBlur(panel, (0, 0), 0.6), ground, rng)
    for k, (x, y, wide, tall) in enumerate(panels):
        middle, lean = np.array([x, y]), rng.uniform(-0.3, 0.3)
        axis = np.array([np.sin(lean) * wide, np.cos(lean) * tall])
        if k in BURSTS:
            mask = burst(shape, middle, min(wide, tall) * 0.44, BURSTS[k], rng)
        else:
            mask = alga(shape, middle + axis * 0.42, middle - axis * 0.34, int(rng.integers(4, 6)),
                        0.30 * wide / tall, rng)
        picture = lay(picture, mask, shapes[k], rng)
    for k in range(11):                                    # leaves that tie the panels together
        at = np.array([COLUMNS[1 + k % 3] * width, (0.06 + 0.88 * k / 10) * height]) + rng.uniform(-26, 26, 2)
        mask = leaf(shape, at, rng.uniform(26, 40), rng.uniform(0, np.pi))
        picture = lay(picture, mask, shapes[(k * 5 + 2) % 12], rng)
    return picture.astype(np.float32)
