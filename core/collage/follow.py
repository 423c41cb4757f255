"""Following pieces from frame to frame: each moves with what is under it, dies when it no longer fits, and is born
where a hole has opened that is large enough for a hand to fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from skimage.measure import label

from ..arrays import as_array
from ..effects import Moment
from ..motion.links import Link
from ..options import CollageOptions
from . import segment
from .cutting import NEW_RANK, NUMBER_RANK, Cutter, Work, hole_parts
from .ground import Ground, ground_of
from .match import Matcher
from .materials import Materials
from .pieces import Cut, Floats, Ints, Pieces, after, no_pieces

PATIENCE = 5
"""Frames that something must be wrong with a piece before it dies."""
HIDDEN = 0.06
"""A piece of which less is to be seen counts as covered."""
ANOTHER = 12.0
"""Difference in Lab between what lay under a piece when it was laid and now that makes another color."""
STRAYED = (1.5, 5.0)
"""What lies under a piece is another thing if its color strays by more than so many times as much as at birth, and so
much in Lab."""
BIRTH = 0.6
"""A piece is born where a hole is larger than this part of the median piece of its level."""
CLEARLY_BUSY = 0.12
"""How much busier than at the first frame a spot must be for a finer piece to be born there."""
STILL = 0.12
"""Pixels of the ground: pieces that would move less stay where they are."""
TRUSTED = 0.5
"""Reliability of the flow that is enough for a piece to go by."""
SPOTS, LEAST_SEEN = 80, 12
"""Points of a piece whose motion is asked, and pixels of the ground that must show of it for the others not to be."""
LEAST_FIT = 0.5
"""Part of a piece's points that must move as the piece does."""
TURN, GROW = 0.08, 0.05
"""Most that a piece turns (radians) and grows (in parts of 1) in a frame."""
FILLINGS = 3
"""How often, at most, holes are looked for in a shot's first frame: those between new pieces too."""
SMALLEST, LARGEST = 0.45, 2.2
"""A piece scaled beyond these does not fit any more."""


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
        visible, colors = _visible(shown(pieces, ground), ground, len(pieces))
        hidden = _hidden(pieces, ground, visible)
        laid = _seen(pieces, visible, colors).kept(~hidden | (pieces.level == 0))  # the coarsest lie under others
        return self._filled(laid, ground, frame)

    def _onward(self, before: Pieces, ground: Ground, frame: int, came: Link | None) -> Pieces:
        """The pieces of the frame after that of `before`; `came` is the link between them."""
        before = replace(before, palette=self._cutter(before).palette(ground, before.palette))
        moved = before if self.options.mode == "joiner" or came is None else _moved(before, ground, came)
        judged = _judged(moved, ground, shown(moved, ground))
        renewed = self._renewed(judged, ground, frame)
        living = renewed.kept(_fits(renewed, ground))
        grown = living.with_new(self._births(living, ground, frame), frame)
        if len(grown) == len(living) and renewed is judged:
            return grown
        return _seen(grown, *_visible(shown(grown, ground), ground, len(grown)))

    def _filled(self, pieces: Pieces, ground: Ground, frame: int) -> Pieces:
        """A shot's first pieces with the holes between them filled: they would be in the second frame, and pop up."""
        for _ in range(FILLINGS):
            cuts = self._births(pieces, ground, frame)
            if not cuts:
                break
            grown = pieces.with_new(cuts, frame)
            pieces = _seen(grown, *_visible(shown(grown, ground), ground, len(grown)))
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
            generator = cutter.generator(frame, level)
            for hole in _holes(open_here, ground, median):
                matcher = matcher or Matcher(self.materials, self.options, pieces)
                work = Work(frame, ground, matcher, level, generator)
                for region in hole_parts(hole, ground, median):
                    rank = NEW_RANK - NUMBER_RANK * (int(pieces.next_number[0]) + len(cuts))
                    cuts += cutter.cut(region, work, rank)
        return cuts

    def _cutter(self, pieces: Pieces) -> Cutter:
        return Cutter(self.options, self.materials, int(pieces.since[0]))


def shown(pieces: Pieces, ground: Ground) -> Ints:
    """h,w: which piece (its place in the table) is to be seen where; -1 where none is."""
    top = np.full(ground.shape, -1, np.int32)
    corners = [np.round(ground.pixels(points) * 16).astype(np.int32) for points in pieces.corners()]
    for i in pieces.laid():
        cv2.fillPoly(top, [corners[i]], i, shift=4)
    return top


def _moved(pieces: Pieces, ground: Ground, came: Link) -> Pieces:
    """The pieces moved along the flow from the frame before, each by a similarity that most of its points agree on."""
    flow, trust = as_array(came.flow), as_array(came.reliability)[..., 0]
    if flow.shape[0] != ground.height:
        return pieces
    place, misfit = pieces.place.copy(), pieces.misfit.copy()
    for i, points in enumerate(_spots(pieces, ground)):
        step = _step(points, flow, trust)
        misfit[i] = 0 if step.fits else misfit[i] + 1
        if step.move is not None and np.abs(_steps(step.move, points, step.center)).max() >= STILL:
            place[i] = after(pieces.place[i], _about(step.move, step.center, ground.height))
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
    use = good if good.sum() >= 6 else inside if inside.sum() >= 6 else np.ones(len(points), bool)
    steps, there = flow[y, x][use], points[use]
    center = there.mean(0).astype(np.float32)
    if not steps.any():  # so it is with most pieces where the camera stands
        return _Step(center, None, bool(good.sum() >= 0.3 * inside.sum()))
    if len(there) < 6 or float(np.hypot(*there.std(0))) < 1.0:
        return _Step(center, _as_most(steps), bool(good.sum() >= 3))
    found, inliers = cv2.estimateAffinePartial2D(there, there + steps, method=cv2.RANSAC, ransacReprojThreshold=1.0,
                                                 maxIters=60, confidence=0.95, refineIters=3)
    share = float(inliers.mean()) if found is not None else 0.0
    fits = share >= LEAST_FIT and bool(good.sum() >= 0.3 * inside.sum())
    if found is None or share < LEAST_FIT:
        return _Step(center, _as_most(steps), fits)
    a, b = float(found[0, 0]), float(found[1, 0])
    scale = np.clip(np.hypot(a, b), 1 - GROW, 1 + GROW)
    turn = np.clip(np.arctan2(b, a), -TURN, TURN)
    onward = found[:, :2] @ center + found[:, 2] - center
    return _Step(center, np.array([scale * np.cos(turn), scale * np.sin(turn), *onward], np.float32), fits)


