"""A strip's whole way as one step-wise job: capture, engine, result. A timer drives it in a window, else a loop."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import Cancelled, GouacheError, InputError
from ..core.job import Job
from ..core.options import CollageOptions, OutputOptions, StyleOptions
from . import engine, preferences, settings
from .animation import animated_defaults, animated_values, keys_of
from .capture import Plan, SizeChangedError, capture, find_strip, make_plan
from .files import make_folder, safe_name, write_text
from .progress import capture_share, progress_of
from .results import check_room, put_result, shows_through

CAPTURE_SECONDS = 0.1   # a window may stand still for so long
PREVIEW_SIZE = 640      # the fast engine paints so many pixels within half a second on two CPU cores
PREVIEW_FOLDER = "preview"


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


@dataclass(frozen=True)
class Order:
    """One strip to paint: what is captured, the job for the engine, and the folder for both."""

    plan: Plan
    job: Job
    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def result(self) -> Path:
        return self.folder / "result"


@dataclass
class Bake:
    """Paints strips one after the other. Iterate over it to make it work; `cancel` may be called at any time.

    `step_seconds` is how long one step may wait for the engine: 0 keeps a window alive. `capture_seconds` is about
    how long a step may capture. Iterating raises GouacheError or Cancelled; finished strips and frames stay.
    """

    orders: list[Order]
    step_seconds: float = 0.0
    capture_seconds: float = CAPTURE_SECONDS
    preview: bool = False
    warnings: list[str] = field(default_factory=list)
    painted: list[str] = field(default_factory=list)
    status: Status = Status("Starting", 0.0)
    files: dict[int, Path] = field(default_factory=dict)
    _cancelled: bool = False
    _engine: engine.Engine | None = None

    def cancel(self) -> None:
        """Stop at the next step; what was painted stays in the cache."""
        self._cancelled = True
        if self._engine is not None:
            self._engine.cancel()

    def __iter__(self) -> Iterator[Status]:
        """Work, and tell where it is after each step."""
        try:
            for index, order in enumerate(self.orders):
                for status in self._strip(order):
                    self.status = self._overall(index, order, status)
                    yield self.status
        finally:
            if self._engine is not None and self._engine.busy:
                self._engine.stop()
            engine.release(preferences.idle_minutes())

    def _overall(self, index: int, order: Order, status: Status) -> Status:
        several = f"{order.plan.strip} ({index + 1} of {len(self.orders)}): " if len(self.orders) > 1 else ""
        return replace(status, text=several + status.text, fraction=(index + status.fraction) / len(self.orders))

    def _strip(self, order: Order) -> Iterator[Status]:
        self.files = {}
        running = self._start_engine()  # it starts up while frames are captured
        order = yield from self._capture(order)
        write_text(order.folder / "job.json", json.dumps(order.job.to_json(order.folder), indent=1))
        running.run(order.folder / "job.json")
        yield from self._paint(order, running)
        if not self.preview:
            self._finish(order)

    def _start_engine(self) -> engine.Engine:
        found = preferences.find_engine()
        self._engine = engine.acquire(found.python, preferences.log_file())
        return self._engine

    def _capture(self, order: Order) -> Generator[Status, None, Order]:
        """Capture all frames; a clip whose pictures change size is captured anew as it lies on the canvas."""
        make_folder(order.source)
        plan, frame, chunk = order.plan, order.plan.first, 1
        while frame <= plan.last:
            self._check_cancelled()
            last = min(frame + chunk - 1, plan.last)
            start = time.monotonic()
            try:
                capture(plan, order.source, frame, last)
            except SizeChangedError:
                scene, _ = find_strip(plan.scene, plan.strip)
                plan = replace(plan, placed=True, width=scene.render.resolution_x, height=scene.render.resolution_y)
                frame = plan.first
                continue
            done = last - plan.first + 1
            share = capture_share(order.job.options) * done / plan.count
            yield Status(f"Capturing frame {done} of {plan.count}", share, is_news=True)
            seconds = (time.monotonic() - start) / (last - frame + 1)
            frame, chunk = last + 1, max(int(self.capture_seconds / max(seconds, 0.001)), 1)
        return replace(order, plan=plan)

    def _paint(self, order: Order, running: engine.Engine) -> Iterator[Status]:
        """Listen to the engine until the job is done."""
        progress = progress_of(order.job, order.plan.count)
        while True:
            self._check_cancelled()
            for event in running.events(self.step_seconds):
                kind = event["event"]
                progress.hear(event)
                if kind == "warning":
                    self.warnings.append(f"{event.get('message', '')} {event.get('hint', '')}".strip())
                elif kind == "error":
                    raise GouacheError(event.get("message", "The engine failed."), event.get("hint", ""),
                                       event.get("detail", ""))
                elif kind == "cancelled":
                    raise Cancelled
                elif kind == "done":
                    return
                elif kind == "frame":
                    self.files[int(event["frame"])] = _inside(order.result, event["path"])
                    if not event.get("cached"):  # a window would stand still for thousands that are there already
                        yield Status(progress.text, progress.fraction, int(event["frame"]), is_news=True)
                elif kind == "started":
                    yield Status(progress.text, progress.fraction, is_news=True)
            yield Status(progress.text, progress.fraction)

    def _check_cancelled(self) -> None:
        """A cancelled job is given up where no engine works on it; else the engine's answer is waited for."""
        if self._cancelled and (self._engine is None or not self._engine.busy):
            raise Cancelled

    def _finish(self, order: Order) -> None:
        missing = [frame for frame in range(order.plan.first, order.plan.last + 1)
                   if frame not in self.files or not self.files[frame].is_file()]
        if missing:
            raise InputError(f"{len(missing)} painted frames are missing, the first is {missing[0]}.",
                             "Paint again: only missing frames are made.", str(order.result))
        scene, strip = find_strip(order.plan.scene, order.plan.strip)
        result = put_result(scene, strip, order.plan, self.files)
        strip.gouache.painted_as = settings.fingerprint(strip.gouache, keys_of(scene, strip))
        self.painted.append(result.name)
        if shows_through(strip):
            self.warnings.append(f"'{strip.name}' is blended with its painting: Mute Source hides it.")


