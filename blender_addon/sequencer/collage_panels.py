"""What the Gouache tabs of strips and nodes show for collages: materials, options, and a strip's way to planes."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from collections.abc import Collection
from typing import Any

from ...core.options import read_by
from ..planes.operators import built_scene, layers_of
from .style_pictures import thumbnail

ALWAYS_SHOWN = ("mode",)  # on top, beside the button
WITHOUT_MATERIALS = {"joiner": "A joiner is cut from photographs of the clip itself"}
EMPTY = {"layers": "Add painted versions of this clip"}


def draw_materials(layout: Any, group: Any, of_strip: bool) -> None:
    """The list of materials with its buttons, the highlighted one in large, and what stands in for an empty list.

    `of_strip` says that there is a strip, whose own paintings may be materials.
    """
    collage = group.collage
    if collage.mode in WITHOUT_MATERIALS:
        layout.label(text=WITHOUT_MATERIALS[collage.mode], icon="INFO")
        return
    row = layout.row()
    row.template_list("GOUACHE_UL_materials", "", collage, "materials", collage, "active_material", rows=2)
    column = row.column(align=True)
    column.operator("gouache.material_add", text="", icon="ADD")
    column.operator("gouache.material_remove", text="", icon="REMOVE")
    column.menu("GOUACHE_MT_materials", text="", icon="DOWNARROW_HLT")
    if 0 <= collage.active_material < len(collage.materials):
        material = collage.materials[collage.active_material]
        layout.prop(material, "path", text="")
        if picture := thumbnail(material.path):
            layout.template_icon(icon_value=picture, scale=5.0)
    else:
        layout.label(text=EMPTY.get(collage.mode, "Empty: the papers that come with Gouache"), icon="INFO")
    if collage.mode == "layers" and of_strip:
        layout.operator("gouache.material_paintings", icon="BRUSH_DATA")


def draw_options(layout: Any, group: Any, advanced: bool, without: Collection[str] = ()) -> None:
    """The options that the collage's mode reads, those of every day or the others, less those that are linked."""
    column = layout.column()
    column.use_property_split, column.use_property_decorate = True, False
    for name, info in read_by(group.collage.mode):
        if info.advanced == advanced and name not in ALWAYS_SHOWN and name not in without:
            column.prop(group.collage, name)


def draw_planes(layout: Any, scene: Any, strip: Any) -> None:
    """The button that builds planes, what it will do, and the scene that was built."""
    row = layout.row(align=True)
    row.scale_y = 1.2
    row.operator("gouache.collage_to_planes", icon="OUTLINER_OB_IMAGE")
    built = built_scene(scene, strip)
    if built is not None:
        row.operator("gouache.open_planes", text="Open", icon="SCENE_DATA").scene = built.name
    if layers_of(scene, strip) is None:
        layout.label(text="Makes the collage again, with its layers", icon="INFO")
