"""One painting cross-faded into another, nearly as crisp halfway as both are.

The mean of two pictures whose strokes have nothing to do with each other has half their variance and looks soft. As
in variance-preserving blending (Heitz & Neyret, HPG 2018, section 3) what departs from the local mean is strengthened
again. Deviation: by what was really lost around each pixel, not by what independent pictures would lose, so that
where both agree nothing changes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .sizes import averaged

AROUND = 9
"""Side, in pixels, of the squares whose mean and variance count: some strokes wide."""
MOST = math.sqrt(2.0)
"""What the mean of two independent pictures loses; more was lost only where they contradict each other."""


def led_over(one: Tensor, other: Tensor, share: float) -> Tensor:
    """A picture, 1,3,H,W in [0, 1], on the way from `one` (share 0) to `other` (share 1)."""
    mean = torch.lerp(one, other, share)
    detail = _detail(mean)
    wanted = torch.lerp(_variance(_detail(one)), _variance(_detail(other)), share)
    gain = (wanted / _variance(detail).clamp_min(1e-8)).sqrt().clamp(1.0, MOST)
    return (mean + (gain - 1.0) * detail).clamp(0.0, 1.0)


def _detail(picture: Tensor) -> Tensor:
    """1,3,H,W: what departs from the mean around each pixel."""
    return picture - averaged(picture, AROUND)


def _variance(detail: Tensor) -> Tensor:
    """1,1,H,W: the mean square of it around each pixel, all channels together."""
    return averaged(detail.square().mean(1, keepdim=True), AROUND)
