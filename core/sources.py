"""What a task is painted from: its frame at the size to paint, its mask, and how it hangs together with its neighbors.

All reading of the input happens here, on one thread at a time (a movie is decoded in order).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .clips import Clip
from .errors import InputError
from .frames import Picture
from .motion.links import Link, Motion, Seen
from .plan import Task
from .sizes import Size, fitted, resize, size_of

KEPT = 5
"""Pictures kept in memory after they were read: a task's neighbors are among the last ones painted."""
ENOUGH = 0.75
"""Where the flow to neighbors is reliable in more than this part of a frame, those further away are not asked."""


@dataclass(frozen=True)
class Nearby:
    """A neighbor of a task: its content (1,3,H,W, at the task's size) and the link to it."""

    task: Task
    content: Tensor
    link: Link


@dataclass(frozen=True)
class Input:
    """A frame as read: the whole picture, the same at the size to paint, the mask (1,1,H,W) at the whole size."""

    whole: Picture
    picture: Picture
    mask: Tensor | None
    nearby: tuple[Nearby, ...] = ()


class Sources:
    """Reads the frames of a clip for tasks.

    `size` is the long side to paint at; `motion` may be None where no task has neighbors.
    """

    def __init__(self, clip: Clip, mask: Clip | None, size: int, motion: Motion | None) -> None:
        self._clip, self._mask, self._size, self._motion = clip, mask, size, motion
        self._kept: OrderedDict[int, Tensor] = OrderedDict()

    def read(self, task: Task) -> Input:
        """Raises InputError if the frame or its mask cannot be read; a neighbor that cannot is left out."""
        read = self._read(task.number)
        self._keep(task.number, read.picture.rgb)
        here = Seen(task.number, read.picture.rgb, task.input)
        return replace(read, nearby=tuple(self._known(here, task.neighbors)))

    def _read(self, number: int) -> Input:
        whole = self._clip.read(number)
        mask = None if self._mask is None else _mask_of(self._mask, number, whole.size)
        return Input(whole, resized(whole, fitted(whole.size, self._size)), mask)

    def _known(self, here: Seen, neighbors: Sequence[Task]) -> Iterator[Nearby]:
        """The neighbors, the nearest first, until enough of the frame is known from them: flow takes its time."""
        known: Tensor | None = None
        for neighbor in neighbors:
            if known is not None and float(known.mean()) > ENOUGH:
                return
            if near := self._nearby(here, neighbor):
                known = near.link.reliability if known is None else torch.maximum(known, near.link.reliability)
                yield near

    def _nearby(self, here: Seen, neighbor: Task) -> Nearby | None:
        assert self._motion is not None, "tasks with neighbors need motion"
        try:
            content = resize(self._content(neighbor.number), size_of(here.rgb))
        except InputError:
            return None
        return Nearby(neighbor, content, self._motion.link(here, Seen(neighbor.number, content, neighbor.input)))

    def _content(self, number: int) -> Tensor:
        if number not in self._kept:
            self._keep(number, self._read(number).picture.rgb)
        return self._kept[number]

    def _keep(self, number: int, rgb: Tensor) -> None:
        self._kept[number] = rgb
        self._kept.move_to_end(number)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def resized(picture: Picture, size: Size) -> Picture:
    """The picture at (H, W); color is weighted by alpha, so that hidden colors do not bleed in."""
    if picture.size == size:
        return picture
    if picture.alpha is None:
        return replace(picture, rgb=resize(picture.rgb, size))
    alpha = resize(picture.alpha, size)
    rgb = resize(picture.rgb * picture.alpha, size) / alpha.clamp_min(1e-4)
    return replace(picture, rgb=rgb.clamp(0.0, 1.0), alpha=alpha)


def restored(painted: Picture, source: Picture, mask: Tensor | None) -> Picture:
    """The painted picture enlarged to its source's size, with the source's own alpha, and its pixels outside a mask."""
    rgb = resize(painted.rgb, source.size)
    return Picture(rgb if mask is None else torch.lerp(source.rgb, rgb, mask), source.alpha)


def _mask_of(mask: Clip, number: int, size: Size) -> Tensor:
    """1,1,H,W: the mask for a frame, its luminance; a single picture serves every frame. Raises InputError."""
    numbers = mask.numbers
    if len(numbers) > 1 and number not in numbers:
        raise InputError(f"The mask has no frame {number}.", f"It has the frames {numbers[0]} to {numbers[-1]}.")
    picture = mask.read(number if len(numbers) > 1 else numbers[0])
    return resize(picture.rgb.mean(1, keepdim=True), size)
