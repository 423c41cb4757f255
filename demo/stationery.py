"""Papers written and ruled on, and papers that are beautiful bare: music, ledger, map, handmade and tissue paper."""

from __future__ import annotations

import cv2
import numpy as np
from brush import rgb
from letters import Face, set_line, word
from newsprint import pulp, tilt
from pulp import (
    LARGE,
    Array,
    Rng,
    age,
    crumple,
    curls,
    field,
    finish,
    flat,
    flecks,
    ink,
    light,
    over,
    shade,
    stain,
    step,
    tooth,
)

SIDE = LARGE[0]
LIMIT = SIDE + 240          # what is drawn is larger than the sheet, which is then cut from it at a slight angle


def blank() -> Array:
    return np.zeros((LIMIT, LIMIT), np.uint8)


def curve(mask: Array, points: Array, width: float, tone: int = 235) -> None:
    cv2.polylines(mask, [np.round(points * 16).astype(np.int32)], False, tone, max(1, round(width)), cv2.LINE_AA, 4)


def blob(mask: Array, at: tuple[float, float], size: tuple[float, float], turn: float, thick: int = -1) -> None:
    cv2.ellipse(mask, (round(at[0]), round(at[1])), (round(size[0]), round(size[1])), turn, 0, 360, 240, thick,
                cv2.LINE_AA)


# ---------------------------------------------------------------------------------------------- sheet music


def clef(mask: Array, x: float, y: float, gap: float) -> None:
    """A treble clef around the line at `y`."""
    turn = np.linspace(0, 3.3 * np.pi, 60)
    far = gap * np.interp(turn, [0, 3.3 * np.pi], [0.45, 1.35])
    curve(mask, np.stack([x + far * np.cos(turn - 1.2), y + far * np.sin(turn - 1.2)], 1), gap * 0.26)
    t = np.linspace(0, 1, 40)
    stem = np.stack([x + gap * (0.1 + 0.75 * np.sin(np.pi * np.clip(t * 1.5 - 0.1, 0, 1)) * (t < 0.6)
                                - 0.25 * (t >= 0.6) * np.sin(np.pi * (t - 0.6) * 2.5)), y + gap * (-4.1 + 6.6 * t)], 1)
    curve(mask, stem, gap * 0.2)
    blob(mask, (x - 0.3 * gap, y + 2.5 * gap), (0.36 * gap, 0.36 * gap), 0)


def beam(mask: Array, notes: list[tuple[float, float]], gap: float, up: bool, double: bool) -> None:
    """Stems for a group of note heads, and the beam that joins them."""
    side, way = (0.58, -1.0) if up else (-0.58, 1.0)
    first, last = notes[0], notes[-1]
    slope = float(np.clip((last[1] - first[1]) / max(last[0] - first[0], 1), -0.25, 0.25))
    reach = (min if up else max)(y - slope * (x - first[0]) for x, y in notes) + way * 3.1 * gap
    for x, y in notes:
        tip = reach + slope * (x - first[0])
        cv2.line(mask, (round(x + side * gap), round(y)), (round(x + side * gap), round(tip)), 230, 3, cv2.LINE_AA)
    for k in range(1 + int(double) if len(notes) > 1 else 0):
        a, b = first[0] + side * gap - 1, last[0] + side * gap + 1
        top = reach - way * 0.75 * gap * k
        corners = np.array([(a, top), (b, top + slope * (b - a)), (b, top + slope * (b - a) - way * 0.45 * gap),
                            (a, top - way * 0.45 * gap)])
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 245, cv2.LINE_AA, 4)


