"""Run a job: read each frame, apply the effect, write the result; what is finished and unchanged is left alone.

`run` yields events and is stopped by not asking for the next one (or closing it): that is how a job is cancelled,
at the latest one optimizer step later. While a frame is painted, the next one is read and the one before written.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from . import clips, devices, events, frames
from .ahead import ReadAhead, WriteBehind
from .clips import Clip
from .devices import Compute
from .effects import Earlier, Effect, Frame, Step
from .errors import DeviceError, GouacheError, InputError, OptionError, OutputError
from .events import Event
from .frames import FORMATS, Picture
from .manifest import Manifest, Record, key_of
from .options import Job, parse_frames
from .sizes import Size, fitted, resize
from .style.video import StyleEffect


def _style(job: Job, clip: Clip, compute: Compute) -> Effect:
    if not job.options.styles:
        raise OptionError("There is no style image.", "Give at least one.")
    styles = [(frames.read(Path(style.path)), style.weight) for style in job.options.styles]
    return StyleEffect(job.options, styles, compute, lambda: clip.read(clip.numbers[0]))


EFFECTS: Mapping[str, Callable[[Job, Clip, Compute], Effect]] = {"style": _style}
"""How each effect a job may name is made ready for a clip: its pictures read, its networks loaded."""


@dataclass(frozen=True)
class _Task:
    """A frame to make: its number, result file, the hashes of its input and of everything, the result before it."""

    number: int
    path: Path
    input: str
    key: str
    before: _Task | None


@dataclass(frozen=True)
class _Source:
    """A frame as read: the whole picture, the same at the size to paint, and the mask (1,1,H,W) at the whole size."""

    whole: Picture
    picture: Picture
    mask: Tensor | None


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
    manifest = Manifest.load(output)
    manifest.save()  # a read-only folder or full disk shows now, not after the first painted frame
    yield from _Run(job, clip, mask, effect, output, manifest).events()


@dataclass
class _Run:
    """One pass over a job's frames."""

    job: Job
    clip: Clip
    mask: Clip | None
    effect: Effect
    output: Path
    manifest: Manifest

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.failed: list[InputError] = []
        self.unmade: set[int] = set()
        self.made: dict[str, Path] = {}
        self.last: tuple[int, Picture] | None = None  # the frame painted last, for a warm start

    def events(self) -> Iterator[Event]:
        numbers = list(clips.chosen(self.clip, parse_frames(self.job.files.frames)))
        tasks = list(self._tasks(numbers))
        finished = {task.number for task in tasks if self._is_finished(task)}
        todo = [task for task in tasks if task.number not in finished]
        yield events.Started(len(numbers), len(todo), str(self.output))
        for task in tasks:
            if task.number in finished:
                self.made[task.key] = task.path
                yield events.Frame(task.number, 0, len(todo), str(task.path), 0.0, cached=True)
        following = self._following(todo)
        with ReadAhead(self._read) as self.ahead, WriteBehind[Event]() as self.behind:
            for index, task in enumerate(todo, 1):
                try:
                    if task.key in self.made:
                        yield from self._copied(task, index, len(todo))
                    else:
                        yield from self._make(task, index, len(todo), following.get(task.number))
                except GouacheError as error:
                    yield from self.behind.finished()
                    if not isinstance(error, InputError):
                        raise
                    self.failed.append(error)
                    self.unmade.add(task.number)
                    yield events.Warning(error.message, error.hint, error.detail)
            yield from self.behind.finished()
        if self.failed:
            raise _summary(self.failed, len(numbers))
        yield events.Done(len(numbers), time.monotonic() - self.began, str(self.output))

    def _tasks(self, numbers: list[int]) -> Iterator[_Task]:
        """Every frame with its keys; with a warm start a frame's key holds that of the frame before it."""
        look = key_of(self.job.look(), self.effect.weights)
        suffix = FORMATS[self.job.files.format].suffix
        masked = set(self.mask.numbers) if self.mask else set()
        before: _Task | None = None
        for number in numbers:
            try:
                source = self.clip.digest(number)
            except InputError as error:
                self.failed.append(error)
                continue
            values = {name: self.job.at(number, name) for name in self.job.animation}
            mask = self.mask.digest(number) if self.mask and number in masked else ""
            key = key_of(source, look, values, mask, before.key if before else "")
            task = _Task(number, self.output / (self.clip.stem(number) + suffix), source, key, before)
            before = task if self.job.options.warm_start else None
            yield task

    def _is_finished(self, task: _Task) -> bool:
        record = self.manifest.records.get(task.number)
        return (record is not None and (record.key, record.file) == (task.key, task.path.name)
                and frames.readable(task.path))

    def _following(self, todo: list[_Task]) -> dict[int, _Task]:
        """For each frame that is painted, by number, the next one that is: repeats of another are only copied."""
        first: dict[str, _Task] = {}
        for task in todo:
            first.setdefault(task.key, task)
        painted = [task for key, task in first.items() if key not in self.made]
        return {task.number: after for task, after in itertools.pairwise(painted)}

    def _copied(self, task: _Task, index: int, of: int) -> Iterator[Event]:
        """Take an equal frame's result (a still, a held frame); yields its Frame."""
        yield from self.behind.finished()
        frames.copy(self.made[task.key], task.path)
        self.manifest.add(task.number, Record(task.path.name, task.input, task.key, 0.0))
        yield events.Frame(task.number, index, of, str(task.path), 0.0, cached=False)

    def _make(self, task: _Task, index: int, of: int, following: _Task | None) -> Iterator[Event]:
        """Read, paint and write one frame; yields its Progress and Warnings, and the Frame of the one before.

        Its own Frame comes from `behind`, when its file is in place and the manifest knows it.
        """
        began = time.monotonic()
        source = self.ahead.take(task)
        if task.before is not None:
            yield from self.behind.finished()
        frame = self._frame(task, source)
        if following is not None:
            self.ahead.start(following)
        for note in source.whole.notes:
            yield events.Warning(note)
        painted: Tensor | None = None
        for result in _guarded(self.effect.paint(frame)):
            if isinstance(result, Step):
                yield from self.behind.finished(wait=False)
                yield events.Progress(task.number, index, of, result.step, result.steps, result.loss,
                                      time.monotonic() - self.began)
            else:
                painted = result
        assert painted is not None, "an effect's last result is the picture"
        finished = Picture(painted, frame.picture.alpha)
        before = self.behind.finished()
        self.behind.start(lambda: self._write(task, index, of, finished, source, began))
        self.made[task.key] = task.path
        yield from before

    def _read(self, task: _Task) -> _Source:
        """A frame's picture and mask. Raises InputError."""
        whole = self.clip.read(task.number)
        mask = None if self.mask is None else _mask_of(self.mask, task.number, whole.size)
        return _Source(whole, resized(whole, fitted(whole.size, self.job.options.size)), mask)

    def _write(self, task: _Task, index: int, of: int, finished: Picture, source: _Source,
               began: float) -> Event:
        """Put a painted frame in place and enter it in the manifest. Raises OutputError."""
        if self.job.files.restore_size:
            finished = restored(finished, source.whole, source.mask)
        frames.write(task.path, finished, self.job.files.format)
        seconds = time.monotonic() - began
        self.manifest.add(task.number, Record(task.path.name, task.input, task.key, round(seconds, 3)))
        return events.Frame(task.number, index, of, str(task.path), seconds, cached=False)

    def _frame(self, task: _Task, source: _Source) -> Frame:
        """What the effect is given. The frame before comes from its file, so that a resumed run sees the same."""
        size = source.picture.size
        frame = Frame(task.number, source.picture, self.job.at(task.number, "strength"),
                      None if source.mask is None else resize(source.mask, size), self._earlier(task.before, size))
        self.last = task.number, source.picture
        return frame

    def _earlier(self, before: _Task | None, size: Size) -> Earlier | None:
        """The frame before at this size; None if there is none, or if it could not be made."""
        if before is None or before.number in self.unmade or not before.path.is_file():
            return None
        number, picture = self.last or (None, None)
        if picture is None or number != before.number or picture.size != size:
            picture = resized(self.clip.read(before.number), size)
        return Earlier(picture.rgb, resize(frames.read(before.path).rgb, size))


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """The picture at (H, W); color is weighted by alpha, so that hidden colors do not bleed in."""
    if picture.size == size:
        return picture
    if picture.alpha is None:
        return replace(picture, rgb=resize(picture.rgb, size))
    alpha = resize(picture.alpha, size)
    rgb = resize(picture.rgb * picture.alpha, size) / alpha.clamp_min(1e-4)
    return replace(picture, rgb=rgb.clamp(0.0, 1.0), alpha=alpha)


def restored(painted: Picture, source: Picture, mask: Tensor | None) -> Picture:
    """The painted picture enlarged to its source's size, with the source's own alpha, and its pixels outside a mask."""
    rgb = resize(painted.rgb, source.size)
    return Picture(rgb if mask is None else torch.lerp(source.rgb, rgb, mask), source.alpha)


def _mask_of(mask: Clip, number: int, size: tuple[int, int]) -> Tensor:
    """1,1,H,W: the mask for a frame, its luminance; a single picture serves every frame. Raises InputError."""
    numbers = mask.numbers
    if len(numbers) > 1 and number not in numbers:
        raise InputError(f"The mask has no frame {number}.", f"It has the frames {numbers[0]} to {numbers[-1]}.")
    picture = mask.read(number if len(numbers) > 1 else numbers[0])
    return resize(picture.rgb.mean(1, keepdim=True), size)


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
