"""Where pieces are cut: parts of a frame that belong together, at several sizes, and their outlines.

Superpixels: Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods", TPAMI 2012, by
scikit-image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, ward
from scipy.ndimage import distance_transform_edt, find_objects
from scipy.special import ndtr
from skimage.measure import find_contours, label
from skimage.segmentation import slic

from ..arrays import Floats, Ints
from .ground import Ground
from .pieces import NO_OBJECT

GROWTH = 3.2
"""How many times as many pieces the next finer level has."""
FINE = 6
"""Superpixels that one merged region is made of, on the average."""
LEAST_COMPACT = 2.5
"""What a superpixel's size counts, as a difference in Lab, at regularity 0; at 1 it is thirty times as much."""
DEPTH_WEIGHT = 60.0
"""What all of the depth counts, beside a lightness of 100."""
MOTION_WEIGHT = 12.0
"""What a small motion of one pixel of the ground counts; large ones count less and less."""
FLAT = 0.6
"""Gradients (Lab, a pixel of the ground) that are weaker on the average are not worth finer pieces."""
FRAGMENT = 0.12
"""Parts smaller than this share of the mean are given to their neighbors."""
CORNER = 0.045
"""Corners lie this far apart on an outline, in parts of the piece's size, but at least a pixel."""


@dataclass(frozen=True)
class Region:
    """A part of the ground: its mask where it lies (rows, columns), its object, and its label among the parts."""

    mask: NDArray[np.bool_]
    top: int
    left: int
    object: int
    label: int = -1

    @property
    def area(self) -> int:
        """Pixels of the ground."""
        return int(self.mask.sum())

    def part(self, image: NDArray[Any]) -> NDArray[Any]:
        """What lies around the region in an image h,w or h,w,C of the ground, as large as its mask."""
        rows, columns = self.mask.shape
        return image[self.top:self.top + rows, self.left:self.left + columns]


def superpixels(ground: Ground, count: int, regularity: float) -> Ints:
    """h,w: labels from 0 of about `count` parts in the frame without its margin; none crosses an object's border."""
    whole = round(count * ground.lab.shape[0] * ground.lab.shape[1] / _frame_area(ground))
    channels = [ground.lab]
    if ground.depth is not None:
        channels.append(DEPTH_WEIGHT * ground.depth[..., None])
    if ground.motion is not None:
        channels.append(MOTION_WEIGHT * np.arcsinh(ground.motion - np.median(ground.motion, (0, 1))))
    values = np.concatenate(channels, -1)
    spread = max(float(np.ptp(values)), 1.0)  # scikit-image divides by it
    labels = slic(values, n_segments=max(whole, 1), compactness=LEAST_COMPACT * 30.0 ** regularity / spread,
                  convert2lab=False, start_label=0, channel_axis=-1, enforce_connectivity=True, max_num_iter=6)
    return _divided(np.asarray(labels, np.int32), ground)


def merged(ground: Ground, count: int, spread: float = 25.0) -> Ints:
    """h,w: labels of about `count` larger parts of any shape: superpixels of like color that lie together (Ward).

    `spread` says what a frame's height counts beside a difference of color.
    """
    labels = superpixels(ground, FINE * count, 0.2)
    height, width = ground.shape
    y, x = np.mgrid[:height, :width].astype(np.float32) * (spread / ground.height)
    lab = cv2.GaussianBlur(ground.lab, (0, 0), 1.0)
    means = _means(labels, np.concatenate([lab, x[..., None], y[..., None]], -1))
    whole = round(count * height * width / _frame_area(ground))
    if len(means) <= whole:
        return labels
    groups = fcluster(ward(means), whole, "maxclust").astype(np.int32)
    return _divided(np.asarray(label(groups[labels], connectivity=1, background=0), np.int32) - 1, ground)


def whole_objects(labels: Ints, objects: Ints) -> Ints:
    """The labels with one for each connected part of an object; what most of the picture's edge belongs to is none."""
    edge = np.concatenate([objects[0], objects[-1], objects[:, 0], objects[:, -1]])
    codes, counts = np.unique(edge, return_counts=True)
    things = objects != codes[counts.argmax()]
    parts = np.asarray(label(np.where(things, objects + 2, 0), connectivity=1, background=0), np.int32)
    return np.where(things, labels.max() + parts, labels).astype(np.int32)


