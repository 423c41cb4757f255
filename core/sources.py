"""What a task is painted from: its frame at the size to paint, its mask, and how it hangs together with its neighbors.

All reading of the input happens here, on one thread at a time (a movie is decoded in order).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from .clips import Clip, needed
from .color import fill_transparent
from .effects import Companions
from .errors import InputError
from .frames import Picture
from .motion.links import Link, Motion, Seen
from .plan import EVERY, NEIGHBORS, Source, Task
from .sizes import Size, fitted, resize, size_of

TRACK_SIDE = 480
"""Long side, pixels, of the pictures in which an effect follows things."""
KEPT = EVERY**2 + 1
"""Pictures kept in memory after they were read: a task's neighbors are among the last ones painted."""
LARGE = 2**29
"""Bytes: where the pictures kept are larger together, only the nearest neighbors are."""
ENOUGH = 0.75
"""Where the flow to neighbors is reliable in more than this part of a frame, those further away are not asked."""
LEAST_SHARE = 1 / 16
"""Of a picture or a painting: where less of it shows, in 8 bits, the whole cannot be told."""


@dataclass(frozen=True)
class Nearby:
    """A neighbor of a task: its content (1,3,H,W, at the task's size), the link to it, and where it was painted."""

    task: Task
    content: Tensor
    link: Link
    area: Tensor | None = None


@dataclass(frozen=True)
class Prepared:
    """A frame at the size to work at, its hidden colors grown from what is seen, and where to paint it.

    `area` is 1,1,H,W in 0..1: what the mask shows of what can be seen; None: everywhere.
    """

    picture: Picture
    area: Tensor | None = None


@dataclass(frozen=True)
class Input:
    """A frame as read: the whole picture, its mask (1,1,H,W) at the whole size, and both made ready for work.

    `goes` is the link to the second frame of its shot, for a track that begins one.
    """

    whole: Picture
    prepared: Prepared
    mask: Tensor | None = None
    nearby: tuple[Nearby, ...] = ()
    companions: Companions = field(default_factory=Companions)
    goes: Link | None = None


class Sources:
    """Reads the frames of a clip for tasks.

    `beside` holds clips of what comes along: a "mask" to paint in, or, for an effect that follows things, a mask of
    its objects and their "depth". `size` is the long side to paint at; `motion` may be None where no task has
    neighbors.
    """

    def __init__(self, clip: Clip, beside: Mapping[str, Clip], size: int, motion: Motion | None) -> None:
        self._clip, self._beside, self._size, self._motion = clip, beside, size, motion
        self._kept: OrderedDict[tuple[int, int], Prepared] = OrderedDict()
        self._wholes: OrderedDict[int, Picture] = OrderedDict()

    def read(self, task: Task) -> Input:
        """Raises InputError if the frame or its mask cannot be read; a neighbor that cannot is left out."""
        whole = self._whole(task.number)
        mask = self._mask(task, whole)
        prepared = self._prepared(task, whole, mask)
        here = Seen(task.number, prepared.picture.rgb, task.input)
        if task.is_track or task.track:
            near = self._nearby(here, task.follows, onward=True) if task.follows else None
            goes = self._onward(here, task.second) if task.second else None
            return Input(whole, prepared, None, (near,) if near else (), self._companions(task.number), goes)
        origin = self._nearby(here, task.origin) if task.origin else None
        return Input(whole, prepared, mask, ((origin,) if origin else ()) + tuple(self._known(here, task.neighbors)))

    def _mask(self, task: Task, whole: Picture) -> Tensor | None:
        """1,1,H,W: the mask of a task that paints in one, as gray; None for all others. Raises InputError."""
        mask = self._beside.get("mask")
        if mask is None or task.is_track or task.track:
            return None
        return resize(_beside_of(mask, task.number, "mask").mean(1, keepdim=True), whole.size)

    def _prepared(self, task: Task, whole: Picture, mask: Tensor | None) -> Prepared:
        """A frame made ready, and kept: the last ones painted are the next one's neighbors."""
        side = TRACK_SIDE if task.is_track else self._size
        picture = resized(whole, fitted(whole.size, side))
        prepared = Prepared(picture, None if task.is_track else _area(picture, mask))
        self._kept[task.number, side] = prepared
        self._kept.move_to_end((task.number, side))
        nearest = max(NEIGHBORS) + 1
        while len(self._kept) > KEPT or (len(self._kept) > nearest and sum(map(_bytes, self._kept.values())) > LARGE):
            self._kept.popitem(last=False)
        return prepared

    def _whole(self, number: int, beside: int = 0) -> Picture:
        """A frame as it was read; the last is kept, and so many `beside` it: a movie cannot be read backward."""
        if number not in self._wholes:
            self._wholes[number] = self._clip.read(number)
            while len(self._wholes) > 1 + beside:
                self._wholes.popitem(last=False)
        return self._wholes[number]

    def _companions(self, number: int) -> Companions:
        objects, depth = (self._beside.get(name) for name in ("mask", "depth"))
        return Companions(None if objects is None else _beside_of(objects, number, "object mask"),
                          None if depth is None else _beside_of(depth, number, "depth").mean(1, keepdim=True))

    def _known(self, here: Seen, neighbors: Sequence[Task]) -> Iterator[Nearby]:
        """The neighbors, the nearest first, until enough of the frame is known from them: flow takes its time."""
        known: Tensor | None = None
        for neighbor in neighbors:
            if known is not None and float(known.mean()) > ENOUGH:
                return
            if near := self._nearby(here, neighbor):
                known = near.link.reliability if known is None else torch.maximum(known, near.link.reliability)
                yield near

    def _nearby(self, here: Seen, neighbor: Task, onward: bool = False) -> Nearby | None:
        """The link to a neighbor, or `onward` from it to here."""
        assert self._motion is not None, "tasks with neighbors need motion"
        try:
            before = self._again(neighbor)
        except InputError:
            return None
        size = size_of(here.rgb)
        there = Seen(neighbor.number, resize(before.picture.rgb, size), neighbor.input)
        link = self._motion.link(there, here) if onward else self._motion.link(here, there)
        return Nearby(neighbor, there.rgb, link, None if before.area is None else resize(before.area, size))

    def _onward(self, here: Seen, second: Source) -> Link | None:
        """The link to a shot's second frame; the first, which is still to be painted, is kept beside it."""
        assert self._motion is not None, "a shot of two frames has motion"
        try:
            whole = self._whole(second.number, beside=1)
        except InputError:
            return None
        content = resize(resized(whole, fitted(whole.size, TRACK_SIDE)).rgb, size_of(here.rgb))
        return self._motion.link(here, Seen(second.number, content, second.input))

    def _again(self, task: Task) -> Prepared:
        """The frame of a task that was painted before. Raises InputError."""
        kept = self._kept.get((task.number, TRACK_SIDE if task.is_track else self._size))
        if kept is not None:
            return kept
        whole = self._whole(task.number)
        return self._prepared(task, whole, self._mask(task, whole))


