"""Paints the bundled style pictures: `python demo/styles.py [NAME ...]` writes JPEGs to blender_addon/styles/.

Each is a composition of the project's own, made of thousands of brush strokes or cut papers by seeded random numbers,
so that the same picture comes out again. Needs numpy and OpenCV (the engine's environment).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
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


# ---------------------------------------------------------------------------------------------- ink wash

INK = rgb("1c1f26")


def ink(picture: Array, amount: Array, rng: np.random.Generator) -> Array:
    """Lay diluted ink (0 none .. 1 black) on paper; pigment gathers in the paper's grain."""
    grain = 1 + 0.10 * noise(amount.shape, 3, rng, 2) + 0.14 * noise(amount.shape, 70, rng)
    share = np.clip(amount * grain, 0, 1)
    return blend(picture, np.broadcast_to(np.asarray(INK, np.float32), picture.shape), share).astype(np.float32)


def dry_line(mask: Array, points: Array, widths: Array, rng: np.random.Generator, dryness: float = 0.35) -> None:
    """Draw one pull of an ink brush into `mask`: its hairs run dry one by one along the way (`dryness` 0..1)."""
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
    for across in np.linspace(-0.5, 0.5, max(3, int(widths.max() / 1.3))):
        dry = rng.uniform(1 - dryness, 1.6) * (1.25 - abs(across))
        hair = points + normal * (across * widths)[:, None]
        last = int(np.clip(dry, 0.15, 1) * len(points))
        tone = float(np.clip(rng.normal(0.86, 0.12), 0.3, 1))
        cv2.polylines(mask, [np.round(hair[:last] * 8).astype(np.int32)[:, None]], False, tone, 2, cv2.LINE_8, 3)


def ink_wash(width: int = 800, height: int = 640) -> Array:
    """Mountains in mist, pines and a few birds in black ink on rice paper, with a red seal."""
    rng = np.random.default_rng(31)
    x, y = grid(width, height)
    fibers = noise(x.shape, 5, rng, 2) + 0.7 * cv2.blur(noise(x.shape, 2, rng, 1), (17, 1)) * 2
    paper = np.asarray(rgb("efe7d6"), np.float32) * (1 + 0.013 * fibers + 0.018 * noise(x.shape, 260, rng))[..., None]
    far = np.sqrt((x - 0.98) ** 2 + ((y - 0.17) * 1.0) ** 2)
    picture = ink(paper, 0.10 * soft(far, 0.075, 0.012) * np.exp(-(far / 0.26) ** 2), rng)     # the sky around a moon
    for k, (base, tall, tone, grain) in enumerate(((0.40, 0.16, 0.22, 300), (0.50, 0.25, 0.36, 230),
                                                   (0.64, 0.30, 0.52, 210), (0.80, 0.22, 0.70, 240))):
        ridge = noise((64, width), grain, rng, 6)[20]
        peaks = base - tall * np.clip(np.abs(ridge) ** 1.3 * np.sign(ridge) * 0.55 + 0.25, -0.2, 1.3)
        under = (y - peaks[None, :]) + 0.004 * noise(x.shape, 9, rng)
        inside, fade = soft(under, 0, 0.006), np.exp(-np.clip(under, 0, 1) / (0.085 + 0.025 * k))
        wet = np.exp(-np.clip(under, 0, 1) / 0.008)
        folds = np.clip(noise(x.shape, 46, rng, 5) + 0.8 * noise(x.shape, 14, rng, 3), 0, 2) * 0.35
        picture = ink(picture, inside * tone * (0.62 * fade + 0.26 * wet + 0.75 * folds * fade), rng)
    picture = _ink_reeds_and_pines(picture, rng)
    return np.clip(_seal(picture, rng), 0, 1).astype(np.float32)


