"""Paints the bundled style pictures: `python demo/styles.py [NAME ...]` writes JPEGs to blender_addon/styles/.

Each is a composition of the project's own, made of thousands of brush strokes or cut papers by seeded random numbers,
so that the same picture comes out again. Needs numpy and OpenCV (the engine's environment).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from brush import Array, Canvas, blend, cover, noise, palette, ramp, rgb, save
from cutouts import cut_paper

STYLES = Path(__file__).resolve().parent.parent / "blender_addon" / "styles"


def grid(width: int, height: int) -> tuple[Array, Array]:
    """x in 0..aspect and y in 0..1 (downward), per pixel."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    return x, y


def soft(values: Array, edge: float, width: float) -> Array:
    """0 below an edge, 1 above it, smooth over `width`."""
    t = np.clip((values - edge) / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


# ---------------------------------------------------------------------------------------------- swirling night

VORTICES = (            # x, y, radius, turn: where the wind curls, in heights of the picture
    (0.50, 0.30, 0.20, 1.0), (0.88, 0.40, 0.14, -1.0), (0.15, 0.14, 0.12, -1.0), (1.16, 0.13, 0.13, 0.6))
STARS = (               # x, y, radius of a glow
    (0.30, 0.12, 0.040), (0.74, 0.10, 0.045), (0.08, 0.36, 0.045), (0.70, 0.53, 0.035), (0.95, 0.14, 0.026),
    (0.26, 0.52, 0.032), (1.19, 0.42, 0.040), (0.47, 0.06, 0.026))
MOON = (1.09, 0.17, 0.125)


def night_wind(x: Array, y: Array) -> tuple[Array, Array]:
    """The direction of the wind (radians) and its stream value, whose level lines the strokes follow."""
    stream = 0.55 * y + 0.05 * np.sin(x * 6 + 1) + 0.02 * np.sin(x * 13 + y * 9)
    for cx, cy, radius, turn in VORTICES:
        square = ((x - cx) ** 2 + (y - cy) ** 2) / radius ** 2
        stream = stream + turn * 0.20 * radius / 0.2 * np.exp(-square * 0.7)
    for cx, cy, radius in (*STARS, MOON):
        square = ((x - cx) ** 2 + (y - cy) ** 2) / (radius * 1.35) ** 2
        stream = stream + 0.10 * radius / 0.05 * np.exp(-square) * 0.6
    down, right = np.gradient(stream)
    return np.arctan2(-right, down).astype(np.float32), stream.astype(np.float32)


def night_ground(x: Array, y: Array) -> Array:
    """Height of the land's outline (y) at each x: hills rolling down to a lake."""
    return (0.70 + 0.045 * np.sin(x * 3.1 + 0.6) - 0.05 * np.exp(-((x - 1.15) / 0.22) ** 2) + 0.012 * np.sin(x * 17)
            + 0.0 * y)


def swirling_night(width: int = 800, height: int = 640) -> Array:
    """Wind and starlight over dark hills and a yellow field: long, thick strokes along a swirling sky."""
    canvas = Canvas(width, height, rgb("1b2a5c"), 7)
    x, y = grid(width, height)
    angle, stream = night_wind(x, y)
    bands = 0.5 + 0.5 * np.sin(stream * 74 + 0.8 * noise(x.shape, 120, canvas.rng))
    depth = np.clip(bands * 0.8 + 0.12 * noise(x.shape, 60, canvas.rng) + 0.12 - 0.12 * (y < 0.1), 0, 1)
    picture = ramp(depth, palette("0c1440", "14246b", "1d3f94", "2a63b0", "4d90c6", "93bfd0", "d8dcc0"))
    for cx, cy, radius in STARS:
        far = np.sqrt((x - cx) ** 2 + (y - cy) ** 2) / radius
        glow = ramp(np.clip(far / 2.0, 0, 1), palette("fffbe0", "ffe873", "f8b21e", "e9b93f", "a9c9a6", "4d90c6"))
        picture = blend(picture, glow, 1 - soft(far, 1.6, 0.7))
    far = np.sqrt((x - MOON[0]) ** 2 + (y - MOON[1]) ** 2) / MOON[2]
    bite = np.sqrt((x - MOON[0] + 0.042) ** 2 + (y - MOON[1] + 0.012) ** 2) / MOON[2]
    halo = ramp(np.clip(far / 1.9, 0, 1), palette("d98a1c", "ecb23a", "efd67c", "b9d0ae", "5c9cc0", "2a63b0"))
    picture = blend(picture, halo, 1 - soft(far, 1.6, 0.6))
    crescent = (1 - soft(far, 0.60, 0.08)) * soft(bite, 0.44, 0.08)
    picture = blend(picture, ramp(np.clip(far, 0, 1), palette("fff3b8", "ffe27a")), crescent)
    return _night_land(canvas, picture, angle, x, y)


def _night_land(canvas: Canvas, picture: Array, angle: Array, x: Array, y: Array) -> Array:
    rng, edge = canvas.rng, night_ground(x, y)
    hill = soft(y, edge, 0.01)
    below = np.clip((y - edge) / (1 - edge), 0, 1)
    dark = ramp(np.clip(0.5 + 0.3 * np.sin((y - edge) * 60 + 5 * np.sin(x * 4)) + 0.12 * noise(x.shape, 40, rng), 0, 1),
                palette("0a1230", "12264a", "1c4a5e", "2f6b62", "64915a"))
    field = ramp(np.clip(0.5 + 0.28 * np.sin((y * 1.6 + 0.35 * x) * 55) + 0.16 * noise(x.shape, 30, rng), 0, 1),
                 palette("3c5a2a", "8a8a24", "d7a419", "f4c72e", "f7e08a"))
    wheat = soft(below + 0.10 * np.sin(x * 4.5 + 0.5), 0.45, 0.04)
    picture = blend(blend(picture, dark, hill), field, wheat * hill)
    slope = np.arctan(np.gradient(edge, axis=1) * x.shape[0]) + 0.35 * np.sin(x * 7 + y * 12)
    angle = np.where(hill > 0.5, np.where(wheat > 0.5, slope - 0.5 + 0.5 * below, slope), angle).astype(np.float32)
    busy = np.zeros_like(x)
    for cx, cy, radius in (*STARS, MOON):
        busy = np.maximum(busy, np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / (radius * 1.7) ** 2) ** 2))
    cover(canvas, picture, angle, 14, 80, 17, vary=0.04)
    cover(canvas, picture, angle, 11, 60, 10, vary=0.05, streak=0.07)
    cover(canvas, picture, angle, 10, 44, 7, chance=0.7, vary=0.07, streak=0.08)
    cover(canvas, picture, angle, 7, 22, 5.5, chance=np.maximum(busy, 0.5 * wheat * hill), vary=0.04)
    return canvas.finish(relief=0.5, weave=0.03)


