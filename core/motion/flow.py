"""Optical flow estimated from two pictures: DIS on the CPU, RAFT where its package is, and standing still."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..color import luminance
from ..errors import OptionError
from .raft import RaftSmall
from .warp import warp

__all__ = ["Dis", "Estimator", "RaftSmall", "estimator", "settled"]


class Estimator(Protocol):
    """Estimates optical flow; `name` says all that its results depend on."""

    name: str

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`, both 1,3,H,W of one size."""
        ...


class Dis:
    """Dense inverse search: Kroeger, Timofte, Dai & Van Gool, ECCV 2016, arXiv:1603.03590, by OpenCV."""

    name = "dis"

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`; the same pictures give the same flow."""
        raise NotImplementedError


def estimator(name: str, weights: str, device: torch.device) -> Estimator:
    """The estimator of this name, "dis" or "raft"; `weights` is RAFT's file ("": the one torchvision downloaded).

    Raises OptionError (unknown name), WeightsError (RAFT or its weights are not there).
    """
    if name == "dis":
        return Dis()
    if name == "raft":
        return RaftSmall(Path(weights) if weights else None, device)
    raise OptionError(f"There is no optical flow '{name}'.", "Choose dis or raft.")
