"""The menu Gouache among the strips' own, on top of the window and at the mouse: so F3's search finds what it has."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from typing import Any

import bpy

from ..owner import active_strip, modifier_of
from ..parts import WITHOUT_PICTURE
from ..ui import rows


class GOUACHE_MT_strip(bpy.types.Menu):
    """What can be made of the active strip"""

    bl_idname, bl_label = "GOUACHE_MT_strip", "Gouache"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.operator_context = "INVOKE_DEFAULT"  # in the window, with progress and Esc
        strip = active_strip(context)
        if modifier_of(strip) is not None:
            layout.operator("gouache.bake_modifier", text="Bake Modifier", icon="BRUSH_DATA")
        else:
            if strip.gouache.effect == "style":
                layout.operator("gouache.stylize_strip", icon=rows.ICONS["style"])
            layout.operator("gouache.collage_strip", icon=rows.ICONS["collage"])
        layout.operator("gouache.preview_frame", icon="HIDE_OFF")
        layout.operator("gouache.collage_to_planes", icon="OUTLINER_OB_IMAGE")
        layout.separator()
        layout.operator("gouache.copy_settings", icon="DUPLICATE")
        layout.operator("gouache.open_cache", icon="FILE_FOLDER")


def draw_menu(self: Any, context: Any) -> None:
    """Our line in Blender's menus, for strips with a picture."""
    strip = active_strip(context)
    if strip is not None and strip.type not in WITHOUT_PICTURE:
        self.layout.separator()
        self.layout.menu(GOUACHE_MT_strip.bl_idname, icon="BRUSH_DATA")


def _menus() -> tuple[Any, ...]:
    types: Any = bpy.types
    return types.SEQUENCER_MT_strip, types.SEQUENCER_MT_context_menu


def register() -> None:
    bpy.utils.register_class(GOUACHE_MT_strip)
    for menu in _menus():
        menu.append(draw_menu)


def unregister() -> None:
    for menu in _menus():
        menu.remove(draw_menu)
    bpy.utils.unregister_class(GOUACHE_MT_strip)
