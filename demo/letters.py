"""An alphabet drawn with a broad pen, and type set from it: words of no language, for printed papers.

A letter is a list of strokes in units of the x-height, y upward from the baseline. Strokes grow thick where they run
down and thin where they run across, as in a newspaper's type; every letter is drawn anew, so no two are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Rng = np.random.Generator

# "l x y x y ..." is a line, "a x y rx ry from to" an arc (degrees), "s x y" a serif across a stem's end, "d x y" a dot.
BOWL = "a .45 .5 .45 .5 0 360"
LETTERS: dict[str, str] = {
    "a": "a .40 .72 .36 .30 160 0;l .76 .72 .76 .12;a .86 .12 .10 .12 180 300;a .38 .27 .36 .27 60 350",
    "b": "l .12 1.5 .12 0;s .02 1.5;a .47 .5 .37 .5 -170 170", "c": "a .45 .5 .43 .5 50 320;d .73 .82",
    "d": "l .80 1.5 .80 0;s .70 1.5;s .90 0;a .43 .5 .39 .5 10 350", "e": "l .06 .54 .84 .54;a .45 .5 .43 .5 5 320",
    "f": "l .28 0 .28 1.2;s .28 0;a .56 1.2 .28 .3 180 60;l .04 1 .56 1",
    "g": "a .42 .62 .34 .38 0 360;a .44 -.14 .42 .26 0 360;l .2 .26 .2 .12 .6 .1;l .7 .9 .92 1",
    "h": "l .14 1.5 .14 0;s .04 1.5;s .14 0;a .46 .68 .32 .32 170 0;l .78 .68 .78 0;s .78 0",
    "i": "l .22 1 .22 0;s .12 1;s .22 0;d .22 1.38", "j": "l .26 1 .26 -.2;s .16 1;a .04 -.2 .22 .25 0 -110;d .26 1.38",
    "k": "l .14 1.5 .14 0;s .04 1.5;s .14 0;l .14 .4 .66 1;l .36 .62 .80 0;s .80 0;s .66 1",
    "l": "l .22 1.5 .22 0;s .12 1.5;s .22 0",
    "m": "l .14 1 .14 0;s .04 1;s .14 0;a .42 .7 .28 .3 165 0;l .70 .7 .70 0;s .70 0;a .98 .7 .28 .3 165 0;"
         "l 1.26 .7 1.26 0;s 1.26 0",
    "n": "l .14 1 .14 0;s .04 1;s .14 0;a .46 .68 .32 .32 170 0;l .78 .68 .78 0;s .78 0", "o": BOWL,
    "p": "l .14 1 .14 -.48;s .04 1;s .14 -.48;a .49 .5 .37 .5 -170 170",
    "q": "l .80 1 .80 -.48;s .80 -.48;a .43 .5 .39 .5 10 350",
    "r": "l .16 1 .16 0;s .06 1;s .16 0;a .46 .66 .30 .34 170 60;d .6 .88",
    "s": "a .39 .75 .29 .25 25 270;a .39 .25 .32 .25 90 -150",
    "t": "l .26 1.3 .26 .2;a .46 .2 .20 .2 180 320;l .04 1 .56 1",
    "u": "l .14 1 .14 .32;s .06 1;a .44 .32 .30 .32 180 350;l .76 1 .76 0;s .68 1;s .84 0",
    "v": "l .06 1 .42 0 .78 1;s .06 1;s .78 1", "w": "l .04 1 .36 0 .64 .96 .94 0 1.24 1;s .04 1;s 1.24 1",
    "x": "l .06 1 .76 0;l .74 1 .06 0;s .06 1;s .76 1;s .06 0;s .78 0",
    "y": "l .06 1 .42 .04;l .78 1 .34 -.3;a .2 -.3 .15 .18 0 -150;s .06 1;s .78 1",
    "z": "l .06 .97 .72 .97 .06 .03 .74 .03",
    "A": "l .04 0 .56 1.42 1.08 0;l .26 .5 .88 .5;s .04 0;s 1.08 0",
    "B": "l .18 0 .18 1.4 .5 1.4;a .5 1.06 .34 .34 90 -90;l .18 .72 .56 .72;a .56 .36 .40 .36 90 -90;l .56 0 .1 0",
    "C": "a .6 .7 .54 .72 45 315;d .98 1.2", "D": "l .18 0 .18 1.4 .5 1.4;a .5 .7 .58 .7 90 -90;l .5 0 .1 0",
    "E": "l .18 0 .18 1.4;l .08 1.4 .9 1.4 .9 1.15;l .18 .74 .66 .74;l .08 0 .96 0 .96 .28",
    "F": "l .18 0 .18 1.4;l .08 1.4 .9 1.4 .9 1.15;l .18 .74 .66 .74;s .18 0",
    "G": "a .6 .7 .54 .72 45 330;l 1.08 .1 1.08 .62;s 1.04 .62",
    "H": "l .2 0 .2 1.4;l 1 0 1 1.4;l .2 .74 1 .74;s .2 0;s .2 1.4;s 1 0;s 1 1.4",
    "I": "l .28 0 .28 1.4;s .28 0;s .28 1.4",
    "L": "l .2 0 .2 1.4;s .2 1.4;l .1 0 .88 0 .88 .3", "M": "l .16 0 .2 1.4 .7 .1 1.18 1.4 1.24 0;s .16 0;s 1.24 0",
    "N": "l .18 0 .18 1.4 .98 0 .98 1.4;s .18 0;s .98 1.4", "O": "a .62 .7 .56 .72 0 360",
    "P": "l .2 0 .2 1.4 .54 1.4;a .54 1.02 .38 .38 90 -90;l .54 .64 .2 .64;s .2 0",
    "R": "l .2 0 .2 1.4 .54 1.4;a .54 1.04 .36 .36 90 -90;l .54 .68 .2 .68;l .56 .68 1 0;s .2 0;s 1 0",
    "S": "a .49 1.06 .36 .35 25 270;a .49 .36 .40 .35 90 -150",
    "T": "l .56 0 .56 1.4;l .06 1.15 .06 1.4 1.06 1.4 1.06 1.15;s .56 0",
    "U": "l .18 1.4 .18 .44;a .58 .44 .40 .46 180 360;l .98 .44 .98 1.4;s .18 1.4;s .98 1.4",
    "V": "l .04 1.4 .54 0 1.04 1.4;s .04 1.4;s 1.04 1.4", "0": "a .45 .7 .40 .72 0 360",
    "1": "l .18 1.15 .42 1.4 .42 0;s .42 0",
    "2": "a .44 1.02 .36 .38 160 -20;l .78 .9 .08 .03 .84 .03",
    "3": "a .42 1.05 .34 .36 150 -80;a .42 .37 .40 .38 85 -150",
    "4": "l .64 0 .64 1.4 .04 .42 .88 .42", "5": "l .74 1.38 .2 1.38 .14 .8;a .42 .44 .40 .44 130 -150",
    "6": "a .46 .42 .38 .42 0 360;a .66 .6 .58 .84 170 95", "7": "l .06 1.15 .06 1.38 .84 1.38 .34 0",
    "8": "a .45 1.06 .30 .33 0 360;a .45 .37 .38 .38 0 360", "9": "a .46 .98 .38 .42 0 360;a .26 .8 .58 .84 -10 -85",
    ".": "d .18 .08", ",": "d .18 .08;l .24 .06 .14 -.24", "-": "l .06 .5 .46 .5"}
WIDE = {"m": 1.42, "w": 1.28, "i": .44, "l": .44, "j": .42, "f": .58, "t": .58, "r": .72, "s": .76, ".": .36, ",": .36,
        "-": .52, "I": .56, "M": 1.4, " ": .5, "S": .96, "F": .98,
        "E": 1.02, "T": 1.12, "L": .94, "P": 1.0, "B": 1.04, "V": 1.1}
VOWELS, CONSONANTS = "eeeaaiioouu", "nnrrttsslldmcphgbvfq"
CAPITALS = "ABCDEFGHILMNOPRSTUV"


@dataclass(frozen=True)
class Face:
    """A typeface: x-height in pixels, stroke widths in x-heights, whether it has serifs, how narrow it is."""

    size: float
    thick: float = 0.22
    thin: float = 0.09
    serif: bool = True
    narrow: float = 1.0
    spacing: float = 0.16

    def width(self, letter: str) -> float:
        wide = WIDE.get(letter, 1.2 if letter.isupper() else 0.94)
        return (wide * self.narrow + self.spacing + 0.5 * max(0.0, self.thick - 0.22)) * self.size


def letter_lines(letter: str, turn_step: float) -> list[Array]:
    """The strokes of a letter as polylines, arcs in steps of so many degrees."""
    lines: list[Array] = []
    for part in filter(None, LETTERS.get(letter, "").split(";")):
        kind, *rest = part.split()
        values = [float(value) for value in rest]
        if kind == "l":
            points = np.asarray(values, np.float32).reshape(-1, 2)
            lines.extend(points[k:k + 2] for k in range(len(points) - 1))
        elif kind == "a":
            x, y, rx, ry, first, last = values
            turn = np.radians(np.linspace(first, last, max(5, int(abs(last - first) / turn_step))))
            lines.append(np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], 1).astype(np.float32))
    return lines


def marks(letter: str) -> list[tuple[str, float, float]]:
    """Serifs and dots of a letter: kind, x, y."""
    parts = (part.split() for part in LETTERS.get(letter, "").split(";"))
    return [(part[0], float(part[1]), float(part[2])) for part in parts if part and part[0] in "sd"]


def draw_letter(mask: Array, letter: str, at: tuple[float, float], face: Face, rng: Rng, tone: int = 255) -> None:
    """Draw one letter with its left end on the baseline at `at` (pixels) into an 8-bit mask."""
    size, squeeze = face.size, face.narrow
    heavy = 1 + 0.07 * float(rng.standard_normal())

    def place(points: Array) -> Array:
        x, y = at[0] + points[:, 0] * size * squeeze, at[1] - points[:, 1] * size
        return np.stack([x, y], 1).astype(np.float32)

    def fill(polygon: Array) -> None:
        cv2.fillPoly(mask, [np.round(polygon * 16).astype(np.int32)], tone, cv2.LINE_AA, 4)
    for line in letter_lines(letter, 14 if size < 30 else 4):
        points = place(line)
        way = np.gradient(points, axis=0)
        way /= np.linalg.norm(way, axis=1, keepdims=True) + 1e-6
        half = 0.5 * size * heavy * (face.thin + (face.thick - face.thin) * np.abs(way[:, 1:]) ** 1.5)
        normal = np.stack([-way[:, 1], way[:, 0]], 1) * half
        for k in range(len(points) - 1):
            ends = points[k:k + 2] + np.array([-way[k], way[k + 1]]) * 0.02 * size
            fill(np.concatenate([ends + normal[k:k + 2], (ends - normal[k:k + 2])[::-1]]))
    for kind, x, y in marks(letter):
        center = place(np.array([[x, y]], np.float32))[0]
        if kind == "d":
            cv2.circle(mask, np.round(center * 16).astype(int).tolist(), int(face.thick * size * 0.56 * 16), tone, -1,
                       cv2.LINE_AA, 4)
        elif face.serif:
            wide, tall = 0.20 * size * squeeze + 0.25 * face.thick * size, 0.5 * face.thin * size
            fill(center + np.array([[-wide, -tall], [wide, -tall], [wide, tall], [-wide, tall]], np.float32))


def word(rng: Rng) -> str:
    """A word of no language, built of syllables."""
    text = ""
    for _ in range(int(rng.choice((1, 1, 2, 2, 2, 3, 3, 4)))):
        text += CONSONANTS[int(rng.integers(len(CONSONANTS)))] if rng.uniform() < 0.9 else ""
        text += VOWELS[int(rng.integers(len(VOWELS)))]
        text += CONSONANTS[int(rng.integers(12))] if rng.uniform() < 0.35 else ""
    return text


def set_line(mask: Array, text: str, at: tuple[float, float], face: Face, rng: Rng, justify: float = 0) -> float:
    """Set a line from its left end; `justify` stretches its spaces to that width. Returns where it ends."""
    natural = sum(face.width(letter) for letter in text)
    spaces = text.count(" ")
    extra = max(0.0, (justify - natural) / spaces) if justify and spaces else 0.0
    x = at[0]
    for letter in text:
        drop = float(rng.normal(0, 0.018)) * face.size
        if letter == " ":
            x += extra
        else:
            draw_letter(mask, letter, (x, at[1] + drop), face, rng, int(np.clip(rng.normal(238, 16), 170, 255)))
        x += face.width(letter)
    return x


def compose(width: float, face: Face, rng: Rng, start: bool = False) -> str:
    """As many words as fill a line of that width, with sentences ending here and there."""
    text, capital = "", start
    while True:
        new = word(rng)
        if capital or rng.uniform() < 0.06:
            new = CAPITALS[int(rng.integers(len(CAPITALS)))] + new.lstrip(CONSONANTS)
        end = rng.uniform()
        capital = end < 0.08
        new += "." if end < 0.08 else "," if end < 0.16 else ""
        if sum(face.width(letter) for letter in text + " " + new) > width and text:
            return text
        text = f"{text} {new}" if text else new


def set_column(mask: Array, left: float, top: float, width: float, bottom: float, face: Face, rng: Rng,
               leading: float = 2.15) -> None:
    """Fill a column with justified paragraphs."""
    y, left_lines = top + face.size * 1.5, int(rng.integers(4, 14))
    while y < bottom:
        indent = face.size * 1.4 if left_lines == 0 else 0.0
        left_lines = int(rng.integers(5, 14)) if left_lines == 0 else left_lines - 1
        room = (width - indent) * (float(rng.uniform(0.2, 0.9)) if left_lines == 0 else 1.0)
        text = compose(room, face, rng, indent > 0)
        set_line(mask, text, (left + indent, y), face, rng, 0 if left_lines == 0 else room)
        y += face.size * leading
