"""The rows that the Gouache tabs of strips and of nodes both have: an effect's settings, progress, the last preview."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from ...core.options import read_by
from .. import animation, bake, preferences
from ..owner import Owner
from .preview import preview_of
from .style_pictures import thumbnail

ICONS = {"style": "BRUSH_DATA", "collage": "MOD_EXPLODE"}
NOTHING: Mapping[str, str] = MappingProxyType({})
PREVIEW_SCALE = 9.0
BAKED_LABELS = {"strength": "Style Strength", "keep_color": "Baked Keep Color", "mask": "Baked Mask"}
"""What a group's settings are called beside its sockets of the same names, which need no new bake."""
ALWAYS_SHOWN = ("mode",)  # on top, beside the button
WITHOUT_MATERIALS = {"joiner": "A joiner is cut from photographs of the clip itself"}
EMPTY = {"layers": "Add painted versions of this clip"}


def draw_kind(layout: Any, group: Any) -> None:
    """What decides most: a collage's mode, or the engine that paints."""
    if group.effect == "collage":
        layout.prop(group.collage, "mode", text="")
    else:
        layout.row().prop(group, "engine", expand=True)


def engine_trouble() -> tuple[str, str] | None:
    """Why there is no engine to use, as a line with its icon; None if there is one."""
    trouble = preferences.engine_trouble()
    return (trouble, "ERROR") if trouble else None


def draw_way_to_engine(layout: Any) -> None:
    """The button to where the engine is installed and set."""
    layout.operator("preferences.addon_show", text="Install Engine…", icon="PREFERENCES").module = preferences.PACKAGE


def draw_progress(layout: Any) -> None:
    """How far the running bake is, and its Cancel button."""
    assert bake.current is not None
    status = bake.current.status
    layout.progress(factor=status.fraction, text=status.text)
    layout.operator("gouache.cancel", icon="CANCEL")


def draw_styles(layout: Any, group: Any) -> None:
    """The list of style pictures with its buttons, and the highlighted one in large."""
    _draw_pictures(layout, group, "style", "GOUACHE_MT_bundled")


def _draw_pictures(layout: Any, group: Any, kind: str, menu: str) -> bool:
    """A group's list of styles or materials with its buttons, and the highlighted one; whether there is one."""
    row = layout.row()
    row.template_list(f"GOUACHE_UL_{kind}s", "", group, f"{kind}s", group, f"active_{kind}", rows=2)
    column = row.column(align=True)
    column.operator(f"gouache.{kind}_add", text="", icon="ADD")
    column.operator(f"gouache.{kind}_remove", text="", icon="REMOVE")
    column.menu(menu, text="", icon="DOWNARROW_HLT")
    items, active = getattr(group, f"{kind}s"), getattr(group, f"active_{kind}")
    if not 0 <= active < len(items):
        return False
    layout.prop(items[active], "path", text="")
    if picture := thumbnail(items[active].path):
        layout.template_icon(icon_value=picture, scale=5.0)
    return True


def draw_style_options(layout: Any, owner: Owner, frame: int, without: tuple[str, ...] = (),
                       labels: Mapping[str, str] = NOTHING, notes: Mapping[str, str] = NOTHING) -> None:
    """The options of the chosen engine that are not advanced; those with a keyframe button may change over time.

    `labels` replace the options' own, `notes` stand below them.
    """
    column = layout.column()
    column.use_property_split, column.use_property_decorate = True, False
    for name, info in read_by(owner.settings.engine):
        if info.advanced or name == "engine" or name in without:
            continue
        row = column.row(align=True)
        row.prop(owner.settings, name, **({"text": labels[name]} if name in labels else {}))
        if info.animatable:
            draw_keyframe(row, owner, name, frame)
        draw_note(column, notes.get(name, ""))


def draw_note(layout: Any, text: str) -> None:
    """A line below a setting; nothing without a text."""
    if text:
        layout.label(text=text, icon="INFO")


def draw_keyframe(row: Any, owner: Owner, name: str, frame: int) -> None:
    """The diamond beside a setting: full on a key, outlined when animated, a dot otherwise."""
    curve = animation.curve_of(owner.animated, owner.holder, name)
    state = "DOT" if curve is None else "KEYFRAME"
    if curve is not None and animation.has_key(curve, frame):
        state = "KEYFRAME_HLT"
    row.operator("gouache.keyframe", text="", icon=state, emboss=False).name = name


def draw_materials(layout: Any, group: Any, of_strip: bool) -> None:
    """The list of materials with its buttons, the highlighted one in large, and what stands in for an empty list.

    `of_strip` says that there is a strip, whose own paintings may be materials.
    """
    collage = group.collage
    if collage.mode in WITHOUT_MATERIALS:
        layout.label(text=WITHOUT_MATERIALS[collage.mode], icon="INFO")
        return
    if not _draw_pictures(layout, collage, "material", "GOUACHE_MT_materials"):
        layout.label(text=EMPTY.get(collage.mode, "Uses Gouache's own papers"), icon="INFO")
    if collage.mode == "layers" and of_strip:
        layout.operator("gouache.material_paintings", icon="BRUSH_DATA")


def draw_collage_options(layout: Any, group: Any, advanced: bool, without: Collection[str] = (),
                         notes: Mapping[str, str] = NOTHING) -> None:
    """The options that the collage's mode reads, those of every day or the others, less those that are linked.

    `notes` stand below them.
    """
    column = layout.column()
    column.use_property_split, column.use_property_decorate = True, False
    for name, info in read_by(group.collage.mode):
        if info.advanced == advanced and name not in ALWAYS_SHOWN and name not in without:
            column.prop(group.collage, name)
            draw_note(column, notes.get(name, ""))


def draw_preview(layout: Any, owner: Owner) -> None:
    """An owner's last preview, for those without an Image Editor open."""
    if picture := thumbnail(preview_of(owner).filepath):
        layout.template_icon(icon_value=picture, scale=PREVIEW_SCALE)
    layout.operator("gouache.view_preview", icon="FULLSCREEN_ENTER")
    group = owner.settings
    if group.effect == "style" and group.engine != "fast":
        layout.label(text="A quick look: Optimize paints finer", icon="INFO")
