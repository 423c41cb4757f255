"""Rendering a copy of a scene for a capture, never while Blender renders: one render inside another crashes Blender."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.errors import InputError


def is_taken() -> bool:
    """Whether a window's render is under way (F12, Ctrl-F12)."""
    return bool(bpy.app.is_job_running("RENDER"))


def render_frames(copy: Any, first: int, last: int, what: str) -> None:
    """Render frames first..last; always as an animation, for a still takes its frame from the scene of the context.

    Raises InputError, with `what` could not be rendered.
    """
    copy.frame_start, copy.frame_end, copy.frame_step = first, last, 1
    taken = InputError(f"Blender could not render {what}: another render is under way.", "Try again when that is done.")
    if is_taken():
        raise taken
    try:
        answer = bpy.ops.render.render(animation=True, scene=copy.name)
    except RuntimeError as error:
        raise InputError(f"Blender could not render {what}.", "Render the scene to see why.", str(error)) from error
    if answer != {"FINISHED"}:
        raise taken