def _as_most(steps: Floats) -> Floats:
    """Moving as most points do, without a turn."""
    return np.array([1, 0, *np.median(steps, 0)], np.float32)


def _steps(move: Floats, points: Floats, center: Floats) -> Floats:
    """N,2: how far (pixels) points go by a move about a center."""
    around = points - center
    a, b = float(move[0]), float(move[1])
    turned = np.stack([a * around[:, 0] - b * around[:, 1], b * around[:, 0] + a * around[:, 1]], 1)
    return np.asarray(turned - around + move[2:], np.float32)


def _about(move: Floats, center: Floats, height: int) -> Floats:
    """A move about a center (pixels) as one (a, b, x, y) of the plane, in heights of the frame."""
    a, b = float(move[0]), float(move[1])
    middle = (center + 0.5) / height
    turned = np.array([a * middle[0] - b * middle[1], b * middle[0] + a * middle[1]])
    return np.array([a, b, *(middle + move[2:] / height - turned)], np.float32)


def _judged(pieces: Pieces, ground: Ground, top: Ints) -> Pieces:
    """The pieces with what is wrong with them counted."""
    count = len(pieces)
    visible, colors = _visible(top, ground, count)
    whole = _whole(pieces, ground)
    covered = np.where(_hidden(pieces, ground, visible), pieces.covered + 1, 0)
    apart = np.linalg.norm((colors - pieces.seen)[:, :3] * (0.8, 1.0, 1.0), axis=1)
    strayed = colors[:, 3] - STRAYED[0] * pieces.seen[:, 3] > STRAYED[1]
    enough = (visible >= 0.15 * whole) & ~np.isnan(apart)
    changed = np.where(enough & ((np.nan_to_num(apart) > ANOTHER) | strayed), pieces.changed + 1, 0)
    return replace(pieces, covered=covered.astype(np.int32), changed=changed.astype(np.int32))


def _whole(pieces: Pieces, ground: Ground) -> Floats:
    """For each piece how many pixels of the ground it stands for."""
    scale = np.hypot(pieces.place[:, 0], pieces.place[:, 1])
    return np.asarray(pieces.area * np.square(scale) * ground.height ** 2, np.float32)


def _hidden(pieces: Pieces, ground: Ground, visible: Floats) -> NDArray[np.bool_]:
    """Which pieces are as good as covered."""
    return np.asarray(visible < HIDDEN * _whole(pieces, ground))


def _seen(pieces: Pieces, visible: Floats, colors: Floats) -> Pieces:
    """The pieces with the color noted that is to be seen where each new one shows."""
    new = np.isnan(pieces.seen[:, 0]) & (visible > 3)
    return replace(pieces, seen=np.where(new[:, None], colors, pieces.seen).astype(np.float32))


def _visible(top: Ints, ground: Ground, count: int) -> tuple[Floats, Floats]:
    """For each piece how many pixels of it show, with its part in the margin; and of the frame there, without the
    margin, the mean color in Lab and how far it strays (4; not a number where nothing shows)."""
    pixels = np.bincount(top.ravel() + 1, minlength=count + 1)[1:]
    inner, lab = top[ground.inside].ravel() + 1, ground.lab[ground.inside].reshape(-1, 3)
    squares = np.square(lab).sum(1)
    here = np.bincount(inner, minlength=count + 1)[1:]
    sums = [np.bincount(inner, values, minlength=count + 1)[1:] for values in (*lab.T, squares)]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.stack(sums, 1) / here[:, None]
    means[:, 3] = np.sqrt(np.maximum(means[:, 3] - np.square(means[:, :3]).sum(1), 0))
    return pixels.astype(np.float32), means.astype(np.float32)


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


def _holes(open_here: NDArray[np.bool_], ground: Ground, median: float) -> Iterator[NDArray[np.bool_]]:
    """The holes (h,w) that are large enough for new pieces, without the slits around them."""
    if not open_here.any():
        return
    radius = max(1, round(0.12 * float(np.sqrt(median))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = cv2.morphologyEx(open_here.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    labels = np.asarray(label(wide, connectivity=1), np.int32)
    inside = np.zeros(ground.shape, bool)
    inside[ground.inside] = True
    for found, place in enumerate(find_objects(labels), 1):
        if place is None:
            continue
        mask = labels[place] == found
        if mask.sum() > BIRTH * median and (mask & inside[place]).sum() > 0.25 * BIRTH * median:
            hole = np.zeros(ground.shape, bool)
            hole[place] = mask
            yield hole


