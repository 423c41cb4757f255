"""How long the pieces of a collage live, how many are born, what they die of, and how many share a spot of paper.

Everything here is about tables of pieces, one per frame, as `tracks/` beside a collage holds them.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ..collage.follow import LARGEST, PATIENCE, SMALLEST
from ..collage.pieces import Pieces

HIDDEN, RECOLORED, UNMOVED, RESIZED, AGED, LEFT = ("hidden", "another color", "no common motion", "wrong size",
                                                   "its time was over", "left the frame")
"""What a piece dies of."""


@dataclass(frozen=True)
class Life:
    """One piece: in how many frames of its shot it lay, of `shot` frames, and what ended it (None: it lay to the end).

    `first` says whether it was there as the shot began, `area` is its share of a frame of height and width 1.
    """

    frames: int
    shot: int
    first: bool
    area: float
    end: str | None


@dataclass(frozen=True)
class Lives:
    """What was found of all lives.

    `median` is that of all pieces' frames, `median_share` that of their parts of their shots: lives that a shot's end
    cuts off count as they are, so late births lower it. `survivors` is the part of the pieces laid as a shot
    began that lay there to its end; `survivors_area` the same by area, as an eye sees it. `births_a_second` counts
    pieces born within shots, by the time that shots go on after their first frames (0 if they do not). `deaths`
    counts by cause.
    """

    pieces: int
    median: float
    median_share: float
    survivors: float
    survivors_area: float
    births_a_second: float
    deaths: Mapping[str, int]


@dataclass(frozen=True)
class Reuse:
    """Means over frames: `sheets` in use, the part of the pieces that the most used one gives (`largest`), and the
    part of the pieces (`shared`) whose spot, to the pixel, another one shows as well."""

    sheets: float
    largest: float
    shared: float


def shots(frames: Sequence[tuple[int, Pieces]]) -> list[list[Pieces]]:
    """The frames (number and pieces) by shots."""
    return [[pieces for _, pieces in shot] for _, shot in groupby(frames, lambda frame: int(frame[1].since[0]))]


def lives_in(shot: Sequence[Pieces], life: int = 0) -> Iterator[Life]:
    """The lives of a shot's pieces; `life` is the option of that name, after which pieces are laid anew."""
    last: dict[int, tuple[Pieces, int]] = {}
    count: Counter[int] = Counter()
    for pieces in shot:
        for i, number in enumerate(pieces.number.tolist()):
            last[number] = pieces, i
            count[number] += 1
    begun = set(shot[0].number.tolist())
    for number, (pieces, i) in last.items():
        end = None if pieces is shot[-1] else cause(pieces, i, count[number], life)
        yield Life(count[number], len(shot), number in begun, float(pieces.area[i]), end)


def cause(pieces: Pieces, i: int, age: int, life: int = 0) -> str:
    """What a piece dies of that is not there any more in the next frame, from what was counted of it in its last one.

    The engine does not write the cause down: a count that lacked one frame of its patience tells, of several the
    highest; otherwise where and how large the piece lay does.
    """
    counts = {HIDDEN: int(pieces.covered[i]), RECOLORED: int(pieces.changed[i]), UNMOVED: int(pieces.misfit[i])}
    worst = max(counts, key=lambda name: counts[name])
    if counts[worst] >= PATIENCE - 1:
        return worst
    scale = float(np.hypot(*pieces.place[i, :2]))
    if not 1.05 * SMALLEST < scale < 0.95 * LARGEST:
        return RESIZED
    return AGED if life and age >= 0.6 * life else LEFT


def lives(frames: Sequence[tuple[int, Pieces]], fps: float, life: int = 0) -> Lives:
    """All lives of a clip. Raises ValueError if it has no pieces."""
    parts = shots(frames)
    found = [one for shot in parts for one in lives_in(shot, life)]
    first = [one for one in found if one.first]
    on = [one for one in first if one.end is None]
    seconds = sum(len(shot) - 1 for shot in parts) / fps
    return Lives(
        len(found), statistics.median(one.frames for one in found),
        statistics.median(one.frames / one.shot for one in found), len(on) / len(first),
        sum(one.area for one in on) / sum(one.area for one in first),
        (len(found) - len(first)) / seconds if seconds else 0.0,
        dict(sorted(Counter(one.end for one in found if one.end is not None).items())))


def reuse(frames: Sequence[tuple[int, Pieces]]) -> Reuse:
    """How materials are shared out among pieces. Frames without pieces do not count."""
    found = [_reuse(pieces) for _, pieces in frames if len(pieces)]
    return Reuse(*(statistics.fmean(values) for values in zip(*found, strict=True)))


def _reuse(pieces: Pieces) -> tuple[float, float, float]:
    sheets = list(zip(pieces.material.tolist(), pieces.moment.tolist(), strict=True))
    spots = [(*sheet, *spot) for sheet, spot in zip(sheets, np.round(pieces.window[:, 2:]).tolist(), strict=True)]
    uses, cuts = Counter(spots), Counter(sheets)
    return float(len(cuts)), max(cuts.values()) / len(pieces), sum(uses[spot] > 1 for spot in spots) / len(pieces)
