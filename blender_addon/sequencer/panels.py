"""The Gouache tab in the Video Sequencer's sidebar."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from collections.abc import Iterator
from typing import Any

import bpy

from ...core.options import read_by
from .. import bake, compat, settings
from ..capture import own_size
from ..owner import Owner, active_owner, active_strip, modifier_of, sharing, shown_frame
from ..parts import WITHOUT_PICTURE
from ..results import find_result
from ..ui import rows
from ..ui.preview import preview_of
from .state import changed, modifier_line, painting_line, shows_other
from .to_planes import built_scene, layers_of


class SidebarPanel:
    """Where Gouache's panels are."""

    bl_space_type: Any = "SEQUENCE_EDITOR"
    bl_region_type: Any = "UI"
    bl_category = "Gouache"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return True


class PicturePanel(SidebarPanel):
    """A panel that only strips with a picture have."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        strip = active_strip(context)
        return strip is not None and strip.type not in WITHOUT_PICTURE


def polled_owner(context: Any) -> Owner:
    """Whose settings a panel shows that is not drawn without one."""
    owner = active_owner(context)
    assert owner is not None, "polled"
    return owner


class StylePanel(PicturePanel):
    """A panel for strips whose effect, or the group on them, is Style Transfer."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        owner = active_owner(context)
        return super().poll(context) and owner is not None and owner.settings.effect == "style"


class CollagePanel(PicturePanel):
    """A panel for strips whose effect, or the group on them, is Collage."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        owner = active_owner(context)
        return super().poll(context) and owner is not None and owner.settings.effect == "collage"


class GOUACHE_PT_strip(SidebarPanel, bpy.types.Panel):
    """The effect and the big button, or the progress; on top, so that it is seen in a low timeline."""

    bl_idname, bl_label = "GOUACHE_PT_strip", "Effect"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        strip, scene = active_strip(context), compat.sequencer_scene(context)
        if strip is None:
            layout.label(text="Select a strip to paint", icon="INFO")
            return
        if strip.type in WITHOUT_PICTURE:
            layout.label(text="This strip has no picture to paint", icon="INFO")
            return
        layout.label(text=strip.name, icon="SEQ_SEQUENCER")
        draw_run(layout, scene, strip)


class GOUACHE_PT_style(StylePanel, bpy.types.Panel):
    """The pictures to paint in the style of."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_style", "Style", "GOUACHE_PT_strip"

    def draw(self, context: Any) -> None:
        rows.draw_styles(self.layout, polled_owner(context).settings)


class GOUACHE_PT_materials(CollagePanel, bpy.types.Panel):
    """What the pieces are cut from."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_materials", "Materials", "GOUACHE_PT_strip"

    def draw(self, context: Any) -> None:
        rows.draw_materials(self.layout, polled_owner(context).settings, of_strip=True)


class GOUACHE_PT_settings(PicturePanel, bpy.types.Panel):
    """The options an artist needs every day."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_settings", "Settings", "GOUACHE_PT_strip"

    def draw(self, context: Any) -> None:
        owner = polled_owner(context)
        notes = {"size": size_note(compat.sequencer_scene(context), active_strip(context), owner.settings)}
        if owner.settings.effect == "collage":
            rows.draw_collage_options(self.layout, owner.settings, advanced=False, notes=notes)
        else:
            labels = rows.BAKED_LABELS if owner.is_group else {}  # a group's, beside its live sockets
            rows.draw_style_options(self.layout, owner, shown_frame(context), labels=labels, notes=notes)


def size_note(scene: Any, strip: Any, group: Any) -> str:
    """What becomes of a strip that is larger than what is painted; empty if it is not."""
    is_collage = group.effect == "collage"
    size = group.collage.size if is_collage else group.size
    long_side = max(own_size(strip) or (scene.render.resolution_x, scene.render.resolution_y))
    what = "Made" if is_collage else "Painted"
    return f"{what} at {size} px, enlarged to {long_side}" if 0 < size < long_side else ""


