"""What shows where no piece lies: the frame in tissue, patches of one color each."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..arrays import Floats, as_array
from .cutting import snapped
from .ground import from_lab, to_lab
from .noise import Noise
from .paper import SOFT

PATCHES = 28
"""Rows of patches in a frame."""
TORN = 0.05
"""How far their edges stray in small where they are torn, in patches: more would come off as specks."""
SAMPLES = 8
"""Rows of pixels that a patch is looked at with."""
PALE = (0.9, 0.085)
"""Tissue lets the light through: its colors are multiplied by the first and added to the second."""


def underpainting(frame: Tensor, palette: Floats, torn: bool) -> Floats:
    """H,W,3 in 0..1: the tissue of a frame 1,3,H,W, its edges `torn` or cut, and as soft as those of pieces.

    `palette` K,3 are the colors in Lab that it comes in, as the pieces do; any if there are none.
    """
    picture = as_array(frame)
    height, width = picture.shape[:2]
    columns = max(2, round(PATCHES * width / height))
    tissue = _colors(picture, columns, palette)[_patches(height, width, columns, torn)]
    noise = Noise(height, np.random.default_rng(1), (height, width))
    tooth = 1 + 0.035 * noise.tooth() + 0.03 * noise.soft()
    return np.clip(cv2.GaussianBlur(tissue * tooth[..., None], (0, 0), SOFT), 0, 1)


def _colors(picture: Floats, columns: int, palette: Floats) -> Floats:
    """N,3: of each patch, by rows, the color that most of the frame has there: a mean of two things that meet there
    would be neither's."""
    size = columns * SAMPLES, PATCHES * SAMPLES
    small = np.round(cv2.resize(picture, size, interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)
    middle = slice(SAMPLES // 2, None, SAMPLES)
    most = cv2.medianBlur(small, SAMPLES + 3)[middle, middle].reshape(-1, 3) / np.float32(255)
    if not len(palette):
        return np.asarray(PALE[0] * most + PALE[1], np.float32)
    return np.asarray(from_lab(snapped(to_lab(most[None]), palette))[0], np.float32)


@lru_cache(maxsize=2)
def _patches(height: int, width: int, columns: int, torn: bool) -> NDArray[np.uint16]:
    """H,W: which patch lies where, by rows: what is nearest to a point somewhere in its cell, then bent, and torn."""
    generator = np.random.default_rng(2)
    row, column = np.mgrid[:PATCHES, :columns]
    y, x = (((cell + generator.uniform(0.1, 0.9, cell.shape)) * side / cells).astype(int).clip(0, side - 1)
            for cell, side, cells in ((row, height, PATCHES), (column, width, columns)))
    points = np.full((height, width), 255, np.uint8)
    points[y, x] = 0
    _, nearest = cv2.distanceTransformWithLabels(points, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    patch = np.zeros(int(nearest.max()) + 1, np.uint16)
    patch[nearest[y, x]] = row * columns + column
    noise = Noise(height, generator, (height, width))
    across, down = (height / PATCHES * (0.3 * noise.soft() + torn * TORN * noise.rough()) for _ in range(2))
    return np.asarray(cv2.remap(patch[nearest], np.arange(width, dtype=np.float32)[None] + across.astype(np.float32),
                                np.arange(height, dtype=np.float32)[:, None] + down.astype(np.float32),
                                cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE), np.uint16)
