"""Printed and dyed papers without type: a halftone, linocut, wallpaper, marbled paper."""

from __future__ import annotations

import cv2
import numpy as np
from brush import Rgb, blend, rgb
from newsprint import pulp
from pulp import LARGE, Array, Rng, age, field, finish, flat, ink, light, over, shade, stain, step, tooth

SIDE = LARGE[0]


def plane() -> tuple[Array, Array]:
    """x to the right and y downward, 0..1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / np.float32(SIDE)
    return x, y


# ---------------------------------------------------------------------------------------------- halftone

FRUITS = (              # x, y, radius, color: a still life, as a cheap magazine would print it
    (0.30, 0.50, 0.25, "e58a1f"), (0.72, 0.60, 0.21, "c9352b"), (0.52, 0.82, 0.17, "8fae2e"),
    (0.95, 0.30, 0.20, "e9c53a"))


def still_life(rng: Rng) -> Array:
    """A photograph that was never taken, out of focus: fruits on a cloth before a blue wall, lit from the left."""
    x, y = plane()
    wall: Array = flat(rgb("3f7fae")) * (1.15 - 0.75 * x + 0.06 * field(LARGE, rng, 1400, 200, 1.6))[..., None]
    cloth: Array = flat(rgb("e9dfd2")) * (0.95 - 0.35 * x + 0.10 * np.sin(9 * x + 22 * y + 1.5 * field(
        LARGE, rng, 1400, 160, 1.6)) * y)[..., None]
    picture = blend(wall, cloth, step(y, 0.56 + 0.05 * np.sin(4 * x), 0.03))
    for cx, cy, radius, _ in FRUITS:
        away, under = (x - cx - 0.7 * radius) / radius, (y - cy - 0.8 * radius) / (0.5 * radius)
        shadow = np.exp(-1.2 * (away ** 2 + under ** 2))
        picture = shade(picture, (-0.7 * shadow * step(y, 0.5, 0.3)).astype(np.float32))
    for cx, cy, radius, color in FRUITS:
        u, v = (x - cx) / radius, (y - cy) / radius
        square = u ** 2 + v ** 2 + 0.06 * np.sin(3 * np.arctan2(v, u))
        up = np.sqrt(np.clip(1 - square, 0, 1))
        lit = np.clip(-0.55 * u - 0.50 * v + 0.65 * up, -0.2, 1)
        own = flat(rgb(color)) * (0.30 + 0.85 * np.clip(lit, 0, 1) + 0.10 * np.clip(u, 0, 1))[..., None]
        own += (0.75 * np.clip(lit, 0, 1) ** 26)[..., None]
        picture = blend(picture, own.astype(np.float32), step(1 - square, 0.0, 0.03))
    return np.asarray(cv2.GaussianBlur(np.clip(picture, 0, 1), (0, 0), 7), np.float32)


def screen(amount: Array, pitch: float, degrees: float, shift: tuple[float, float], rng: Rng) -> Array:
    """Dots in a turned grid, as large as `amount` (0..1) asks; a shifted, slightly warped plate with rough dots."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    x, y = x - shift[0] + 0.5 * field(LARGE, rng, 900, 200, 1.5), y - shift[1] + 0.5 * field(LARGE, rng, 900, 200, 1.5)
    turn = np.radians(degrees)
    u, v = (x * np.cos(turn) + y * np.sin(turn)) / pitch, (y * np.cos(turn) - x * np.sin(turn)) / pitch
    peak = 0.5 + 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))
    rough = 0.035 * field(LARGE, rng, 8, 2, 0.4) + 0.02 * field(LARGE, rng, 700, 30, 1.2)
    return step(peak + rough.astype(np.float32), 1 - amount, 0.24)


def moved(picture: Array, shift: tuple[float, float]) -> Array:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.float32)


def halftone(seed: int, pitch: float = 26) -> Array:
    """Four-color printing under a magnifier: cyan, magenta, yellow and black dots that do not quite meet."""
    rng = np.random.default_rng(seed)
    photo = still_life(rng)
    inks = 1 - photo
    black = np.clip(inks.min(-1) * 1.25 - 0.38, 0, 1)
    picture = pulp(rng, rgb("eee6d3"))
    for k, (color, degrees) in enumerate((("f7dc2a", 0.0), ("d62a7a", 75.0), ("1597cf", 15.0))):
        amount = np.clip(inks[..., 2 - k] - 0.7 * black, 0.02, 0.98)
        shift = tuple(rng.normal(0, 3.2, 2).tolist())
        dots = screen(moved(amount, shift), pitch, degrees + rng.normal(0, 0.6), shift, rng)
        patchy = 0.93 + 0.07 * field(LARGE, rng, 1100, 40, 1.3)
        picture = stain(picture, (dots * patchy).astype(np.float32), rgb(color))
    dots = screen(np.clip(black, 0.0, 0.97), pitch, 45, (0, 0), rng)
    picture = ink(picture, dots, rgb("26242a"), rng, 0.0, 0.25, 0.86)
    return finish(age(picture, rng, 0.10))


