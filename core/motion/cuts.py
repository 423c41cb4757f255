"""Scene cuts: whether two consecutive frames of a clip show different scenes."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
from torch import Tensor

from ..arrays import as_array
from ..sizes import fitted, resize, size_of
from .warp import Floats

LONG_SIDE = 64
"""Pixels to which frames are reduced before they are compared: what is left are the scene's large shapes."""
REACH = 8
"""How far, in those pixels, a part of the scene may move from a frame to the next: an eighth of the picture."""
BLOCK = 8
"""Side of the blocks, in those pixels, that are looked for in the other frame."""
LIMIT = 0.48
"""More of the picture's own contrast than this not found again is a cut.

Measured: the 360 pairs of consecutive frames of Sintel ambush_4 (the most, 0.37), alley_1 and mountain_1, DAVIS
parkour (0.25) and blackswan, RubberWhale, and the Bunny clip have no more; the Bunny clip's one cut and 168 joins of
two of these have at least 0.60.
"""
LEAST_CONTRAST = 0.05
"""A flat picture is taken to have so much, or its noise alone would make a cut."""


def thumbnail(image: Tensor) -> Tensor:
    """1,3,h,w: all that `is_cut` looks at of a picture 1,3,H,W, its long side 64 pixels; on the CPU."""
    return resize(image, fitted(size_of(image), LONG_SIDE)).cpu()


def is_cut(before: Tensor, after: Tensor) -> bool:
    """Whether the scene changes between two consecutive frames (1,3,H,W in [0, 1], or their thumbnails).

    Every block of one is looked for around its place in the other; what is not found is compared with the picture's
    contrast. Fast motion is found again, another scene is not. A flash may count as a cut.
    """
    one, other = (as_array(thumbnail(image)) for image in (before, after))
    if one.shape != other.shape:
        return True
    most = LIMIT * max(LEAST_CONTRAST, (_contrast(one) + _contrast(other)) / 2)
    if float(_blocks(one, other).mean()) <= most:  # found in its place: most frames, and quickly
        return False
    return min(_unfound(one, other), _unfound(other, one)) > most


def _unfound(here: Floats, there: Floats) -> float:
    """The mean absolute difference of every block (around each pixel) to the most similar one near it in `there`."""
    height, width = here.shape[:2]
    around = np.asarray(cv2.copyMakeBorder(there, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE), np.float32)
    least = np.full((height, width), np.inf, np.float32)
    for y, x in product(range(2 * REACH + 1), repeat=2):
        least = np.minimum(least, _blocks(here, around[y:y + height, x:x + width]))
    return float(least.mean())


def _blocks(one: Floats, other: Floats) -> Floats:
    """H,W: the mean absolute difference of the blocks around each pixel."""
    return np.asarray(cv2.blur(np.abs(one - other).mean(-1), (BLOCK, BLOCK)), np.float32)


def _contrast(pixels: Floats) -> float:
    """The mean absolute difference to the mean color."""
    return float(np.abs(pixels - pixels.mean((0, 1))).mean())
