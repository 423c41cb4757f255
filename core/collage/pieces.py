"""What is known of a collage in one frame: its pieces, their outlines, where they lie, what they are made of.

Lengths are in heights of the frame: the origin is its upper left corner, its lower edge lies at 1. So one collage
serves every size it is painted at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..arrays import Floats, Ints
from ..errors import InputError
from .similarity import applied

NO_OBJECT = -1


@dataclass(frozen=True)
class Cut:
    """One new piece, before it has a number: see `Pieces` for the fields' meaning."""

    level: int
    order: float
    center: tuple[float, float]
    outline: Floats
    area: float
    object: int
    material: int
    window: Floats
    moment: int
    tint: Floats


class Tint(NamedTuple):
    """How a material is colored: the mean and standard deviation in Lab that it has, and that it is to have, 3 each."""

    mean: Floats
    spread: Floats
    new_mean: Floats
    new_spread: Floats

    @classmethod
    def of(cls, numbers: Floats) -> Tint:
        """Out of the 12 numbers that a table holds; `np.concatenate` makes these again."""
        return cls(*numbers.reshape(4, 3))


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of a frame, as arrays over them.

    `number` of each piece is its own in its shot and seeds what is random about it; `level` 0 is the coarsest; pieces
    are laid by rising `order`. `outlines` holds all corners (x, y), `ends` where each piece's corners end there; they
    count from the piece's center at birth. The similarity `place` (a, b, x, y) takes them to where they lie, `window`
    to the pixels of `material`, at frame `moment` if that is a clip.
    `tint` (see `Tint`) is how the material is colored there, `area` what the piece stands for (without overlap), `born`
    its first frame; `object` the color of the object it belongs to.
    `misfit`, `covered` and `changed` count the frames in which nothing good is known of its motion, it was hidden,
    and something else lay under it; `seen` is what was there when it was born, where it showed: the mean color in Lab
    and how far it strayed.
    `palette` are the colors in Lab that pieces come in (none: any); `next_number` is for pieces to come; `since` is
    the frame that the shot began with: a piece's number is its own in that shot.
    """

    number: Ints
    level: Ints
    order: Floats
    outlines: Floats
    ends: Ints
    place: Floats
    area: Floats
    object: Ints
    material: Ints
    window: Floats
    moment: Ints
    tint: Floats
    seen: Floats
    born: Ints
    misfit: Ints
    covered: Ints
    changed: Ints
    palette: Floats
    next_number: Ints
    since: Ints

    def __len__(self) -> int:
        return len(self.number)

    def outline(self, i: int) -> Floats:
        """N,2: the corners of a piece, from its center."""
        return self.outlines[int(self.ends[i - 1]) if i else 0:int(self.ends[i])]

    def placed(self, i: int, points: Floats) -> Floats:
        """Points given from the center of a piece, N,2, where they lie now."""
        return applied(self.place[i], points)

    def corners(self) -> list[Floats]:
        """Each piece's outline where it lies now, N,2; all at once, for there are many."""
        places = np.repeat(self.place, np.diff(self.ends, prepend=0), axis=0)
        return np.split(applied(places, self.outlines), self.ends[:-1])

    def laid(self) -> list[int]:
        """The pieces as they are laid, the lowest first."""
        return [int(i) for i in np.argsort(self.order, kind="stable")]

    def kept(self, keep: NDArray[np.bool_]) -> Pieces:
        """Only some of the pieces."""
        outlines = [self.outline(int(i)) for i in np.flatnonzero(keep)]
        arrays: dict[str, Any] = {f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name not in _WHOLE}
        return replace(self, **arrays, **_joined(outlines))

    def with_new(self, cuts: Sequence[Cut], frame: int) -> Pieces:
        """More pieces, born in this frame."""
        if not cuts:
            return self
        first, count = int(self.next_number[0]), len(cuts)
        zeros = np.zeros(count, np.int32)
        new = {
            "number": np.arange(first, first + count, dtype=np.int32),
            "level": np.array([c.level for c in cuts], np.int32),
            "order": np.array([c.order for c in cuts], np.float32),
            "place": np.array([(1, 0, *c.center) for c in cuts], np.float32),
            "area": np.array([c.area for c in cuts], np.float32),
            "object": np.array([c.object for c in cuts], np.int32),
            "material": np.array([c.material for c in cuts], np.int32),
            "window": np.stack([c.window for c in cuts]).astype(np.float32),
            "moment": np.array([c.moment for c in cuts], np.int32),
            "tint": np.stack([c.tint for c in cuts]).astype(np.float32),
            "seen": np.full((count, 4), np.nan, np.float32),
            "born": np.full(count, frame, np.int32), "misfit": zeros, "covered": zeros, "changed": zeros}
        joined: dict[str, Any] = {name: np.concatenate([getattr(self, name), values]) for name, values in new.items()}
        outlines = [self.outline(i) for i in range(len(self))] + [c.outline for c in cuts]
        return replace(self, **joined, **_joined(outlines), next_number=np.array([first + count], np.int32))

    def to_bytes(self) -> bytes:
        """For a file; the same pieces give the same bytes."""
        return save({f.name: np.ascontiguousarray(getattr(self, f.name)) for f in fields(self)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Pieces:
        """Out of a file. Raises InputError if it is damaged."""
        try:
            return cls(**load(data))
        except (SafetensorError, TypeError, ValueError, KeyError) as error:
            raise InputError("What was known of the collage's pieces is damaged.",
                             "Delete the folder 'tracks' beside the result and run again.", str(error)) from error


_WHOLE = {"outlines", "ends", "palette", "next_number", "since"}


def no_pieces(palette: Floats, since: int) -> Pieces:
    """An empty table as a shot begins, numbers from 0; `palette` K,3."""
    i, f = np.zeros(0, np.int32), np.zeros(0, np.float32)
    return Pieces(number=i, level=i, order=f, outlines=np.zeros((0, 2), np.float32), ends=i,
                  place=np.zeros((0, 4), np.float32), area=f, object=i, material=i,
                  window=np.zeros((0, 4), np.float32), moment=i, tint=np.zeros((0, 12), np.float32),
                  seen=np.zeros((0, 4), np.float32), born=i, misfit=i, covered=i, changed=i,
                  palette=palette.astype(np.float32), next_number=np.zeros(1, np.int32),
                  since=np.array([since], np.int32))


def _joined(outlines: Iterable[Floats]) -> dict[str, Any]:
    parts = list(outlines)
    return {"outlines": np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 2), np.float32),
            "ends": np.cumsum([len(p) for p in parts], dtype=np.int64).astype(np.int32)}
