"""What every effect is given and gives back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor

from .frames import Picture
from .motion.links import Link

Result = TypeVar("Result")


@dataclass(frozen=True)
class Neighbor:
    """A finished frame of the clip: its content, what was made of it (as its file has it), both 1,3,H,W, and the link.

    `link` says where each pixel of the frame to make lies in this one, `away` frames from it, and how far that can be
    trusted. A neighbor further back may come first, though others are nearer (`origin`). It was painted with its own
    `strength`, where its `mask` (1,1,H,W in 0..1; None: everywhere) shows it.
    """

    content: Tensor
    result: Tensor
    link: Link
    origin: bool = False
    away: int = 1
    strength: float = 1.0
    mask: Tensor | None = None


@dataclass(frozen=True)
class Companions:
    """What comes along with a frame, as it was read: `objects` 1,3,h,w, a color for each object; `depth` 1,1,h,w."""

    objects: Tensor | None = None
    depth: Tensor | None = None


@dataclass(frozen=True)
class Moment:
    """A frame for a Follower: its small picture `rgb`, 1,3,h,w, and the way there from the frame before.

    `came` is the link from the frame before to this one, None where a shot begins; `goes` is then the link from this
    one to the next, None if the shot has no other.
    """

    number: int
    rgb: Tensor
    came: Link | None = None
    goes: Link | None = None
    companions: Companions = field(default_factory=Companions)


@dataclass(frozen=True)
class Painted:
    """A result, 1,3,H,W in [0, 1], with pictures that go along with it, by the names of their folders."""

    rgb: Tensor
    layers: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """One frame for an effect.

    `picture` is the frame at the size to paint, colors that its alpha hides grown from those that are seen; `mask`
    1,1,H,W in 0..1 (None: everywhere) where to paint, nothing hidden included; `strength` this frame's
    value, `neighbors` finished frames, the nearest first, that this one should agree with; `begun` (1,3,H,W) what an
    earlier pass over the clip made of it; `track` what a Follower knew of it.
    """

    number: int
    picture: Picture
    strength: float = 1.0
    mask: Tensor | None = None
    neighbors: tuple[Neighbor, ...] = ()
    begun: Tensor | None = None
    companions: Companions = field(default_factory=Companions)
    track: bytes = b""


@dataclass(frozen=True)
class Step:
    """A finished piece of work on a frame: how many of how many, the loss so far, and the picture as it stands.

    `picture` is the working tensor itself, 1,3,h,w at the scale being worked on: look at it, do not keep it.
    """

    step: int
    steps: int
    loss: float
    picture: Tensor


def last(results: Iterable[Step | Result]) -> Result:
    """What a frame's steps end with: its picture."""
    *_, result = results
    assert not isinstance(result, Step), "the last result is the picture"
    return result


class Effect(Protocol):
    """Turns frames into results, in order. It writes no files and does not know who called it.

    What it paints with was read before, but for the frames of versions of the clip, which a collage reads as it shows
    them.
    """

    weights: str
    """sha256 of the networks used, or what else tells this effect's versions apart: others make frames stale."""
    notes: tuple[str, ...]
    """What a person should know before the work begins."""

    def paint(self, frame: Frame) -> Iterator[Step | Painted]:
        """Yields a Step after each piece of work and last the result. Raises InputError."""
        ...


@runtime_checkable
class Follower(Effect, Protocol):
    """An effect that follows things from frame to frame, and paints a frame from what it then knows of it alone."""

    def follow(self, moment: Moment, before: bytes | None) -> bytes:
        """What is known of a frame, out of what was known of the one before (None: a shot begins)."""
        ...
