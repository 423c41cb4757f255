"""Sheets brushed by hand with a wide flat brush: gouache, dry brush, watercolor washes, painted cardboard."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from brush import Rgb, blend, rgb
from pulp import LARGE, Array, Rng, crumple, curls, field, finish, flat, flecks, light, over, shade, stain, step, tooth

SIDE = LARGE[0]


@dataclass
class Sheet:
    """Paint on paper: its color, how thick it lies, and the height of the paper under it."""

    color: Array
    body: Array
    ground: Array
    rng: Rng

    def pull(self, middle: tuple[float, float], turn: float, length: float, width: float, color: Rgb,
             load: float, opacity: float) -> None:
        """One pull of a flat brush (pixels, radians); `load` from 0 (nearly dry) to 2 (dripping).

        Every bristle carries its own paint; where it carries little, only the tops of the paper's tooth take any.
        """
        rng, (height, wide) = self.rng, self.body.shape
        reach = np.array([abs(np.cos(turn)) * length + abs(np.sin(turn)) * width,
                          abs(np.sin(turn)) * length + abs(np.cos(turn)) * width]) / 2 + 0.12 * width + 8
        left, top = (int(max(0, value)) for value in np.asarray(middle) - reach)
        right, below = int(min(wide, middle[0] + reach[0])), int(min(height, middle[1] + reach[1]))
        if right - left < 4 or below - top < 4:
            return
        y, x = np.mgrid[top:below, left:right].astype(np.float32)
        along = ((x - middle[0]) * np.cos(turn) + (y - middle[1]) * np.sin(turn)) / length + 0.5
        bow, sway, phase = rng.normal(0, 0.03) * length, rng.normal(0, 0.05) * width, rng.uniform(0, 6)
        across = (y - middle[1]) * np.cos(turn) - (x - middle[0]) * np.sin(turn)
        across = (across - bow * (along * (1 - along) * 4 - 0.5) - sway * np.sin(along * 5 + phase)) / width
        bristles = self._bristles(int(width) + 2, int(length / 6) + 2)
        streak = cv2.remap(bristles, (along * bristles.shape[1]).astype(np.float32),
                           ((across + 0.5) * bristles.shape[0]).astype(np.float32), cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REFLECT)
        inside = step(0.5 - np.abs(across) + 0.012 * streak, 0.012, 0.02)
        inside *= step(along - 0.03 * streak, 0.06, 0.03) * step(1 - along - 0.07 * streak, 0.10, 0.05)
        grip = load * (1.05 - 0.75 * np.clip(along, 0, 1)) + 0.42 * streak - 0.5 * np.abs(across) ** 3
        share = inside * step(grip, 0.18 + 0.16 * self.ground[top:below, left:right], 0.34)
        shares = np.clip(share * opacity * (1 + 0.10 * streak), 0, 1).astype(np.float32)
        own = flat(color, streak.shape) * (1 + 0.022 * streak[..., None])
        patch = self.color[top:below, left:right]
        self.color[top:below, left:right] = blend(patch, own, shares)
        rim = 0.5 * np.exp(-((np.abs(across) - 0.485) / 0.012) ** 2) * step(streak, -0.2, 1)
        thick = share * (0.5 + 0.22 * streak + rim)
        self.body[top:below, left:right] = self.body[top:below, left:right] * (1 - 0.7 * shares) + thick

    def _bristles(self, across: int, along: int) -> Array:
        """How much each bristle carries: lasting differences from hair to hair, and some that come and go."""
        rng = self.rng
        lasting = field((across, 8), rng, 60, 2.2, 0.75, stretch=0.001)[:, :1]
        passing = field((across, along), rng, 40, 2, 0.7, stretch=0.05)
        return np.asarray(0.62 * lasting + 0.62 * passing, np.float32)

    def dry(self, relief: float = 0.5, settle: float = 0.014) -> Array:
        """The sheet when dry: pigment settled a little unevenly, a raking light on bristle marks and paper."""
        tone = settle * field(LARGE, self.rng, 1200, 60, 1.5) + 0.004 * field(LARGE, self.rng, 9, 4, 0.3)
        relieved = relief * light(self.body * 2.2 + 0.13 * self.ground, 1.4)
        return finish(shade(self.color, (tone + 0.55 * relieved).astype(np.float32)))


def mixed(color: Rgb, rng: Rng, stray: float) -> Rgb:
    """The same paint from another corner of the palette: a little lighter or darker, warmer or colder."""
    tone, warm, green = rng.normal(0, stray), rng.normal(0, stray * 0.5), rng.normal(0, stray * 0.4)
    shift = np.array([tone + warm, tone + green, tone - warm])
    r, g, b = np.clip(np.asarray(color) * (1 + shift) + 0.12 * shift, 0, 1).tolist()
    return r, g, b


def coat(sheet: Sheet, color: Rgb, turn: float, width: float, load: float, opacity: float, stray: float,
         gap: float = 0.72) -> None:
    """Cover the sheet with rows of overlapping pulls, each starting where the arm happened to be."""
    rng = sheet.rng
    offset = -0.75 * SIDE
    while offset < 0.75 * SIDE:
        at = -0.85 * SIDE + rng.uniform(0, 0.3) * SIDE
        while at < 0.8 * SIDE:
            length = SIDE * rng.uniform(0.5, 1.15)
            lean, way = turn + rng.normal(0, 0.045), 1 if rng.uniform() < 0.75 else -1
            along, across = at + length / 2, offset + rng.normal(0, 0.09) * width
            middle = (SIDE / 2 + along * np.cos(turn) - across * np.sin(turn),
                      SIDE / 2 + along * np.sin(turn) + across * np.cos(turn))
            sheet.pull(middle, lean if way > 0 else lean + np.pi, length, width * rng.uniform(0.85, 1.1),
                       mixed(color, rng, stray), load * rng.uniform(0.8, 1.2), opacity * rng.uniform(0.85, 1))
            at += length * rng.uniform(0.72, 0.9)
        offset += width * gap * rng.uniform(0.85, 1.15)


def gouache(color: str, under: str, seed: int, turn: float, width: float = 170, load: float = 1.15,
            paper: str = "f3eee2", stray: float = 0.028) -> Array:
    """A sheet painted all over: a thin coat of `under`, a thick one of `color`, then where it looked too thin."""
    rng = np.random.default_rng(seed)
    ground = tooth(rng, 8)
    sheet = Sheet(shade(flat(rgb(paper)), 0.02 * ground), np.zeros(LARGE, np.float32), ground, rng)
    coat(sheet, rgb(under), turn + rng.normal(0, 0.25), width * 1.25, 1.5, 0.9, stray * 1.3)
    coat(sheet, rgb(color), turn, width, load, 0.86, stray)
    for _ in range(9):
        middle = (float(rng.uniform(0, SIDE)), float(rng.uniform(0, SIDE)))
        sheet.pull(middle, turn + rng.normal(0, 0.12) + np.pi * int(rng.integers(2)), SIDE * rng.uniform(0.3, 0.8),
                   width * rng.uniform(0.5, 1), mixed(rgb(color), rng, stray * 1.5), load * rng.uniform(0.5, 1.0), 0.8)
    return sheet.dry()


def dry_brush(colors: tuple[str, ...], paper: str, seed: int) -> Array:
    """Swatches of a thirsty brush on rough paper: a few broken pulls beside and over each other, paper between them."""
    rng = np.random.default_rng(seed)
    ground = 1.2 * tooth(rng, 12)
    sheet = Sheet(shade(flat(rgb(paper)), 0.012 * ground), np.zeros(LARGE, np.float32), ground, rng)
    at = -0.05 * SIDE
    while at < 1.05 * SIDE:
        width = rng.uniform(0.16, 0.30) * SIDE
        for load in (0.95, 0.62):
            middle = (float(rng.uniform(0.42, 0.58) * SIDE), float(at + rng.normal(0, 0.04) * width))
            color = mixed(rgb(colors[int(rng.integers(len(colors)))]), rng, 0.05)
            sheet.pull(middle, 0.06 + rng.normal(0, 0.05) + np.pi * int(rng.integers(2)), SIDE * rng.uniform(0.9, 1.4),
                       width, color, load * rng.uniform(0.85, 1.15), 0.93)
        at += width * rng.uniform(0.75, 0.98)
    return sheet.dry(0.5)


# ---------------------------------------------------------------------------------------------- washes


def tide(rng: Rng, inside: Array, width: float) -> Array:
    """The line that paint leaves where its wet edge stopped: sharp outward, soft inward, broken here and there."""
    soft = cv2.GaussianBlur(inside, (0, 0), width)
    line = np.clip(inside - soft, 0, 1) * 2
    return np.asarray(line * step(field(LARGE, rng, 500, 40, 1.2), -0.7, 2.2), np.float32)


def bloom(rng: Rng) -> tuple[Array, Array]:
    """Where a drop fell into drying paint: the inside of its fringed edge, how far from the middle (0..1)."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    middle, radius = rng.uniform(0, 1, 2), rng.uniform(0.10, 0.24)
    lean, squeeze = rng.uniform(0, np.pi), rng.uniform(0.6, 0.9)
    u, v = x - np.float32(middle[0]), y - np.float32(middle[1])
    along, across = u * np.cos(lean) + v * np.sin(lean), (v * np.cos(lean) - u * np.sin(lean)) / squeeze
    far = np.sqrt(along ** 2 + across ** 2) / radius
    front = far + 0.20 * field(LARGE, rng, 500, 60, 1.3) - 0.13 * np.abs(field(LARGE, rng, 130, 14, 1.2))
    return step(1 - front, 0.0, 0.02), np.clip(far, 0, 1.5).astype(np.float32)


