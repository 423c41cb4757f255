"""Optical flow estimated from two pictures: DIS on the CPU, RAFT where its package is; and what stands still."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from ..arrays import as_array, as_tensor
from ..color import luminance
from ..errors import OptionError
from ..sizes import size_of
from .raft import RaftSmall
from .warp import Floats, warp

SMALLEST = 16
"""DIS refuses pictures with shorter sides, pixels."""
ROUNDS, QUICK_ROUNDS = 6, 2
"""How often RAFT's estimate is refined, and DIS', each time from where the last one moves the picture: OpenCV moves it
once only. Clips painted along DIS refined twice change less by up to a seventh, for 12 % more time of the fast engine;
six times gains a little more, for 60 %."""
# What stands still is decided by color differences: mean absolute ones, of colors in 0..1.
WINDOWS = (7, 31, 101)
"""Sides of the squares, pixels, over which standing still and moving are compared: a flat sky is judged by what is
around it, an edge by itself."""
QUIET = 0.1
"""Part of the picture in which nothing but noise is left unexplained by the motion: there the noise is measured."""
MARGIN = 0.0005
"""Color difference by which a motion of SMALL_MOTION must explain the picture better than standing still."""
MARGIN_NOISE = 0.2
"""Part of the noise by which more is asked of a comparison, the noisier a picture is."""
SMALL_MOTION = 0.3
"""Pixels: what moves less must explain the picture better by more than the margin, what moves more by less, in
inverse proportion."""
SMALL_MOTION_NOISE = 20.0
"""What noise adds to a small motion: pixels per color difference."""
MOST_MARGINS = 4.0
"""Margins that are asked of the smallest motions."""
CLEARLY_STILL = 0.003
"""Color difference: where standing is better by so much in the smallest square, the others are not asked."""
CLEARLY_MOVING = 1.0
"""Pixels: what moves by less is compared with standing still beside its like only, not beside what passes by."""
EXPLAINED = 0.03
"""Color difference: where so much more than noise is left in the smallest square, standing does not explain it."""
NO_MOTION = 0.05
"""Pixels: less cannot be told from none."""
FAKED = 60.0
"""Pixels per color difference: noise fakes no larger motion that goes one way over the largest square."""
ONE_WAY = 0.6
"""Motions go one way if their mean is at least this part of their root mean square."""
CODED = 0.5
"""Part of the noise: by so much standing may explain a smooth sky better than its own motion does, in colors of 8 bits,
between which a moving picture lies."""


class Estimator(Protocol):
    """Estimates optical flow; `name` says all that its results depend on."""

    name: str

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`, both 1,3,H,W of one size."""
        ...


