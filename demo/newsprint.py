"""Printed papers with type on them: newspaper pages, a poster's large letters, tickets."""

from __future__ import annotations

import cv2
import numpy as np
from brush import Rgb, blend, rgb
from letters import CAPITALS, Face, compose, set_column, set_line, word
from pulp import LARGE, Array, Rng, age, curls, field, finish, flat, flecks, ink, light, over, shade, tooth

SIDE = LARGE[0]


def pulp(rng: Rng, color: Rgb) -> Array:
    """Cheap gray paper of ground wood: cloudy, with short fibers and dark slivers."""
    picture = shade(flat(color), 0.020 * field(LARGE, rng, 900, 14, 1.3) + 0.010 * field(LARGE, rng, 6, 2, 0.3))
    picture = over(picture, rgb("8d7c60"), 0.16 * curls(rng, 2600, (10, 60), 0.2))
    return over(picture, rgb("54483a"), 0.45 * flecks(rng, 260, (1.2, 4)))


def tilt(mask: Array, degrees: float, shift: tuple[float, float] = (0, 0), mirror: bool = False) -> Array:
    """Turn a printed page a little, as it lay under the knife, and bring it to 0..1."""
    if mirror:
        mask = mask[:, ::-1]
    turn = cv2.getRotationMatrix2D((mask.shape[1] / 2, mask.shape[0] / 2), degrees, 1)
    turn[:, 2] += np.asarray(shift) - np.array([(mask.shape[1] - SIDE) / 2, (mask.shape[0] - SIDE) / 2])
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(mask), turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR) / 255,
                      np.float32)


def headline(mask: Array, left: float, top: float, width: float, face: Face, rng: Rng, lines: int) -> float:
    """A heading of some lines, set flush left or in the middle; returns where it ends."""
    y = top
    for _ in range(lines):
        y += face.size * 1.75
        text = compose(width * rng.uniform(0.75, 1), face, rng, True).replace(".", "").replace(",", "")
        wide = sum(face.width(letter) for letter in text)
        set_line(mask, text, (left + max(0.0, (width - wide) / 2), y), face, rng)
    return y + face.size * 0.8


def page(rng: Rng, columns: int, size: float) -> Array:
    """A newspaper page (8 bits, larger than the sheet): columns of stories under headings, between thin rules."""
    side = SIDE + 240
    mask = np.zeros((side, side), np.uint8)
    gutter = size * 2.6
    width = (side - gutter) / columns - gutter
    body = Face(size, 0.20, 0.10, True, 0.96, 0.2)
    ends = [0.0] * columns
    while min(ends) < side:
        first = int(np.argmin(ends))
        span = 1
        while first + span < columns and abs(ends[first + span] - ends[first]) < 1 and rng.uniform() < 0.75:
            span += 1
        left, wide = gutter + first * (width + gutter), span * (width + gutter) - gutter
        face = Face(size * (1.35 + 0.75 * span * rng.uniform(0.7, 1)), 0.30, 0.10, bool(rng.uniform() < 0.7), 0.9, 0.2)
        if ends[first] > 0:
            cv2.line(mask, (int(left), int(ends[first] + size)), (int(left + wide), int(ends[first] + size)), 220, 2)
        top = headline(mask, left, ends[first] + size, wide, face, rng, int(rng.integers(1, 4)))
        bottom = top + side * rng.uniform(0.16, 0.55)
        for column in range(first, first + span):
            x = gutter + column * (width + gutter)
            set_column(mask, x, top, width, bottom - size * 3, body, rng)
            if column > first:
                cv2.line(mask, (int(x - gutter / 2), int(top)), (int(x - gutter / 2), int(bottom - size * 2)), 150, 1)
            ends[column] = bottom
    return mask


def newsprint(seed: int, columns: int, size: float, paper: str = "cfc4ad", tint: str = "33302e") -> Array:
    """A piece of a newspaper: thin gray ink, the back page showing through, yellowed."""
    rng = np.random.default_rng(seed)
    front, back = page(rng, columns, size), page(rng, columns, size)
    picture = pulp(rng, rgb(paper))
    through = cv2.GaussianBlur(tilt(back, rng.normal(0, 0.6), mirror=True), (0, 0), 4)
    picture = shade(picture, -0.16 * through)
    picture = ink(picture, tilt(front, rng.normal(0, 1.2)), rgb(tint), rng, 0.25, 0.30, 0.88)
    return finish(shade(age(picture, rng, 0.16), 0.035 * light(1.5 * field(LARGE, rng, 700, 60, 1.8), 3)))


