"""How a long job runs: in the window on a timer, with progress and Esc; without a window in a plain loop."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import bpy

from ...core.errors import Cancelled, GouacheError

TICK_SECONDS = 0.05
Answer = set[Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]]
_running: list[Any] = []  # the operators that have a window's timer


def report_error(operator: Any, error: GouacheError) -> None:
    """Tell an artist; in background Blender turns this into the RuntimeError that a script sees."""
    if error.detail:
        print(f"gouache: {error}\n{error.detail}", flush=True)
    operator.report({"ERROR"}, str(error))


class LongJob:
    """Mixed into an operator. It makes a job (an iterable with `cancel`, `status_text`, `fraction`) in `start`.

    `set_current` keeps the job where the panel and the Cancel button find it, and `finish` tells what was done.
    """

    cancelled_text = "Cancelled; finished frames are kept"
    _timer: Any = None
    _steps: Iterator[Any] | None = None
    _job: Any = None
    _told: tuple[Any, ...] = ()  # the workspaces that show the job's status: an artist may switch meanwhile

    def start(self, context: Any) -> Any:
        """Make the job. Raises GouacheError."""
        raise NotImplementedError

    def set_current(self, job: Any) -> None:
        """Note the job that runs, None when it is over."""
        raise NotImplementedError

    def text_and_fraction(self) -> tuple[str, float]:
        """What the job does now, and how much of it is done (0..1)."""
        raise NotImplementedError

    def finish(self, context: Any) -> None:
        """The job came to its end."""

    def break_off(self, context: Any) -> None:
        """The job was cancelled or failed; what it did before that stays."""

    def to_the_end(self, job: Any) -> None:
        """Work without a window."""
        for _ in job:
            pass

    def execute(self, context: Any) -> Answer:
        """Work to the end, and only then return; the way of scripts and of `blender -b`."""
        try:
            job = self.start(context)
            self._job = job
            self.to_the_end(job)
            self.finish(context)
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        except Cancelled:
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: Any, event: Any) -> Answer:
        """Start working on a timer; the window stays alive."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._job = self.start(context)
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        self._steps = iter(self._job)
        self.set_current(self._job)
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        _running.append(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> Answer:
        """One step of work on each tick; everything but Esc goes on to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        assert self._steps is not None
        try:
            next(self._steps)
            self._show(context)
            return {"PASS_THROUGH"}
        except StopIteration:
            self._end(context)
            return self._finished(context)
        except Cancelled:
            self._end(context)
            self.break_off(context)
            self.report({"INFO"}, self.cancelled_text)  # type: ignore[attr-defined]
        except GouacheError as error:
            self._end(context)
            self.break_off(context)
            report_error(self, error)
        except Exception:
            self._end(context)
            self.break_off(context)
            raise
        return {"CANCELLED"}

    def _finished(self, context: Any) -> Answer:
        try:
            self.finish(context)
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        return {"FINISHED"}

    def cancel(self, context: Any) -> None:
        """Blender gives the job up: a file is loaded or the window closes."""
        if self._job is not None:
            self._job.cancel()
        self._end(context)

    def _show(self, context: Any) -> None:
        text, fraction = self.text_and_fraction()
        context.window_manager.progress_update(int(fraction * 100))
        if context.workspace:
            context.workspace.status_text_set(f"Gouache: {fraction:.0%}  {text}   Esc: Cancel")
            if context.workspace not in self._told:
                self._told += (context.workspace,)
        redraw(context)

    def _end(self, context: Any) -> None:
        """Take everything off the window again; safe to call twice."""
        steps, self._steps = self._steps, None
        if steps is not None and hasattr(steps, "close"):
            steps.close()
        self.set_current(None)
        if self in _running:
            _running.remove(self)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            context.window_manager.progress_end()
            self._timer = None
        told, self._told = self._told, ()
        for workspace in told:
            with contextlib.suppress(ReferenceError):  # it was deleted meanwhile
                workspace.status_text_set(None)
        redraw(context)


def end_all(context: Any) -> None:
    """Cancel what runs, and leave nothing of it in a window: the operators are about to be taken away."""
    for operator in list(_running):
        operator.cancel(context)


def redraw(context: Any) -> None:
    """Draw again what shows a job's progress or a finished strip."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"SEQUENCE_EDITOR", "NODE_EDITOR", "PREFERENCES", "IMAGE_EDITOR"}:
                area.tag_redraw()
