"""Following pieces from frame to frame: each moves with what is under it, dies when it no longer fits, and is born
where a hole has opened that is large enough for a hand to fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from skimage.measure import label

from ..effects import Moment
from ..motion.links import Link
from ..options import CollageOptions
from . import segment
from .cutting import Cutter, Work, birth_rule, hole_parts
from .ground import Ground, ground_of
from .match import Matcher
from .materials import Materials
from .order import later_order
from .pieces import Cut, Pieces, no_pieces
from .tracking import tracked
from .visible import hidden, noted, showing, shown, whole

PATIENCE = 5
"""Frames that something must be wrong with a piece before it dies."""
ANOTHER = 12.0
"""Difference in Lab between what lay under a piece when it was laid and now that makes another color."""
LIGHTNESS = 0.8
"""What a difference of lightness counts in it: shadows pass."""
ASKED = 0.15
"""Of the area that a piece stands for: where less shows, it is not asked what lies under it."""
STRAYED = (1.5, 5.0)
"""What lies under a piece is another thing if its color strays by more than so many times as much as at birth, and so
much in Lab."""
BIRTH_INSIDE = 0.25
"""Of the least area of a hole, so much must lie in the frame, without its margin."""
CLEARLY_BUSY = 0.12
"""How much busier (0..1) than at the first frame a spot must be for a finer piece to be born there."""
FILLINGS = 3
"""How often, at most, holes are looked for in a shot's first frame: those between new pieces too."""
SMALLEST, LARGEST = 0.45, 2.2
"""Scales, beside that at its birth, beyond which a piece does not fit any more."""


@dataclass(frozen=True)
class Follow:
    """Knows of a frame's pieces what there is to know, out of what was known of the frame before."""

    options: CollageOptions
    materials: Materials

    def __call__(self, moment: Moment, before: Pieces | None) -> Pieces:
        """The pieces of a frame. Raises InputError."""
        ground = ground_of(moment.rgb, moment.companions, moment.goes)
        if before is None:
            return self._begun(ground, moment.number)
        return self._onward(before, ground, moment.number, moment.came)

    def _begun(self, ground: Ground, frame: int) -> Pieces:
        """The pieces of a shot's first frame."""
        cutter = Cutter(self.options, self.materials, frame)
        palette = cutter.palette(ground)
        pieces = no_pieces(palette, frame).with_new(cutter.all(ground, frame, palette), frame)
        pixels, colors = showing(pieces, ground)
        under = hidden(pieces, ground, pixels)
        laid = noted(pieces, pixels, colors).kept(~under | (pieces.level == 0))  # the coarsest lie under others
        return self._filled(laid, ground, frame)

    def _onward(self, before: Pieces, ground: Ground, frame: int, came: Link | None) -> Pieces:
        """The pieces of the frame after that of `before`; `came` is the link between them."""
        before = replace(before, palette=self._cutter(before).palette(ground, before.palette))
        there = before if self.options.mode == "joiner" or came is None else tracked(before, ground, came)
        judged = _judged(there, ground)
        renewed = self._renewed(judged, ground, frame)
        living = renewed.kept(_fits(renewed, ground))
        grown = living.with_new(self._births(living, ground, frame), frame)
        if len(grown) == len(living) and renewed is judged:
            return grown
        return noted(grown, *showing(grown, ground))

    def _filled(self, pieces: Pieces, ground: Ground, frame: int) -> Pieces:
        """A shot's first pieces with the holes between them filled: they would be in the second frame, and pop up."""
        for _ in range(FILLINGS):
            cuts = self._births(pieces, ground, frame)
            if not cuts:
                break
            grown = pieces.with_new(cuts, frame)
            pieces = noted(grown, *showing(grown, ground))
        return pieces

    def _renewed(self, pieces: Pieces, ground: Ground, frame: int) -> Pieces:
        """Pieces whose time is over, or that show another moment, are laid anew in their places."""
        life = self.options.life
        phase = 0.6 + 0.8 * ((pieces.number * 0.61803) % 1)
        old = (frame - pieces.born >= life * phase) if life else np.zeros(len(pieces), bool)
        if self.options.mode == "joiner":
            old |= pieces.changed >= PATIENCE
        if not old.any():
            return pieces
        left = pieces.kept(~old)
        matcher = Matcher(self.materials, self.options, left)
        cutter = self._cutter(pieces)
        return left.with_new([cutter.relaid(pieces, int(i), ground, frame, matcher) for i in np.flatnonzero(old)],
                             frame)

    def _births(self, pieces: Pieces, ground: Ground, frame: int) -> list[Cut]:
        """New pieces where holes have opened, on every level that should be there."""
        top = shown(pieces, ground)
        busy = segment.busyness(ground) if self.options.levels > 1 else np.zeros(ground.shape, np.float32)
        level_of = np.where(top >= 0, np.append(pieces.level, -1)[top], -1)
        matcher: Matcher | None = None  # looks at every piece, which most frames need not
        cutter = self._cutter(pieces)
        cuts: list[Cut] = []
        for level in range(1 if self.options.mode == "joiner" else self.options.levels):
            areas = pieces.area[pieces.level == level]
            usual = float(np.median(areas)) if len(areas) else 1 / (self.options.pieces * segment.GROWTH ** level)
            median = usual * ground.height ** 2
            open_here = (level_of < level) & cutter.wanted(level, busy, CLEARLY_BUSY if level else 0.0)
            rule = birth_rule(self.options, level)
            generator = cutter.generator(frame, level)
            for hole in _holes(open_here, ground, rule.least * median, rule.slit * sqrt(median)):
                matcher = matcher or Matcher(self.materials, self.options, pieces)
                work = Work(frame, ground, matcher, level, generator, cutter.overlap(level))
                for region in hole_parts(hole, ground, median, rule):
                    number = int(pieces.next_number[0]) + len(cuts)
                    cuts += cutter.cut(region, work, later_order(level, number))
        return cuts

    def _cutter(self, pieces: Pieces) -> Cutter:
        return Cutter(self.options, self.materials, int(pieces.since[0]))