def resized(picture: Picture, size: Size) -> Picture:
    """The picture at (H, W), made ready to be painted: colors that alpha hides are grown from those that are seen.

    What is painted sees them too, be it by networks or as the color of a piece: black ones would darken every edge.
    What is seen in part has its own color, unless so little is seen that 8 bits do not tell it.
    """
    if picture.alpha is None:
        return replace(picture, rgb=resize(picture.rgb, size))
    alpha = resize(picture.alpha, size)
    rgb = resize(picture.rgb * picture.alpha, size) / alpha.clamp_min(1e-4)
    known = (alpha / LEAST_SHARE).clamp(max=1.0)
    return replace(picture, rgb=fill_transparent(rgb.clamp(0.0, 1.0), known), alpha=alpha)


def unmixed(result: Tensor, content: Tensor, area: Tensor | None) -> Tensor:
    """A result, 1,3,H,W, as it would be if it were painted everywhere, as far as what an area shows of it tells."""
    if area is None:
        return result
    whole = (content + (result - content) / area.clamp_min(LEAST_SHARE)).clamp(0.0, 1.0)
    return torch.where(area < 1.0, whole, result)


def restored(painted: Picture, source: Input) -> Picture:
    """The painted picture enlarged to its source's size, with the source's own alpha, and its pixels outside a mask."""
    whole, mask, prepared = source.whole, source.mask, source.prepared
    if mask is None:
        return Picture(resize(painted.rgb, whole.size), whole.alpha)
    rgb = resize(unmixed(painted.rgb, prepared.picture.rgb, prepared.area), whole.size)
    return Picture(torch.lerp(whole.rgb, rgb, mask), whole.alpha)


def beside_result(layer: Picture, result: Picture) -> Picture:
    """A layer of a result as large as that, and hidden where that is: laid over each other they are the result."""
    if layer.size != result.size:
        layer = resized(layer, result.size)
    if result.alpha is None:
        return layer
    return replace(layer, alpha=result.alpha if layer.alpha is None else layer.alpha * result.alpha)


def _bytes(prepared: Prepared) -> int:
    """The memory that a prepared picture takes."""
    return sum(image.nbytes for image in (prepared.picture.rgb, prepared.picture.alpha, prepared.area)
               if image is not None)


def _area(picture: Picture, mask: Tensor | None) -> Tensor | None:
    """1,1,H,W in 0..1: where a picture is to be painted, inside the mask and where there is anything to see."""
    area = None if mask is None else resize(mask, picture.size)
    if picture.alpha is None:
        return area
    visible = (picture.alpha > 0).float()
    return visible if area is None else area * visible


def _beside_of(clip: Clip, number: int, what: str) -> Tensor:
    """1,3,h,w: what comes along with a frame, on black; a single picture serves every frame. Raises InputError."""
    beside = clip.read(needed(clip, number, f"The {what}",
                              "give it one for every frame of the clip, or one picture for all."))
    return beside.rgb if beside.alpha is None else beside.rgb * beside.alpha
