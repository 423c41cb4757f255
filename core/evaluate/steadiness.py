"""How steady a clip is: warp errors between two frames, and the drift of what stands still.

Pictures are float32 1,3,H,W in [0, 1]. Every figure is about pictures in memory; `clip.py` runs them over files.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad

from ..color import luminance
from ..motion.warp import inside, warp
from ..sizes import size_of

BLOCK = 64
"""Side of the blocks whose drift is measured, in pixels."""
STILL_MEAN, STILL_MOST = 1.5 / 255, 6.0 / 255
"""A block stands still while its mean and its 99th percentile of change stay below these: noise and coding pass."""
STEP = 1.0 / 255
"""One step of an 8-bit picture."""


@dataclass(frozen=True)
class PairError:
    """The warp errors of one pair: `error` of the result, `floor` of the source, both in 0..1; `frame` is the later."""

    frame: int
    error: float
    floor: float


@dataclass(frozen=True)
class WarpError:
    """E(`gap`) over a clip. `error` and `floor` are root mean squares over all pairs, `median` that of the errors.

    `ratio` is error / floor, None where the floor is 0.
    """

    gap: int
    error: float
    floor: float
    ratio: float | None
    median: float
    pairs: Sequence[PairError]


@dataclass(frozen=True)
class Drift:
    """What changed between a clip's second frame and its last in blocks where the source stands still.

    `worst` is the largest change of a block's mean in a channel, in 1/255 (sign dropped). Sharpness is the variance of
    the Laplacian of the luma (Pech-Pacheco et al., ICPR 2000); `sharpness_worst` and `sharpness_median` are its
    relative changes, -0.5 for half of it lost. All three are None where no block stands still.
    """

    blocks: int
    worst: float | None = None
    sharpness_worst: float | None = None
    sharpness_median: float | None = None


def difference(here: Tensor, there: Tensor, flow: Tensor) -> Tensor:
    """1,3,H,W: here - warp(there). `flow` (1,2,H,W pixels) says for each pixel of `here` where it lies in `there`."""
    return here - warp(there, flow)


def warp_error(here: Tensor, there: Tensor, flow: Tensor, reliability: Tensor) -> float | None:
    """E of one pair: the root of the mean over reliable pixels and channels of (here - warp(there))^2, in 0..1.

    `flow` as for `difference`, `reliability` 1,1,H,W in 0..1; what the flow takes outside the picture is left out. None
    if nothing is reliable. It is the temporal loss of Ruder, Dosovitskiy & Brox (GCPR 2016, eq. 7) as a measure,
    divided by the reliable pixels as in Lai et al. (ECCV 2018, "temporal stability"); the root gives gray values.
    """
    weight = reliability * inside(flow)
    total = float(weight.sum())
    if total < 1.0:
        return None
    square = (difference(here, there, flow) ** 2).mean(1, keepdim=True)
    return math.sqrt(float((square * weight).sum()) / total)


def over_clip(gap: int, pairs: Sequence[PairError]) -> WarpError | None:
    """E(gap) of a clip from its pairs: the mean squares averaged before the root. None without a pair."""
    if not pairs:
        return None
    error, floor = (math.sqrt(statistics.fmean(value ** 2 for value in values))
                    for values in zip(*((pair.error, pair.floor) for pair in pairs), strict=True))
    return WarpError(gap, error, floor, error / floor if floor else None,
                     statistics.median(pair.error for pair in pairs), list(pairs))


def seam(frame: int, pairs: Sequence[PairError]) -> float | None:
    """E(1) from the frame before a seam to `frame`, by the median of E(1) over the clip: 1 means no seam is there.

    None if that pair is not among them (a cut, nothing reliable), or if the median is 0.
    """
    found = [pair.error for pair in pairs if pair.frame == frame]
    median = statistics.median(pair.error for pair in pairs) if pairs else 0.0
    return found[0] / median if found and median else None


@dataclass
class StaticRegions:
    """Follows the blocks where the source stands still, frame by frame in order; keeps no more than two frames' means.

    The second frame is the reference, since a clip's first is painted otherwise than those that follow it.
    """

    _first: Tensor | None = None
    _still: Tensor | None = None
    _seen: int = 0
    _second: tuple[Tensor, Tensor] = field(default_factory=lambda: (torch.zeros(0), torch.zeros(0)))
    _last: tuple[Tensor, Tensor] = field(default_factory=lambda: (torch.zeros(0), torch.zeros(0)))

    def add(self, source: Tensor, result: Tensor) -> None:
        """Take the next frame of both clips, of equal size."""
        if self._first is None:
            self._first = source
        still = _still(source, self._first)
        self._still = still if self._still is None else self._still & still
        self._seen += 1
        if self._seen >= 2:
            self._last = _means(result), _sharpness(result)
        if self._seen == 2:
            self._second = self._last

    def drift(self) -> Drift | None:
        """The drift so far; None before a third frame."""
        if self._seen < 3 or self._still is None:
            return None
        count = int(self._still.sum())
        if not count:
            return Drift(0)
        moved = (self._last[0] - self._second[0])[:, self._still].abs().max() / STEP
        # One 8-bit step squared on both sides: a flat block would else be infinitely sharper for nothing.
        before, after = (sharpness[self._still] + STEP ** 2 for sharpness in (self._second[1], self._last[1]))
        change = after / before - 1.0
        worst = change[change.log1p().abs().argmax()]  # half and double are equally bad
        return Drift(count, float(moved), float(worst), float(change.quantile(0.5)))


def _still(frame: Tensor, first: Tensor) -> Tensor:
    """Which blocks (rows, columns) show no change from the first frame beyond noise."""
    change = (frame - first).abs().amax(1, keepdim=True)
    if min(size_of(change)) < BLOCK:
        return torch.zeros(0, 0, dtype=torch.bool)
    blocks = change.unfold(2, BLOCK, BLOCK).unfold(3, BLOCK, BLOCK).flatten(-2)[0, 0]
    return (blocks.mean(-1) < STILL_MEAN) & (blocks.quantile(0.99, dim=-1) < STILL_MOST)


def _means(picture: Tensor) -> Tensor:
    """3,rows,columns: each whole block's mean."""
    if min(size_of(picture)) < BLOCK:
        return torch.zeros(3, 0, 0)
    return avg_pool2d(picture, BLOCK)[0]


def _sharpness(picture: Tensor) -> Tensor:
    """rows,columns: the variance of the Laplacian in each whole block."""
    if min(size_of(picture)) < BLOCK:
        return torch.zeros(0, 0)
    kernel = picture.new_tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])[None, None]
    edges = conv2d(pad(luminance(picture), (1, 1, 1, 1), mode="replicate"), kernel)
    return (avg_pool2d(edges ** 2, BLOCK) - avg_pool2d(edges, BLOCK) ** 2)[0, 0]
