"""What every effect is given and gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from .frames import Picture
from .motion.links import Link


@dataclass(frozen=True)
class Neighbor:
    """A finished frame of the clip: its content, what was made of it (as its file has it), both 1,3,H,W, and the link.

    `link` says where each pixel of the frame to make lies in this one, and how far that can be trusted.
    """

    content: Tensor
    result: Tensor
    link: Link


@dataclass(frozen=True)
class Frame:
    """One frame for an effect.

    `picture` is the frame at the size to paint, `mask` 1,1,H,W in 0..1 (None: everywhere), `strength` this frame's
    value, `neighbors` finished frames, the nearest first, that this one should agree with; `begun` (1,3,H,W) what an
    earlier pass over the clip made of it.
    """

    number: int
    picture: Picture
    strength: float
    mask: Tensor | None = None
    neighbors: tuple[Neighbor, ...] = ()
    begun: Tensor | None = None


@dataclass(frozen=True)
class Step:
    """A finished piece of work on a frame: how many of how many, the loss so far, and the picture as it stands.

    `picture` is the working tensor itself, 1,3,h,w at the scale being worked on: look at it, do not keep it.
    """

    step: int
    steps: int
    loss: float
    picture: Tensor


class Effect(Protocol):
    """Turns frames into results, in order. It reads and writes no files and does not know who called it."""

    weights: str
    """sha256 of the networks used: other weights make finished frames stale."""

    def paint(self, frame: Frame) -> Iterator[Step | Tensor]:
        """Yields a Step after each piece of work and last the result, 1,3,H,W in [0, 1]."""
        ...