# ---------------------------------------------------------------------------------------------- poppy field


def poppy_field(width: int = 800, height: int = 640) -> Array:
    """A summer meadow in short dabs: poppies, tall grass, a row of trees under moving clouds."""
    canvas = Canvas(width, height, rgb("c9b98a"), 5)
    rng = canvas.rng
    x, y = grid(width, height)
    horizon = 0.36 + 0.015 * np.sin(x * 3) + 0.02 * x
    clouds = soft(noise(x.shape, 190, rng) + 0.5 * noise(x.shape, 60, rng), 0.35, 1.3)
    picture = blend(ramp(np.clip(y / 0.36, 0, 1), palette("3f7fc4", "6ba6d8", "a8cfe3", "dfe3d2")),
                    ramp(np.clip(0.5 + 0.3 * noise(x.shape, 60, rng) - 0.8 * (y - 0.15), 0, 1),
                         palette("9fa9c9", "d9d3dc", "f4e9dc", "fffaf0")), clouds)
    crowns = horizon - 0.035 - 0.055 * np.clip(noise(x.shape, 110, rng)[5:6], -0.6, 2) - 0.02 * np.clip(
        noise(x.shape, 26, rng)[9:10], -1, 2)
    trees = soft(y, crowns, 0.01) * (1 - soft(y, horizon, 0.01))
    leaves = ramp(np.clip(0.5 + 0.22 * noise(x.shape, 22, rng) - 5 * (y - horizon + 0.05), 0, 1),
                  palette("1d3b3a", "2c5a45", "4c7a44", "7f9f4f", "b9bd62"))
    picture = blend(picture, leaves, trees)
    field, near = soft(y, horizon, 0.008), np.clip((y - horizon) / (1 - horizon), 0, 1)
    grass = ramp(np.clip(0.55 + 0.2 * noise(x.shape, 46, rng) + 0.14 * np.sin(near ** 0.5 * 26 + 2 * x)
                         - 0.35 * near, 0, 1),
                 palette("1f4a2c", "3b6b2f", "6b9138", "a3b24a", "d6c768", "efe0a0"))
    picture = blend(picture, grass, field)
    drift = (0.25 * noise(x.shape, 170, rng) - 0.12).astype(np.float32)
    upward = (-np.pi / 2 + 0.35 * noise(x.shape, 90, rng)).astype(np.float32)
    grown = near > 0.2 + 0.05 * noise(x.shape, 12, rng)
    angle = np.where(field > 0.5, np.where(grown, upward, drift * 0.4), drift).astype(np.float32)
    angle = np.where(trees > 0.5, 1.1 + 0.6 * noise(x.shape, 30, rng), angle).astype(np.float32)
    cover(canvas, picture, angle, 12, 34, 15, vary=0.05)
    cover(canvas, picture, angle, 8.5, 22, 8.5, vary=0.06, wobble=0.3)
    cover(canvas, picture, angle, 7, 17, 5.5, chance=0.75, vary=0.08, wobble=0.4)
    cover(canvas, picture, angle, 8, 46, 3.6, chance=field * soft(near, 0.35, 0.4) * 0.7, vary=0.2, wobble=0.2)
    _poppies(canvas, horizon, noise(x.shape, 130, rng))
    return canvas.finish(relief=0.42, weave=0.05)


