"""`evaluate collage`: clips made of paper, tracked and with every frame cut afresh, measured alike, in one table.

The warp error E(1) is that of `steadiness.py`: what differs from a frame to the next one beyond the source's movement.
Pieces that stick to what moves have little of it, pieces cut anew in every frame much: the ratio of the two says how
well tracking works. Results stay in the output folder, and what is finished there is not made again.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
from tqdm import tqdm

from .. import clips, frames, weights
from ..clips import Clip
from ..collage.compose import Composer
from ..collage.materials import open_materials
from ..collage.pieces import Pieces
from ..collage.tasks import TRACKS
from ..errors import InputError
from ..job import Job
from ..manifest import Manifest
from ..motion.flow import Estimator
from ..options import COLLAGE_MODES, CollageOptions, OutputOptions, options_from, parse_frames
from . import afresh, differences
from .clip import ClipFigures, least_steady, measure
from .covering import Cover, cover
from .footage import Footage, open_footage
from .lives import Lives, Reuse, lives, reuse
from .making import make, named, recorded
from .neutral import HED
from .report import NOTHING, report

FPS = 24.0
"""Frames a second of a clip that does not say how many."""
TRACKED, AFRESH = "tracked", "afresh"
HEADINGS = ("clip", "mode", "frames", "motion", "E(1) floor", TRACKED, AFRESH, "ratio", "content error", "paper",
            "holes", "pieces", "median life", "of the shot", "first ones that last", "births a second", "deaths",
            "sheets (largest)", "same spot")


@dataclass(frozen=True)
class Settings:
    """What every clip is made with, beside the mode: long side in pixels, frames as in `OutputOptions`, materials."""

    size: int
    frames: str = ""
    materials: tuple[str, ...] = ()

    def options(self, mode: str) -> CollageOptions:
        """A mode's own settings but for these. Raises OptionError."""
        given = {"mode": mode, **COLLAGE_MODES[mode], "size": self.size, "materials": list(self.materials)}
        return options_from(CollageOptions, given)


@dataclass(frozen=True)
class Row:
    """What was measured of a clip in a mode.

    `tracked` and `afresh` are the figures of both results; `ratio` is E(1) tracked / afresh (None: no two frames in a
    shot); `paper` the mean over frames of the part that lies under paper, `holes` the largest part of a frame in holes
    that the birth rule should have filled; `pieces` the mean number in a frame.
    """

    clip: str
    mode: str
    fps: float
    tracked: ClipFigures
    afresh: ClipFigures
    ratio: float | None
    paper: float
    holes: float
    pieces: float
    lives: Lives
    reuse: Reuse

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"tracked": self.tracked.to_json(), "afresh": self.afresh.to_json()}


def run(paths: Sequence[str], modes: Sequence[str], settings: Settings, output: Path, as_json: bool,
        judge: Estimator | None = None) -> None:
    """Make, measure, print the table or JSON; keep it as table.md, all figures as figures.json, and a sheet for each.

    `judge` estimates the movement that results are measured by (None: DIS, as the tracking does). Raises GouacheError.
    """
    weights.load(HED)  # now, so that a missing judge shows before the work and not after it
    rows = (_compared(name, path, settings.options(mode), settings, output, judge)
            for name, path in named(paths).items() for mode in modes)
    report(rows, HEADINGS, _cells, output, as_json)


