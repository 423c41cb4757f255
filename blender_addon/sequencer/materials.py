"""The materials of a collage: the list's buttons, strips and baked nodes as materials, and a clip's own paintings."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError
from .. import compat
from ..capture import rendered_range
from ..compositor import groups
from ..folders import is_own
from ..owner import active_strip, active_tree, is_ours
from ..results import find_result, stored_folder
from ..ui.modal import Answer, report_error
from ..ui.style_pictures import ForActiveOwner, thumbnail
from .orders import bake_folders


def shown_files(strip: Any) -> str:
    """Where a strip's pictures come from, as a material: its movie, its picture, or its folder; empty for others."""
    if strip.type == "MOVIE":
        return str(strip.filepath)
    if strip.type != "IMAGE":
        return ""
    folder: str = strip.directory if strip.directory.endswith(("/", "\\")) else strip.directory + "/"
    return folder if len(strip.elements) > 1 else f"{folder}{strip.elements[0].filename}"


def offered(scene: Any, own: Any) -> list[tuple[str, str]]:
    """The other strips of the timeline, paintings included, as (name, path), each path once; `own` may be None."""
    found: dict[str, str] = {}
    left_out = () if own is None else (own, find_result(scene, own))
    for strip in scene.sequence_editor.strips_all if scene.sequence_editor else ():
        path = shown_files(strip)
        if path and strip not in left_out:
            found.setdefault(path, strip.name)
    return sorted((name, path) for path, name in found.items())


def baked_nodes(own: Any) -> list[tuple[str, str]]:
    """What other groups of Gouache's show, as (name, folder)."""
    trees: Any = bpy.data.node_groups
    shown = [(tree.name, groups.painting_folder(tree)) for tree in trees if tree != own and is_ours(tree)]
    return sorted((name, stored_folder(folder)) for name, folder in shown if folder is not None)


def paintings(own: Any) -> list[tuple[str, str]]:
    """The finished paintings of a strip, as (what they were painted after, folder): materials for Layered Styles.

    Of one that several versions of a film have, this film's own, else the last.
    """
    first, last = rendered_range(own)
    found = {look: (names, stored_folder(folder)) for names, look, folder, numbers in _painted(own)
             if numbers.issuperset(range(first, last + 1))}
    return list(found.values())


def _painted(own: Any) -> Iterator[tuple[str, str, Path, set[int]]]:
    """All paintings of a strip: painted after what, all that is set, the folder, its frames.

    Those of this film come last, and of those the latest.
    """
    jobs = [job for folder in bake_folders(own) if (job := folder / "job.json").is_file()]
    for job in sorted(jobs, key=lambda job: (is_own(job.parent) or False, job.stat().st_mtime)):
        try:
            order = json.loads(job.read_text(encoding="utf-8"))
            names = [Path(style["path"]).stem for style in order["options"]["styles"]]
        except (OSError, ValueError, KeyError, TypeError):  # a collage's, or none that can be read
            continue
        result = job.parent / "result"
        numbers = {int(file.stem) for file in result.glob("?????.*") if file.stem.isdigit()}
        if names and numbers:
            look = json.dumps([order["options"], order.get("animation")], sort_keys=True)
            yield " and ".join(names), look, result, numbers


def _none_serves(own: Any) -> InputError:
    """Why a strip has no finished painting: there is none at all, or none of the frames where it stands."""
    if not any(_painted(own)):
        return InputError("This strip has no painting.",
                          "Set the effect to Style Transfer and paint it in one or more styles first.")
    return InputError("This strip has no painting of all its frames where it stands now: it was moved or made longer "
                      "since, or its painting was stopped.", "Set the effect to Style Transfer and paint it again.")


def add(group: Any, path: str) -> None:
    """Add a material to a collage's list, unless it is there already, and highlight it."""
    paths = [material.path for material in group.materials]
    if not path or path not in paths:
        group.materials.add().path = path
        paths.append(path)
    group.active_material = paths.index(path)


class GOUACHE_OT_material_add(ForActiveOwner, bpy.types.Operator):
    """Add a material to the collage: a picture, a folder of pictures, or a movie"""

    bl_idname = "gouache.material_add"
    bl_label = "Add Material"

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Material", description="The picture, folder or movie", options={"SKIP_SAVE"})

    def execute(self, context: Any) -> Answer:
        add(self.settings(context).collage, self.path)
        return {"FINISHED"}


class GOUACHE_OT_material_remove(ForActiveOwner, bpy.types.Operator):
    """Remove the material that is highlighted"""

    bl_idname = "gouache.material_remove"
    bl_label = "Remove Material"

    def execute(self, context: Any) -> Answer:
        group = self.settings(context).collage
        group.materials.remove(group.active_material)
        group.active_material = max(min(group.active_material, len(group.materials) - 1), 0)
        return {"FINISHED"}


class GOUACHE_OT_material_paintings(ForActiveOwner, bpy.types.Operator):
    """Cut the collage from all finished paintings of this strip"""

    bl_idname = "gouache.material_paintings"
    bl_label = "Use This Strip's Paintings"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and active_strip(context) is not None

    def execute(self, context: Any) -> Answer:
        strip = active_strip(context)
        found = paintings(strip)
        if not found:
            report_error(self, _none_serves(strip))
            return {"CANCELLED"}
        for _, path in found:
            add(self.settings(context).collage, path)
        self.report({"INFO"}, f"{len(found)} painting{'s' if len(found) > 1 else ''}")
        return {"FINISHED"}


class GOUACHE_MT_materials(bpy.types.Menu):
    """This strip's own paintings or what other nodes were baked to, and the other strips of the timeline."""

    bl_idname = "GOUACHE_MT_materials"
    bl_label = "Materials from the Timeline"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        own, scene = active_strip(context), compat.sequencer_scene(context)
        if context.space_data is not None and context.space_data.type == "NODE_EDITOR":
            lists = (("Baked Nodes", "NODETREE", baked_nodes(active_tree(context))),
                     ("Strips", "SEQ_SEQUENCER", offered(scene, None)))
        else:
            lists = (("Paintings of This Strip", "BRUSH_DATA", paintings(own)),
                     ("Other Strips", "SEQ_SEQUENCER", offered(scene, own)))
        for title, symbol, entries in lists:
            layout.label(text=title)
            for name, path in entries:
                layout.operator("gouache.material_add", text=name, icon=symbol).path = path
            if not entries:
                layout.label(text="None", icon="BLANK1")


class GOUACHE_UL_materials(bpy.types.UIList):
    """One line per material."""

    bl_idname = "GOUACHE_UL_materials"

    def draw_item(self, context: Any, layout: Any, data: Any, item: Any, icon: int | None,
                  active_data: Any, active_property: str | None, index: int | None = 0,
                  flt_flag: int | None = 0) -> None:
        path = item.path.replace("\\", "/")
        if path.endswith("/result/"):  # a painting: its strip's name says more
            path = path.removesuffix("/result/")
        name = Path(path).name or "No material"
        if picture := thumbnail(item.path):
            layout.label(text=name, icon_value=picture)
        else:
            layout.label(text=name, icon="FILE_FOLDER" if item.path.endswith("/") else "FILE_IMAGE")


CLASSES = (GOUACHE_OT_material_add, GOUACHE_OT_material_remove, GOUACHE_OT_material_paintings, GOUACHE_MT_materials,
           GOUACHE_UL_materials)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
