"""Where a flow can be trusted: occlusions, motion boundaries; and how flows are chained and turned round.

Sources: Sundaram, Brox & Keutzer, "Dense Point Trajectories by GPU-Accelerated Large Displacement Optical Flow",
ECCV 2010; as used by Ruder, Dosovitskiy & Brox, "Artistic Style Transfer for Videos", GCPR 2016, arXiv:1604.08610.
All flows are float32 1,2,H,W in pixels (x, y).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from .warp import inside, interpolate

REACH = 0.75
"""How far from a pixel, in pixels, another may land and still cover it: less leaves cracks where things grow."""
SAME_SURFACE = 1.0
"""Pixels whose motions differ by no more (pixels) are taken for the same surface when they land on one another."""


def reliability(flow: Tensor, back: Tensor) -> Tensor:
    """1,1,H,W, 1 where `flow` can be trusted, else 0. `flow` is from the later frame to the earlier, `back` the other.

    It is consistent, and there is no motion boundary (eq. 6 of Ruder et al.).
    """
    return consistency(flow, back) * (~_boundary(flow)).float()


def consistency(flow: Tensor, back: Tensor) -> Tensor:
    """1,1,H,W, 1 where going there by `flow` and `back` again returns, else 0 (disoccluded, or out of the picture).

    Eq. 5 of Ruder et al. with w~ = `back` warped by `flow`, w^ = `flow`.
    """
    returned = interpolate(back, flow)
    consistent = _squared(returned + flow) <= 0.01 * (_squared(returned) + _squared(flow)) + 0.5
    return consistent.float() * inside(flow)


def chained(first: Tensor, second: Tensor) -> Tensor:
    """The flow from a to c out of the flows from a to b and from b to c."""
    return first + interpolate(second, first)


def inverted(flow: Tensor) -> tuple[Tensor, Tensor]:
    """The flow from b to a out of that from a to b, and 1,1,H,W: 1 where it is known, else 0 (the flow is 0 there).

    Every pixel of a is put down in b on the pixels near where it lands. Where two surfaces land on one pixel the
    larger motion wins (depth is not known, and what moves most is mostly in front), averaged over the pixels that
    move like it. Pixels whose flow is not finite are left out.
    """
    height, width = flow.shape[-2:]
    motion = flow[0].flatten(1)
    source, target, weight = _landings(motion, height, width)
    speed = motion.square().sum(0)[source]
    pixels = height * width
    most = speed.new_full((pixels,), -1.0).scatter_reduce(0, target, speed, "amax")
    fastest = speed == most[target]
    winner = source.new_full((pixels,), -1)  # of several equally fast ones the last, the same one every time
    winner = winner.scatter_reduce(0, target[fastest], source[fastest], "amax")
    known = winner >= 0
    moves = motion[:, winner.clamp_min(0)]
    alike = (motion[:, source] - moves[:, target]).square().sum(0) <= SAME_SURFACE**2
    source, target, weight = source[alike], target[alike], weight[alike]
    total = weight.new_zeros(pixels).index_add(0, target, weight)
    summed = weight.new_zeros(2, pixels).index_add(1, target, motion[:, source] * weight)
    result = 0.0 - summed / total.clamp_min(1e-6)
    return result.view(1, 2, height, width), known.float().view(1, 1, height, width)


def _landings(motion: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which pixel (index) of a comes down near which pixel of b, and with which bilinear weight (> 0)."""
    index = torch.arange(height * width, device=motion.device)
    index = index[torch.isfinite(motion).all(0)]
    x, y = index % width + motion[0, index], index.div(width, rounding_mode="floor") + motion[1, index]
    sources, targets, weights = [], [], []
    for i, j in ((0, 0), (1, 0), (0, 1), (1, 1)):
        to_x, to_y = x.floor() + i, y.floor() + j
        off_x, off_y = (x - to_x).abs(), (y - to_y).abs()
        near = torch.maximum(off_x, off_y) <= REACH
        hit = near & (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
        sources.append(index[hit])
        targets.append((to_y[hit] * width + to_x[hit]).long())
        weights.append(((1 - off_x) * (1 - off_y))[hit])
    return torch.cat(sources), torch.cat(targets), torch.cat(weights)


def _boundary(flow: Tensor) -> Tensor:
    """1,1,H,W: whether the flow's gradient is larger than at a smooth surface (eq. 6), by central differences."""
    padded = pad(flow, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    return _squared(across) + _squared(down) > 0.01 * _squared(flow) + 0.002


def _squared(flow: Tensor) -> Tensor:
    """1,1,H,W: the vectors' squared length."""
    return flow.square().sum(1, keepdim=True)
