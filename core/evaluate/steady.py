"""`evaluate steady`: clips painted frame by frame and with the default stability, measured alike, in one table.

Results stay in the output folder, and what is finished there is not painted again.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import clips, frames, weights
from ..job import Job
from ..manifest import Manifest
from ..motion.flow import Dis, Estimator
from ..options import MotionOptions, OutputOptions, StyleOptions, options_from, parse_frames
from . import differences
from .clip import ClipFigures, least_steady, measure
from .footage import open_footage
from .making import make, named, recorded
from .neutral import HED
from .report import NOTHING, report
from .steadiness import WarpError

FARTHEST = 10
"""Frames apart at which the second warp error is taken; in a shorter clip as far as it allows."""
ALONE, STEADY = "alone", "steady"
HEADINGS = ("clip", "engine", "painted along, judged by", "E(1) floor", "alone", "steady", "farther", "floor", "alone",
            "steady", "style loss steady / alone", "content error alone", "steady", "s a frame alone: first / later",
            "steady")


@dataclass(frozen=True)
class Painted:
    """One clip, painted one way: its figures, the seconds its first frame took, and the mean of those after it."""

    figures: ClipFigures
    first: float
    later: float | None


@dataclass(frozen=True)
class Row:
    """A clip with an engine, painted both ways; `gap` is the larger distance of frames (1: the clip has no other).

    `along` and `judge` name the estimates of movement that were painted along and measured by: equal ones flatter.
    """

    clip: str
    engine: str
    gap: int
    painted: Mapping[str, Painted]
    along: str
    judge: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        named = {"clip": self.clip, "engine": self.engine, "gap": self.gap, "along": self.along, "judge": self.judge}
        return named | {
            way: {"figures": painted.figures.to_json(), "first_seconds": painted.first, "later_seconds": painted.later}
            for way, painted in self.painted.items()}


@dataclass(frozen=True)
class Settings:
    """What every clip is painted with, beside the engine.

    A style image, the long side in pixels, frames as in `OutputOptions.frames`, optimizer steps (None: the default),
    and the movement along which it is painted.
    """

    style: Path
    size: int
    frames: str = ""
    iterations: int | None = None
    motion: MotionOptions = field(default_factory=MotionOptions)

    def options(self, engine: str, way: str) -> StyleOptions:
        """The defaults but for these, and for the stability of frames painted alone. Raises OptionError."""
        given = {"styles": [{"path": str(self.style)}], "size": self.size, "engine": engine}
        given |= {} if self.iterations is None else {"iterations": self.iterations}
        # Alike but for the stability: a clip starts from the fast engine's painting, so frames alone do here, too
        return options_from(StyleOptions, given | ({"stability": 0, "init": "fast"} if way == ALONE else {}))


def run(paths: Sequence[str], engines: Sequence[str], settings: Settings, output: Path,
        judge: Estimator | None = None) -> None:
    """Paint, measure, print the table; keep it as table.md, all figures as figures.json, and a sheet per result.

    `judge` estimates the movement that results are measured by (None: DIS, as the painter does). Raises GouacheError.
    """
    weights.load(HED)  # now, so that a missing judge shows before the work and not after it
    rows = (_compared(name, path, engine, settings, output, judge)
            for name, path in named(paths).items() for engine in engines)
    report(rows, HEADINGS, _cells, output)


def _cells(row: Row) -> Iterator[str]:
    alone, steady = row.painted[ALONE], row.painted[STEADY]
    yield from (row.clip, row.engine, f"{row.along}, {'exact' if alone.figures.exact_motion else row.judge}")
    yield from _errors(alone.figures.warp.get(1), steady.figures.warp.get(1))
    yield f"E({row.gap})" if row.gap > 1 else NOTHING
    yield from _errors(*((figures.warp.get(row.gap) if row.gap > 1 else None)
                         for figures in (alone.figures, steady.figures)))
    losses = alone.figures.style_loss, steady.figures.style_loss
    yield f"{losses[1] / losses[0]:.2f}" if losses[0] and losses[1] is not None else NOTHING
    for painted in (alone, steady):
        yield f"{painted.figures.content_error:.3f}"
    for painted in (alone, steady):
        yield f"{painted.first:.1f} / " + (NOTHING if painted.later is None else f"{painted.later:.1f}")


def _errors(alone: WarpError | None, steady: WarpError | None) -> tuple[str, str, str]:
    if alone is None or steady is None:
        return NOTHING, NOTHING, NOTHING
    return f"{alone.floor:.4f}", f"{alone.error:.4f}", f"{steady.error:.4f}"


def _compared(name: str, path: str, engine: str, settings: Settings, output: Path, judge: Estimator | None) -> Row:
    """One clip with one engine, painted and measured both ways."""
    clip = clips.open_clip(path)
    wanted = parse_frames(settings.frames)
    numbers = list(clips.chosen(clip, wanted))
    gap = max(1, min(FARTHEST, len(numbers) - 1))
    style = frames.read(settings.style).rgb
    painted = {}
    for way in (ALONE, STEADY):
        along = "" if way == ALONE or settings.motion.flow_method == "dis" else f"-{settings.motion.flow_method}"
        folder = output / f"{name}-{engine}-{way}{along}"
        make(_job(path, folder, settings, settings.options(engine, way)), len(numbers))
        footage = open_footage(path, str(folder), recorded(clip), wanted, judge, output / "motion")
        figures = measure(footage, style, (1, gap))
        differences.write(output / "sheets" / f"{folder.name}.png", footage, least_steady(figures))
        records = Manifest(folder).all()
        seconds = [records[number].seconds for number in numbers if number in records]
        painted[way] = Painted(figures, seconds[0], statistics.fmean(seconds[1:]) if seconds[1:] else None)
    return Row(name, engine, gap, painted, settings.motion.flow_method, judge.name if judge else Dis.name)


def _job(path: str, folder: Path, settings: Settings, options: StyleOptions) -> Job:
    """What is painted. The movement is estimated, even where it is known exactly: so it is with most clips."""
    return Job(path, str(folder), options=options, motion=settings.motion,
               files=OutputOptions(frames=settings.frames)).rooted(Path.cwd())
