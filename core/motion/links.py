"""How two frames of a clip hang together: the flow between them and its reliability, recorded or estimated, cached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from .flow import Estimator
from .recorded import RecordedFlow


@dataclass(frozen=True)
class Seen:
    """A frame as motion sees it: its number, its picture 1,3,H,W, and a digest that changes when the frame does."""

    number: int
    rgb: Tensor
    digest: str


@dataclass(frozen=True)
class Link:
    """How a frame hangs together with an earlier (or later) one.

    `flow` 1,2,H,W in pixels from this frame to that one, `reliability` 1,1,H,W in 0..1.
    """

    flow: Tensor
    reliability: Tensor


class Motion:
    """stub"""

    def __init__(self, estimator: Estimator, recorded: RecordedFlow | None, cache: Path | None) -> None:
        ...

    def link(self, here: Seen, there: Seen) -> Link:
        raise NotImplementedError