class Dis:
    """Dense inverse search: Kroeger, Timofte, Dai & Van Gool, ECCV 2016, arXiv:1603.03590, by OpenCV.

    Its preset "medium", but down to whole pixels, and smoother by a refinement twice as long. Measured on two CPU
    cores: end-point error on Sintel alley_1 0.365 px and on RubberWhale 0.125 px, 0.36 s at 640x360; the preset itself
    0.418 px, 0.223 px, 0.17 s.
    """

    name = "dis"

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._search.setFinestScale(0)
        self._search.setPatchStride(4)
        self._search.setVariationalRefinementAlpha(80.0)
        self._search.setVariationalRefinementIterations(10)

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`; the same pictures give the same flow."""
        height, width = size_of(here)
        sides = (0, max(0, SMALLEST - width), 0, max(0, SMALLEST - height))
        first, second = (_gray(pad(image, sides, mode="replicate")) for image in (here, there))
        flow = self._search.calc(first, second, np.zeros((*first.shape, 2), np.float32))
        return as_tensor(flow[:height, :width])


class Refined:
    """Another estimate brought to fractions of a pixel: Brox et al., ECCV 2004, minimized from there, by OpenCV.

    Measured with RAFT-small: end-point error on Sintel alley_1 (three pairs) 0.300 px becomes 0.237 px, on RubberWhale
    0.320 px becomes 0.123 px; one round gives 0.253 (two pairs) and 0.170 px. With DIS (four pairs) 0.361 px becomes
    0.334 px in two rounds and 0.320 px in six, on RubberWhale 0.125 becomes 0.104 and 0.100 px.
    """

    def __init__(self, first: Estimator, rounds: int = ROUNDS) -> None:
        self._first, self._rounds, self.name = first, rounds, f"{first.name}-refined-{rounds}"
        self._refinement = cv2.VariationalRefinement.create()
        self._refinement.setAlpha(20.0)
        self._refinement.setFixedPointIterations(10)

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`, 1,3,H,W in [0, 1]."""
        flow = as_array(self._first(here, there))
        pictures = _gray(here), _gray(there)
        for _ in range(self._rounds):
            flow = np.asarray(self._refinement.calc(*pictures, flow), np.float32)
        return as_tensor(flow)


def _gray(image: Tensor) -> NDArray[np.uint8]:
    """H,W: the luma of a picture in 8 bits."""
    return np.asarray((luminance(image)[0, 0] * 255).round().clamp(0, 255).byte().cpu().numpy())


def estimator(name: str, weights: str, device: torch.device) -> Estimator:
    """The estimator of this name, "dis" or "raft"; `weights` is RAFT's file ("": the one torchvision downloaded).

    Raises OptionError (unknown name), WeightsError (RAFT or its weights are not there).
    """
    if name == "dis":
        return Refined(Dis(), QUICK_ROUNDS)
    if name == "raft":
        return Refined(RaftSmall(Path(weights) if weights else None, device))
    raise OptionError(f"There is no optical flow '{name}'.", "Choose dis or raft.")


def settled(flow: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """`flow` (1,2,H,W, `here` to `there`, 1,3,H,W in [0, 1]) set to exactly 0 where standing still explains `here` too.

    Compared are |here - there| and |here - warp(there, flow)|, averaged over colors and squares. Noise makes any
    estimator see small motions everywhere; a background painted along such a flow would creep. What moves one way by
    more than noise can fake moves, though it be a sky in which that is hardly seen: it would jump later.

    Measured on DIS: end-point error on alley_1 0.365 px becomes 0.372 px; a still with noise of sigma 0.01, 0.02 and
    0.05 stands in at least 99.9, 98.7 and 98.1 % of its pixels (flat skies are the worst); a textured object that
    moves by 0.5 px keeps moving in 80 to 100 % of its own, under noise of 0.01 in 92 % if strongly textured, else in
    24 to 41 %.
    """
    vectors = np.asarray(flow[0].cpu().numpy())
    motion = np.linalg.norm(vectors, axis=0)
    slow = motion < CLEARLY_MOVING
    standing, moving = _difference(here, there), _difference(here, warp(there, flow))
    noise = float(np.quantile(_averaged(moving, WINDOWS[0]), QUIET))
    # What clearly moves says nothing of what stands still behind it, and would outweigh all of it.
    better = standing - moving
    gains = [np.where(slow, _averaged_of(better, slow, side), _averaged(better, side)) for side in WINDOWS]
    small = SMALL_MOTION + SMALL_MOTION_NOISE * noise
    margin = (MARGIN + MARGIN_NOISE * noise) * np.minimum(small / np.maximum(motion, 1e-3), MOST_MARGINS)
    as_good = np.mean(gains, axis=0) <= margin
    clearly = gains[0] <= -CLEARLY_STILL - MARGIN_NOISE * noise
    drifting = (gains[-1] > -CODED * noise) & _one_way(vectors, slow, NO_MOTION + FAKED * noise)
    # Where an estimator has lost track nothing explains the picture; no motion, there and back, would seem certain.
    explained = slow | (_averaged(standing, WINDOWS[0]) < EXPLAINED + noise)
    still = (motion < NO_MOTION) | (explained & (clearly | (as_good & ~drifting)))
    return torch.where(torch.from_numpy(still).to(flow.device), 0.0, flow)


def _one_way(vectors: Floats, slow: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """H,W: where the slow ones of the motions (2,H,W) in the largest square go one way, by more than `least` pixels."""
    mean = np.linalg.norm([_averaged_of(part, slow, WINDOWS[-1]) for part in vectors], axis=0)
    square = np.maximum(_averaged_of(np.square(vectors).sum(0), slow, WINDOWS[-1]), 0.0)  # running sums end below 0
    return np.asarray((mean > least) & (mean > ONE_WAY * np.sqrt(square)))


def _difference(one: Tensor, other: Tensor) -> Floats:
    """H,W: the mean absolute difference of the colors."""
    return np.asarray((one - other)[0].abs().mean(0).cpu().numpy())


def _averaged(values: Floats, side: int) -> Floats:
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REPLICATE))


def _averaged_of(values: Floats, counted: NDArray[np.bool_], side: int) -> Floats:
    """The averages of those values that count."""
    weight = counted.astype(np.float32)
    return np.asarray(_averaged(values * weight, side) / np.maximum(_averaged(weight, side), 1e-6))