def _poppies(canvas: Canvas, horizon: Array, drifts: Array) -> None:
    """Flowers in drifts, from far specks to near blooms: a few curved dabs each, dark at the heart."""
    rng = canvas.rng
    reds = palette("d8261c", "ee3b22", "b3161f", "f2603a", "e01f3d")
    for near in np.sort(rng.uniform(0.02, 1, 1500) ** 1.25):
        column = int(rng.uniform(0, canvas.width - 1))
        row = int(min((horizon[0, column] + near * (1 - horizon[0, column])) * canvas.height, canvas.height - 1))
        if drifts[row, column] < rng.uniform(-0.3, 1.0):
            continue
        size = 2.5 + 15 * near ** 1.3 * rng.uniform(0.7, 1.2)
        color = np.asarray(reds[int(rng.integers(len(reds)))])
        for petal in range(2 + int(size > 6) + int(size > 11)):
            turn = np.pi * (0.15 + 0.7 * petal / 2) + rng.uniform(-0.4, 0.4)
            arc = np.linspace(turn - 0.9, turn + 0.9, 7)
            path = np.stack([column + size * 0.62 * np.cos(arc), row - size * 0.42 * np.sin(arc)], 1)
            shade = color * (1.12 - 0.16 * petal) + 0.04 * rng.standard_normal(3)
            canvas.stroke(path.astype(np.float32), size * 0.62, np.clip(shade, 0, 1).astype(np.float32), 0.1)
        if size > 7:
            path = np.stack([np.linspace(-0.2, 0.2, 4) * size + column, np.full(4, row - size * 0.12)], 1)
            canvas.stroke(path.astype(np.float32), size * 0.2, np.asarray(rgb("2a1420"), np.float32), 0.1)


PAINTERS: dict[str, Callable[[], Array]] = {
    "swirling_night": swirling_night, "cut_paper": cut_paper, "poppy_field": poppy_field}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PAINTERS)} (default: all)")
    parser.add_argument("--output", type=Path, default=STYLES, help="folder (default: %(default)s)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names or PAINTERS:
        picture = PAINTERS[name]()
        path = options.output / f"{name}.jpg"
        save(picture, path)
        print(f"{path}: {picture.shape[1]}x{picture.shape[0]}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