def glaze(rng: Rng, top: float, below: float) -> Array:
    """A band of wet paint between two heights (0..1), its edges swung by the hand and crept along the paper."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    creep = 0.012 * field(LARGE, rng, 900, 60, 1.5, 3) + 0.0022 * field(LARGE, rng, 60, 6, 0.8, 2)
    upper = top + 0.025 * np.sin(x * rng.uniform(3, 6) + rng.uniform(0, 6)) + creep
    lower = below + 0.025 * np.sin(x * rng.uniform(3, 6) + rng.uniform(0, 6)) + creep
    return step(y, upper, 0.004) * step(lower - y, 0, 0.004)


def wash(color: str, second: str, seed: int, strength: float, blooms: int) -> Array:
    """Watercolor glazes on cold-pressed paper: overlapping bands, granulation, blooms and tide lines."""
    rng = np.random.default_rng(seed)
    grain = tooth(rng, 11)
    first: Array = np.full(LARGE, 0.55, np.float32)
    other: Array = np.zeros(LARGE, np.float32)
    top = -0.15
    while top < 1.0:                                        # paint gathers toward the lower edge of each band
        tall = rng.uniform(0.22, 0.45)
        band = glaze(rng, top, top + tall)
        y = np.linspace(0, 1, SIDE, dtype=np.float32)[:, None]
        pooled = band * (0.45 + 0.5 * np.clip((y - top) / tall, 0, 1)) * (1 + 0.08 * field(LARGE, rng, 900, 50, 1.4, 3))
        share = float(rng.uniform(0.1, 0.9))
        edge = 0.9 * tide(rng, band, 5)
        first, other = first + (1 - share) * (pooled + edge), other + share * (pooled + edge)
        top += tall * rng.uniform(0.5, 0.85)
    for _ in range(blooms):
        inside, far = bloom(rng)
        push = 1 - inside * (0.50 - 0.30 * far) * rng.uniform(0.6, 1.1)
        line = 1 + 0.7 * tide(rng, inside, 7) + 0.25 * (1 - inside) * np.exp(-np.clip(far - 0.9, 0, 1) * 9)
        first, other = np.asarray(first * push * line), np.asarray(other * push * line)
    settled = np.clip(1 - 0.14 * grain, 0.4, 1.6)           # only one of the pigments is heavy enough to sink
    picture = stain(flat(rgb("f5f0e4")), np.asarray(strength * first * (1 - 0.04 * grain), np.float32), rgb(color))
    picture = stain(picture, np.asarray(strength * other * settled, np.float32), rgb(second))
    return finish(shade(picture, 0.025 * light(grain, 1.2)))


# ---------------------------------------------------------------------------------------------- cardboard, wrapping


def corrugated(color: str, seed: int) -> Array:
    """Single-faced corrugated cardboard, painted across the flutes: paint sits on the tops, furrows stay brown."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    bent = x + 3.5 * field(LARGE, rng, 900, 120, 1.5) + 0.018 * y
    flute = np.cos(bent * (2 * np.pi / 39)) + 0.14 * field(LARGE, rng, 300, 20, 1, 8, np.pi / 2)
    dents = cv2.GaussianBlur(np.clip(crumple(rng, 10) / 60, -1, 1), (0, 0), 3)
    ground = -1.1 * flute + 0.35 * tooth(rng, 6)
    fibers = curls(rng, 2600, (30, 150), 0.10)
    kraft = shade(flat(rgb("a47a4c")), 0.16 * (fibers - 0.3) + 0.03 * field(LARGE, rng, 800, 30, 1.2))
    sheet = Sheet(kraft, np.zeros(LARGE, np.float32), ground.astype(np.float32), rng)
    coat(sheet, rgb(color), 1.5, 230, 0.95, 0.92, 0.04)
    coat(sheet, rgb(color), 0.06, 210, 0.70, 0.85, 0.05, 0.95)
    lit = 0.20 * light(flute * 5, 1.5) - 0.20 * step(-flute, 0.55, 0.7) + 0.05 * flute
    sheet.color = shade(sheet.color, (lit + 0.07 * light(dents * 14, 2)).astype(np.float32))
    sheet.ground *= 0.2
    return sheet.dry(0.4)


