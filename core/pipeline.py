"""Run a job: read each frame, apply the effect, write the result; what is finished and unchanged is left alone.

`run` yields events and is stopped by not asking for the next one (or closing it): that is how a job is cancelled,
at the latest one optimizer step later. While a frame is painted, the next one is read and the one before written.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from . import clips, devices, events, frames, shots
from .ahead import ReadAhead, WriteBehind
from .clips import Clip
from .devices import Compute
from .effects import Effect, Frame, Neighbor, Step
from .errors import DeviceError, GouacheError, InputError, OptionError, OutputError
from .events import Event
from .frames import FORMATS, Picture
from .manifest import Manifest, Record, digest_of, key_of
from .motion.flow import estimator
from .motion.links import Motion
from .motion.recorded import RecordedFlow
from .options import Job, parse_chunk, parse_frames, parse_ranges
from .plan import Plan, Source, Task, plan
from .sizes import Size, resize
from .sources import Input, Sources, restored
from .style.video import StyleEffect


def _hangs_together(job: Job, clip: Clip) -> bool:
    """Whether frames are painted in agreement with others: not if they are to be alone, nor if there is but one."""
    return job.options.stability > 0 and len(clip.numbers) > 1


def _style(job: Job, clip: Clip, compute: Compute) -> Effect:
    if not job.options.styles:
        raise OptionError("There is no style image.", "Give at least one.")
    styles = [(frames.read(Path(style.path)), style.weight) for style in job.options.styles]
    options = job.options if _hangs_together(job, clip) else replace(job.options, stability=0.0)
    return StyleEffect(options, styles, compute, lambda: clip.read(clip.numbers[0]))


EFFECTS: Mapping[str, Callable[[Job, Clip, Compute], Effect]] = {"style": _style}
"""How each effect a job may name is made ready for a clip: its pictures read, its networks loaded."""
MOTION = "motion"
"""The folder, inside that of the results, for what was found out about movement and shots."""


def run(job: Job) -> Iterator[Event]:
    """Make every missing or changed frame of the job. Yields Started, Progress, Frame, Warning and Done.

    Frames that cannot be read are left out, the others made, and InputError raised at the end. Raises
    OptionError, InputError, OutputError, WeightsError, DeviceError at once when nothing more can be done.
    """
    compute = devices.choose(job.engine)
    clip = clips.open_clip(job.input)
    output = Path(job.output)
    if output.resolve() == clip.folder.resolve():
        raise OutputError("The output folder is the input's own folder.", "Choose another one: nothing is overwritten.")
    mask = clips.open_clip(job.options.mask) if job.options.mask else None
    effect = EFFECTS[job.effect](job, clip, compute)
    results = _Results(output)
    results.manifest(output).check_writable()
    recorded = _recorded(job, clip)
    planned, failed = _planned(job, clip, mask, recorded, effect.weights)
    sources = Sources(clip, mask, job.options.size, _motion(job, clip, recorded, compute))
    yield from _Run(job, effect, sources, results, planned, failed).events()


def _planned(job: Job, clip: Clip, mask: Clip | None, recorded: RecordedFlow | None,
             networks: str) -> tuple[Plan, list[InputError]]:
    """The job's tasks, and the errors of the frames that cannot be read."""
    only = parse_ranges(job.files.only)
    inputs: dict[int, str] = {}
    failed: list[InputError] = []
    for number in clips.chosen(clip, parse_frames(job.files.frames)):
        try:
            inputs[number] = clip.digest(number)
        except InputError as error:
            if _inside(number, only):
                failed.append(error)
    begins = shots.beginnings(clip, inputs, Path(job.output) / MOTION) if _hangs_together(job, clip) else set()
    sources = []
    for number, digest in inputs.items():
        values = {name: job.at(number, name) for name in job.animation}
        moved = _motion_digest(recorded, number, job.options.hold)
        facts = key_of(digest, values, _mask_digest(mask, number), *filter(None, [moved]))
        file = clip.stem(number) + FORMATS[job.files.format].suffix
        sources.append(Source(number, file, digest, facts, number in begins))
    look = key_of(job.look(), networks)
    made = plan(sources, job.options, look, Path(job.output), parse_chunk(job.files.chunk))
    made.results = [task for task in made.results if _inside(task.number, only)]
    if only and not made.results and not failed:
        raise InputError(f"No frame of the input lies in {job.files.only}.", "Correct Only, or leave it empty.")
    return made, failed