def _cells(row: Row) -> Iterator[str]:
    tracked, alone = (figures.warp[1] for figures in (row.tracked, row.afresh))
    yield from (row.clip, row.mode, str(len(row.tracked.frames)), "exact" if row.tracked.exact_motion else "estimated")
    yield from ([NOTHING] * 3 if tracked is None or alone is None else
                (f"{tracked.floor:.4f}", f"{tracked.error:.4f}", f"{alone.error:.4f}"))
    yield NOTHING if row.ratio is None else f"{row.ratio:.3f}"
    yield f"{row.tracked.content_error:.3f} / {row.afresh.content_error:.3f}"
    yield from (f"{row.paper:.2%}", f"{row.holes:.2%}", f"{row.pieces:.0f}")
    yield from (f"{row.lives.median:g}", f"{row.lives.median_share:.0%}")
    yield f"{row.lives.survivors:.0%} ({row.lives.survivors_area:.0%} by area)"
    yield f"{row.lives.births_a_second:.1f}"
    yield ", ".join(f"{count} {end}" for end, count in row.lives.deaths.items()) or "none"
    yield f"{row.reuse.sheets:.0f} ({row.reuse.largest:.0%})"
    yield f"{row.reuse.shared:.0%}"


def _compared(name: str, path: str, options: CollageOptions, settings: Settings, output: Path,
              judge: Estimator | None) -> Row:
    """One clip in one mode, made and measured both ways. Its movement is estimated though it may be known: so a user
    gets it."""
    clip = clips.open_clip(path)
    numbers = list(clips.chosen(clip, parse_frames(settings.frames)))
    folders = {way: output / f"{name}-{options.mode}-{way}" for way in (TRACKED, AFRESH)}
    jobs = {way: Job(path, str(folder), "collage", options, OutputOptions(frames=settings.frames)).rooted(Path.cwd())
            for way, folder in folders.items()}
    make(jobs[TRACKED], len(numbers))
    for _ in tqdm(afresh.make(jobs[AFRESH]), total=len(numbers), unit="frame", desc=folders[AFRESH].name, disable=None):
        pass
    results = {way: _footage(clip, path, folder, settings, output, judge) for way, folder in folders.items()}
    figures = {way: measure(footage, None, (1,)) for way, footage in results.items()}
    differences.write_all(output / "sheets" / f"{name}-{options.mode}.png", results, least_steady(figures[TRACKED]))
    tracks = [(number, pieces_of(folders[TRACKED], number)) for number in numbers]
    covers = _covers(jobs[TRACKED], tracks)
    tracked, alone = (figures[way].warp[1] for way in (TRACKED, AFRESH))
    return Row(name, options.mode, fps_of(clip), figures[TRACKED], figures[AFRESH],
               tracked.error / alone.error if tracked and alone and alone.error else None,
               statistics.fmean(one.paper for one in covers), max(one.holes for one in covers),
               statistics.fmean(len(pieces) for _, pieces in tracks),
               lives(tracks, fps_of(clip), options.life), reuse(tracks))


def _footage(clip: Clip, path: str, folder: Path, settings: Settings, output: Path, judge: Estimator | None) -> Footage:
    return open_footage(path, str(folder), recorded(clip), parse_frames(settings.frames), judge, output / "motion")


def _covers(job: Job, tracks: Sequence[tuple[int, Pieces]]) -> list[Cover]:
    """What is covered in each frame; papers are made once more."""
    assert isinstance(job.options, CollageOptions)
    composer = Composer(job.options, open_materials(job.options, lambda: clips.open_clip(job.input)))
    records = Manifest(Path(job.output)).all()
    size = frames.size(Path(job.output) / records[tracks[0][0]].file)
    return [cover(pieces, composer, size) for _, pieces in tqdm(tracks, desc="cover", leave=False, disable=None)]


def pieces_of(folder: Path, number: int) -> Pieces:
    """What is known of a frame's pieces, beside a collage. Raises InputError."""
    record = Manifest(folder / TRACKS).get(number)
    if record is None:
        raise InputError(f"Nothing is known of the pieces of frame {number}.", "Delete the folder and run again.",
                         str(folder / TRACKS))
    return Pieces.from_bytes((folder / TRACKS / record.file).read_bytes())


def fps_of(clip: Clip) -> float:
    """Frames a second."""
    if not isinstance(clip, clips.Movie):
        return FPS
    found = float(cv2.VideoCapture(str(clip.path)).get(cv2.CAP_PROP_FPS))
    return found if found > 0 else FPS
