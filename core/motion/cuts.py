"""Scene cuts: whether two consecutive frames of a clip show different scenes."""

from __future__ import annotations

from torch import Tensor


def is_cut(before: Tensor, after: Tensor) -> bool:
    """stub"""
    raise NotImplementedError