def _inside(number: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether a frame is in one of the ranges (first, last); without any, every frame is."""
    return not ranges or any(first <= number <= last for first, last in ranges)


def _mask_digest(mask: Clip | None, number: int) -> str:
    """What a frame's mask is; empty without any."""
    if mask is None:
        return ""
    if len(mask.numbers) == 1:
        return mask.digest(mask.numbers[0])
    return mask.digest(number) if number in mask.numbers else ""


def _motion_digest(recorded: RecordedFlow | None, number: int, hold: int) -> str:
    """The recorded motion that leads to a frame, that of held frames before it included; empty without any."""
    if recorded is None:
        return ""
    return " ".join(recorded.digest(earlier) for earlier in range(number - hold + 1, number + 1)).strip()


def _recorded(job: Job, clip: Clip) -> RecordedFlow | None:
    if not job.motion.flow or not _hangs_together(job, clip):
        return None
    return RecordedFlow(Path(job.motion.flow), clip.numbers)


def _motion(job: Job, clip: Clip, recorded: RecordedFlow | None, compute: Compute) -> Motion | None:
    if not _hangs_together(job, clip):
        return None
    return Motion(estimator(job.motion.flow_method, job.motion.raft_weights, compute.device), recorded,
                  Path(job.output) / MOTION)


class _Results:
    """The folders that pictures go to, each with a manifest."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self._manifests: dict[Path, Manifest] = {}

    def manifest(self, folder: Path) -> Manifest:
        """A folder's manifest."""
        if folder not in self._manifests:
            self._manifests[folder] = Manifest(folder)
        return self._manifests[folder]

    def has(self, task: Task) -> bool:
        """Whether a task's picture is there, made from what it would be made from now."""
        manifest = self.manifest(task.path.parent)
        record = manifest.get(task.number)
        return (record is not None and (record.key, record.file) == (task.key, task.path.name)
                and manifest.holds(record) and frames.readable(task.path))

    def enter(self, task: Task, seconds: float) -> None:
        """Remember a task's picture, which is in place, as finished. Raises OutputError."""
        try:
            picture = digest_of(task.path)
        except OSError as error:  # another program took it away
            raise OutputError(f"'{task.path.name}' was written and is gone.", "Run again.", str(error)) from error
        record = Record(task.path.name, task.input, task.key, round(seconds, 3), picture=picture)
        self.manifest(task.path.parent).add(task.number, record)


@dataclass
class _Run:
    """One pass over a job's tasks."""

    job: Job
    effect: Effect
    sources: Sources
    results: _Results
    plan: Plan
    failed: list[InputError]

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.frames = len(self.plan.results) + len(self.failed)
        self.shown = set(self.plan.results)
        self.unmade: set[Task] = set()
        self.made: dict[str, Path] = {}

    def events(self) -> Iterator[Event]:
        finished = {task for task in self.plan.tasks if self.results.has(task)}
        todo = self.plan.needed(finished)
        self.made = {task.key: task.path for task in self.plan.tasks if task in finished}
        yield events.Started(self.frames, len(todo), str(self.results.output))
        for task in self.plan.results:
            if task in finished:
                yield events.Frame(task.number, 0, len(todo), str(task.path), 0.0, cached=True)
        following = self._following(todo)
        with ReadAhead(self.sources.read) as self.ahead, WriteBehind[list[Event]]() as self.behind:
            for index, task in enumerate(todo, 1):
                try:
                    yield from self._done(task, index, len(todo), following.get(task))
                except GouacheError as error:
                    yield from self._written()
                    if not isinstance(error, InputError):
                        raise
                    self.unmade.add(task)
                    self.failed.append(error)
                    yield events.Warning(error.message, error.hint, error.detail)
            yield from self._written()
        if self.failed:
            raise _summary(self.failed, self.frames)
        yield events.Done(self.frames, time.monotonic() - self.began, str(self.results.output))

    def _following(self, todo: list[Task]) -> dict[Task, Task]:
        """For each task that reads its frame, the next one that does: repeats of another are only copied."""
        first: dict[str, Task] = {}
        for task in todo:
            first.setdefault(task.key, task)
        return dict(itertools.pairwise(task for key, task in first.items() if key not in self.made))

    def _done(self, task: Task, index: int, of: int, following: Task | None) -> Iterator[Event]:
        """Make one picture; yields its Progress and Warnings, and the Frame of the one before."""
        if task.key in self.made:
            yield from self._written()
            frames.copy(self.made[task.key], task.path)
            self.results.enter(task, 0.0)
            yield from self._frame(task, index, of, 0.0)
        elif any(needed in self.unmade for needed in task.whole):
            self.unmade.add(task)  # what went wrong has been told
        else:
            yield from self._make(task, index, of, following)

    def _make(self, task: Task, index: int, of: int, following: Task | None) -> Iterator[Event]:
        """Read, paint and write one picture.

        Its own Frame comes from `behind`, when its file is in place and the manifest knows it.
        """
        began = time.monotonic()
        source = self.ahead.take(task)
        if any(True for _ in task.needs):
            yield from self._written()
        if following is not None:
            self.ahead.start(following)
        for note in source.whole.notes:
            yield events.Warning(note)
        painted: Tensor | None = None
        for result in self._painted(task, source):
            if isinstance(result, Step):
                yield from self._written(wait=False)
                yield events.Progress(task.number, index, of, result.step, result.steps, result.loss,
                                      time.monotonic() - self.began)
            else:
                painted = result
        assert painted is not None, "an effect's last result is the picture"
        finished = Picture(painted, source.picture.alpha)
        before = self._written()
        self.behind.start(lambda: self._write(task, index, of, finished, source, began))
        self.made[task.key] = task.path
        yield from before

    def _painted(self, task: Task, source: Input) -> Iterator[Step | Tensor]:
        size = source.picture.size
        if task.joined:
            one, other, share = task.joined
            yield torch.lerp(self._result(one, size), self._result(other, size), share)
            return
        neighbors = tuple(Neighbor(near.content, self._result(near.task, size), near.link)
                          for near in source.nearby if near.task not in self.unmade)
        begun = None if task.begun is None or task.begun in self.unmade else self._result(task.begun, size)
        mask = None if source.mask is None else resize(source.mask, size)
        frame = Frame(task.number, source.picture, self.job.at(task.number, "strength"), mask, neighbors, begun)
        yield from _guarded(self.effect.paint(frame))

    def _result(self, task: Task, size: Size) -> Tensor:
        """A finished picture, from its file, so that a resumed run sees the same."""
        return resize(frames.read(task.path).rgb, size)

    def _write(self, task: Task, index: int, of: int, finished: Picture, source: Input, began: float) -> list[Event]:
        """Put a picture in place and enter it in the manifest. Raises OutputError."""
        if self.job.files.restore_size:
            finished = restored(finished, source.whole, source.mask)
        frames.write(task.path, finished, self.job.files.format)
        seconds = time.monotonic() - began
        self.results.enter(task, seconds)
        return list(self._frame(task, index, of, seconds))

    def _frame(self, task: Task, index: int, of: int, seconds: float) -> Iterator[Event]:
        """The event for a picture that stands in its place, if it is one of the job's results."""
        if task in self.shown:
            yield events.Frame(task.number, index, of, str(task.path), seconds, cached=False)

    def _written(self, wait: bool = True) -> Iterator[Event]:
        """The events of what was being written, which is finished on return unless nobody waits for it."""
        return itertools.chain.from_iterable(self.behind.finished(wait))


def _guarded(results: Iterator[Step | Tensor]) -> Iterator[Step | Tensor]:
    """The results; a device that runs out of memory becomes an error for a person."""
    try:
        yield from results
    except torch.OutOfMemoryError as error:
        raise DeviceError("The device ran out of memory.", "Choose a smaller Size, or the CPU.", str(error)) from error
    except RuntimeError as error:
        if "alloc" not in str(error):
            raise
        raise DeviceError("The memory is not enough for this size.", "Choose a smaller Size.", str(error)) from error


def _summary(failed: list[InputError], of: int) -> GouacheError:
    if len(failed) == 1 and of == 1:
        return failed[0]
    first = failed[0]
    return InputError(f"{len(failed)} of {of} frames could not be painted; the others are done. First: {first.message}",
                      "Mend them and run again: only they will be painted.",
                      "\n".join(f"{error.message} {error.detail}" for error in failed))
