"""`blender -b file.blend -a` (or `-f`) bakes what is stale in the frames to be rendered before it renders them.

The command line tells which frames these are, and all of them are baked when the render begins. Where it counts them
from an end of the range (`-f +3`), each frame is baked just before it is rendered. That works for strips, captured
when the render begins; a node's group cannot be changed so late, and a frame that it lacks is an error. A script that
renders is left alone: it can bake for itself. In a window nothing happens: Blender's handlers run on another thread.

Blender 5.2 crashes where a handler before the end of a render removes the copy of a scene that was captured, or
captures strips in mid-render, or where anything is captured as a script's render of a movie begins. A handler cannot
stop a render by raising, and ending Python inside one hangs Blender 4.5. So when a bake fails, the process ends at
once, with an exit code. The .blend is not written by any of this.
"""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import atexit
import contextlib
import itertools
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import Cancelled, GouacheError
from . import bake, due, engine, rendering
from .compositor import inputs

EXIT_CODE = 1
ANIMATION = {"-a", "--render-anim"}
FRAMES = {"-f", "--render-frame"}
START = {"-s", "--frame-start"}


@dataclass
class Render:
    """A render from its beginning to its end: what is baked for it, and whether it is in the middle of a frame."""

    scene: str
    done: set[int] = field(default_factory=set)
    captured: due.Captured = field(default_factory=dict)
    in_frame: bool = False


current: Render | None = None
_baked: set[tuple[str, tuple[int, ...]]] = set()  # for `-f 7,9` Blender begins a render for each frame


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def opened(*_: Any) -> None:
    """A file was opened, perhaps after another one was rendered; what follows it on the command line comes next."""
    scenes: Any = bpy.data.scenes
    _baked.clear()
    inputs.stills.clear()
    if START & set(own(sys.argv)):
        inputs.stills.update({scene.session_uid: scene.frame_start for scene in scenes})


def frames_of(scene: Any, arguments: Sequence[str]) -> list[int] | None:
    """The frames that Blender's command line orders; None where it does not tell.

    With `-a` the scene has the range of `-s`, `-e` and `-j` when a render begins; without Overwrite Blender leaves out
    what is rendered already.
    """
    arguments = own(arguments)
    if ANIMATION & set(arguments):
        every = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
        return [frame for frame in every if not _is_left_out(scene, frame)]
    found: set[int] = set()
    for option, text in itertools.pairwise(arguments):
        for part in text.split(",") if option in FRAMES else ():
            ends = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", part)
            if not ends:  # +5 and -5 count from the ends of the range
                return None
            found.update(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    return sorted(found) or None


def _is_left_out(scene: Any, frame: int) -> bool:
    """Whether Blender finds a frame rendered and goes on with the next one."""
    render = scene.render
    return not (render.use_overwrite or render.is_movie_format or render.use_multiview) and (
        Path(render.frame_path(frame=frame)).exists())


def own(arguments: Sequence[str]) -> list[str]:
    """The part of a command line that is Blender's: scripts have what follows `--`."""
    return list(itertools.takewhile(lambda argument: argument != "--", arguments))


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def begin(scene: Any, *_: Any) -> None:
    """A render begins: bake its frames, or else only look at the strips."""
    global current
    if bake.at_work or (current is not None and current.in_frame):
        return  # a capture of our own, or a scene strip's scene
    if not (ANIMATION | FRAMES) & set(own(sys.argv)):
        return
    current = Render(scene.name)
    rendering.hold_copies()
    inputs.hold_rigs()
    if not scene.gouache.bake_on_render:
        return
    frames = frames_of(scene, sys.argv)
    if frames is None:
        with stopping():
            due.look_at_strips(scene, current.captured)
            due.bake_groups(scene, [scene.frame_current])
        return
    current.done.update(frames)
    if frames and (scene.name, tuple(frames)) not in _baked:
        with stopping():
            due.paint_strips(scene, frames, current.captured)
            due.bake_groups(scene, frames)
        if FRAMES & set(sys.argv):
            _baked.add((scene.name, tuple(frames)))


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def before_frame(scene: Any, *_: Any) -> None:
    """A frame is to be rendered: bake it, unless it is."""
    if not _is_current(scene):
        return
    assert current is not None
    current.in_frame = True
    if scene.gouache.bake_on_render and scene.frame_current not in current.done:
        current.done.add(scene.frame_current)
        with stopping():
            due.paint_strips(scene, [scene.frame_current], current.captured)
            due.check_groups(scene, [scene.frame_current])


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def after_frame(scene: Any, *_: Any) -> None:
    """A frame is rendered."""
    if _is_current(scene):
        assert current is not None
        current.in_frame = False


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def end(scene: Any, *_: Any) -> None:
    """A render is over, or given up."""
    global current
    if _is_current(scene):
        current = None
        rendering.drop_copies()
        inputs.drop_rigs()


def _is_current(scene: Any) -> bool:
    return not bake.at_work and current is not None and current.scene == scene.name


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """End the process where an error comes out."""
    try:
        yield
    except (GouacheError, Cancelled) as error:
        stop(error)
    except Exception as error:
        traceback.print_exc()
        stop(error)


def stop(error: Exception) -> None:
    """End the process, for nothing else stops a render; tell why, and leave nothing running."""
    due.say(f"error: {error or 'cancelled'}")
    if getattr(error, "detail", ""):
        print(error.detail)  # type: ignore[attr-defined]
    due.say("The render is stopped. Frames that are painted are kept: render again to go on. The .blend is unchanged.")
    engine.stop_kept()
    if bpy.app.tempdir:
        shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)


class GOUACHE_PT_render(bpy.types.Panel):
    """What Gouache does when the scene is rendered without a window; in the Output properties."""

    bl_idname, bl_label = "GOUACHE_PT_render", "Gouache"
    bl_space_type: Any = "PROPERTIES"
    bl_region_type: Any = "WINDOW"
    bl_context = "output"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(context.scene.gouache, "bake_on_render")


HANDLERS = {"load_post": opened, "render_init": begin, "render_pre": before_frame, "render_post": after_frame,
            "render_complete": end, "render_cancel": end}


def register() -> None:
    bpy.utils.register_class(GOUACHE_PT_render)
    if bpy.app.background:
        for name, handler in HANDLERS.items():
            getattr(bpy.app.handlers, name).append(handler)
        atexit.register(remove_handlers)  # Blender 4.5 as a Python module hangs at its end with handlers left


def remove_handlers() -> None:
    """Take every handler out."""
    for name, handler in HANDLERS.items():
        registered = getattr(bpy.app.handlers, name)
        if handler in registered:
            registered.remove(handler)


def unregister() -> None:
    global current
    current = None
    _baked.clear()
    atexit.unregister(remove_handlers)
    remove_handlers()
    bpy.utils.unregister_class(GOUACHE_PT_render)
