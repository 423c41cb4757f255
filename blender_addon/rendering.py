"""Rendering a copy of a scene for a capture, never while Blender renders: one render inside another crashes Blender.

Only the copy goes through the frames. So for as long as it renders it stands for the scene where other data asks that
for something, and no node of an artist's writes its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..core.errors import InputError
from . import compat


def is_taken() -> bool:
    """Whether a window's render is under way (F12, Ctrl-F12)."""
    return bool(bpy.app.is_job_running("RENDER"))


def render_frames(copy: Any, scene: Any, first: int, last: int, what: str) -> None:
    """Render frames first..last of a scene's copy.

    Always as an animation, for a still takes its frame from the scene of the context. Raises InputError, with `what`
    could not be rendered.
    """
    copy.frame_start, copy.frame_end, copy.frame_step = first, last, 1
    taken = InputError(f"Blender could not render {what}: another render is under way.", "Try again when that is done.")
    if is_taken():
        raise taken
    try:
        with setting(_targets(scene), "id", copy), setting(_outputs(copy), "mute", True):
            answer = bpy.ops.render.render(animation=True, scene=copy.name)
    except RuntimeError as error:
        raise InputError(f"Blender could not render {what}.", "Render the scene to see why.", str(error)) from error
    if answer != {"FINISHED"}:
        raise taken


def tell_changes() -> None:
    """Have Blender tell those that watch what was changed up to now; else it does so at the end of the event."""
    manager: Any = bpy.context.window_manager
    if bpy.app.handlers.depsgraph_update_post:
        for window in manager.windows:
            window.view_layer.update()


@contextmanager
def setting(owners: Iterable[Any], name: str, value: Any) -> Iterator[None]:
    """Have a property of all these set to a value for a while."""
    before = [(owner, getattr(owner, name)) for owner in owners]
    try:
        for owner, _ in before:
            setattr(owner, name, value)
        yield
    finally:
        for owner, earlier in before:
            setattr(owner, name, earlier)


def with_groups(trees: Iterable[Any]) -> list[Any]:
    """Compositor trees and the groups in them, as deep as they go; each once."""
    return _reached(trees, lambda tree: [getattr(node, "node_tree", None) for node in tree.nodes])


def _reached(begun: Iterable[Any], further: Callable[[Any], Iterable[Any]]) -> list[Any]:
    """What is begun with, and what is reached from there, as deep as it goes; each once, and no None."""
    found: list[Any] = []
    waiting = list(begun)
    while waiting:
        thing = waiting.pop()
        if thing is not None and thing not in found:
            found.append(thing)
            waiting += further(thing)
    return found


def _targets(scene: Any) -> list[Any]:
    """What drivers ask a scene for; those of the scene itself ask its copy already, for Blender copies them so."""
    users = bpy.data.user_map(subset={scene})[scene] - {scene}
    owners = [*users, *(tree for user in users if (tree := getattr(user, "node_tree", None)) is not None)]
    return [target for owner in owners if getattr(owner, "animation_data", None) is not None
            for curve in owner.animation_data.drivers for variable in curve.driver.variables
            for target in variable.targets if target.id == scene]


def _outputs(copy: Any) -> list[Any]:
    """The File Output nodes that a render of a copy comes by, but for those that a capture put in its own tree."""
    own = compat.compositor_tree(copy) if copy.render.use_compositing else None
    trees = with_groups(compat.compositor_tree(scene) for scene in _shown(copy) if scene.render.use_compositing)
    return [node for tree in trees if tree != own
            for node in tree.nodes if node.bl_idname == "CompositorNodeOutputFile"]


def _shown(copy: Any) -> list[Any]:
    """A scene and those that its strips show, as deep as they go."""
    def inside(scene: Any) -> list[Any]:
        strips = scene.sequence_editor.strips_all if scene.sequence_editor else ()
        return [strip.scene for strip in strips if strip.type == "SCENE"]
    return _reached([copy], inside)


_held: list[tuple[Any, Any]] | None = None


def hold_copies() -> None:
    """From now on keep every copy until `drop_copies`: a scene removed while a render begins can crash Blender 5.2."""
    global _held
    _held = [] if _held is None else _held


def holds_copies() -> bool:
    """Whether copies are kept: Blender is in a render, where nothing that it has may be removed."""
    return _held is not None


def film_scenes() -> list[Any]:
    """The scenes of the film, without the copies that are kept: what is in those is the same strip once more."""
    held, scenes = [block for _, block in _held or ()], bpy.data.scenes
    return [scene for scene in scenes if scene not in held]


def film_strips() -> Iterator[tuple[Any, Any]]:
    """All strips of the film, however deep in metas, each with its scene."""
    return ((scene, strip) for scene in film_scenes() if scene.sequence_editor
            for strip in scene.sequence_editor.strips_all)


def drop_copies() -> None:
    """Remove the copies that are held, and hold no more."""
    global _held
    made, _held = _held or [], None
    _remove(made)


def put_away(made: list[tuple[Any, Any]]) -> None:
    """Remove what was made for a capture, each from its collection, or hold it until `drop_copies`."""
    if _held is None:
        _remove(made)
    else:
        _held.extend(made)


def _remove(made: list[tuple[Any, Any]]) -> None:
    for collection, block in made:
        collection.remove(block)