def _judged(pieces: Pieces, ground: Ground) -> Pieces:
    """The pieces with what is wrong with them counted."""
    pixels, colors = showing(pieces, ground)
    covered = np.where(hidden(pieces, ground, pixels), pieces.covered + 1, 0)
    apart = np.linalg.norm((colors - pieces.seen)[:, :3] * (LIGHTNESS, 1.0, 1.0), axis=1)
    strayed = colors[:, 3] - STRAYED[0] * pieces.seen[:, 3] > STRAYED[1]
    enough = (pixels >= ASKED * whole(pieces, ground)) & ~np.isnan(apart)
    changed = np.where(enough & ((np.nan_to_num(apart) > ANOTHER) | strayed), pieces.changed + 1, 0)
    return replace(pieces, covered=covered.astype(np.int32), changed=changed.astype(np.int32))


def _fits(pieces: Pieces, ground: Ground) -> NDArray[np.bool_]:
    """Which pieces live on."""
    scale = np.hypot(pieces.place[:, 0], pieces.place[:, 1])
    good = (pieces.misfit < PATIENCE) & (pieces.covered < PATIENCE) & (pieces.changed < PATIENCE)
    good &= (scale > SMALLEST) & (scale < LARGEST)
    margin, width = ground.margin / ground.height, ground.shape[1] / ground.height
    corners = pieces.corners()
    for i in np.flatnonzero(good):
        points = corners[i]
        low, high = points.min(0), points.max(0)
        good[i] = high[0] > -margin and high[1] > -margin and low[0] < width - margin and low[1] < 1 + margin
    return np.asarray(good)


def _holes(open_here: NDArray[np.bool_], ground: Ground, least: float, slit: float) -> Iterator[NDArray[np.bool_]]:
    """The holes (h,w) of at least so many pixels, without the slits around them, narrower than twice `slit` pixels."""
    if not open_here.any():
        return
    radius = max(1, round(slit))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = cv2.morphologyEx(open_here.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    labels = np.asarray(label(wide, connectivity=1), np.int32)
    inside = np.zeros(ground.shape, bool)
    inside[ground.inside] = True
    for found, place in enumerate(find_objects(labels), 1):
        if place is None:
            continue
        mask = labels[place] == found
        if mask.sum() > least and (mask & inside[place]).sum() > BIRTH_INSIDE * least:
            hole = np.zeros(ground.shape, bool)
            hole[place] = mask
            yield hole
