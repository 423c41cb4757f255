"""Pictures as OpenCV takes them, NumPy's H,W,C, and as the engine has them, tensors 1,C,H,W; both float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.floating[Any]]
"""Numbers, in single precision wherever they are kept."""
Ints = NDArray[np.int32]


def as_array(image: Tensor) -> NDArray[np.float32]:
    """H,W,C, a copy, of a picture, a mask or a flow 1,C,H,W."""
    return np.array(image[0].permute(1, 2, 0).cpu().numpy(), np.float32, order="C")


def as_tensor(image: NDArray[Any]) -> Tensor:
    """1,C,H,W, on the CPU, of any numbers H,W,C."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32))[None]