def staff(mask: Array, top: float, gap: float, rng: Rng) -> None:
    """One staff of a melody that wanders, in groups of beamed notes, with bar lines and slurs."""
    for k in range(5):
        y = round(top + k * gap)
        cv2.line(mask, (0, y), (LIMIT, y), 190, 2)
    clef(mask, 80, top + 3 * gap, gap)
    x, pitch, beats = 190.0, float(rng.uniform(0, 4)), 0
    while x < LIMIT:
        count = int(rng.choice((1, 1, 2, 3, 4, 4)))
        group = []
        for _ in range(count):
            pitch = float(np.clip(pitch + rng.integers(-2, 3) * 0.5, -1.5, 5.5))
            at = (x, top + round(pitch * 2) / 2 * gap)
            hollow = count == 1 and rng.uniform() < 0.35
            blob(mask, at, (0.60 * gap, 0.42 * gap), -22, 4 if hollow else -1)
            for ledger in (*range(-2, 0), *range(5, 7)):
                if (ledger < 0 and pitch <= ledger) or (ledger > 4 and pitch >= ledger):
                    y = round(top + ledger * gap)
                    cv2.line(mask, (round(x - gap), y), (round(x + gap), y), 200, 2)
            if rng.uniform() < 0.08:
                set_line(mask, "b", (x - 1.7 * gap, at[1] + 0.3 * gap), Face(0.8 * gap, 0.2, 0.15, False), rng)
            group.append(at)
            x += gap * (2.2 + 1.6 / count) * rng.uniform(0.9, 1.15)
        beam(mask, group, gap, float(np.mean([at[1] for at in group])) > top + 2 * gap, rng.uniform() < 0.3)
        if count > 2 and rng.uniform() < 0.5:
            t = np.linspace(0, 1, 24)
            bow = np.stack([group[0][0] + (group[-1][0] - group[0][0]) * t,
                            max(at[1] for at in group) + gap * (1.2 + 1.1 * np.sin(np.pi * t))], 1)
            curve(mask, bow, 4, 215)
        beats += 1
        if beats % 3 == 0:
            cv2.line(mask, (round(x), round(top)), (round(x), round(top + 4 * gap)), 220, 3)
            x += gap * 1.8


def sheet_music(seed: int) -> Array:
    """A page of an old songbook: staves of melody with words of no language under them."""
    rng = np.random.default_rng(seed)
    picture = pulp(rng, rgb("ead9b2"))
    front, back = blank(), blank()
    for mask in (front, back):
        top, gap = float(rng.uniform(40, 130)), 22.0
        while top < LIMIT:
            staff(mask, top, gap, rng)
            x = 200.0
            while x < LIMIT:
                x = set_line(mask, word(rng), (x, top + 8.6 * gap), Face(17, 0.18, 0.08), rng) + rng.uniform(24, 90)
            top += gap * rng.uniform(11.5, 12.5)
    picture = shade(picture, -0.10 * cv2.GaussianBlur(tilt(back, 0.5, mirror=True), (0, 0), 4))
    picture = ink(picture, tilt(front, rng.normal(0, 1.0)), rgb("2a2320"), rng, 0.3, 0.28, 0.9)
    return finish(shade(age(picture, rng, 0.20), 0.03 * light(tooth(rng, 7))))


# ---------------------------------------------------------------------------------------------- ledger


def scrawl(mask: Array, at: tuple[float, float], width: float, size: float, rng: Rng) -> None:
    """A few words in a quick slanting hand, pen pressure and all: loops that mean nothing."""
    x = at[0]
    while x < at[0] + width:
        letters = int(rng.integers(3, 9))
        t = np.linspace(0, letters, letters * 14)
        knots = np.arange(letters + 2)
        tall = np.interp(t, knots, rng.choice((0.42, 0.5, 0.55, 1.25, 1.5), letters + 2, p=(.3, .3, .16, .14, .1)))
        low = np.interp(t, knots, rng.choice((0.0, 0.05, -0.1, 0.8), letters + 2, p=(.35, .3, .2, .15)))
        loop = np.sin(2 * np.pi * t + np.interp(t, knots, rng.normal(0, 0.7, letters + 2)))
        rise = np.where(loop > 0, loop * tall, loop * (0.42 + low)) * size
        step_x = 0.62 * size * t + 0.30 * size * np.cos(2 * np.pi * t + 0.7) * np.interp(t, knots, rng.uniform(
            0.4, 1.3, letters + 2))
        points = np.stack([x + step_x + 0.45 * rise, at[1] - 0.4 * size - rise], 1)
        for k in range(len(points) - 1):
            down = points[k + 1, 1] > points[k, 1]
            curve(mask, points[k:k + 2], 3 if down else 2, 225 if down else 170)
        x += 0.62 * size * letters + size * rng.uniform(0.7, 1.3)


