"""What is ordered: a subject to paint (a strip, a node), the job for the engine, and the folder for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..core.digests import digest_of
from ..core.job import Job
from ..core.manifest import Manifest, engine_of
from ..core.options import CollageOptions, MotionOptions
from . import preferences
from .files import safe_name

PREVIEW_SIZE = 640  # the fast engine paints so many pixels within half a second on two CPU cores
PREVIEW_FOLDER = "preview"


class Subject(Protocol):
    """What is painted: it renders its own frames for the engine, and shows the painting in the end."""

    @property
    def name(self) -> str:
        """As an artist knows it."""
        ...

    @property
    def first(self) -> int:
        """The first frame to paint."""
        ...

    @property
    def last(self) -> int:
        """The last frame to paint."""
        ...

    def capture(self, folder: Path, first: int, last: int) -> Subject:
        """Render frames first..last into the folder. Returns itself, or another subject to begin anew with.

        Raises GouacheError.
        """
        ...

    def show(self, files: dict[int, Path]) -> Shown:
        """Show the painted frames (frame -> file): all of them, or those that were wanted. Raises GouacheError."""
        ...


class Plan(Protocol):
    """How a subject is captured: whatever that needs, and in which frames."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...


class Ranged:
    """A subject's frames: those of its plan."""

    plan: Plan

    @property
    def first(self) -> int:
        return self.plan.first

    @property
    def last(self) -> int:
        return self.plan.last


@dataclass(frozen=True)
class Shown:
    """Where a painting is now seen, by name, and what an artist should know about it."""

    name: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Order:
    """One painting to make: what is captured, the job for the engine, the folder for both.

    `job_name` is the job's file in that folder: several machines that share a folder each have their own. `wanted`
    are the frames to make, and `seen` those that are captured for that, as ranges (first, last); empty is all. A
    warning of the engine's that contains `settled` is not passed on: this order sees to it. `begun` is a folder of
    results to begin with if there are none yet: those of another version of the film. `stands` says that results are
    good as they are if each was made from the picture that is captured for it; where a painting was moved with its
    strip, results have numbers that are `numbered_later`, and others are made in a folder `apart`. `again` makes the
    order anew if what is painted was moved since, else it gives None.
    """

    subject: Subject
    job: Job
    folder: Path
    job_name: str = "job.json"
    settled: str = ""
    wanted: tuple[tuple[int, int], ...] = ()
    seen: tuple[tuple[int, int], ...] = ()
    begun: Path | None = None
    stands: bool = False
    numbered_later: int = 0
    apart: Path | None = None
    again: Callable[[], Order | None] | None = None

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def result(self) -> Path:
        return self.folder / "result"

    @property
    def frames(self) -> list[int]:
        """The frames to make."""
        return numbers(self.wanted or ((self.subject.first, self.subject.last),))

    def to_capture(self) -> tuple[tuple[int, int], ...]:
        """The ranges to capture."""
        return self.seen or ((self.subject.first, self.subject.last),)

    def as_it_stands(self) -> Order:
        """The order as it would be given now, itself if nothing was moved. Raises GouacheError."""
        return (self.again() if self.again is not None else None) or self

    def clear_of_shown(self) -> Order:
        """The order for results that take the place of none that is shown under another number."""
        if self.apart is None:
            return self
        return replace(self, folder=self.apart, begun=self.result,
                       job=replace(self.job, output=str(self.apart / self.result.name)))

    def rooted(self) -> Order:
        """With the job's input and output in the order's folder."""
        return replace(self, job=replace(self.job, input=str(self.source / self.job.input),
                                         output=str(self.result)))


def finished(results: Manifest, frame: int, source: Path, effect: str) -> Path | None:
    """The file of a frame, if it is whole and this version's engine made it from the picture that is given."""
    record = results.get(frame)
    is_good = (record is not None and record.engine == engine_of(effect) and record.input == digest_of(source)
               and results.holds(record))
    return results.folder / record.file if record is not None and is_good else None


def preview_folder(name: str) -> Path:
    """Where quick looks at what has this name are kept."""
    return preferences.cache_folder() / PREVIEW_FOLDER / safe_name(name)


def as_preview(job: Job) -> Job:
    """The job for a quick look: a small picture, which moves nowhere, and no layers beside it."""
    options = replace(job.options, size=min(job.options.size or PREVIEW_SIZE, PREVIEW_SIZE))
    if isinstance(options, CollageOptions):
        options = replace(options, export_layers=False)
    files = replace(job.files, format="png", restore_size=False)
    return replace(job, options=options, files=files, motion=MotionOptions())


def numbers(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """The frames of ranges (first, last)."""
    return [frame for first, last in ranges for frame in range(first, last + 1)]


def runs(frames: Iterable[int], step: int = 1) -> tuple[tuple[int, int], ...]:
    """The ranges (first, last) that frames make up which are no more than a step from each other."""
    found: list[tuple[int, int]] = []
    for frame in sorted(set(frames)):
        if found and frame <= found[-1][1] + step:
            found[-1] = found[-1][0], frame
        else:
            found.append((frame, frame))
    return tuple(found)


def runs_text(ranges: Iterable[tuple[int, int]]) -> str:
    """Ranges as `3-5,9`."""
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)