def _inside(folder: Path, path: str) -> Path:
    """An engine's path, which may count from the result folder."""
    return Path(path) if Path(path).is_absolute() else folder / path


def order_strip(scene: Any, strip: Any) -> Order:
    """All that is needed to paint a strip, checked before any work. Raises GouacheError."""
    options = settings.effect_options(strip.gouache)
    plan = make_plan(scene, strip)
    check_room(scene, strip, plan)
    files = settings.output_options(strip.gouache, plan.first, plan.last)
    is_style = strip.gouache.effect == "style"  # a collage has no setting that changes over time
    animation = animated_values(scene, strip, plan.first, plan.last) if is_style else {}
    options = replace(options, **animated_defaults(animation))
    job = _job(strip, options, files, animation)
    folder = preferences.cache_folder() / f"{safe_name(strip.name)}-{job_hash(job, scene, strip)[:12]}"
    return _rooted(Order(plan, job, folder))


def order_preview(scene: Any, strip: Any, frame: int) -> Order:
    """One frame, small and at once: a collage, or a painting by the fast engine whatever engine the strip is set to.

    Raises GouacheError, also if the strip does not show at that frame.
    """
    is_style = strip.gouache.effect == "style"
    options: StyleOptions | CollageOptions = (
        settings.style_options(strip.gouache, "fast") if is_style
        else replace(settings.collage_options(strip.gouache), export_layers=False))
    plan = make_plan(scene, strip)
    if not plan.first <= frame <= plan.last:
        raise InputError(f"'{strip.name}' does not show at frame {frame}.",
                         f"Move the playhead to a frame from {plan.first} to {plan.last}.")
    plan = replace(plan, first=frame, last=frame)
    options = replace(options, size=min(options.size or PREVIEW_SIZE, PREVIEW_SIZE))
    files = replace(settings.output_options(strip.gouache, frame, frame), format="png", restore_size=False)
    animation = animated_values(scene, strip, frame, frame) if is_style else {}
    job = _job(strip, options, files, animation)
    return _rooted(Order(plan, job, preferences.cache_folder() / PREVIEW_FOLDER / safe_name(strip.name)))


def _job(strip: Any, options: StyleOptions | CollageOptions, files: OutputOptions,
         animation: dict[str, dict[int, float]]) -> Job:
    return Job("source", "result", strip.gouache.effect, options, files, settings.engine_options(preferences.get()),
               animation)


def _rooted(order: Order) -> Order:
    return replace(order, job=replace(order.job, input=str(order.source), output=str(order.result)))


def job_hash(job: Job, scene: Any, strip: Any) -> str:
    """The hash (hex) that names a bake folder: how it looks, and which strip of which file it is."""
    identity = [job.look(), Path(bpy.data.filepath).name, scene.name, strip.name]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def run_to_end(bake: Bake) -> float:
    """Work without a window: print one line per frame, return the seconds. Raises GouacheError or Cancelled."""
    start = time.monotonic()
    for status in bake:
        if status.is_news:
            print(f"gouache: {status.fraction:4.0%} {status.text}", flush=True)
    return time.monotonic() - start


current: Bake | None = None  # the bake that a window's operator drives, for the panel and the Cancel button
