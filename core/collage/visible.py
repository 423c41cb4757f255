"""What is to be seen of pieces, drawn by their outlines: which lies on top where, how much of each, and on what."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ints
from .ground import Ground
from .pieces import Pieces

HIDDEN = 0.06
"""Of the area that a piece stands for: one of which less is to be seen counts as covered."""
ENOUGH = 3
"""Pixels of the ground that must show of a piece, and more, before it is noted what it was laid on."""


def shown(pieces: Pieces, ground: Ground) -> Ints:
    """h,w: which piece (its place in the table) is to be seen where; -1 where none is."""
    top = np.full(ground.shape, -1, np.int32)
    corners = [np.round(ground.pixels(points) * 16).astype(np.int32) for points in pieces.corners()]
    for i in pieces.laid():
        cv2.fillPoly(top, [corners[i]], i, shift=4)
    return top


def whole(pieces: Pieces, ground: Ground) -> Floats:
    """For each piece how many pixels of the ground it stands for."""
    scale = np.hypot(pieces.place[:, 0], pieces.place[:, 1])
    return np.asarray(pieces.area * np.square(scale) * ground.height ** 2, np.float32)


def hidden(pieces: Pieces, ground: Ground, pixels: Floats) -> NDArray[np.bool_]:
    """Which pieces are as good as covered, where so many pixels of each show."""
    return np.asarray(pixels < HIDDEN * whole(pieces, ground))


def noted(pieces: Pieces, pixels: Floats, colors: Floats) -> Pieces:
    """The pieces with what each new one was laid on noted, where it shows (`pixels` and `colors` of `showing`)."""
    new = np.isnan(pieces.seen[:, 0]) & (pixels > ENOUGH)
    return replace(pieces, seen=np.where(new[:, None], colors, pieces.seen).astype(np.float32))


def showing(pieces: Pieces, ground: Ground) -> tuple[Floats, Floats]:
    """For each piece how many pixels of it show, with its part in the margin; and of the frame there, without the
    margin, the mean color in Lab and how far it strays (4; not a number where nothing shows)."""
    top, count = shown(pieces, ground), len(pieces)
    pixels = np.bincount(top.ravel() + 1, minlength=count + 1)[1:]
    inner, lab = top[ground.inside].ravel() + 1, ground.lab[ground.inside].reshape(-1, 3)
    squares = np.square(lab).sum(1)
    here = np.bincount(inner, minlength=count + 1)[1:]
    sums = [np.bincount(inner, values, minlength=count + 1)[1:] for values in (*lab.T, squares)]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.stack(sums, 1) / here[:, None]
    means[:, 3] = np.sqrt(np.maximum(means[:, 3] - np.square(means[:, :3]).sum(1), 0))
    return pixels.astype(np.float32), means.astype(np.float32)
