"""Which piece lies above which: a whole number per piece and frame that rises toward the eye.

A piece keeps its depth for as long as it lives wherever the frames' orders agree, so that nothing trembles when the
collage is seen from the side or lit; pieces that never meet share depths.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from math import floor, inf

from .read import Collage

CELLS = 40
"""To see which pieces lie on each other, a frame is divided into so many rows."""

BEYOND = 1.0
"""Heights around the frame within which it counts what lies on what: a damaged file's pieces may reach anywhere."""

NOTHING = -1

Pair = tuple[int, int]
"""Two pieces (by their place among the collage's), of which the second lies right above the first."""


def depths(collage: Collage, lying: bool) -> list[dict[int, int]]:
    """For each piece its depth, 0 for the lowest, in each of its frames.

    Every piece lies higher than all those below it in the frame's order; if `lying`, only than those it touches, as
    papers lie on a table.
    """
    pairs = {frame: _pairs(collage, frame, lying) for frame in collage.frames}
    count = len(collage.pieces)
    steady = _longest(count, set().union(*pairs.values()))
    if steady is not None:
        return [dict.fromkeys(piece.places, steady[i]) for i, piece in enumerate(collage.pieces)]
    found: list[dict[int, int]] = [{} for _ in collage.pieces]
    for frame in collage.frames:  # the order changed on the way
        here = _longest(count, pairs[frame])
        assert here is not None, "one frame's order has no circles"
        for i, piece in enumerate(collage.pieces):
            if frame in piece.places:
                found[i][frame] = here[i]
    return found


def _pairs(collage: Collage, frame: int, lying: bool) -> set[Pair]:
    """What lies right above what: in each cell that both reach into if `lying`, else in the whole frame."""
    present = [i for i, piece in enumerate(collage.pieces) if frame in piece.places]
    present.sort(key=lambda i: collage.pieces[i].places[frame].order)
    if not lying:
        return set(pairwise(present))
    columns, rows = _cell(inf, collage.aspect) + 1, _cell(inf, 1.0) + 1
    highest = [[NOTHING] * columns for _ in range(rows)]
    pairs: set[Pair] = set()
    for i in present:
        piece = collage.pieces[i]
        left, top, right, bottom = piece.around(piece.places[frame])
        across = slice(_cell(left, collage.aspect), _cell(right, collage.aspect) + 1)
        below: set[int] = set()
        for row in highest[_cell(top, 1.0):_cell(bottom, 1.0) + 1]:
            below.update(row[across])
            row[across] = [i] * (across.stop - across.start)
        pairs.update((lower, i) for lower in below if lower != NOTHING)
    return pairs


def _cell(at: float, end: float) -> int:
    """The row or column that a place falls into, of those from BEYOND before the frame to as far after its `end`."""
    return floor((min(max(at, -BEYOND), end + BEYOND) + BEYOND) * CELLS)


def _longest(count: int, pairs: Iterable[Pair]) -> list[int] | None:
    """For each piece the length of the longest way up to it; None if a piece would lie above itself."""
    above: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for lower, upper in pairs:
        above[lower].append(upper)
        waiting[upper] += 1
    depth = [0] * count
    ready = deque(i for i in range(count) if not waiting[i])
    done = 0
    while ready:
        lower = ready.popleft()
        done += 1
        for upper in above[lower]:
            depth[upper] = max(depth[upper], depth[lower] + 1)
            waiting[upper] -= 1
            if not waiting[upper]:
                ready.append(upper)
    return depth if done == count else None
