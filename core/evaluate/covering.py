"""How much of a collage's frame is paper, and whether a hole stays open that is large enough for a new piece."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.measure import label

from ..arrays import Floats
from ..collage.compose import Composer, lay
from ..collage.cutting import Rule, birth_rule
from ..collage.ground import Ground
from ..collage.pieces import Pieces
from ..collage.visible import shown
from ..sizes import Size


@dataclass(frozen=True)
class Cover:
    """Of one frame's area: `paper` is the part that lies under paper (torn edges and thin paper count in part),
    `holes` the part in holes for which the birth rule asks a new piece: 0 if it is kept."""

    paper: float
    holes: float


def cover(pieces: Pieces, composer: Composer, size: Size) -> Cover:
    """What is covered of a frame of this size; the composer makes the papers as they are laid."""
    coarsest = pieces.area[pieces.level == 0]
    median = float(np.median(coarsest)) * size[0] ** 2 if len(coarsest) else 0.0
    open_here = holes(bare(pieces, size), median, birth_rule(composer.options))
    return Cover(float(opacity(pieces, composer, size).mean()), open_here)


def opacity(pieces: Pieces, composer: Composer, size: Size) -> Floats:
    """H,W in 0..1: how much of each pixel is paper."""
    canvas = np.zeros((*size, 4), np.float32)
    for i in pieces.laid():
        lay(composer.papers(pieces, [i], size[0])[0], pieces.place[i], 0.0, None, [canvas])
    return np.asarray(canvas[..., 3] / np.float32(255))


def bare(pieces: Pieces, size: Size) -> NDArray[np.bool_]:
    """H,W: where no piece's outline reaches."""
    frame = Ground(np.zeros((*size, 3), np.float32), size[0], 0, None, None)
    return np.asarray(shown(pieces, frame) < 0)


def holes(open_here: NDArray[np.bool_], median: float, rule: Rule) -> float:
    """The part of a frame (H,W) in connected open areas, without slits, that by the rule get pieces.

    The median (pixels) is that of the areas of the coarsest level's pieces. This measures anew what `collage/follow.py`
    does, from outlines at the size of the result.
    """
    radius = max(1, round(rule.slit * float(np.sqrt(median))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = cv2.morphologyEx(open_here.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    areas = np.bincount(np.asarray(label(wide, connectivity=1)).ravel())[1:]
    return float(areas[areas > rule.least * median].sum() / open_here.size)
