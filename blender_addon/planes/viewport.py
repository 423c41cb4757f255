"""What can be done with built planes in the 3D Viewport: showing them, and switching their look."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from typing import Any

import bpy

from ..ui.modal import Answer
from . import paper
from .build import KEY, PIECE, find

LOOKS: Any = [("FLAT", "Flat", "As in the strip, whatever the light"),
              ("LIT", "Lit", "Light and shadow of the scene fall on the paper")]


class GOUACHE_OT_planes_look(bpy.types.Operator):
    """Let light and shadow fall on this scene's collages, or show them as they are"""

    bl_idname = "gouache.planes_look"
    bl_label = "Look of Planes"
    bl_options = {"REGISTER", "UNDO"}

    look: bpy.props.EnumProperty(name="Look", items=LOOKS)  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(find(context.scene))

    def execute(self, context: Any) -> Answer:
        for collection in find(context.scene):
            paper.set_lit(collection.get("gouache_look"), self.look == "LIT")
        return {"FINISHED"}


class GOUACHE_OT_open_planes(bpy.types.Operator):
    """Show the active strip's planes in the 3D Viewport, through their camera"""

    bl_idname = "gouache.open_planes"
    bl_label = "Open Planes"

    scene: bpy.props.StringProperty(name="Scene", options={"SKIP_SAVE", "HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: Any) -> Answer:
        window, scene = context.window, bpy.data.scenes.get(self.scene)
        if window is None or scene is None:
            self.report({"ERROR"}, f"There is no scene '{self.scene}' or no window.")
            return {"CANCELLED"}
        spaces = viewports(window.screen)
        if not spaces:  # as in the Video Editing workspace: its other, hidden screens do not count
            others = [w for w in bpy.data.workspaces if w != window.workspace and viewports(w.screens[0])]
            chosen = next((w for w in others if w.name == "Layout"), others[0] if others else None)
            if chosen is not None:
                window.workspace, spaces = chosen, viewports(chosen.screens[0])
        window.scene = scene
        for space in spaces:
            space.shading.type = "MATERIAL"  # solid shading shows no pictures
            space.overlay.show_relationship_lines = False  # one from every piece
            space.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}


def viewports(screen: Any) -> list[Any]:
    """The 3D Viewports on a screen."""
    return [area.spaces.active for area in screen.areas if area.type == "VIEW_3D"]


class GOUACHE_PT_planes_look(bpy.types.Panel):
    """What can be done with built planes, in the 3D Viewport."""

    bl_idname, bl_label = "GOUACHE_PT_planes_look", "Collage"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Gouache"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(find(context.scene))

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        collections = find(context.scene)
        lit = paper.is_lit(collections[0].get("gouache_look"))
        row = layout.row(align=True)
        for key, label, _ in LOOKS:
            row.operator("gouache.planes_look", text=label, depress=(key == "LIT") == lit).look = key
        for collection in collections:
            count = sum(thing.get(KEY) == PIECE for thing in collection.all_objects)
            layout.label(text=f"{collection.name}: {count} pieces", icon="OUTLINER_COLLECTION")


CLASSES = (GOUACHE_OT_planes_look, GOUACHE_OT_open_planes, GOUACHE_PT_planes_look)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