class GOUACHE_PT_planes(CollagePanel, bpy.types.Panel):
    """From the collage to 3D."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_planes", "In 3D", "GOUACHE_PT_strip"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and modifier_of(active_strip(context)) is None

    def draw(self, context: Any) -> None:
        draw_planes(self.layout, compat.sequencer_scene(context), active_strip(context))


def draw_run(layout: Any, scene: Any, strip: Any) -> None:
    """The effect and the buttons, or the progress while something is painted, and one line on the state of things."""
    if bake.current is not None:
        rows.draw_progress(layout)
        return
    modifier = modifier_of(strip)
    if modifier is not None:
        draw_modifier(layout, scene, strip, modifier)
        return
    effect = strip.gouache.effect
    layout.row().prop(strip.gouache, "effect", expand=True)
    rows.draw_kind(layout, strip.gouache)
    ready = layout.column()
    trouble = rows.engine_trouble()
    ready.enabled = not (trouble or settings.obstacle(strip.gouache))
    ready.scale_y = 1.4
    row = ready.row(align=True)
    text = "Make Collage" if effect == "collage" else "Paint Strip"
    row.operator("gouache.stylize_strip", text=text, icon=rows.ICONS[effect])
    row.operator("gouache.preview_frame", text="Preview", icon="HIDE_OFF")
    result = find_result(scene, strip)
    draw_state(layout, trouble or painting_line(scene, strip), strip, result)
    if trouble:
        rows.draw_way_to_engine(layout)
    if compat.HAS_STRIP_MODIFIERS and result is None:
        layout.operator("gouache.add_modifier", icon="MODIFIER").effect = effect


def draw_state(layout: Any, state: tuple[str, str], strip: Any, result: Any) -> None:
    """The line on the state of things; for a painted strip with the eye that shows it as it was before."""
    row = layout.row()
    row.label(text=state[0], icon=state[1])
    if result is None:
        return
    row.operator("gouache.show_original", text="", icon="HIDE_ON" if result.mute else "HIDE_OFF", depress=result.mute)
    if result.mute:
        layout.label(text=f"'{result.name}' is muted", icon="BLANK1")
    if shows_other(strip):
        layout.label(text="Its frames are kept", icon="BLANK1")


def draw_modifier(layout: Any, scene: Any, strip: Any, modifier: Any) -> None:
    """The same for a strip with our modifier: the painting goes there."""
    rows.draw_kind(layout, modifier.node_group.gouache)
    trouble = rows.engine_trouble()
    row = layout.row(align=True)
    row.enabled = not trouble
    row.scale_y = 1.4
    row.operator("gouache.bake_modifier", text="Bake Modifier", icon="BRUSH_DATA")
    row.operator("gouache.preview_frame", text="Preview", icon="HIDE_OFF")
    text, symbol = trouble or modifier_line(scene, strip, modifier)
    layout.label(text=text, icon=symbol)
    if trouble:
        rows.draw_way_to_engine(layout)
    if (count := len(sharing(modifier.node_group))) > 1:
        layout.label(text=f"{count} strips share this bake", icon="LINKED")
        layout.operator("gouache.single_modifier")
    column = layout.column()
    column.use_property_split = True
    for name, holder in live_inputs(modifier):
        column.prop(holder, "value", text=name)


def draw_planes(layout: Any, scene: Any, strip: Any) -> None:
    """The button that builds planes, what it will do, and the scene that was built."""
    row = layout.row(align=True)
    row.scale_y = 1.2
    row.operator("gouache.collage_to_planes", icon="OUTLINER_OB_IMAGE")
    built = built_scene(scene, strip)
    if built is not None:
        row.operator("gouache.open_planes", text="Open", icon="SCENE_DATA").scene = built.name
    result = find_result(scene, strip)
    if layers_of(scene, strip) is None:
        again = " again" if result is not None and not shows_other(strip) else ""
        layout.label(text=f"Makes the collage{again}, with its layers", icon="INFO")
    elif result is not None and changed(scene, strip, result):
        layout.label(text="Of the collage as it was made", icon="INFO")


def live_inputs(modifier: Any) -> Iterator[tuple[str, Any]]:
    """The modifier's inputs that need no new bake: name, and what holds the value."""
    for item in modifier.node_group.interface.items_tree:
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.socket_type == "NodeSocketFloat":
            holder = getattr(modifier.properties.inputs, item.identifier, None)
            if holder is not None:
                yield item.name, holder


class GOUACHE_PT_preview(PicturePanel, bpy.types.Panel):
    """The last preview."""

    bl_idname, bl_label = "GOUACHE_PT_preview", "Preview"
    bl_parent_id = "GOUACHE_PT_strip"

    @classmethod
    def poll(cls, context: Any) -> bool:
        owner = active_owner(context)
        return super().poll(context) and owner is not None and preview_of(owner) is not None

    def draw(self, context: Any) -> None:
        rows.draw_preview(self.layout, polled_owner(context))


class GOUACHE_PT_advanced(PicturePanel, bpy.types.Panel):
    """The options for those who know the method."""

    bl_idname, bl_label = "GOUACHE_PT_advanced", "Advanced"
    bl_parent_id, bl_options = "GOUACHE_PT_strip", {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        group = polled_owner(context).settings
        layout.use_property_split, layout.use_property_decorate = True, False
        if group.effect == "collage":
            rows.draw_collage_options(layout, group, advanced=True)
        for name, info in read_by(group.engine) if group.effect == "style" else ():
            if info.advanced:
                layout.prop(group, name)
        for name in settings.MOTION_FIELDS:
            if hasattr(group, name):
                layout.prop(group, name)


class GOUACHE_PT_output(PicturePanel, bpy.types.Panel):
    """The file format, what to do with the source, where the frames are, and the same for other strips."""

    bl_idname, bl_label = "GOUACHE_PT_output", "Output"
    bl_parent_id, bl_options = "GOUACHE_PT_strip", {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        group = polled_owner(context).settings
        layout.use_property_split, layout.use_property_decorate = True, False
        for name in (*settings.OUTPUT_FIELDS, "mute_source", "paint_on_render"):
            if hasattr(group, name):
                layout.prop(group, name)
        layout.operator("gouache.copy_settings", icon="DUPLICATE")
        layout.operator("gouache.open_cache", icon="FILE_FOLDER")


CLASSES = (GOUACHE_PT_strip, GOUACHE_PT_preview, GOUACHE_PT_style, GOUACHE_PT_materials, GOUACHE_PT_settings,
           GOUACHE_PT_planes, GOUACHE_PT_output, GOUACHE_PT_advanced)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
