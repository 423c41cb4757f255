"""The ground that pieces are laid on: a small picture of the frame with a margin around it, its objects and depth.

The margin mirrors the picture: a piece at the edge reaches over it, and none has an edge there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..arrays import Floats, Ints, as_array
from ..effects import Companions
from ..motion.links import Link
from .pieces import NO_OBJECT

MARGIN = 0.12
"""Of the frame's height, on each side."""
LEAST_SHARE = 0.002
"""Of an object mask's area: colors that take less are its soft edges, not objects of their own."""
SAME_OBJECT = 60
"""Steps of 255, summed over red, green and blue: colors that differ by less, in two frames, are those of one object."""


@dataclass(frozen=True)
class Ground:
    """`lab` h,w,3: the picture with its margin in CIE Lab; `objects` h,w: each one's color as a number; `depth` h,w.

    `motion` h,w,2 is how it moves to the next frame, in pixels (x, y) here, None where that is not known. `height` is
    that of the frame without its margin of `margin` pixels on each side.
    """

    lab: Floats
    height: int
    margin: int
    objects: Ints | None
    depth: Floats | None
    motion: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, with the margin."""
        return self.lab.shape[0], self.lab.shape[1]

    @property
    def inside(self) -> tuple[slice, slice]:
        """The frame itself."""
        m = self.margin
        return slice(m, self.shape[0] - m), slice(m, self.shape[1] - m)

    def units(self, pixels: Floats) -> Floats:
        """N,2: pixel positions (x, y) here, as places in heights of the frame."""
        return ((pixels - self.margin + 0.5) / self.height).astype(np.float32)

    def pixels(self, units: Floats) -> Floats:
        """N,2: places in heights of the frame, as pixel positions (x, y) here."""
        return (units * self.height + self.margin - 0.5).astype(np.float32)


def ground_of(rgb: Tensor, companions: Companions, goes: Link | None = None) -> Ground:
    """The ground of a frame, 1,3,H,W in [0, 1]; `goes` is its link to the next one, of the same size."""
    picture = as_array(rgb)
    height, width = picture.shape[:2]
    margin = min(round(MARGIN * height), height - 1, width - 1)
    objects = None if companions.objects is None else object_map(companions.objects, (height, width))
    depth = None if companions.depth is None else cv2.resize(
        companions.depth[0, 0].numpy(), (width, height), interpolation=cv2.INTER_AREA)
    motion = None if goes is None else as_array(goes.flow)

    def wide(image: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.pad(image, ((margin, margin), (margin, margin), *((0, 0),) * (image.ndim - 2)), "symmetric")
    return Ground(np.asarray(wide(to_lab(picture)), np.float32), height, margin,
                  None if objects is None else np.asarray(wide(objects), np.int32),
                  None if depth is None else np.asarray(wide(np.asarray(depth)), np.float32),
                  None if motion is None else np.asarray(wide(motion), np.float32))


def object_map(colors: Tensor, size: tuple[int, int]) -> Ints:
    """H,W: which object is where, as its color 0xRRGGBB, out of a mask 1,3,h,w; soft edges go to the nearer color."""
    image = np.round(as_array(colors) * 255).astype(np.int32)
    image = cv2.resize(image.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(np.int32)
    codes = (image[..., 0] << 16) | (image[..., 1] << 8) | image[..., 2]
    found, counts = np.unique(codes, return_counts=True)
    main = found[counts >= LEAST_SHARE * codes.size]
    main = main if len(main) else found[[int(counts.argmax())]]
    nearest = main[np.abs(colors_of(found)[:, None] - colors_of(main)[None]).sum(-1).argmin(1)]
    return np.asarray(nearest[np.searchsorted(found, codes)], np.int32)


def nearest_object(code: int, objects: Ints) -> int:
    """The color in an object map that stands for an object known from another frame; NO_OBJECT if it is gone."""
    here = np.unique(objects)
    distances = np.abs(colors_of(here) - colors_of(np.array([code]))).sum(-1)
    best = int(distances.argmin())
    return int(here[best]) if distances[best] < SAME_OBJECT else NO_OBJECT


def colors_of(codes: NDArray[np.integer]) -> Ints:
    """N,3: red, green and blue of 0xRRGGBB."""
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], -1).astype(np.int32)


def to_lab(rgb: Floats) -> Floats:
    """CIE Lab (L 0..100) of sRGB in [0, 1], H,W,3."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb, np.float32), cv2.COLOR_RGB2LAB), np.float32)


def from_lab(lab: Floats) -> Floats:
    """sRGB in [0, 1] of CIE Lab, H,W,3; what no screen shows is clipped."""
    return np.clip(cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB), 0.0, 1.0)
