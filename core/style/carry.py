"""What painting a small picture changed, carried over to the picture at its own size: sharp at edges, no wide halos.

The change is a linear function of the content around each pixel, found in the small picture and applied to the large
one (He, Sun & Tang, "Guided Image Filtering", TPAMI 2013, eq. 5, 6 and 8, each color by itself). So it ends where the
content has an edge; enlarged as it is, it would be blurred over it.

Deviation: near edges the function is found in larger squares than elsewhere, and in them places weigh the less the
nearer they are to an edge. The decoder paints rims of other colors around things, and those of the small picture would
be wide ones in the large: so beside a roof the sky changes as it does further away. Where there is no edge the squares
stay small, or the forms that a style has on even ground would be lost.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ..sizes import averaged, size_of

CLOSE, BROAD = 5, 21
"""Sides, in small pixels, of the squares in which the content explains the change: on even ground, near edges."""
CLOSE_EVEN, BROAD_EVEN = 3e-3, 1e-3
"""The variances (of colors in 0..1) under which the content of such squares explains nothing."""
RIM = 9
"""Side, in small pixels, of the squares that must hold an edge for their middle to count less."""
EDGE = 0.002
"""The variance (of colors in 0..1) in such a square at which it counts half."""


def carried(content: Tensor, small: Tensor, painted: Tensor) -> Tensor:
    """`content`, N,3,H,W, with the change from `small` to `painted`, both N,3,h,w; in [0, 1]."""
    change = painted - small
    counts = _counts(small)
    near = 1.0 - averaged(counts, BROAD)
    line = torch.lerp(_explained(small, change, CLOSE, CLOSE_EVEN),
                      _explained(small, change, BROAD, BROAD_EVEN, counts), near)
    slope, shift = interpolate(line, size_of(content), mode="bilinear").chunk(2, 1)
    return (content + slope * content + shift).clamp(0.0, 1.0)


def _counts(small: Tensor) -> Tensor:
    """N,1,h,w in 0..1: how much a place may say of what is around it; little beside an edge."""
    mean, square = averaged(torch.cat([small, small.square()], 1), RIM).chunk(2, 1)
    return EDGE / (EDGE + (square - mean.square()).mean(1, keepdim=True))


def _explained(small: Tensor, change: Tensor, side: int, even: float, counts: Tensor | None = None) -> Tensor:
    """N,6,h,w: slope and shift by color of the change as a linear function of the picture in squares around a place.

    With `counts` (N,1,h,w) each place weighs as much as that.
    """
    maps = torch.cat([small, change, small * change, small.square()], 1)
    mean, moved, both, square = _means(maps, side, counts).chunk(4, 1)
    slope = (both - mean * moved) / (square - mean.square() + even)
    return _means(torch.cat([slope, moved - slope * mean], 1), side, counts)


def _means(maps: Tensor, side: int, counts: Tensor | None) -> Tensor:
    """The means of N,C,h,w in squares around each place, weighted by `counts` (N,1,h,w)."""
    if counts is None:
        return averaged(maps, side)
    return averaged(maps * counts, side) / averaged(counts, side)
