"""Cutting new pieces: which parts of a frame get one, what its outline is, and what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ..arrays import Floats, Ints
from ..options import ALIGNED, CollageOptions
from . import segment
from .ground import Ground
from .match import Choice, Matcher
from .materials import Materials
from .moving import Moving, moving, parted
from .order import first_order
from .pieces import NO_OBJECT, Cut, Pieces, Tint, no_pieces
from .segment import GROWTH, Region
from .similarity import applied, similarity

MERGED = {"cutouts": 60.0, "montage": 25.0}
"""Modes whose pieces are of any shape, and what a frame's height counts beside color when parts are merged."""
BUSY = (0.0, 1.25, 0.8, 0.6)
"""How much of the picture each level covers at detail 1, in parts of the whole (more is all of it)."""
SHIFT = 0.035
"""How far, in heights of the frame, photographs of a joiner are off their place."""
MOMENTS = 3
"""A joiner's photographs were taken up to so many frames before."""
VIVID = 1.4
"""How much more colorful a limited palette is than the clip: colored paper is."""
STRAYED = 9.0
"""How far (in Lab, brightness counting less) a frame's colors must be from a palette, on average, to need another."""
BENEATH = 0.6
"""How far, in parts of its size, a piece that fills a hole in the coarsest level reaches below its neighbors, so that
it is not too small at once when the hole grows."""
FLAT = 6.0
"""Most that colors stray (standard deviation, Lab) on a piece of a limited palette."""


class Rule(NamedTuple):
    """Which holes get pieces: of more than `least` of the median piece's area, and wider than twice `slit` of its side.

    Parts of a hole that are smaller than `part` of that area are left open.
    """

    least: float
    slit: float
    part: float


NARROW = Rule(0.1, 0.03, 0.05)
"""In the coarsest level, where tissue would show: in the narrow place that a moving thing leaves, too."""
WIDE = Rule(0.6, 0.12, 0.2)
"""In finer levels, in whose holes there is paper to be seen already, and where gaps between pieces are wanted."""


def birth_rule(options: CollageOptions, level: int = 0) -> Rule:
    """The rule by which pieces of a level are born."""
    return WIDE if level or options.overlap < 0 else NARROW


@dataclass(frozen=True)
class Work:
    """What pieces of one level are cut by in a frame, beside the artist's options.

    `matcher` knows the pieces that lie there already, and the palette they come in; `moves` is how the level's parts
    move, where pieces must not reach over what moves otherwise. Pieces reach over their edges by `overlap`, in parts of
    their size.
    """

    frame: int
    ground: Ground
    matcher: Matcher
    level: int
    generator: np.random.Generator
    overlap: float
    moves: Moving | None = None


@dataclass(frozen=True)
class _Form:
    """A piece's outline: corners `around` (N,2) its `center`, in heights of the frame, askew by `turn` (radians)."""

    center: Floats
    around: Floats
    turn: float = 0.0

    @classmethod
    def of(cls, points: Floats) -> _Form:
        """Of corners where they lie, N,2."""
        center = ((points.min(0) + points.max(0)) / 2).astype(np.float32)
        return cls(center, points - center)

    def turned(self, turn: float) -> _Form:
        """The same, lying askew."""
        return _Form(self.center, applied(similarity(turn, 1.0), self.around), turn)


