"""Looking after the engine: checking it, installing it, and ending it when nobody paints."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from collections.abc import Iterator
from typing import Any

import bpy

from ...core import events
from ...core.errors import Cancelled
from .. import engine, install, preferences
from . import jobs
from .modal import Answer, LongJob, redraw

IDLE_CHECK_SECONDS = 20.0


class DoctorJob:
    """Asks the engine what it finds; the answer is kept in `preferences.doctor`."""

    def __init__(self, wait: float) -> None:
        self._wait, self._cancelled = wait, False
        self._engine = engine.acquire(preferences.find_engine().python, preferences.log_file())
        self._engine.doctor()

    def cancel(self) -> None:
        """End the engine: it answers nothing before its check is over."""
        self._cancelled = True
        self._engine.stop()

    def __iter__(self) -> Iterator[None]:
        try:
            yield from self._answers()
        finally:
            engine.release(preferences.idle_minutes())

    def _answers(self) -> Iterator[None]:
        while True:
            if self._cancelled:
                raise Cancelled
            for event in self._engine.events(self._wait):
                if isinstance(event, events.Doctor):
                    preferences.doctor = event
                    return
            yield None


def check_engine() -> None:
    """Check the engine without a window. Raises EngineError if it cannot work."""
    for _ in DoctorJob(0.1):
        pass
    tell_checks()


def tell_checks() -> None:
    """Print what was found. Raises EngineError if the engine cannot work."""
    assert preferences.doctor is not None, "the engine was checked"
    checks = preferences.doctor.checks
    for check in checks:
        print(f"gouache: {'ok ' if check.ok else 'NO '} {check.name}: {check.value} "
              f"{'' if check.ok else check.hint}".rstrip(), flush=True)
    if advice := preferences.find_engine().advice:
        print(f"gouache: {advice}", flush=True)
    if broken := [check for check in checks if not check.ok]:
        raise engine.EngineError(f"The engine cannot work: {broken[0].name}: {broken[0].value}.", broken[0].hint)


class GOUACHE_OT_check_engine(jobs.EngineJob, bpy.types.Operator):
    """Start the painting engine and show what it finds: Python, torch, devices, memory, weights, a small test"""

    bl_idname = "gouache.check_engine"
    bl_label = "Check Engine"
    cancelled_text = "Cancelled"

    def start(self, context: Any) -> DoctorJob:
        return DoctorJob(0.0 if self.options.is_invoke and not bpy.app.background else 0.1)

    def set_current(self, job: Any) -> None:
        """Note the check for the operators that wait for it. It has no Cancel button of its own: Esc ends it."""
        jobs.checking = job

    def text_and_fraction(self) -> tuple[str, float]:
        return "Checking the engine", 0.5

    def finish(self, context: Any) -> None:
        tell_checks()
        self.report({"INFO"}, "The engine is ready")
        redraw(context)


class GOUACHE_OT_install_engine(LongJob, bpy.types.Operator):
    """Download the painting engine's packages (1 to 4 GB) into a Python environment of Gouache's own"""

    bl_idname = "gouache.install_engine"
    bl_label = "Install Engine"

    @classmethod
    def poll(cls, context: Any) -> bool:
        if install.current is not None:
            cls.poll_message_set("The installation is running")
            return False
        if taken := jobs.engine_taken():  # a painting that goes on would have its engine taken from under it
            cls.poll_message_set(taken)
            return False
        if not bpy.app.online_access:
            cls.poll_message_set("Allow Online Access in Preferences > System first")
            return False
        return True

    def start(self, context: Any) -> install.Install:
        return install.Install(preferences.user_folder())

    def invoke(self, context: Any, event: Any) -> Answer:
        """Ask before anything is downloaded; `execute` comes after the artist's OK."""
        if bpy.app.background:
            return self.execute(context)
        confirm: Answer = context.window_manager.invoke_confirm(
            self, event, title="Install the painting engine?", confirm_text="Install",
            message="1 to 4 GB are downloaded into Gouache's own folder.")
        return confirm

    def execute(self, context: Any) -> Answer:
        return LongJob.execute(self, context) if bpy.app.background else LongJob.invoke(self, context, None)

    def set_current(self, job: Any) -> None:
        install.current = job

    def text_and_fraction(self) -> tuple[str, float]:
        return self._job.text, self._job.fraction

    def finish(self, context: Any) -> None:
        self.report({"INFO"}, "The engine is installed")


class GOUACHE_OT_cancel_install(bpy.types.Operator):
    """Stop the installation; the next one goes on from there"""

    bl_idname = "gouache.cancel_install"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return install.current is not None

    def execute(self, context: Any) -> Answer:
        assert install.current is not None
        install.current.cancel()
        return {"FINISHED"}


def _end_idle_engine() -> float:
    """A timer of Blender's: gives the engine's memory back some minutes after the last job."""
    engine.stop_if_idle(preferences.idle_minutes())
    return IDLE_CHECK_SECONDS


CLASSES = (GOUACHE_OT_check_engine, GOUACHE_OT_install_engine, GOUACHE_OT_cancel_install)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    if not bpy.app.background:
        bpy.app.timers.register(_end_idle_engine, first_interval=IDLE_CHECK_SECONDS, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_end_idle_engine):
        bpy.app.timers.unregister(_end_idle_engine)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
