"""Exact motion from files that lie beside a clip: Middlebury .flo, or EXR with Blender's Vector pass."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor


class RecordedFlow:
    """stub"""

    def __init__(self, folder: Path, numbers: list[int]) -> None:
        ...

    def between(self, later: int, earlier: int, size: tuple[int, int]) -> tuple[Tensor, Tensor] | None:
        raise NotImplementedError
