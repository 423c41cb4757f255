"""A painting's whole way as one step-wise job: capture, engine, result. A timer drives it in a window, else a loop.

What is painted (a strip, a node) is an order's subject; this module knows nothing more of it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..core import events
from ..core.atomic import check_writable, write_text
from ..core.errors import Cancelled, GouacheError, InputError
from ..core.manifest import Manifest
from . import engine, preferences, rendering
from .files import copy_folder
from .folders import claim
from .order import Order, Subject, finished, numbers
from .progress import capture_share, progress_of

CAPTURE_SECONDS = 0.1  # a window may stand still for so long
WORTH_IT = 1.5  # times as long as one frame may many take together
ALONE_STEP_SECONDS, ALONE_CAPTURE_SECONDS = 0.1, 2.0  # without a window there is nothing to keep alive between steps


@dataclass(frozen=True)
class Status:
    """Where a bake is: what it does in words, and how much of everything is done (0..1).

    `frame` is the timeline frame that was just finished, or None if this is only a step on the way. `is_news` says
    that a log should have it.
    """

    text: str
    fraction: float
    frame: int | None = None
    is_news: bool = False


@dataclass
class Bake:
    """Makes paintings one after the other. Iterate over it to make it work; `cancel` may be called at any time.

    `step_seconds` is how long one step may wait for the engine: 0 keeps a window alive. `capture_seconds` is about
    how long a step may capture. Iterating raises Cancelled, or GouacheError once all orders were tried: what is wrong
    with one keeps the others from nothing. Finished paintings and frames stay. `captured` are the source folders that
    were captured just now and need not be again, with what was seen there; `only_capture` leaves it at that.

    While it works: `status` is where it is, `at` the order at work, `files` its frames, `painted` what is shown by now.
    """

    orders: list[Order]
    step_seconds: float = 0.0
    capture_seconds: float = CAPTURE_SECONDS
    preview: bool = False
    captured: dict[Path, Subject] = field(default_factory=dict)
    only_capture: bool = False

    status: Status = field(default=Status("Starting", 0.0), init=False)
    files: dict[int, Path] = field(default_factory=dict, init=False)
    painted: list[str] = field(default_factory=list, init=False)
    warnings: list[str] = field(default_factory=list, init=False)
    at: Order | None = field(default=None, init=False)
    _cancelled: bool = field(default=False, init=False)
    _advice: str = field(default="", init=False)
    _engine: engine.Engine | None = field(default=None, init=False)

    def cancel(self) -> None:
        """Stop at the next step; what was painted stays in the cache."""
        self._cancelled = True
        if self._engine is not None:
            self._engine.cancel()

    def __iter__(self) -> Iterator[Status]:
        """Work, and tell where it is after each step."""
        global at_work
        at_work += 1
        failed: list[GouacheError] = []
        try:
            for index, order in enumerate(self.orders):
                try:
                    for status in self._order(order):
                        self.status = self._overall(index, order, status)
                        yield self.status
                except GouacheError as error:
                    failed.append(error)
            if failed:
                raise summary(failed, len(self.orders))
        finally:
            at_work -= 1
            if self._engine is not None and self._engine.busy:
                self._engine.stop()
            engine.release(preferences.idle_minutes())

    def _overall(self, index: int, order: Order, status: Status) -> Status:
        several = f"{order.subject.name} ({index + 1} of {len(self.orders)}): " if len(self.orders) > 1 else ""
        return replace(status, text=several + status.text, fraction=(index + status.fraction) / len(self.orders))

    def _order(self, order: Order) -> Iterator[Status]:
        self.at, self.files = order, {}
        if self.only_capture:
            yield from self._capture(order)
            return
        running = None if order.stands else self._start_engine()  # it starts up while frames are captured
        order = yield from self._capture(order)
        yield from self._begin(order)
        if order.stands and (yield from self._find_finished(order)):
            yield Status(f"Painted already, {len(self.files)} frames", 1.0, is_news=True)
        else:
            order, self.files = order.clear_of_shown(), {}
            yield from self._begin(order)
            yield from self._paint(order, running or self._start_engine())
        if not self.preview:
            yield from self._wait_for_blender(1.0)
            self._finish(order)

    def _begin(self, order: Order) -> Iterator[Status]:
        """Let results begin with those that they go on from."""
        if order.begun is not None and order.begun.is_dir() and not order.result.exists():
            yield Status("Taking over what is painted already", capture_share(order.job.options), is_news=True)
            copy_folder(order.begun, order.result)
        if not self.preview:
            claim(order.folder)

    def _start_engine(self) -> engine.Engine:
        found = preferences.find_engine()
        self._advice = found.advice
        self.warnings += [found.advice] * found.outdated
        self._engine = engine.acquire(found.python, preferences.log_file())
        return self._engine

    def _capture(self, order: Order) -> Generator[Status, None, Order]:
        """Capture all frames, from the beginning again if a subject was moved, or finds it must be seen otherwise."""
        if order.source in self.captured:
            return replace(order, subject=self.captured[order.source])
        if self.preview:  # a collage would follow its pieces from the frames that were looked at before
            shutil.rmtree(order.source, ignore_errors=True)
        check_writable(order.source)
        waiting = list(order.to_capture())
        done, pace = 0, Pace(self.capture_seconds)
        while waiting:
            self._check_cancelled()
            yield from self._wait_for_blender(capture_share(order.job.options) * _share(done, waiting))
            if (now := order.as_it_stands()) is not order:
                order, done, waiting = now, 0, list(now.to_capture())
                check_writable(order.source)
            first, end = waiting.pop(0)
            last = min(first + pace.frames - 1, end)
            start = time.monotonic()
            seen = _captured(order, first, last)
            if seen is not order.subject:
                order, done = replace(order, subject=seen), 0
                waiting = list(order.to_capture())
                continue
            done += last - first + 1
            waiting[:0] = [(last + 1, end)] if last < end else []
            yield Status(f"Capturing frame {done} of {done + len(numbers(waiting))}",
                         capture_share(order.job.options) * _share(done, waiting), is_news=True)
            pace.took(last - first + 1, time.monotonic() - start)
        if self.only_capture:
            self.captured[order.source] = order.subject
        return order

    def _wait_for_blender(self, fraction: float) -> Iterator[Status]:
        """Leave Blender to its own render. Where a script waits for this one, that could never end."""
        while self.step_seconds == 0 and rendering.is_taken():
            yield Status("Waiting for Blender's render", fraction)
            self._check_cancelled()

    def _find_finished(self, order: Order) -> Generator[Status, None, bool]:
        """Look for the frames that stand painted as an engine would paint them now, up to one that does not.

        A collage's layers only the engine knows.
        """
        if getattr(order.job.options, "export_layers", False):
            return False
        for by in dict.fromkeys((0, order.numbered_later)):
            if (yield from self._find_numbered(order, by)):
                return True
        return False

    def _find_numbered(self, order: Order, by: int) -> Generator[Status, None, bool]:
        """Look for them under numbers that are so much greater."""
        manifest, start = Manifest(order.result), time.monotonic()
        for frame in order.frames:
            file = finished(manifest, frame + by, order.source / f"{frame:05d}.png", order.job.effect)
            if file is None:
                return False
            self.files[frame] = file
            if time.monotonic() - start > self.capture_seconds:
                self._check_cancelled()
                yield Status("Looking at what is painted", capture_share(order.job.options))
                start = time.monotonic()
        return True

    def _paint(self, order: Order, running: engine.Engine) -> Iterator[Status]:
        """Have the engine do the job, and what it advises told where that fails."""
        job = order.folder / order.job_name
        write_text(job, json.dumps(order.job.to_json(order.folder), indent=1))
        running.run(job)
        try:
            yield from self._listen(order, running)
        except GouacheError as error:
            raise error.reworded(hint=f"{error.hint} {self._advice}".strip()) from error

    def _listen(self, order: Order, running: engine.Engine) -> Iterator[Status]:
        """Listen to the engine until the job is done."""
        progress = progress_of(order.job, len(order.frames))
        while True:
            self._check_cancelled()
            for event in running.events(self.step_seconds):
                progress.hear(event)
                match event:
                    case events.Warning() if not (order.settled and order.settled in event.message):
                        self.warnings.append(f"{event.message} {event.hint}".strip())
                    case events.Started():
                        yield Status(progress.text, progress.fraction, is_news=True)
                    case events.Frame():
                        self.files[event.frame] = order.result / event.path
                        if not event.cached:  # a window would stand still for thousands that are there already
                            yield Status(progress.text, progress.fraction, event.frame, is_news=True)
                    case events.Done():
                        return
            yield Status(progress.text, progress.fraction)

    def _check_cancelled(self) -> None:
        """A cancelled job is given up where no engine works on it; else the engine's answer is waited for."""
        if self._cancelled and (self._engine is None or not self._engine.busy):
            raise Cancelled

    def _finish(self, order: Order) -> None:
        missing = [frame for frame in order.frames if frame not in self.files or not self.files[frame].is_file()]
        if missing:
            raise InputError(f"{len(missing)} painted frames are missing, the first is {missing[0]}.",
                             "Begin again: only missing frames are made.", str(order.result))
        with _own_doing():
            shown = order.subject.show(self.files)
        self.painted.append(shown.name)
        self.warnings += shown.warnings


