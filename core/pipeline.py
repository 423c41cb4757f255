"""Run a job: read each frame, apply the effect, write the result; what is finished and unchanged is left alone.

`run` yields events and is stopped by not asking for the next one (or closing it): that is how a job is cancelled,
at the latest one optimizer step later. While a frame is painted, the next one is read and the one before written.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor

from . import clips, devices, events, frames, overwriting, shots
from .ahead import ReadAhead, WriteBehind
from .atomic import write_bytes
from .clips import Clip
from .devices import Compute
from .digests import key_of
from .effects import Effect, Follower, Frame, Moment, Neighbor, Painted, Step
from .errors import DeviceError, GouacheError, InputError
from .events import Event
from .frames import FORMATS, Picture
from .job import BESIDE, Job
from .kinds import KINDS, Kind, hangs_together
from .lead import led_over
from .manifest import engine_of
from .motion.flow import estimator
from .motion.links import Motion
from .motion.recorded import RecordedFlow
from .options import parse_chunk, parse_frames, parse_ranges
from .plan import Plan, Source, Task
from .reference import find_reference
from .results import Results
from .sizes import resize, size_of
from .sources import Input, Nearby, Sources, beside_result, restored, unmixed

MOTION = "motion"
"""The folder, inside that of the results, for what was found out about movement and shots."""


def run(job: Job) -> Iterator[Event]:
    """Make every missing or changed frame of the job. Yields Looking, Started, Progress, Frame, Warning, Done.

    Frames that cannot be read are left out, the others made, and InputError raised at the end. Raises
    OptionError, InputError, OutputError, WeightsError, DeviceError at once when nothing more can be done.
    """
    try:
        yield from _events(job)
    except torch.OutOfMemoryError as error:
        raise DeviceError("The device ran out of memory.", "Choose a smaller Size, or the CPU.", str(error)) from error
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not isinstance(error, MemoryError) and "alloc" not in str(error):
            raise
        raise DeviceError("The memory is not enough for this size.", "Choose a smaller Size.", str(error)) from error


def _events(job: Job) -> Iterator[Event]:
    """Makes ready what all frames need, and then them."""
    compute = devices.choose(job.engine)
    clip = clips.open_clip(job.input)
    output = Path(job.output)
    overwriting.refuse_own(output, clip)
    beside = {name: clips.open_clip(path) for name in BESIDE if (path := getattr(job.options, name, ""))}
    kind = KINDS[job.effect]
    reference = (yield from find_reference(clip)) if job.refers_to_first else clip.numbers[0]
    effect = kind.prepare(job, clip, compute, reference)
    results = Results(output, engine_of(job.effect))
    results.manifest(output).check_writable()
    for note in (*(note for each in (clip, *beside.values()) for note in each.notes), *effect.notes):
        yield events.Warning(note)
    recorded = _recorded(job, clip)
    all_share = [effect.weights, *([clip.digest(reference)] if job.refers_to_first else [])]
    planned, failed = yield from _planned(job, clip, beside, recorded, key_of(job.look(), *all_share))
    overwriting.refuse(job, planned, results.manifest(output))
    results.manifest(output).begin()
    sources = Sources(clip, beside, job.options.size, _motion(job, clip, recorded, compute))
    yield from _Run(job, kind, effect, sources, results, planned, failed).events()


def _planned(job: Job, clip: Clip, beside: Mapping[str, Clip], recorded: RecordedFlow | None,
             look: str) -> Generator[Event, None, tuple[Plan, list[InputError]]]:
    """Returns the job's tasks, and the errors of the frames that cannot be read.

    `look` is the hash of what changes every frame.
    """
    only = parse_ranges(job.files.only)
    wanted = set(clips.chosen(clip, parse_frames(job.files.frames)))
    if not any(_inside(number, only) for number in wanted):
        raise InputError(f"No frame of the input lies in {job.files.only}.", "Correct Only, or leave it empty.")
    inputs, failed = yield from _looked_at(job, clip, wanted)
    hangs = hangs_together(job, clip)
    begins = (yield from shots.beginnings(clip, inputs, Path(job.output) / MOTION)) if hangs else set[int]()
    sources = []
    for number, digest in inputs.items():
        moved = _motion_digest(recorded, number, job.options.hold)
        file = clip.stem(number) + FORMATS[job.files.format].suffix
        facts = _facts(job, number, digest, beside, moved)
        sources.append(Source(number, file, digest, facts, number in begins, number in wanted, moved))
    made = KINDS[job.effect].plan(sources, job, look, parse_chunk(job.files.chunk))
    made.results = [task for task in made.results if _inside(task.number, only)]
    return made, failed


def _looked_at(job: Job, clip: Clip,
               wanted: Collection[int]) -> Generator[Event, None, tuple[dict[int, str], list[InputError]]]:
    """Returns the hash of each frame that the job depends on, and the errors of wanted ones that cannot be read."""
    only = parse_ranges(job.files.only)
    inputs: dict[int, str] = {}
    failed: list[InputError] = []
    asked = clip.numbers if KINDS[job.effect].from_the_first else sorted(wanted)
    for index, number in enumerate(asked, 1):
        yield events.Looking(number, index, len(asked))
        try:
            inputs[number] = clip.digest(number)
        except InputError as error:
            if number in wanted and _inside(number, only):
                failed.append(error)
        if number > max(wanted) and number in inputs:  # one more: a shot's first frame depends on its second
            break
    return inputs, failed


def _facts(job: Job, number: int, digest: str, beside: Mapping[str, Clip], moved: str) -> str:
    """The hash of all that decides how this one frame looks alone (`Source.facts`)."""
    values = {name: job.at(number, name) for name in job.animation}
    along = [f"{name} {_digest_beside(other, number)}" for name, other in beside.items()]
    return key_of(digest, values, *along, *filter(None, [moved]))


def _inside(number: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether a frame is in one of the ranges (first, last); without any, every frame is."""
    return not ranges or any(first <= number <= last for first, last in ranges)


