"""The style pictures of a strip or node: the list's buttons, bundled pictures, thumbnails; and the keyframe button."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from .. import animation
from ..bundled import bundled, first_bundled, full_path, title_of
from ..owner import active_owner, shown_frame
from .modal import Answer

_icons: Any = None


def thumbnail(path: str, fresh: bool = False) -> int:
    """The number of a picture's thumbnail, 0 for none (also without a window, where nothing is drawn).

    `fresh` says that the file is new, and what was loaded before is out of date.
    """
    if bpy.app.background or _icons is None or not path:
        return 0
    full = str(full_path(path))
    if fresh or full not in _icons:
        if not Path(full).is_file():
            return 0
        _icons.load(full, full, "IMAGE", force_reload=fresh)
    return int(_icons[full].icon_id)


class ForActiveOwner:
    """What the operators on the settings of the active strip or node have in common."""

    bl_options: Any = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return active_owner(context) is not None

    @staticmethod
    def settings(context: Any) -> Any:
        owner = active_owner(context)
        assert owner is not None, "polled"
        return owner.settings


class GOUACHE_OT_style_add(ForActiveOwner, bpy.types.Operator):
    """Add a style picture; several blend by their shares"""

    bl_idname = "gouache.style_add"
    bl_label = "Add Style"

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Picture", description="The picture; empty takes a bundled one", options={"SKIP_SAVE"})

    def execute(self, context: Any) -> Answer:
        group = self.settings(context)
        style = group.styles.add()
        style.path = self.path or first_bundled()
        group.active_style = len(group.styles) - 1
        return {"FINISHED"}


class GOUACHE_OT_style_remove(ForActiveOwner, bpy.types.Operator):
    """Remove the style picture that is highlighted"""

    bl_idname = "gouache.style_remove"
    bl_label = "Remove Style"

    def execute(self, context: Any) -> Answer:
        group = self.settings(context)
        group.styles.remove(group.active_style)
        group.active_style = max(min(group.active_style, len(group.styles) - 1), 0)
        return {"FINISHED"}


class GOUACHE_OT_style_bundled(ForActiveOwner, bpy.types.Operator):
    """Use this picture that comes with Gouache"""

    bl_idname = "gouache.style_bundled"
    bl_label = "Bundled Style"

    path: bpy.props.StringProperty(name="Picture", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: Any) -> Answer:
        group = self.settings(context)
        if not group.styles:
            group.styles.add()
        group.active_style = min(group.active_style, len(group.styles) - 1)
        group.styles[group.active_style].path = self.path
        return {"FINISHED"}


class GOUACHE_OT_keyframe(ForActiveOwner, bpy.types.Operator):
    """Set or remove a keyframe of this setting on the current frame"""

    bl_idname = "gouache.keyframe"
    bl_label = "Keyframe"

    name: bpy.props.StringProperty(name="Setting", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: Any) -> Answer:
        owner = active_owner(context)
        assert owner is not None, "polled"
        frame = shown_frame(context)
        curve = animation.curve_of(owner.animated, owner.holder, self.name)
        if curve is not None and animation.has_key(curve, frame):
            animation.remove_key(owner.animated, owner.holder, self.name, frame)
        else:
            animation.set_key(owner.animated, owner.holder, self.name, frame)
        return {"FINISHED"}


class GOUACHE_MT_bundled(bpy.types.Menu):
    """The pictures that come with Gouache."""

    bl_idname = "GOUACHE_MT_bundled"
    bl_label = "Bundled Styles"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        pictures = bundled()
        if not pictures:
            layout.label(text="None are bundled")
        for file in pictures:
            button = layout.operator("gouache.style_bundled", text=title_of(str(file)), icon_value=thumbnail(str(file)))
            button.path = str(file)


class GOUACHE_UL_styles(bpy.types.UIList):
    """One line per style picture: thumbnail, name, share."""

    bl_idname = "GOUACHE_UL_styles"

    def draw_item(self, context: Any, layout: Any, data: Any, item: Any, icon: int | None,
                  active_data: Any, active_property: str | None, index: int | None = 0,
                  flt_flag: int | None = 0) -> None:
        name = title_of(item.path.replace("\\", "/")) if item.path else "No picture"
        row = layout.row(align=True)
        if item.path and not full_path(item.path).is_file():
            row.label(text=name, icon="ERROR")
        else:
            row.label(text=name, icon_value=thumbnail(item.path))
        if len(data.styles) > 1:
            share = row.row()
            share.ui_units_x = 4
            share.prop(item, "weight", text="", emboss=False)


CLASSES = (GOUACHE_OT_style_add, GOUACHE_OT_style_remove, GOUACHE_OT_style_bundled, GOUACHE_OT_keyframe,
           GOUACHE_MT_bundled, GOUACHE_UL_styles)


def register() -> None:
    global _icons
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    _icons = bpy.utils.previews.new()


def unregister() -> None:
    global _icons
    bpy.utils.previews.remove(_icons)
    _icons = None
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