@dataclass(frozen=True)
class Cutter:
    """Cuts pieces by an artist's options, in a shot that began `since` a frame."""

    options: CollageOptions
    materials: Materials
    since: int

    def all(self, ground: Ground, frame: int, palette: Floats) -> list[Cut]:
        """Pieces for a whole frame, as a shot begins."""
        matcher = Matcher(self.materials, self.options, no_pieces(palette, frame))
        busy = segment.busyness(ground)
        cuts: list[Cut] = []
        levels = range(self.options.levels)
        generators = [self.generator(frame, level) for level in levels]
        with ThreadPoolExecutor(torch.get_num_threads(), "cut") as workers:  # levels know nothing of each other
            labels_of = list(workers.map(partial(self._labels, ground), levels, generators))
        for level, labels, generator in zip(levels, labels_of, generators, strict=True):
            moves = None if ground.motion is None or self.options.mode == "joiner" else moving(labels, ground)
            work = Work(frame, ground, matcher, level, generator, self.options.overlap, moves)
            found = list(self._regions(labels, ground, level, busy))
            found.sort(key=lambda region: region.area, reverse=True)
            for i, region in enumerate(found):
                cuts += self.cut(region, work, first_order(level, i, len(found), _nearness(region, ground)))
        return cuts

    def cut(self, region: Region, work: Work, order: float) -> Iterator[Cut]:
        """The piece for a region, laid at its `order`, unless nothing is left of it.

        It does not reach over what moves otherwise.
        """
        corners = self._corners(region, work)
        if corners is None:
            return
        form = _Form.of(work.ground.units(corners))
        if self.options.mode == "joiner":
            form = form.turned(float(np.deg2rad(self.options.rotation) * work.generator.normal(0, 0.6)))
        yield self._made(region, form, work, order, region.area / work.ground.height ** 2)

    def relaid(self, pieces: Pieces, i: int, ground: Ground, frame: int, matcher: Matcher) -> Cut:
        """A piece laid anew in the place of another, of the same outline."""
        points = pieces.placed(i, pieces.outline(i))
        corners = ground.pixels(points)
        low = np.clip(np.floor(corners.min(0)).astype(int), 0, np.array(ground.shape[::-1]) - 2)
        high = np.clip(np.ceil(corners.max(0)).astype(int) + 1, low + 1, ground.shape[::-1])
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [np.round(corners - low).astype(np.int32)], 1)
        region = Region(mask.astype(bool), int(low[1]), int(low[0]), int(pieces.object[i]))
        level = int(pieces.level[i])
        work = Work(frame, ground, matcher, level, self.generator(frame, int(pieces.number[i])),
                    self.options.overlap)
        return self._made(region, _Form.of(points), work, float(pieces.order[i]), float(pieces.area[i]))

    def wanted(self, level: int, busy: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
        """h,w: where this level has pieces; with a margin, only where that is clear."""
        if not level:
            return np.ones(busy.shape, bool)
        return np.asarray(busy >= 1 - self.options.detail * BUSY[level] + margin)

    def overlap(self, level: int) -> float:
        """How far pieces of a level that are born later reach over the edge of their hole, in parts of their size.

        What lies below all others may reach far; but where gaps are wanted they stay.
        """
        overlap = self.options.overlap
        reaches = birth_rule(self.options, level) is NARROW and self.options.mode != "joiner"
        return max(overlap, BENEATH) if reaches else overlap

    def palette(self, ground: Ground, before: Floats | None = None) -> Floats:
        """K,3: the colors (Lab) that pieces come in; empty if in any.

        Those of the frame `before` stay until the clip has come to others, after a fade or a pan.
        """
        if not self.options.colors:
            return np.zeros((0, 3), np.float32)
        pixels = np.ascontiguousarray(ground.lab[ground.inside].reshape(-1, 3)[::7] * (0.7, 1.0, 1.0), np.float32)
        if before is not None and _distance(pixels, np.asarray(before * (0.7, 1.0, 1.0), np.float32)) < STRAYED:
            return before
        cv2.setRNGSeed(self.options.seed)
        _, _, centers = cv2.kmeans(pixels, min(self.options.colors, len(pixels)), np.empty(0, np.int32),
                                   (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 30, 0.1), 2,
                                   cv2.KMEANS_PP_CENTERS)
        return np.asarray(centers / (0.7, 1.0, 1.0), np.float32)

    def generator(self, frame: int, which: int) -> np.random.Generator:
        """Random numbers that depend on the seed, the frame and the level or piece."""
        return np.random.default_rng([self.options.seed, frame, which])

    def _labels(self, ground: Ground, level: int, generator: np.random.Generator) -> Ints:
        """h,w: the parts of the ground that this level is cut into."""
        options, count = self.options, round(self.options.pieces * GROWTH ** level)
        if options.mode == "joiner":
            return segment.grid(ground, count, generator)
        if options.mode in MERGED:
            labels = segment.merged(ground, count, MERGED[options.mode])
            if options.mode == "montage" and ground.objects is not None:
                labels = segment.whole_objects(labels, ground.objects)
        else:
            labels = segment.superpixels(ground, count, options.regularity)
        return labels if ground.motion is None else parted(labels, ground)

    def _regions(self, labels: Ints, ground: Ground, level: int, busy: Floats) -> Iterator[Region]:
        """Those of the parts that this level has pieces for."""
        wanted = self.wanted(level, busy)
        for region in segment.regions(labels, ground.objects):
            if region.part(wanted)[region.mask].mean() >= 0.5:
                yield region

    def _corners(self, region: Region, work: Work) -> Floats | None:
        """N,2: where (pixels of the ground) the corners of a region's piece lie; None if nothing is left of it."""
        if self.options.mode == "joiner":
            return segment.rectangle(region, work.overlap)
        objects = work.ground.objects
        bounds = None if objects is None or region.object == NO_OBJECT else objects == region.object
        if work.moves is not None:
            reach = segment.reach(region, work.overlap, self.options.smoothness)
            together = work.moves.together(region, reach)
            bounds = together if bounds is None else bounds & together
        return segment.outline(region, work.overlap, self.options.smoothness, bounds)

    def _made(self, region: Region, form: _Form, work: Work, order: float, area: float) -> Cut:
        """A new piece of this form for a region; `area` (heights of the frame, squared) is what it stands for."""
        choice = self._chosen(region, form, work)
        return Cut(work.level, order, (float(form.center[0]), float(form.center[1])), form.around, area, region.object,
                   choice.material, choice.window, choice.moment, _in_colors(choice.tint, work.matcher.pieces.palette))

    def _chosen(self, region: Region, form: _Form, work: Work) -> Choice:
        """What a new piece is made of."""
        lab = region.part(work.ground.lab)
        weight = region.mask.astype(np.float32)
        if self.options.mode not in ALIGNED:
            extent = 2 * float(np.hypot(*form.around.T).max())
            return work.matcher.choose(lab, weight, form.around, form.center, extent, work.generator)
        if self.options.mode == "joiner":
            moment, shown = self._photograph(form, work)
            return work.matcher.show(0, moment, shown, form.around, -form.turn, lab, weight)
        version = work.level % len(self.materials.versions)
        return work.matcher.show(version, self.materials.moment(version, work.frame), form.center, form.around, 0.0,
                                 lab, weight)

    def _photograph(self, form: _Form, work: Work) -> tuple[int, Floats]:
        """What a photograph of a joiner shows: the frame, some ago, and the place, a little off; all of it is there."""
        ground, generator = work.ground, work.generator
        taken = max(work.frame - int(generator.integers(0, MOMENTS + 1)), self.since)
        shift = generator.normal(0, SHIFT, 2).clip(-2 * SHIFT, 2 * SHIFT)
        half = (form.around.max(0) - form.around.min(0)) / 2
        middle = np.array([(ground.shape[1] - 2 * ground.margin) / ground.height, 1.0]) / 2
        place = np.clip(form.center + shift, np.minimum(half, middle), np.maximum(2 * middle - half, middle))
        return self.materials.taken(taken, work.frame), place


def _nearness(region: Region, ground: Ground) -> float:
    """How near (0..1) a region is on the average; 0 where that is not known."""
    return 0.0 if ground.depth is None else float(region.part(ground.depth)[region.mask].mean())


def hole_parts(hole: NDArray[np.bool_], ground: Ground, median: float, rule: Rule) -> Sequence[Region]:
    """The pieces that a hole (h,w) is filled with, about as large as the median of the others (pixels); where narrow
    holes are filled, as long as that is wide, for they may lead past many things."""
    width = 2 * float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3).max())
    size = min(median, width * sqrt(median)) if rule is NARROW else median
    labels: Ints = segment.split(hole, ground, max(1, round(hole.sum() / size)))
    return [region for region in segment.regions(labels, ground.objects) if region.area > rule.part * median]


def _distance(pixels: Floats, palette: Floats) -> float:
    """How far colors (N,3) are from the nearest of a palette (K,3), on average."""
    return float(np.min([np.linalg.norm(pixels - color, axis=1) for color in palette], axis=0).mean())


def _in_colors(tint: Floats, palette: Floats) -> Floats:
    """A tint whose target is the nearest color of the palette, more vivid; the sheet keeps its own spread."""
    if not len(palette):
        return tint
    told = Tint.of(tint)
    told = told._replace(new_mean=snapped(told.new_mean, palette), new_spread=np.minimum(told.spread, FLAT))
    return np.concatenate(told).astype(np.float32)


def snapped(lab: Floats, palette: Floats) -> Floats:
    """...,3: for colors in Lab the nearest ones of a palette (K,3), more vivid: colored paper is."""
    nearest = palette[np.abs(palette - lab[..., None, :]).sum(-1).argmin(-1)]
    return np.asarray(nearest * (1.0, VIVID, VIVID), np.float32)
