"""What moves as one: how the parts of a shot's first frame move to the second, so that no piece lies on two motions.

A part moves by a similarity, as pieces do. It is found by least squares, reweighted so that what moves otherwise does
not count: Holland & Welsch, "Robust regression using iteratively reweighted least-squares", Communications in
Statistics 6(9), 1977, with Cauchy weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, median
from skimage.measure import label

from .ground import Ground
from .pieces import Floats, Ints
from .segment import Region

APART = 0.6
"""Pixels of the ground from a frame to the next: what differs by more from how a part moves does not move with it."""
LEAST = 0.15
"""What moves otherwise than all parts around it, and is less than this share of the mean part, stays with its part."""
SLIVERS = (3, 5)
"""Pixels of the ground: what is narrower goes nowhere; what is narrower than the second, the blur of the flow at a
border, becomes no part of its own."""
BESIDE = 3
"""Pixels of the ground that neighbors may lie apart: the flow blurs their border."""
ROUNDS = 3
"""Of weighing what moves with a part and finding how it moves."""


@dataclass(frozen=True, eq=False)
class Moving:
    """How parts move: `labels` h,w of the parts from 0; `steps` N,6: of each the move (x, y) of its center, by how much
    it grows and turns (parts of 1, radians), and that center (x, y), in pixels of the ground."""

    labels: Ints
    steps: Floats

    def at(self, parts: Ints, x: NDArray[np.generic], y: NDArray[np.generic]) -> Floats:
        """...,2: how these parts would move what lies at x, y."""
        move_x, move_y, grow, turn, center_x, center_y = np.moveaxis(self.steps[parts], -1, 0)
        x, y = x - center_x, y - center_y
        return np.stack([move_x + grow * x - turn * y, move_y + turn * x + grow * y], -1)

    def together(self, region: Region, pad: int) -> NDArray[np.bool_]:
        """h,w of the ground: what moves as the region does, which is one of the parts; true further off than `pad`."""
        rows, columns = region.mask.shape
        top, left = max(0, region.top - pad), max(0, region.left - pad)
        around = self.labels[top:region.top + rows + pad, left:region.left + columns + pad]
        y, x = np.mgrid[top:top + around.shape[0], left:left + around.shape[1]]
        own = self.at(np.full(around.shape, region.label, np.int32), x, y)
        alike = np.ones(self.labels.shape, bool)
        alike[top:top + around.shape[0], left:left + around.shape[1]] = (
            np.linalg.norm(self.at(around, x, y) - own, axis=-1) < APART) | (around == region.label)
        return alike


def moving(labels: Ints, ground: Ground) -> Moving:
    """How the parts move, labels from 0 without a gap; the ground has motion."""
    assert ground.motion is not None
    count = int(labels.max()) + 1
    flat, y, x = labels.ravel(), *(v.ravel().astype(np.float32) for v in np.mgrid[:labels.shape[0], :labels.shape[1]])
    flow = ground.motion.reshape(-1, 2)
    steps = np.zeros((count, 6), np.float32)
    for axis in (0, 1):
        steps[:, axis] = median(flow[:, axis], flat, np.arange(count))
    found = Moving(labels, steps)
    for _ in range(ROUNDS):
        apart = np.linalg.norm(found.at(flat, x, y) - flow, axis=1)
        found = Moving(labels, _weighed(flat, count, x, y, flow, 1 / (1 + np.square(apart / (0.5 * APART)))))
    return found


def _weighed(flat: Ints, count: int, x: Floats, y: Floats, flow: Floats, weight: Floats) -> Floats:
    """N,6: each part's similarity by weighted least squares."""
    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(flat, values, minlength=count), np.float64)
    total = np.maximum(summed(weight), 1e-6)
    center_x, center_y, move_x, move_y = (summed(weight * v) / total for v in (x, y, flow[:, 0], flow[:, 1]))
    x, y = x - center_x[flat], y - center_y[flat]
    spread = np.maximum(summed(weight * (x * x + y * y)), 1e-6)
    grow = summed(weight * (x * flow[:, 0] + y * flow[:, 1])) / spread
    turn = summed(weight * (x * flow[:, 1] - y * flow[:, 0])) / spread
    return np.stack([move_x, move_y, grow, turn, center_x, center_y], 1).astype(np.float32)


def parted(labels: Ints, ground: Ground) -> Ints:
    """The labels without gaps; what moves otherwise than the part it lies in goes to the part beside it that it moves
    with, or becomes one of its own."""
    assert ground.motion is not None
    found = moving(labels, ground)
    y, x = np.mgrid[:labels.shape[0], :labels.shape[1]]
    apart = np.linalg.norm(found.at(labels, x, y) - ground.motion, axis=-1)
    other, wide = (cv2.morphologyEx((apart > APART).astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
                   for side in SLIVERS)
    own = np.asarray(label(np.where(other > 0, labels + 1, 0), connectivity=1, background=0), np.int32)
    result, most = labels.copy(), LEAST * labels.size / (labels.max() + 1)
    for number, place in enumerate(find_objects(own), 1):
        where = own == number
        nearest = _goes_with(where, place, found, ground)
        if nearest is not None:
            result[where] = nearest
        elif wide[where].sum() >= most:
            result[where] = labels.max() + number
    return np.asarray(np.unique(result, return_inverse=True)[1].reshape(labels.shape), np.int32)


def _goes_with(where: NDArray[np.bool_], place: tuple[slice, slice], found: Moving, ground: Ground) -> int | None:
    """The part of the same object beside a spot (h,w; `place` is the box around it) that moves as it does, if any."""
    assert ground.motion is not None
    box = tuple(slice(max(0, side.start - BESIDE), side.stop + BESIDE) for side in place)
    spot, parts = where[box], found.labels[box]
    beside = cv2.dilate(spot.astype(np.uint8), np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8)) > 0
    rows, columns = np.nonzero(spot)
    if ground.objects is not None:
        beside &= ground.objects[box] == ground.objects[box][rows[0], columns[0]]
    best, least = None, APART
    for part in np.unique(parts[beside]):
        steps = found.at(np.full(len(rows), part, np.int32), columns + box[1].start, rows + box[0].start)
        apart = float(np.median(np.linalg.norm(steps - ground.motion[box][spot], axis=1)))
        if apart < least:
            best, least = int(part), apart
    return best