def grid(ground: Ground, count: int, generator: np.random.Generator) -> Ints:
    """h,w: labels of a grid of upright rectangles, about `count` in the frame, its rows shifted a little."""
    frame_height, frame_width = ground.height, ground.shape[1] - 2 * ground.margin
    side = sqrt(_frame_area(ground) / (count * 0.8))
    rows = max(1, round(frame_height / (0.8 * side)))
    columns = max(1, round(frame_width / side))
    y, x = np.mgrid[:ground.shape[0], :ground.shape[1]]
    row = np.floor((y - ground.margin) * rows / frame_height).astype(np.int32) + 1
    row = np.clip(row, 0, rows + 1)
    shift = generator.uniform(-0.2, 0.2, rows + 2)[row]
    column = np.floor((x - ground.margin) * columns / frame_width + shift).astype(np.int32) + 1
    column = np.clip(column, 0, columns + 1)
    _, labels = np.unique(row * (columns + 2) + column, return_inverse=True)
    return np.asarray(labels.reshape(row.shape), np.int32)


def busyness(ground: Ground) -> Floats:
    """h,w in 0..1: how busy the picture is there, by its standardized Sobel energy; what is flat is not busy at all."""
    gradients = [cv2.Sobel(ground.lab, cv2.CV_32F, *axes, scale=0.25) for axes in ((1, 0), (0, 1))]
    energy = cv2.GaussianBlur(np.sqrt(sum((g ** 2).sum(-1) for g in gradients)), (0, 0), ground.height / 60)
    share = ndtr((energy - energy.mean()) / max(float(energy.std()), 0.5))
    return np.asarray(share * np.minimum(energy / FLAT, 1), np.float32)


def regions(labels: Ints, objects: Ints | None) -> Iterator[Region]:
    """The parts with labels from 0 up; those below are left out."""
    for found, place in enumerate(find_objects(labels + 1)):
        if place is None:
            continue
        mask = labels[place] == found
        code = NO_OBJECT if objects is None else int(np.median(objects[place][mask]))
        yield Region(mask, place[0].start, place[1].start, code, found)


def split(mask: NDArray[np.bool_], ground: Ground, count: int) -> Ints:
    """h,w: labels from 0 of about `count` compact parts of a mask, by color and place; -1 outside."""
    rows, columns = np.nonzero(mask)
    labels = np.full(mask.shape, -1, np.int32)
    if count <= 1 or len(rows) <= count:
        labels[mask] = 0
    else:
        weight = 40.0 / sqrt(mask.sum() / count)
        data = np.column_stack([ground.lab[mask], columns * weight, rows * weight]).astype(np.float32)
        cv2.setRNGSeed(1)
        _, found, _ = cv2.kmeans(data, count, np.empty(0, np.int32), (cv2.TERM_CRITERIA_MAX_ITER, 8, 0.0), 1,
                                 cv2.KMEANS_PP_CENTERS)
        labels[mask] = found[:, 0]
    pieces = np.asarray(label(labels + 1, connectivity=1, background=0), np.int32) - 1
    if ground.objects is not None:
        inner = _divided(np.where(mask, pieces, pieces.max() + 1).astype(np.int32), ground)
        pieces = np.where(mask, inner, -1).astype(np.int32)
    return pieces


