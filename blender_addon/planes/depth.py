"""Which piece lies above which: a whole number per piece and frame that rises toward the eye.

A piece keeps its depth for as long as it lives wherever the frames' orders agree, so that nothing trembles when the
collage is seen from the side or lit; pieces that never meet share depths.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import floor

from .read import Collage

CELLS = 40
"""To see which pieces lie on each other, a frame is divided into so many rows."""

BEYOND = 1.0
"""Heights around the frame within which it counts what lies on what: a damaged file's pieces may reach anywhere."""

Chain = Sequence[int]
"""Pieces (by their place among the collage's), each of which lies above the one before."""


def depths(collage: Collage, lying: bool) -> list[dict[int, int]]:
    """For each piece its depth, 0 for the lowest, in each of its frames.

    Every piece lies higher than all those below it in the frame's order; if `lying`, only than those it touches, as
    papers lie on a table.
    """
    chains = {frame: list(_chains(collage, frame, lying)) for frame in collage.frames}
    count = len(collage.pieces)
    steady = _longest(count, (chain for frame in collage.frames for chain in chains[frame]))
    if steady is not None:
        return [dict.fromkeys(piece.places, steady[i]) for i, piece in enumerate(collage.pieces)]
    found: list[dict[int, int]] = [{} for _ in collage.pieces]
    for frame in collage.frames:  # the order changed on the way
        here = _longest(count, chains[frame])
        assert here is not None, "one frame's order has no circles"
        for i, piece in enumerate(collage.pieces):
            if frame in piece.places:
                found[i][frame] = here[i]
    return found


def _chains(collage: Collage, frame: int, lying: bool) -> Iterable[Chain]:
    """In every cell the pieces that reach into it, the lowest first; if not `lying` there is but one cell."""
    present = [i for i, piece in enumerate(collage.pieces) if frame in piece.places]
    present.sort(key=lambda i: collage.pieces[i].places[frame].order)
    if not lying:
        return [present]
    cells: dict[tuple[int, int], list[int]] = {}
    for i in present:
        piece = collage.pieces[i]
        left, top, right, bottom = (floor(min(max(edge, -BEYOND), collage.aspect + BEYOND) * CELLS)
                                    for edge in piece.around(piece.places[frame]))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                cells.setdefault((row, column), []).append(i)
    return cells.values()


def _longest(count: int, chains: Iterable[Chain]) -> list[int] | None:
    """For each piece the length of the longest way up to it; None if a piece would lie above itself."""
    above: list[set[int]] = [set() for _ in range(count)]
    for chain in chains:
        for lower, upper in pairwise(chain):
            above[lower].add(upper)
    waiting = [0] * count
    for uppers in above:
        for upper in uppers:
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
