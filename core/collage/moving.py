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

from ..arrays import Floats, Ints
from .ground import Ground
from .segment import Region

APART = 0.6
"""Pixels of the ground from a frame to the next: what differs by more from how a part moves does not move with it."""
LEAST = 0.15
"""Share of a mean part's area: what moves otherwise than all parts around it, but is smaller, stays with its part."""
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
    it grows and turns (parts of 1, radians), and that center (x, y), in pixels of the ground; `field` h,w,2: how each
    pixel goes along with its part."""

    labels: Ints
    steps: Floats
    field: Floats

    def together(self, region: Region, pad: int) -> NDArray[np.bool_]:
        """h,w of the ground: what moves as the region does, which is one of the parts; true further off than `pad`."""
        rows, columns = region.mask.shape
        box = (slice(max(0, region.top - pad), region.top + rows + pad),
               slice(max(0, region.left - pad), region.left + columns + pad))
        alike = np.ones(self.labels.shape, bool)
        alike[box] = (self.apart(region.label, box, self.field[box]) < APART) | (self.labels[box] == region.label)
        return alike

    def apart(self, part: int, box: tuple[slice, slice], motion: Floats) -> Floats:
        """h,w: by how many pixels a motion h,w,2 in a box of the ground differs from how a part would move there."""
        move_x, move_y, grow, turn, center_x, center_y = (float(v) for v in self.steps[part])
        rows, columns = motion.shape[:2]
        x = (np.arange(columns, dtype=np.float32) + (box[1].start - center_x))[None]
        y = (np.arange(rows, dtype=np.float32) + (box[0].start - center_y))[:, None]
        return np.asarray(np.hypot(motion[..., 0] - (move_x + grow * x - turn * y),
                                   motion[..., 1] - (move_y + turn * x + grow * y)), np.float32)


def moving(labels: Ints, ground: Ground) -> Moving:
    """How the parts move, labels from 0 without a gap; the ground has motion. Asked is every second row and column."""
    assert ground.motion is not None
    count = int(labels.max()) + 1
    some = labels[::2, ::2]
    parts = some.ravel()
    y, x = (2 * v.ravel().astype(np.float32) for v in np.mgrid[:some.shape[0], :some.shape[1]])
    flow = np.ascontiguousarray(ground.motion[::2, ::2].reshape(-1, 2))
    steps = np.zeros((count, 6), np.float32)
    there = np.flatnonzero(np.bincount(parts, minlength=count))
    for axis in (0, 1):
        steps[there, axis] = median(flow[:, axis], parts, there)
    for _ in range(ROUNDS):
        apart = _along(steps, parts, x, y) - flow
        weight = 1 / (1 + np.square(apart / (0.5 * APART)).sum(1))
        steps = _weighed(parts, count, x, y, flow, weight)
    rows, columns = (v.astype(np.float32) for v in np.mgrid[:labels.shape[0], :labels.shape[1]])
    return Moving(labels, steps, _along(steps, labels, columns, rows))


def _along(steps: Floats, parts: Ints, x: Floats, y: Floats) -> Floats:
    """...,2: how these parts move what lies at x, y."""
    move_x, move_y, grow, turn, center_x, center_y = (steps[:, i][parts] for i in range(6))
    x, y = x - center_x, y - center_y
    return np.stack([move_x + grow * x - turn * y, move_y + turn * x + grow * y], -1)


def _weighed(parts: Ints, count: int, x: Floats, y: Floats, flow: Floats, weight: Floats) -> Floats:
    """N,6: each part's similarity by weighted least squares."""
    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(parts, values, minlength=count), np.float64)
    total = np.maximum(summed(weight), 1e-6)
    center_x, center_y, move_x, move_y = (summed(weight * v) / total for v in (x, y, flow[:, 0], flow[:, 1]))
    x, y = x - center_x[parts], y - center_y[parts]
    spread = np.maximum(summed(weight * (x * x + y * y)), 1e-6)
    grow = summed(weight * (x * flow[:, 0] + y * flow[:, 1])) / spread
    turn = summed(weight * (x * flow[:, 1] - y * flow[:, 0])) / spread
    return np.stack([move_x, move_y, grow, turn, center_x, center_y], 1).astype(np.float32)


def parted(labels: Ints, ground: Ground) -> Ints:
    """The labels without gaps; what moves otherwise than the part it lies in goes to the part beside it that it moves
    with, or becomes one of its own."""
    assert ground.motion is not None
    found = moving(labels, ground)
    otherwise = (np.hypot(*np.moveaxis(found.field - ground.motion, -1, 0)) > APART).astype(np.uint8)
    other, wide = (cv2.morphologyEx(otherwise, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) for side in SLIVERS)
    own = np.asarray(label(np.where(other > 0, labels + 1, 0), connectivity=1, background=0), np.int32)
    result, most = labels.copy(), LEAST * labels.size / (labels.max() + 1)
    for number, place in enumerate(find_objects(own), 1):
        rows, columns = (slice(max(0, side.start - BESIDE), side.stop + BESIDE) for side in place)
        box = rows, columns
        spot = own[box] == number
        goes = _goes_with(spot, box, found, ground)
        if goes is not None:
            result[box][spot] = goes
        elif wide[box][spot].sum() >= most:
            result[box][spot] = labels.max() + number
    return np.asarray(np.unique(result, return_inverse=True)[1].reshape(labels.shape), np.int32)


def _goes_with(spot: NDArray[np.bool_], box: tuple[slice, slice], found: Moving, ground: Ground) -> int | None:
    """The part of the same object beside a spot, in a box of the ground, that moves as it does, if any."""
    assert ground.motion is not None
    beside = cv2.dilate(spot.astype(np.uint8), np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8)) > 0
    if ground.objects is not None:
        objects = ground.objects[box]
        beside &= objects == objects[spot][0]
    best, least = None, APART
    for part in np.unique(found.labels[box][beside]):
        apart = float(np.median(found.apart(int(part), box, ground.motion[box])[spot]))
        if apart < least:
            best, least = int(part), apart
    return best