def outline(region: Region, overlap: float, smoothness: float, bounds: NDArray[np.bool_] | None) -> Floats | None:
    """N,2: the corners (x, y; pixels of the ground) of a region grown by `overlap` of its size; None if none is left.

    The outline is a level line of the smoothed signed distance to the region: rounder, the higher `smoothness`.
    `bounds` (h,w) is what it may not leave.
    """
    size = sqrt(region.area)
    grow = 0.5 * overlap * size
    pad = reach(region, overlap, smoothness)
    mask = np.pad(region.mask, pad)
    distance = _signed(mask)
    distance = cv2.GaussianBlur(distance, (0, 0), max(0.7, 0.16 * smoothness * size)) + grow
    if bounds is not None:
        distance = np.minimum(distance, _inside(region, bounds, pad))
    distance[[0, -1]] = np.minimum(distance[[0, -1]], -1)
    distance[:, [0, -1]] = np.minimum(distance[:, [0, -1]], -1)
    lines = find_contours(distance, 0.0)
    if not lines:
        return None
    line = max(lines, key=_enclosed)
    if _enclosed(line) < 6.0:
        return None
    corners = line[:-1, ::-1] + (region.left - pad, region.top - pad)
    step = max(1, round(CORNER * size))
    return np.ascontiguousarray(corners[::step], np.float32)


def reach(region: Region, overlap: float, smoothness: float) -> int:
    """How far, pixels of the ground, an outline may come to lie from its region."""
    size = sqrt(region.area)
    return int(max(0.5 * overlap * size, 0) + size * smoothness * 0.3) + 4


def rectangle(region: Region, overlap: float) -> Floats:
    """4,2: the corners (x, y; pixels of the ground) of an upright rectangle around a region, grown on all sides."""
    rows, columns = region.mask.shape
    grow = 0.5 * overlap * sqrt(region.area)
    left, top = region.left - 0.5 - grow, region.top - 0.5 - grow
    right, bottom = region.left + columns - 0.5 + grow, region.top + rows - 0.5 + grow
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def _inside(region: Region, bounds: NDArray[np.bool_], pad: int) -> Floats:
    """The signed distance to the edge of `bounds`, around a region; all is bounds beyond the ground."""
    wide = np.pad(bounds, pad, "edge")
    rows, columns = region.mask.shape
    part = wide[region.top:region.top + rows + 2 * pad, region.left:region.left + columns + 2 * pad]
    if part.all():
        return np.full(part.shape, float(max(part.shape)))
    return _signed(part)


def _signed(mask: NDArray[np.bool_]) -> Floats:
    """h,w: the distance (pixels) to the edge of a mask, more than 0 inside; there is an edge."""
    def distance(part: NDArray[np.bool_]) -> Floats:
        found = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.sqrt(np.rint(np.square(found)))  # OpenCV's last bit is not always the same; squares are whole numbers

    inner, outer = distance(mask), distance(~mask)
    return np.asarray(inner - outer - np.where(mask, np.float32(0.5), np.float32(-0.5)), np.float32)


def _enclosed(line: NDArray[np.floating]) -> float:
    """The area inside a closed line."""
    x, y = line[:, 0], line[:, 1]
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def _frame_area(ground: Ground) -> int:
    return ground.height * (ground.shape[1] - 2 * ground.margin)


def _divided(labels: Ints, ground: Ground) -> Ints:
    """Labels from 0 that no object's border crosses; fragments go to the nearest part of the same object."""
    if ground.objects is None:
        return np.asarray(np.unique(labels, return_inverse=True)[1].reshape(labels.shape), np.int32)
    _, codes = np.unique(ground.objects, return_inverse=True)
    codes = codes.reshape(labels.shape)
    parts = np.asarray(label(labels.astype(np.int64) * (int(codes.max()) + 1) + codes + 1, connectivity=1), np.int32)
    areas = np.bincount(parts.ravel())
    small = areas < FRAGMENT * np.mean(areas[areas > 0])
    for code in range(int(codes.max()) + 1):
        mine = codes == code
        stray = mine & small[parts]
        good = mine & ~small[parts]
        if stray.any() and good.any():
            rows, columns = distance_transform_edt(~good, return_distances=False, return_indices=True)
            parts[stray] = parts[rows[stray], columns[stray]]
    return np.asarray(np.unique(parts, return_inverse=True)[1].reshape(labels.shape), np.int32)


def _means(labels: Ints, values: Floats) -> Floats:
    """Labels,C: the mean of h,w,C over each label."""
    flat = labels.ravel()
    counts = np.maximum(np.bincount(flat), 1)
    return np.stack([np.bincount(flat, values[..., c].ravel()) / counts for c in range(values.shape[-1])],
                    1).astype(np.float32)