def ledger(seed: int) -> Array:
    """A leaf of an account book: pale blue rules, red columns, entries in brown-black ink, some crossed out."""
    rng = np.random.default_rng(seed)
    picture = shade(flat(rgb("dfe3d3")), 0.015 * field(LARGE, rng, 900, 14, 1.2) + 0.01 * field(LARGE, rng, 6, 2, 0.3))
    blue, red, pen = blank(), blank(), blank()
    columns = (150, 1010, 1190, 1250, 1480, 1540)
    for x in columns:
        cv2.line(red, (x, 0), (x, LIMIT), 210, 3)
    cv2.line(red, (columns[1] + 10, 0), (columns[1] + 10, LIMIT), 190, 2)
    for row, y in enumerate(range(30, LIMIT, 66)):
        cv2.line(blue, (0, y), (LIMIT, y), 210, 3)
        if rng.uniform() < 0.12:
            continue
        set_line(pen, str(int(rng.integers(1, 31))), (60, y - 8), Face(24, 0.13, 0.09, False), rng)
        scrawl(pen, (190, y - 2), rng.uniform(250, 690), 27, rng)
        for x, top in ((1050, 999), (1270, 9999)):
            if rng.uniform() < 0.75:
                figure = str(int(rng.integers(2, top)))
                at = (x + rng.normal(0, 6), y - 8 + rng.normal(0, 2))
                set_line(pen, figure, at, Face(26, 0.13, 0.09, False, 0.9), rng)
        if row % 9 == 8:
            cv2.line(pen, (190, y - 24), (900, y - 32), 200, 3, cv2.LINE_AA)
    lean = float(rng.normal(0, 1.5))
    picture = ink(picture, tilt(blue, lean), rgb("6f9bb5"), rng, 0.3, 0.3, 0.75)
    picture = ink(picture, tilt(red, lean, (2, 0)), rgb("c0605c"), rng, 0.3, 0.3, 0.8)
    dark = cv2.GaussianBlur(tilt(pen, lean), (0, 0), 1.2) * (0.95 + 0.28 * field(LARGE, rng, 500, 30, 1.1))
    picture = stain(picture, np.clip(dark, 0, 1.5).astype(np.float32), rgb("3a2c2e"))
    return finish(shade(age(picture, rng, 0.16), 0.03 * light(tooth(rng, 7))))


# ---------------------------------------------------------------------------------------------- map


def contour(height: Array, spacing: float, width: float, offset: float = 0.0) -> Array:
    """Level lines of a height, `width` pixels wide wherever the ground is not level."""
    down, right = np.gradient(height)
    slope = np.sqrt(down ** 2 + right ** 2) + 1e-4
    from_line = np.abs((height / spacing + offset + 0.5) % 1 - 0.5) * spacing / slope
    return step(width / 2 - from_line, 0, 1.2)


def land(rng: Rng) -> Array:
    """The printed ground of a map: green woods, a blue lake and its stream, brown level lines."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    ridges = field(LARGE, rng, 1000, 70, 2.3)
    valley = np.abs(y - 0.62 - 0.10 * np.sin(5 * x + 1) - 0.03 * np.sin(13 * x))
    height = ridges + 3.2 * np.minimum(valley, 0.45) ** 0.8 + 0.10 * field(LARGE, rng, 200, 24, 1.6)
    picture = shade(flat(rgb("efe9d2")), 0.012 * field(LARGE, rng, 900, 14, 1.2))
    woods = step(field(LARGE, rng, 700, 26, 1.3) + 0.5 * ridges, 0.35, 0.02)
    picture = ink(picture, woods, rgb("bcd3a1"), rng, 0.5, 0.3, 0.85)
    lake = step(-height, 0.85, 0.01)
    stream = step(0.0026 - valley * (0.6 + 0.8 * x), 0, 0.001) * (1 - lake)
    picture = ink(picture, np.roll(lake, 4, 1), rgb("a9cfe0"), rng, 0.4, 0.3, 0.9)
    banks = contour(height, 1e3, 4.0, 0.85 / 1e3)
    picture = ink(picture, np.maximum(stream, banks), rgb("4f8fb5"), rng, 0.4, 0.3, 0.9)
    lines = contour(height, 0.16, 2.2) * (1 - lake)
    heavy = contour(height, 0.80, 4.2) * (1 - lake)
    picture = ink(picture, np.maximum(0.85 * lines, heavy), rgb("a9713f"), rng, 0.2, 0.3, 0.85)
    return picture


def roads_and_names(rng: Rng) -> tuple[Array, Array]:
    """The red plate of a map and its black one: roads with houses along them, a grid, names."""
    road, black = blank(), blank()
    t = np.linspace(0, 1, 120)
    for start, end, bend in ((0.04, 0.34, 70), (0.95, 0.15, 210)):
        path = np.stack([t * LIMIT, (start + (end - start) * t) * LIMIT + bend * np.sin(t * 7 + start * 9)
                         + 40 * np.sin(t * 23)], 1)
        curve(road, path, 11, 240)
        curve(black, path + 6, 2, 200)
        curve(black, path - 6, 2, 200)
        for k in rng.integers(8, 112, 14):
            u, v = path[k] + rng.normal(0, 26, 2)
            cv2.rectangle(black, (int(u), int(v)), (int(u + rng.uniform(8, 20)), int(v + rng.uniform(8, 16))), 240, -1)
    for k in range(0, LIMIT, 420):
        cv2.line(black, (k + 60, 0), (k + 60, LIMIT), 150, 2)
        cv2.line(black, (0, k + 90), (LIMIT, k + 90), 150, 2)
    for _ in range(13):
        at = rng.uniform(80, LIMIT - 200, 2)
        set_line(black, (word(rng) + word(rng)).capitalize()[:11], (float(at[0]), float(at[1])), Face(
            float(rng.choice((15, 18, 26))), 0.2, 0.09, bool(rng.integers(2)), 0.95, 0.3), rng)
    return road, black


def contour_map(seed: int) -> Array:
    """A walker's map, worn along its folds: brown contour lines, green woods, a blue lake, red roads, a grid."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    picture = land(rng)
    road, black = roads_and_names(rng)
    picture = ink(picture, tilt(road, 3), rgb("d9644a"), rng, 0.3, 0.3, 0.85)
    picture = ink(picture, tilt(black, 3, (2, -1)), rgb("35302c"), rng, 0.2, 0.3, 0.88)
    folds = np.exp(-((x - 0.37) * SIDE / 3) ** 2) + np.exp(-((y - 0.52) * SIDE / 3) ** 2)
    worn = folds * step(field(LARGE, rng, 60, 4, 0.7), -0.4, 1.5)
    picture = over(picture, rgb("f4efe0"), np.clip(0.75 * worn, 0, 1).astype(np.float32))
    return finish(age(picture, rng, 0.10))


