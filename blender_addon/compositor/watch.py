"""Noticing changes inside 3D scenes and masks, so that a node that paints those can say that its bake is out of date.

Only in a window: a bake finds out by the pixels anyhow, and Blender 4.5 as a module hangs at its end if handlers are
left.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from .. import bake
from ..owner import is_ours
from .facts import CHANGES

QUIET = (bpy.types.Scene, bpy.types.Collection, bpy.types.Action, bpy.types.NodeTree, bpy.types.WindowManager,
         bpy.types.Screen, bpy.types.WorkSpace, bpy.types.Image)

SHARED = (bpy.types.Object, bpy.types.World)
"""What several scenes may show; a change to a mesh, material or light is one to its objects as well."""


@persistent  # type: ignore[untyped-decorator]
def note_changes(scene: Any, depsgraph: Any) -> None:
    """Count, on a scene or mask, what an artist changed in it; Blender calls this not for a new frame."""
    if bake.own_doing or not any(is_ours(tree) for tree in bpy.data.node_groups):
        return
    if any(_counts(update) for update in depsgraph.updates):
        seen = {update.id.original for update in depsgraph.updates if isinstance(update.id, SHARED)}
        scenes: Any = bpy.data.scenes
        for other in scenes:
            if other == scene or other.world in seen or not seen.isdisjoint(other.objects):
                other[CHANGES] = other.get(CHANGES, 0) + 1
    for update in depsgraph.updates:
        if isinstance(update.id, bpy.types.Mask):  # Python cannot read its shape keys
            mask: Any = update.id.original
            mask[CHANGES] = mask.get(CHANGES, 0) + 1


def _counts(update: Any) -> bool:
    """Whether an update is a change to what is rendered; a scene that was removed touches every object's shading."""
    if isinstance(update.id, QUIET):
        return False
    if isinstance(update.id, bpy.types.Object):
        return bool(update.is_updated_transform or update.is_updated_geometry)
    return bool(update.is_updated_transform or update.is_updated_geometry or update.is_updated_shading)


def start() -> None:
    """Begin to watch."""
    if note_changes not in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.append(note_changes)


def stop() -> None:
    """Watch no more."""
    if note_changes in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.remove(note_changes)


def register() -> None:
    if not bpy.app.background:
        start()


def unregister() -> None:
    stop()