# ---------------------------------------------------------------------------------------------- blocks cut by hand


def sprig(mask: Array, at: tuple[float, float], size: float, turn: float, rng: Rng) -> None:
    """A twig with pairs of leaves, each with its vein cut out, never twice the same."""
    points, heading, here = [], turn, np.array(at)
    for _ in range(24):
        heading += rng.normal(0.012, 0.05)
        here = here + size / 24 * np.array([np.cos(heading), np.sin(heading)])
        points.append(here)
    path = np.array(points)
    cv2.polylines(mask, [np.round(path * 16).astype(np.int32)], False, 255, max(2, int(size * 0.035)), cv2.LINE_AA, 4)
    for k in range(3, 24, 4):
        for side in (-1, 1):
            long = size * 0.26 * (1.15 - 0.025 * k) * rng.uniform(0.8, 1.2)
            lean = turn + side * rng.uniform(0.7, 1.05)
            u = np.linspace(0, 1, 14)
            wide = long * 0.24 * np.sin(np.pi * u ** 0.8) * rng.uniform(0.85, 1.2) + rng.normal(0, 0.012, 14) * long
            axis, cross = np.array([np.cos(lean), np.sin(lean)]), np.array([-np.sin(lean), np.cos(lean)])
            middle = path[k] + u[:, None] * long * axis + (0.12 * long * side * u ** 2)[:, None] * cross
            outline = np.concatenate([middle + wide[:, None] * cross, (middle - wide[:, None] * cross)[::-1]])
            cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
            cv2.polylines(mask, [np.round(middle[2:11] * 16).astype(np.int32)], False, 0,
                          max(1, int(long * 0.055)), cv2.LINE_AA, 4)


def chatter(rng: Rng, leaves: Array) -> Array:
    """Ridges that the gouge left standing in the cleared ground: short strokes that run around the leaves."""
    mask = np.zeros(LARGE, np.uint8)
    far = cv2.GaussianBlur(cv2.distanceTransform((leaves < 128).astype(np.uint8), cv2.DIST_L2, 5), (0, 0), 9)
    down, right = np.gradient(far)
    for _ in range(1200):
        here = rng.uniform(0, SIDE - 1, 2)
        if far[int(here[1]), int(here[0])] < 9:
            continue
        path = []
        for _ in range(int(rng.integers(4, 14))):
            path.append(here.copy())
            row, column = np.clip(here[::-1].astype(int), 0, SIDE - 1)
            along = np.array([-down[row, column], right[row, column]])
            here = here + 7 * along / (np.linalg.norm(along) + 0.05)
        cv2.polylines(mask, [np.round(np.array(path) * 16).astype(np.int32)], False, 255, int(rng.integers(2, 6)),
                      cv2.LINE_AA, 4)
    return mask


def linocut(seed: int, color: str, paper: str) -> Array:
    """A linocut: twigs standing pale in printed ground, cut freehand, the ink rolled on and rubbed off by hand."""
    rng = np.random.default_rng(seed)
    leaves = np.zeros(LARGE, np.uint8)
    for row in range(-1, 5):
        for column in range(-1, 5):
            at = ((column + 0.5 * (row % 2)) * 400 + rng.normal(0, 26), row * 370 + 220 + rng.normal(0, 26))
            sprig(leaves, at, rng.uniform(330, 420), -1.15 + 0.8 * (column % 2) + rng.normal(0, 0.22), rng)
    block = 1 - np.maximum(leaves, 0.9 * chatter(rng, leaves)).astype(np.float32) / 255
    ground = tooth(rng, 9)
    picture = shade(flat(rgb(paper)), 0.02 * ground + 0.02 * field(LARGE, rng, 900, 30, 1.3))
    return finish(shade(ink(picture, block, rgb(color), rng, 0.7, 0.40, 0.93), 0.03 * light(ground)))


