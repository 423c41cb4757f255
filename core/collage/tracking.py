"""Tracking pieces from frame to frame: each moves by the similarity that most of what is under it agrees on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from ..arrays import Floats, as_array
from ..motion.links import Link
from .ground import Ground
from .pieces import Pieces
from .similarity import about, after, applied, similarity
from .visible import shown

STILL = 0.12
"""Pixels of the ground: pieces that would move less stay where they are."""
TRUSTED = 0.5
"""Reliability of the flow that is enough for a piece to go by."""
TRUSTED_SHARE = 0.3
"""Of a piece's points in the frame: if the flow can be trusted at fewer, nothing good is known of its motion."""
SPOTS = 80
"""Points of a piece, about, whose motion is asked."""
LEAST_SEEN = 12
"""Pixels of the ground that must show of a piece for only these to be asked."""
LEAST_POINTS, LEAST_SPREAD = 6, 1.0
"""Points, and pixels that they must lie apart (standard deviation), for a turn or growth to be told by."""
TOLD = 3
"""Trusted points that are enough to say how a piece moves that is too small to turn."""
LEAST_FIT = 0.5
"""Part of a piece's points that must move as the piece does,"""
AGREED = 1.0
"""to within so many pixels."""
TURN, GROW = 0.08, 0.05
"""Most that a piece turns (radians) and grows (in parts of 1) in a frame."""


def tracked(pieces: Pieces, ground: Ground, came: Link) -> Pieces:
    """The pieces moved along the flow from the frame before, each by a similarity that most of its points agree on."""
    flow, trust = as_array(came.flow), as_array(came.reliability)[..., 0]
    if flow.shape[0] != ground.height:
        return pieces
    place, misfit = pieces.place.copy(), pieces.misfit.copy()
    for i, points in enumerate(_spots(pieces, ground)):
        step = _step(points, flow, trust)
        misfit[i] = 0 if step.fits else misfit[i] + 1
        if step.move is not None and np.abs(_shifts(step.move, points, step.center)).max() >= STILL:
            move = np.concatenate([step.move[:2], step.move[2:] / ground.height])
            place[i] = after(pieces.place[i], about((step.center + 0.5) / ground.height, move))
    return replace(pieces, place=place, misfit=misfit)


def _spots(pieces: Pieces, ground: Ground) -> Iterator[Floats]:
    """For each piece points (pixels of the frame without its margin) that tell how it moves: where it shows, for what
    lies on the rest of it goes its own way; all over it where it hardly shows."""
    top = shown(pieces, ground)[ground.inside]
    by_piece = np.argsort(top, axis=None, kind="stable")
    ends = np.searchsorted(top.ravel()[by_piece], np.arange(len(pieces) + 1))
    for i in range(len(pieces)):
        mine = by_piece[ends[i]:ends[i + 1]]
        if len(mine) < LEAST_SEEN:
            yield ground.pixels(pieces.placed(i, _inner(pieces.outline(i)))) - ground.margin
        else:
            mine = mine[::max(1, len(mine) // SPOTS)]
            yield np.stack([mine % top.shape[1], mine // top.shape[1]], 1).astype(np.float32)


def _inner(outline: Floats) -> Floats:
    """Points inside a piece."""
    corners = outline[::max(1, len(outline) // 14)]
    return np.concatenate([corners * share for share in (0.0001, 0.35, 0.6, 0.8)])


class _Step(NamedTuple):
    """How a piece goes on to the next frame: `move` turns and scales it (a, b) about `center` (x, y; pixels) and moves
    that (x, y; pixels), None if it stays; whether that `fits` what is under it."""

    center: Floats
    move: Floats | None
    fits: bool


def _step(points: Floats, flow: Floats, trust: Floats) -> _Step:
    """What the flow (h,w,2, pixels; `trust` h,w in 0..1) does to a piece with these points (N,2)."""
    height, width = trust.shape
    inside = (points >= 0).all(1) & (points[:, 0] < width) & (points[:, 1] < height)
    x = np.clip(np.round(points[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.round(points[:, 1]).astype(int), 0, height - 1)
    good = inside & (trust[y, x] >= TRUSTED)
    use = next((some for some in (good, inside) if some.sum() >= LEAST_POINTS), np.ones(len(points), bool))
    steps, there = flow[y, x][use], points[use]
    center = there.mean(0).astype(np.float32)
    trusted = bool(good.sum() >= TRUSTED_SHARE * inside.sum())
    if not steps.any():  # so it is with most pieces where the camera stands
        return _Step(center, None, trusted)
    if len(there) < LEAST_POINTS or float(np.hypot(*there.std(0))) < LEAST_SPREAD:
        return _Step(center, _as_most(steps), bool(good.sum() >= TOLD))
    move = _agreed(there, steps, center)
    return _Step(center, _as_most(steps), False) if move is None else _Step(center, move, trusted)


def _agreed(points: Floats, steps: Floats, center: Floats) -> Floats | None:
    """The similarity about a center by which enough of the points (N,2) take their steps, within limits; None if there
    is none."""
    found, inliers = cv2.estimateAffinePartial2D(points, points + steps, method=cv2.RANSAC,
                                                 ransacReprojThreshold=AGREED, maxIters=60, confidence=0.95,
                                                 refineIters=3)
    if found is None or float(inliers.mean()) < LEAST_FIT:
        return None
    a, b = float(found[0, 0]), float(found[1, 0])
    scale = np.clip(np.hypot(a, b), 1 - GROW, 1 + GROW)
    turn = np.clip(np.arctan2(b, a), -TURN, TURN)
    return similarity(turn, scale, found[:, :2] @ center + found[:, 2] - center)


def _as_most(steps: Floats) -> Floats:
    """Moving as most points do, without a turn."""
    return np.array([1, 0, *np.median(steps, 0)], np.float32)


def _shifts(move: Floats, points: Floats, center: Floats) -> Floats:
    """N,2: how far (pixels) points go by a move about a center."""
    around = points - center
    return np.asarray(applied(np.array([move[0], move[1], 0, 0]), around) - around + move[2:], np.float32)
