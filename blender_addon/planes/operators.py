"""Collage to Planes as artists and scripts call it: building, opening what was built, and switching its look."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import json
from pathlib import Path
from typing import Any

import bpy

from ...core.collage.layers import LAYERS, NAME
from ...core.errors import GouacheError, InputError
from ..capture import find_strip
from ..identity import is_copy
from ..results import active_source, find_result
from ..sequencer.jobs import engine_taken
from ..sequencer.modal import Answer, report_error
from ..sequencer.operators import scene_of
from . import paper
from .build import KEY, PIECE, Built, Wishes, build, find, first_with
from .read import read

LOOKS: Any = [("FLAT", "Flat", "As in the strip, whatever the light"),
              ("LIT", "Lit", "Light and shadow of the scene fall on the paper")]
STACKS: Any = [("ORDER", "One Above the Other", "Every piece has a depth of its own: for a camera that moves through"),
               ("LYING", "Lying on Each Other", "A piece lies as high as the papers under it: for light and shadow")]


def layers_of(scene: Any, strip: Any) -> Path | None:
    """pieces.json of the collage that stands above a strip, or None."""
    result = find_result(scene, strip)
    if result is None:
        return None
    path = Path(bpy.path.abspath(result.directory)) / LAYERS / NAME
    return path if path.is_file() else None


def built_scene(scene: Any, strip: Any) -> Any:
    """The scene that a strip's collage was built into, or None."""
    return first_with(keys_of(scene, strip), bpy.data.scenes)


def keys_of(scene: Any, strip: Any) -> tuple[str, ...]:
    """By what a strip's planes are found again, whatever its settings were when they were built; the first is best.

    Names are for strips without an identity of their own, and for what was built before there were identities.
    """
    names, identity = f"{scene.name}/{strip.name}", strip.gouache.identity
    return (identity, names) if identity and not is_copy(scene, strip) else (names,)