def _ink_reeds_and_pines(picture: Array, rng: np.random.Generator) -> Array:
    """The near things, in strong ink: a leaning pine at the left, reeds at the right, birds."""
    height, width = picture.shape[:2]
    near, twigs = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    t = np.linspace(0, 1, 60)
    trunk = np.stack([-10 + 330 * t ** 1.1 + 16 * np.sin(t * 9),
                      height * (0.93 - 0.50 * t) + 18 * np.sin(t * 7 + 1)], 1)
    dry_line(near, trunk, 44 * (1 - 0.8 * t) + 4, rng, 0.55)
    for start, turn, length in ((0.28, -1.9, 120), (0.42, -0.1, 190), (0.55, -2.1, 120), (0.66, 0.15, 190),
                                (0.80, -1.5, 110), (0.90, -0.2, 150), (0.98, -0.9, 120)):
        u = np.linspace(0, 1, 26)
        bend = turn + 0.5 * np.sin(u * 4 + start * 9)
        step = np.stack([np.cos(bend), np.sin(bend)], 1) * length / 26
        branch = trunk[int(start * 59)] + np.cumsum(step, 0)
        dry_line(near, branch, 13 * (1 - 0.75 * u) + 2, rng, 0.4)
        for at in branch[5::2]:
            _needles(twigs, at + rng.normal(0, 9, 2), rng)
    for _ in range(44):                                     # reeds in the corner
        u, lean = np.linspace(0, 1, 20), rng.normal(0.25, 0.3)
        foot, tall = rng.uniform(0.60, 1.02) * width, rng.uniform(50, 150)
        reed = np.stack([foot + tall * lean * u ** 2, height + 6 - tall * u * (1 - 0.12 * u)], 1)
        dry_line(near, reed, 5.5 * (1 - 0.85 * u), rng, 0.25)
    for k, (bx, by) in enumerate(((0.63, 0.16), (0.70, 0.20), (0.665, 0.245), (0.78, 0.15))):
        u = np.linspace(-1, 1, 15)
        bird = np.stack([bx * width + 17 * u, by * height - 10 * np.sqrt(np.abs(u)) + 8 * u * (-1) ** k], 1)
        dry_line(near, bird, 4.5 - 3.5 * np.abs(u), rng, 0.1)
    bleed = 0.30 * cv2.GaussianBlur(near, (0, 0), 5) * (1 - near)
    picture = ink(picture, np.clip(cv2.GaussianBlur(near, (0, 0), 0.6) * 0.92 + bleed, 0, 1), rng)
    wash = 0.25 * cv2.GaussianBlur(twigs, (0, 0), 9)
    return ink(picture, np.clip(cv2.GaussianBlur(twigs, (0, 0), 0.5) * 0.9 + wash, 0, 1), rng)


def _needles(mask: Array, at: Array, rng: np.random.Generator) -> None:
    """A fan of pine needles, opening upward."""
    for turn in np.linspace(-np.pi, 0, 17) + rng.normal(0, 0.07, 17):
        end = at + rng.uniform(15, 25) * np.array([np.cos(turn), 0.75 * np.sin(turn)])
        cv2.line(mask, tuple(np.round(at).astype(int).tolist()), tuple(np.round(end).astype(int).tolist()),
                 float(rng.uniform(0.55, 1)), 1 + int(rng.uniform() < 0.4))


def _seal(picture: Array, rng: np.random.Generator) -> Array:
    """A worn red square with an ornament of bars: no writing."""
    size, row, column = 42, 400, 730
    stamp = np.ones((size, size), np.float32)
    for k in range(3):
        stamp[8 + 10 * k:12 + 10 * k, 7:35] = 0
    stamp[8:32, 19:23] = 1
    stamp *= noise((size, size), 6, rng, 2) > -1.5
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[row:row + size, column:column + size] = stamp
    red = np.broadcast_to(np.asarray(rgb("b8281c"), np.float32), picture.shape)
    return blend(picture, red, cv2.GaussianBlur(mask, (0, 0), 0.8) * 0.9)


PAINTERS: dict[str, Callable[[], Array]] = {
    "swirling_night": swirling_night, "cut_paper": cut_paper, "poppy_field": poppy_field,
    "ink_wash": ink_wash}


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
