"""What operators that paint have in common, whatever they paint: one bake at a time, its end, its folder opened."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import GouacheError
from .. import bake, preferences
from ..order import Order
from .modal import Answer, LongJob, redraw, report_error

MOST_WARNINGS = 3       # shown; a long clip may have one for every frame

checking: Any = None    # the check of the engine that a window's operator drives


def engine_taken() -> str:
    """What the engine is busy with in a window, in words; empty if it is free."""
    if bake.current is not None:
        return "Gouache is painting already"
    return "The engine is being checked" if checking is not None else ""


class EngineJob(LongJob):
    """What operators that use the engine have in common: they wait for each other, for one would end the other's."""

    poll_message_set: Any

    @classmethod
    def poll(cls, context: Any) -> bool:
        if taken := engine_taken():
            cls.poll_message_set(taken)
        return not taken


class PaintJob(EngineJob):
    """What painting and preview have in common: one bake at a time, kept in `bake.current`."""

    def set_current(self, job: Any) -> None:
        bake.current = job

    def text_and_fraction(self) -> tuple[str, float]:
        return self._job.status.text, self._job.status.fraction

    def to_the_end(self, job: Any) -> None:
        seconds = bake.run_to_end(job)
        print(f"gouache: done in {seconds:.1f} s", flush=True)

    def tell_warnings(self) -> None:
        warnings = list(dict.fromkeys(self._job.warnings))
        for warning in warnings[:MOST_WARNINGS]:
            self.report({"WARNING"}, warning)  # type: ignore[attr-defined]
        if len(warnings) > MOST_WARNINGS:
            print("\n".join(f"gouache: {warning}" for warning in warnings[MOST_WARNINGS:]), flush=True)
            more = len(warnings) - MOST_WARNINGS
            self.report({"WARNING"}, f"{more} more warnings are in the console")  # type: ignore[attr-defined]


class BakeJob(PaintJob):
    """Mixed into operators that bake whole ranges."""

    options: Any
    report: Any
    bl_label: str
    bake_label = ""  # what an artist undoes, where the operator goes on after the bake

    def bake(self, orders: list[Order]) -> bake.Bake:
        """The job for these orders; warns where files are kept if the .blend has no place yet. Raises EngineError."""
        preferences.find_engine()
        if not bpy.data.filepath and preferences.get().cache_directory.startswith("//"):
            self.report({"WARNING"}, f"The file is not saved: frames are kept in {preferences.cache_folder()}")
        windowed = not bpy.app.background and self.options.is_invoke
        return bake.Bake(orders) if windowed else bake.without_window(orders)

    def finish(self, context: Any) -> None:
        self.tell_warnings()
        self.report({"INFO"}, f"Finished: {', '.join(self._job.painted)}")
        redraw(context)
        self._push_undo()

    def break_off(self, context: Any) -> None:
        if self._job.painted:
            self._push_undo()

    def _push_undo(self) -> None:
        if not bpy.app.background:
            bpy.ops.ed.undo_push(message=self.bake_label or self.bl_label)


class OpenFolder:
    """Mixed into operators that show a folder; without a window they report it."""

    report: Any

    def folder(self, context: Any) -> Path:
        """The folder to show. Raises GouacheError if there is none yet."""
        raise NotImplementedError

    def execute(self, context: Any) -> Answer:
        try:
            folder = self.folder(context)
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        if bpy.app.background:
            self.report({"INFO"}, str(folder))
        else:
            bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


class GOUACHE_OT_cancel(bpy.types.Operator):
    """Stop; finished frames are kept, and the next time goes on from there"""

    bl_idname = "gouache.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bake.current is not None

    def execute(self, context: Any) -> Answer:
        if bake.current is not None:
            bake.current.cancel()
        return {"FINISHED"}


def register() -> None:
    bpy.utils.register_class(GOUACHE_OT_cancel)


def unregister() -> None:
    bpy.utils.unregister_class(GOUACHE_OT_cancel)