class GOUACHE_OT_collage_to_planes(bpy.types.Operator):
    """Rebuild a collage in 3D: every piece of paper a plane with keyframes, to light and to move a camera through"""

    bl_idname = "gouache.collage_to_planes"
    bl_label = "Collage to Planes"
    bl_options = {"REGISTER", "UNDO"}

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Layers", description="pieces.json of a collage; empty takes that of the strip", subtype="FILE_PATH",
        options={"SKIP_SAVE", "HIDDEN"})
    strip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Strip", description="Name of the strip; empty is the active one", options={"SKIP_SAVE", "HIDDEN"})
    scene: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Scene", description="Name of its scene; empty is the one in the Video Sequencer",
        options={"SKIP_SAVE", "HIDDEN"})
    look: bpy.props.EnumProperty(name="Look", items=LOOKS)  # type: ignore[valid-type]
    stack: bpy.props.EnumProperty(name="Pieces", items=STACKS)  # type: ignore[valid-type]
    spacing: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Spacing", description="Distance from one depth to the next; less where the camera would be reached",
        default=Wishes.spacing, min=0.00001, soft_max=0.1, unit="LENGTH", precision=4)
    height: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Height", description="Height of the picture in the scene", default=Wishes.height, min=0.01, soft_max=20.0,
        unit="LENGTH")
    new_scene: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="New Scene", description="Build into a scene of its own, set up to show the collage as it is; off builds "
        "into the current scene and leaves its settings alone, but for Cycles' transparent bounces and, where it has "
        "none, the camera", default=True)

    @classmethod
    def poll(cls, context: Any) -> bool:
        if taken := engine_taken():  # for the layers may have to be made first
            cls.poll_message_set(taken)
        return not taken

    def invoke(self, context: Any, event: Any) -> Answer:
        """Ask how; in background there is nobody to ask."""
        if bpy.app.background:
            return self.execute(context)
        answer: Answer = context.window_manager.invoke_props_dialog(self, width=320)
        return answer

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        for name in ("look", "stack", "spacing", "height", "new_scene"):
            layout.prop(self, name)

    def execute(self, context: Any) -> Answer:
        try:
            path, wishes, scene = self._source(context)
            if path is not None:  # else the layers are made first; in a window that goes on by itself
                self._tell(build(read(path), wishes, scene if self.new_scene else context.scene))
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        return {"FINISHED"}

    def _wishes(self, name: str, keys: tuple[str, ...], **more: Any) -> Wishes:
        return Wishes(name, keys, self.look == "LIT", self.stack == "LYING", self.spacing, self.height, self.new_scene,
                      **more)

    def _source(self, context: Any) -> tuple[Path | None, Wishes, Any]:
        """Where the layers are (None: they are being made), what is wished for them, and whose time they have."""
        if self.path:
            path = Path(bpy.path.abspath(self.path)).resolve()
            folder = (path if path.is_dir() else path.parent).parent  # layers/ lies in the results' folder
            name = folder.parent.name if folder.name == "result" else folder.name
            return path, self._wishes(f"{name} Planes", (str(path),)), context.scene
        scene = scene_of(context, self.scene)
        strip = find_strip(scene.name, self.strip)[1] if self.strip else active_source(scene)
        if strip is None:
            raise InputError("No strip is active.", "Click the strip whose collage is wanted, or give a path.")
        names = scene.name, strip.name
        layers = layers_of(scene, strip) or self._make_layers(scene, strip)
        scene, strip = find_strip(*names)  # it may have its identity only since its collage was made
        return layers, self._wishes(f"{strip.name} Planes", keys_of(scene, strip),
                                    shadow_angle=strip.gouache.collage.shadow_angle), scene

    def _make_layers(self, scene: Any, strip: Any) -> Path | None:
        """Make the collage again with its layers; in a window this operator is called again when that is done."""
        strip.gouache.effect, strip.gouache.collage.export_layers = "collage", True
        order = {"strips": strip.name, "scene": scene.name}  # by names: a bake may move things in memory
        if self.options.is_invoke and not bpy.app.background:
            again = {"strip": strip.name, "scene": scene.name,
                     **{name: getattr(self, name) for name in ("look", "stack", "spacing", "height", "new_scene")}}
            _operators().collage_strip("INVOKE_DEFAULT", then_planes=json.dumps(again), **order)
            return None
        try:
            _operators().collage_strip(**order)
        except RuntimeError as error:
            raise InputError("The collage's layers could not be made.", str(error).removeprefix("Error: ")) from error
        return layers_of(*find_strip(order["scene"], order["strips"]))

    def _tell(self, built: Built) -> None:
        self.report({"INFO"}, f"{built.planes} pieces in the scene '{built.scene.name}'")
        if built.spacing < self.spacing * 0.999:
            self.report({"WARNING"}, f"There are so many depths that they lie {built.spacing:.2g} m apart")


class GOUACHE_OT_import_planes(bpy.types.Operator):
    """Build planes from the layers (pieces.json) of any collage"""

    bl_idname = "gouache.import_planes"
    bl_label = "Import Collage as Planes"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: Any, event: Any) -> Answer:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> Answer:
        answer: Answer = _operators().collage_to_planes("INVOKE_DEFAULT", path=self.filepath)
        return answer


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
            paper.set_lit(collection["gouache_look"], self.look == "LIT")
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


def _operators() -> Any:
    """Gouache's own operators."""
    return bpy.ops.gouache  # type: ignore[attr-defined]


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
        lit = paper.is_lit(collections[0]["gouache_look"])
        row = layout.row(align=True)
        for key, label, _ in LOOKS:
            row.operator("gouache.planes_look", text=label, depress=(key == "LIT") == lit).look = key
        for collection in collections:
            count = sum(thing.get(KEY) == PIECE for thing in collection.all_objects)
            layout.label(text=f"{collection.name}: {count} pieces", icon="OUTLINER_COLLECTION")


def draw_import(menu: Any, context: Any) -> None:
    """The line in File > Import."""
    menu.layout.operator("gouache.import_planes", text="Collage as Planes (pieces.json)")


def _import_menu() -> Any:
    return bpy.types.TOPBAR_MT_file_import


CLASSES = (GOUACHE_OT_collage_to_planes, GOUACHE_OT_import_planes, GOUACHE_OT_planes_look, GOUACHE_OT_open_planes,
           GOUACHE_PT_planes_look)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    _import_menu().append(draw_import)


def unregister() -> None:
    _import_menu().remove(draw_import)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