def _digest_beside(other: Clip, number: int) -> str:
    """What comes along with a frame; empty if nothing does."""
    serving = clips.serving(other, number)
    return "" if serving is None else other.digest(serving)


def _motion_digest(recorded: RecordedFlow | None, number: int, hold: int) -> str:
    """The recorded motion that leads to a frame, that of held frames before it included; empty without any."""
    if recorded is None:
        return ""
    return " ".join(recorded.digest(earlier) for earlier in range(number - hold + 1, number + 1)).strip()


def _recorded(job: Job, clip: Clip) -> RecordedFlow | None:
    if not job.motion.flow or not hangs_together(job, clip):
        return None
    return RecordedFlow(Path(job.motion.flow), clip.numbers)


def _motion(job: Job, clip: Clip, recorded: RecordedFlow | None, compute: Compute) -> Motion | None:
    if not hangs_together(job, clip):
        return None
    return Motion(estimator(job.motion.flow_method, job.motion.raft_weights, compute.device), recorded,
                  Path(job.output) / MOTION)


@dataclass
class _Run:
    """One pass over a job's tasks."""

    job: Job
    kind: Kind
    effect: Effect
    sources: Sources
    results: Results
    plan: Plan
    failed: list[InputError]

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.without_task = len(self.failed)
        self.frames = len(self.plan.results) + self.without_task
        self.shown = set(self.plan.results)
        self.unmade: set[Task] = set()
        self.made: dict[str, Path] = {}
        self.writing: Task | None = None  # the last one that was begun to be written

    def events(self) -> Iterator[Event]:
        finished = {task for task in self.plan.tasks if self.results.has(task)}
        finished |= self.results.take_over([task for task in self.plan.tasks if task not in finished])
        todo = self.plan.needed(finished)
        self.made = {task.key: task.path for task in self.plan.tasks if task in finished}
        yield events.Started(self.frames, len(todo), str(self.results.output))
        if not self.plan.results:
            yield events.Warning("This part of the clip has none of the frames asked for.",
                                 "A clip is parted at cuts and anchors: it may have fewer pieces than parts.")
        for task in self.plan.results:
            if task in finished:
                self.results.confirm(task)
                yield events.Frame(task.number, 0, len(todo), str(task.path), 0.0, cached=True)
        following = self._following(todo)
        with ReadAhead(self.sources.read) as self.ahead, WriteBehind[list[Event]]() as self.behind:
            for index, task in enumerate(todo, 1):
                try:
                    yield from self._done(task, index, len(todo), following.get(task))
                except Exception as error:
                    yield from self._written()
                    if not isinstance(error, InputError):
                        raise
                    self.unmade.add(task)
                    self.failed.append(error)
                    yield events.Warning(error.message, error.hint, error.detail)
            yield from self._written()
        if lost := self.without_task + sum(task in self.unmade for task in self.plan.results):
            raise _summary(self.failed, lost, self.frames)
        last = max(1, len(todo))
        for number, step, steps in self.kind.finish(self.effect, self.job, self.plan):
            yield events.Progress(number, last, last, step, steps, 0.0, time.monotonic() - self.began)
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
            self.results.enter(task, frames.copy(self.made[task.key], task.path), 0.0)
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
        if self.writing is not None and self.writing in task.needs:
            yield from self._written()
        if following is not None:
            self.ahead.start(following)
        for note in source.whole.notes:
            yield events.Warning(note)
        painted: Painted | bytes | None = None
        for result in self._results_of(task, source):
            if isinstance(result, Step):
                yield from self._written(wait=False)
                yield events.Progress(task.number, index, of, result.step, result.steps, result.loss,
                                      time.monotonic() - self.began)
            else:
                painted = result
        assert painted is not None, "an effect's last result is the picture"
        before = self._written()
        finished = painted
        self.behind.start(lambda: self._write(task, index, of, finished, source, began))
        self.writing = task
        self.made[task.key] = task.path
        yield from before

    def _results_of(self, task: Task, source: Input) -> Iterator[Step | Painted | bytes]:
        if task.is_track:
            yield self._followed(task, source)
            return
        picture, area = source.prepared.picture, source.prepared.area
        if task.joined:
            one, other, share = task.joined
            led = led_over(self._painting(one, picture.rgb, area), self._painting(other, picture.rgb, area), share)
            yield Painted(led if area is None else torch.lerp(picture.rgb, led, area))
            return
        neighbors = tuple(self._neighbor(near, task) for near in source.nearby if near.task not in self.unmade)
        begun = None
        if task.begun is not None and task.begun not in self.unmade:
            begun = self._painting(task.begun, picture.rgb, area)
        frame = Frame(task.number, picture, self.job.at(task.number, "strength"), area, neighbors, begun,
                      source.companions, task.track.path.read_bytes() if task.track else b"")
        yield from self.effect.paint(frame)

    def _neighbor(self, near: Nearby, task: Task) -> Neighbor:
        return Neighbor(near.content, self._painting(near.task, near.content, near.area), near.link,
                        near.task is task.origin, abs(task.number - near.task.number),
                        self.job.at(near.task.number, "strength"), near.area)

    def _followed(self, task: Task, source: Input) -> bytes:
        assert isinstance(self.effect, Follower), "only a Follower's plan has tracks"
        came = source.nearby[0].link if source.nearby else None
        moment = Moment(task.number, source.prepared.picture.rgb, came, source.goes, source.companions)
        follows = task.follows if task.follows not in self.unmade else None
        return self.effect.follow(moment, follows.path.read_bytes() if follows else None)

    def _painting(self, task: Task, content: Tensor, area: Tensor | None) -> Tensor:
        """A finished painting of a content (1,3,H,W), from its file, so that a resumed run sees the same.

        Where a gray mask shows a part of it only it is the whole: mixed once more in every frame, it would fade.
        """
        return unmixed(resize(frames.read(task.path).rgb, size_of(content)), content, area)

    def _write(self, task: Task, index: int, of: int, finished: Painted | bytes, source: Input,
               began: float) -> list[Event]:
        """Put what was made in place and enter it in the manifest. Raises OutputError."""
        if isinstance(finished, bytes):
            written = write_bytes(task.path, finished)
        else:
            picture = Picture(finished.rgb, source.prepared.picture.alpha)
            if self.job.files.restore_size:
                picture = restored(picture, source)
            for folder, layer in finished.layers.items():
                frames.write(task.path.parent / folder / task.path.name, beside_result(layer, picture),
                             self.job.files.format)
            written = frames.write(task.path, picture, self.job.files.format)
        seconds = time.monotonic() - began
        self.results.enter(task, written, seconds)
        return list(self._frame(task, index, of, seconds))

    def _frame(self, task: Task, index: int, of: int, seconds: float) -> Iterator[Event]:
        """The event for what stands in its place: a result of the job, or a step on the way to one."""
        if task in self.shown:
            yield events.Frame(task.number, index, of, str(task.path), seconds, cached=False)
        elif task.is_track:
            yield events.Progress(task.number, index, of, 1, 1, 0.0, time.monotonic() - self.began)

    def _written(self, wait: bool = True) -> Iterator[Event]:
        """The events of what was being written, which is finished on return unless nobody waits for it."""
        return itertools.chain.from_iterable(self.behind.finished(wait))


def _summary(failed: list[InputError], lost: int, of: int) -> GouacheError:
    if len(failed) == 1 and of == 1:
        return failed[0]
    first = failed[0]
    done = "; the others are done" if lost < of else ""
    return InputError(f"{lost} of {of} frames could not be painted{done}. First: {first.message}",
                      f"{first.hint} Then run again: what is finished and unchanged is not painted again.".strip(),
                      "\n".join(f"{error.message} {error.detail}" for error in failed))