def kraft(seed: int) -> Array:
    """Brown wrapping paper: ribs of the machine, fibers light and dark, flecks, the creases of an unfolded parcel."""
    rng = np.random.default_rng(seed)
    picture = flat(rgb("b78b5a"))
    rows = field((SIDE, 8), rng, 60, 6, 0.2, stretch=0.001)[:, :1] * field(LARGE, rng, 900, 90, 1, 2)
    formed = 0.018 * field(LARGE, rng, 120, 6, 1.1) + 0.022 * field(LARGE, rng, 1200, 100, 1.5) + 0.010 * rows
    picture = shade(picture, (formed + 0.008 * field(LARGE, rng, 5, 2, 0.2)).astype(np.float32))
    picture = over(picture, rgb("dcb98a"), 0.28 * curls(rng, 6500, (14, 80), 0.16))
    picture = over(picture, rgb("7b5330"), 0.22 * curls(rng, 5000, (14, 80), 0.16))
    picture = over(picture, rgb("3d2817"), 0.55 * flecks(rng, 420, (1.5, 6)))
    picture = over(picture, rgb("f0dbb4"), 0.5 * flecks(rng, 200, (1.5, 5)))
    creases = crumple(rng, 16)
    return finish(shade(picture, 0.10 * light(creases * 0.55, 1.2)))