def poster(seed: int) -> Array:
    """A torn-off bill with wood letters far larger than the sheet, printed black and red on yellowed paper."""
    rng = np.random.default_rng(seed)
    picture = pulp(rng, rgb("e3d5b4"))
    black, red = np.zeros((SIDE + 240, SIDE + 240), np.uint8), np.zeros((SIDE + 240, SIDE + 240), np.uint8)
    y = 60.0
    for mask, size, serif, narrow in ((black, 245, False, 0.66), (red, 150, True, 0.85), (black, 62, True, 1.0),
                                      (black, 300, True, 0.62), (red, 74, False, 0.8), (black, 130, False, 0.7)):
        face = Face(size, 0.36 if not serif else 0.34, 0.30 if not serif else 0.11, serif, narrow, 0.16)
        y += size * 1.62
        text = "".join(CAPITALS[int(rng.integers(len(CAPITALS)))] if size > 60 else letter
                       for letter in "".join(word(rng) + " " for _ in range(9)) if size <= 60 or letter != " ")
        set_line(mask, text[:int(3600 / size)], (float(rng.uniform(-160, 20)), y), face, rng)
        y += size * 0.12
    lean = float(rng.normal(0, 2.0))
    picture = ink(picture, tilt(red, lean, (5, -3)), rgb("c23a25"), rng, 0.8, 0.55, 0.90)
    picture = ink(picture, tilt(black, lean), rgb("1d1b1c"), rng, 0.8, 0.55, 0.93)
    return finish(shade(age(picture, rng, 0.25), 0.05 * light(tooth(rng, 8), 1)))


# ---------------------------------------------------------------------------------------------- tickets

STOCKS = ("e98a2d", "6fae7c", "e7b8bf", "5fa9b8", "e6c54a", "d9603e")


def ticket_row(mask: Array, dye: Array, top: float, tall: float, number: int, rng: Rng) -> None:
    """One strip of numbered tickets: frames, words, a running number in red or black, holes between them."""
    wide, left = tall * rng.uniform(1.9, 2.2), -rng.uniform(0, 300)
    small, large = Face(tall * 0.065, 0.24, 0.12), Face(tall * 0.17, 0.26, 0.18, False, 0.95, 0.2)
    title = (word(rng) + word(rng)).upper()
    title = "".join(letter for letter in title if letter in CAPITALS)[:7]
    motto = compose(wide * 0.5, small, rng, True)
    while left < mask.shape[1]:
        inset = tall * 0.09
        a, b = (round(left + inset), round(top + inset)), (round(left + wide - inset), round(top + tall - inset))
        cv2.rectangle(mask, a, b, 230, 3)
        cv2.rectangle(mask, (a[0] + 7, a[1] + 7), (b[0] - 7, b[1] - 7), 200, 1)
        bold = Face(tall * 0.14, 0.30, 0.10, True, 0.95)
        set_line(mask, title, (left + wide * 0.12, top + tall * 0.34), bold, rng)
        set_line(mask, motto, (left + wide * 0.12, top + tall * 0.47), small, rng)
        set_line(dye, f"{number:06d}", (left + wide * 0.30, top + tall * 0.80), large, rng)
        for k in range(int(tall / 13)):
            cv2.circle(mask, (round(left), round(top + 8 + 13 * k)), 2, 120, -1, cv2.LINE_AA)
        left, number = left + wide, number + 1


def tickets(seed: int) -> Array:
    """Strips of tickets side by side, each roll of another color of cheap dyed card."""
    rng = np.random.default_rng(seed)
    side = SIDE + 240
    mask, dye, picture = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8), flat(rgb("ffffff"))
    lean, tall, rows = -4.0, 250.0, int(side / 250) + 1
    y = np.mgrid[0:side, 0:side][0].astype(np.float32)
    card = shade(flat((1, 1, 1)), 0.02 * field(LARGE, rng, 700, 12, 1.2) + 0.012 * field(LARGE, rng, 6, 2, 0.3))
    card = over(card, rgb("7d6a50"), 0.14 * curls(rng, 2400, (10, 60), 0.2))
    for row in range(rows):
        ticket_row(mask, dye, row * tall, tall, int(rng.integers(10000, 900000)), rng)
        band = tilt(((y >= row * tall) & (y < (row + 1) * tall)).astype(np.uint8) * 255, lean)
        color = np.asarray(rgb(STOCKS[row % len(STOCKS)]), np.float32) * np.float32(1 + 0.05 * rng.standard_normal())
        picture = blend(picture, card * color, band)
        seam = tilt((np.abs(y - row * tall) < 3).astype(np.uint8) * 255, lean)
        picture = shade(picture, -0.25 * cv2.GaussianBlur(seam, (0, 0), 2))
    picture = ink(picture, tilt(mask, lean), rgb("2b2a33"), rng, 0.5, 0.4, 0.88)
    picture = ink(picture, tilt(dye, lean + 0.3, (3, 2)), rgb("9c2430"), rng, 0.7, 0.5, 0.9)
    return finish(age(picture, rng, 0.14))