def wallpaper(seed: int, ground: str, pale: str, dark: str) -> Array:
    """Old wallpaper printed from blocks in two colors: broad stripes, small twigs, a print that slipped and faded."""
    rng = np.random.default_rng(seed)
    picture = shade(flat(rgb(ground)), 0.02 * field(LARGE, rng, 1000, 20, 1.3) + 0.012 * tooth(rng, 6))
    x = plane()[0] * SIDE + 3 * field(LARGE, rng, 1200, 200, 1.6)
    stripes = step(np.cos(2 * np.pi * x / 384), 0.25, 0.03) + step(np.cos(2 * np.pi * (x - 192) / 384), 0.985, 0.006)
    picture = ink(picture, np.clip(stripes, 0, 1), rgb(pale), rng, 0.4, 0.35, 0.8)
    light_leaves, dark_leaves = np.zeros(LARGE, np.uint8), np.zeros(LARGE, np.uint8)
    for column in range(5):
        for row in range(-1, 6):
            at = (column * 384 + 192 * (row % 2) + 70 + rng.normal(0, 8), row * 300 + 330 + rng.normal(0, 5))
            sprig(dark_leaves, at, rng.uniform(225, 270), -1.6 + rng.normal(0, 0.2), rng)
            for _ in range(7):
                dot = np.array(at) + np.array([rng.normal(0, 55), -rng.uniform(20, 230)])
                cv2.circle(light_leaves, np.round(dot * 16).astype(int).tolist(), int(rng.uniform(9, 17) * 16), 255, -1,
                           cv2.LINE_AA, 4)
    picture = ink(picture, light_leaves / np.float32(255), rgb("f4e9d2"), rng, 0.8, 0.4, 0.88)
    picture = ink(picture, moved(dark_leaves / np.float32(255), (4, -3)), rgb(dark), rng, 0.8, 0.45, 0.85)
    return finish(age(picture, rng, 0.09))


# ---------------------------------------------------------------------------------------------- marbled paper


def combed(x: Array, y: Array, rng: Rng) -> tuple[Array, Array]:
    """Where the paint at each place floated before the combs went through: rakes down, back up, then a wide wave."""
    x = x + np.float32(0.012) * np.sin(y * 17 + 1.3) + np.float32(0.006) * np.sin(y * 41)
    for pitch, pull, upright in ((0.034, 0.060, True), (0.21, 0.16, False), (0.20, -0.17, False)):
        across, along = (x, y) if upright else (y, x)
        across = across + np.float32(rng.uniform(0, 1)) + 0.003 * np.sin(along * 23)
        tine = np.abs((across / pitch) % 1 - 0.5) * 2           # 0 between two tines, 1 at one
        along = along - np.float32(pull) * (tine ** 3 - 0.35)
        x, y = (x, along) if upright else (along, y)
    return x.astype(np.float32), y.astype(np.float32)


def marbled(seed: int, colors: tuple[str, ...]) -> Array:
    """Marbled paper: drops of color let fall on a bath, each pushing the others aside, then drawn with combs."""
    rng = np.random.default_rng(seed)
    inks: list[Rgb] = [rgb(color) for color in colors]
    side = SIDE * 3 // 4
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / np.float32(side)
    x, y = combed(x, y, rng)
    picture = np.broadcast_to(np.asarray(inks[0], np.float32), (side, side, 3)).copy()
    open_water, thin = np.ones((side, side), bool), np.zeros((side, side), np.float32)
    for k in range(330):                    # backward in time: the last drop lies where it fell, the others were pushed
        radius = rng.uniform(0.025, 0.095) * (0.35 if k < 90 else 1.0)
        u, v = x - np.float32(rng.uniform(-0.15, 1.15)), y - np.float32(rng.uniform(-0.15, 1.15))
        square = u * u + v * v
        hit = open_water & (square < radius ** 2)
        tone = rng.normal(1, 0.05)
        picture[hit] = np.asarray(inks[int(rng.integers(len(inks)))], np.float32) * np.float32(tone)
        thin[hit] = 1 - square[hit] / radius ** 2
        open_water &= ~hit
        back = np.sqrt(np.clip(1 - radius ** 2 / np.maximum(square, radius ** 2), 0, 1)) - 1
        x, y = x + u * back, y + v * back
    picture = shade(picture, (0.05 - 0.11 * np.sqrt(thin)).astype(np.float32))
    large = cv2.resize(cv2.GaussianBlur(picture, (0, 0), 0.6), LARGE, interpolation=cv2.INTER_CUBIC)
    broken = step(field(LARGE, rng, 26, 4, 0.7) + 0.4 * field(LARGE, rng, 600, 60, 1.2), 2.7, 0.5)
    large = over(np.asarray(large), rgb("efe4cc"), 0.7 * broken)
    grain = 0.03 * field(LARGE, rng, 12, 3, 0.6) + 0.025 * field(LARGE, rng, 1100, 60, 1.4)
    return finish(shade(large, (grain + 0.03 * light(tooth(rng, 7))).astype(np.float32)))
