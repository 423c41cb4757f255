"""Sizes of pictures: fitting a long side, resampling, local means, a coarse-to-fine ladder. All are (height, width)."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate, pad

Size = tuple[int, int]
COARSEST = 100
"""No scale of a ladder has a short side under this many pixels, but the last: VGG-19 sees no structure in less."""


def size_of(image: Tensor) -> Size:
    """Height and width of N,C,H,W."""
    return image.shape[-2], image.shape[-1]


def fitted(size: Size, long_side: int, enlarge: bool = False) -> Size:
    """The size with this long side, its aspect kept; 0 keeps it, and so does a smaller size unless `enlarge`."""
    if long_side <= 0 or (max(size) <= long_side and not enlarge):
        return size
    factor = long_side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def ladder(size: Size, scales: int) -> list[Size]:
    """Up to `scales` sizes from coarse to fine, each half of the next."""
    sizes = [size]
    while len(sizes) < scales and min(sizes[0]) // 2 >= COARSEST:
        sizes.insert(0, (sizes[0][0] // 2, sizes[0][1] // 2))
    return sizes


def resize(image: Tensor, size: Size) -> Tensor:
    """N,C,H,W resampled to (H, W): bicubic, antialiased when smaller, clamped to [0, 1]."""
    if size_of(image) == size:
        return image
    return interpolate(image, size, mode="bicubic", antialias=True, align_corners=False).clamp(0.0, 1.0)


def with_long_side(image: Tensor, long_side: int, least: int) -> Tensor:
    """N,C,H,W resampled to this long side, or larger, so that both sides have at least so many pixels."""
    height, width = fitted(size_of(image), long_side, enlarge=True)
    factor = max(1.0, least / min(height, width))
    return resize(image, (max(least, round(height * factor)), max(least, round(width * factor))))


def enlarged(change: Tensor, size: Size) -> Tensor:
    """A difference of pictures at a larger size; unlike a picture it may be negative, so nothing is clamped."""
    if size_of(change) == size:
        return change
    return interpolate(change, size, mode="bicubic", align_corners=False)


def averaged(image: Tensor, side: int, beyond: str = "replicate") -> Tensor:
    """N,C,H,W: the means of the squares around each pixel; `side` is odd. Border pixels go on outside, or with
    `beyond` "constant" it is 0 there.

    Rows first and then columns, each as a sum of shifted pictures, which the processor adds in long strides: a
    fifth of the time of pooling (measured).
    """
    return _run(_run(pad(image, (side // 2,) * 4, mode=beyond), side, 3), side, 2) / side**2


def _run(image: Tensor, side: int, dim: int) -> Tensor:
    """The sums of `side` neighbors along a dimension, which gets shorter by the others."""
    length = image.shape[dim] - side + 1
    total = image.narrow(dim, 0, length).clone()
    for first in range(1, side):
        total += image.narrow(dim, first, length)
    return total