@dataclass
class Pace:
    """How many frames a step captures: what it has `seconds` for, and more while that hardly takes longer.

    In a film of many objects most of a capture's time is spent on them, however many frames it has.
    """

    seconds: float
    frames: int = 1
    _least: float = field(default=0.0, init=False)  # how long a step took that was over its time
    _grows: bool = field(default=True, init=False)

    def took(self, frames: int, seconds: float) -> None:
        """Learn from a step."""
        fits = max(int(self.seconds / max(seconds / frames, 0.001)), 1)
        if fits > frames:
            self.frames = fits
        elif self._least and seconds >= WORTH_IT * self._least:
            self.frames, self._grows = max(fits, frames // 2), False
        elif self._grows:
            self.frames, self._least = 2 * frames, self._least or seconds


def summary(failed: list[GouacheError], of: int) -> GouacheError:
    """Why orders failed, as one error; the first one says what to do."""
    if of == 1:
        return failed[0]
    told = " ".join(dict.fromkeys(error.message for error in failed))
    return GouacheError(f"{len(failed)} of {of} could not be made: {told}", failed[0].hint,
                        "\n".join(error.detail for error in failed))


def _captured(order: Order, first: int, last: int) -> Subject:
    """Capture frames of an order."""
    with _own_doing():
        return order.subject.capture(order.source, first, last)


@contextmanager
def _own_doing() -> Iterator[None]:
    """What Blender says that changed meanwhile is Gouache's own doing, and no artist's."""
    global own_doing
    rendering.tell_changes()
    own_doing = True
    try:
        yield
        rendering.tell_changes()
    finally:
        own_doing = False


def _share(done: int, waiting: Iterable[tuple[int, int]]) -> float:
    """How much is done (0..1) if these ranges are left."""
    return done / max(done + len(numbers(waiting)), 1)


def without_window(orders: list[Order], **more: Any) -> Bake:
    """A bake at the pace of scripts and of `blender -b`."""
    return Bake(orders, ALONE_STEP_SECONDS, ALONE_CAPTURE_SECONDS, **more)


def run_to_end(bake: Bake) -> float:
    """Work without a window: print one line per frame, return the seconds. Raises GouacheError or Cancelled."""
    start = time.monotonic()
    for status in bake:
        if status.is_news:
            print(f"gouache: {status.fraction:4.0%} {status.text}", flush=True)
    return time.monotonic() - start


at_work = 0  # bakes that are under way: what Blender renders meanwhile is a capture
own_doing = False  # whether Gouache itself changes things right now, for a capture or to show a painting
current: Bake | None = None  # the bake that a window's operator drives, for the panel and the Cancel button