# ---------------------------------------------------------------------------------------------- bare papers


def handmade(seed: int, color: str, pale: str, dark: str, petals: str) -> Array:
    """Handmade paper: clouded pulp with long strands of bark and silk, flecks of petals pressed in."""
    rng = np.random.default_rng(seed)
    formed = 0.030 * field(LARGE, rng, 160, 14, 1.1) + 0.018 * field(LARGE, rng, 1200, 100, 1.5)
    felt = tooth(rng, 11)
    picture = shade(flat(rgb(color)), (formed + 0.006 * felt).astype(np.float32))
    under = cv2.GaussianBlur(curls(rng, 200, (200, 1200), 0.13, width=(1, 5)), (0, 0), 2.2)
    picture = over(picture, rgb(pale), 0.45 * under)
    picture = over(picture, rgb(pale), 0.6 * curls(rng, 420, (60, 900), 0.13, width=(1, 2)))
    picture = over(picture, rgb(dark), 0.55 * curls(rng, 150, (40, 600), 0.16, width=(1, 2)))
    picture = over(picture, rgb(dark), 0.6 * flecks(rng, 160, (2, 9)))
    pressed = cv2.GaussianBlur(flecks(rng, 46, (7, 26)), (0, 0), 1.3)
    picture = stain(picture, 0.8 * pressed, rgb(petals))
    surface = felt * 0.35 + 1.2 * under
    return finish(shade(picture, 0.10 * light(surface.astype(np.float32), 1.4)))


def tissue(seed: int, color: str, strength: float) -> Array:
    """Tissue paper, crushed in a hand and laid flat: facets, sharp creases, folds where two layers are darker."""
    rng = np.random.default_rng(seed)
    height = crumple(rng, 230)
    lit = light(0.20 * height, 0.9)
    curved = cv2.Laplacian(cv2.GaussianBlur(height, (0, 0), 1.6), cv2.CV_32F)
    crease = np.clip(np.abs(curved) * 2.2, 0, 1.4)
    fibers = curls(rng, 3000, (20, 90), 0.14)
    dye = strength * (1 + 0.10 * (fibers - 0.25) + 0.05 * field(LARGE, rng, 900, 30, 1.2) + 0.22 * crease
                      + 0.015 * field(LARGE, rng, 6, 2, 0.3))
    picture = stain(flat(rgb("fbf8f1")), dye.astype(np.float32), rgb(color))
    return finish(shade(picture, (0.20 * lit - 0.03).astype(np.float32)))
