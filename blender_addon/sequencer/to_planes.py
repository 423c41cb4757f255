"""Collage to Planes as artists and scripts call it: from a strip, whose layers are made if need be, or from a file."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import contextlib
from pathlib import Path
from typing import Any

import bpy

from ...core.collage.layers import LAYERS, NAME
from ...core.errors import GouacheError, InputError
from ..bake import Bake
from ..capture import strip_of
from ..identity import is_copy
from ..planes.build import WISHES, Wishes, build, find, first_with
from ..planes.paper import is_lit
from ..planes.read import read
from ..planes.viewport import LOOKS
from ..results import check_kept, find_result
from ..ui.jobs import BakeJob
from ..ui.modal import Answer, report_error
from .operators import OneStrip
from .orders import order_strip

STACKS: Any = [("ORDER", "One Above the Other", "Every piece has a depth of its own: for a camera that moves through"),
               ("LYING", "Lying on Each Other", "A piece lies as high as the papers under it: for light and shadow")]


def layers_of(scene: Any, strip: Any) -> Path | None:
    """pieces.json of the collage that stands above a strip, or None."""
    result = find_result(scene, strip)
    if result is None:
        return None
    path = Path(bpy.path.abspath(result.directory)) / LAYERS / NAME
    return path if path.is_file() else None


def layers_at(path: str) -> Path:
    """pieces.json as an artist gives it, by itself or by its folder."""
    full = Path(bpy.path.abspath(path)).resolve()
    return full / NAME if full.is_dir() else full


def built_scene(scene: Any, strip: Any) -> Any:
    """The scene that a strip's collage was built into, or None."""
    return first_with(keys_of(scene, strip), bpy.data.scenes)


def keys_of(scene: Any, strip: Any) -> tuple[str, ...]:
    """By what a strip's planes are found again, whatever its settings were when they were built; the first is best.

    Names are for strips without an identity of their own, and for what was built before there were identities.
    """
    names, identity = f"{scene.name}/{strip.name}", strip.gouache.identity
    return (identity, names) if identity and not is_copy(scene, strip) else (names,)


class GOUACHE_OT_collage_to_planes(OneStrip, BakeJob, bpy.types.Operator):
    """Rebuild a collage in 3D: every piece of paper a plane with keyframes, to light and to move a camera through"""

    bl_idname = "gouache.collage_to_planes"
    bl_label, bake_label = "Collage to Planes", "Make Collage"
    bl_options = {"REGISTER", "UNDO"}

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Layers", description="pieces.json of a collage; empty takes that of the strip", subtype="FILE_PATH",
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

    def invoke(self, context: Any, event: Any) -> Answer:
        """Ask how; in background there is nobody to ask."""
        if bpy.app.background:
            return self.execute(context)
        self._as_before(context)
        answer: Answer = context.window_manager.invoke_props_dialog(self, width=320)
        return answer

    def _as_before(self, context: Any) -> None:
        """Begin with what these planes were built with, and look like now."""
        with contextlib.suppress(GouacheError):
            keys = (str(layers_at(self.path)),) if self.path else keys_of(*self.asked(context))
            scenes: Any = bpy.data.scenes
            found = first_with(keys, (collection for scene in scenes for collection in find(scene)))
            if found is not None:
                for name, value in found.get(WISHES, {}).items():
                    setattr(self, name, value)
                self.look = "LIT" if is_lit(found.get("gouache_look")) else "FLAT"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        for name in ("look", "stack", "spacing", "height", "new_scene"):
            layout.prop(self, name)

    def execute(self, context: Any) -> Answer:
        """Build from layers that are there; else make them first, in a window step by step."""
        try:
            if self._build_at_once(context):
                return {"FINISHED"}
        except GouacheError as error:
            report_error(self, error)
            return {"CANCELLED"}
        windowed = self.options.is_invoke and not bpy.app.background
        return super().invoke(context, None) if windowed else super().execute(context)

    def start(self, context: Any) -> Bake:
        scene, strip = self.asked(context)
        check_kept(scene)
        group = strip.gouache
        before = group.effect, group.collage.export_layers
        group.effect, group.collage.export_layers = "collage", True
        try:
            return self.bake([order_strip(scene, strip)])
        except GouacheError:
            group.effect, group.collage.export_layers = before
            raise

    def finish(self, context: Any) -> None:
        super().finish(context)
        scene, strip = strip_of(self._job.orders[0].subject.plan)  # whatever it is called by now
        try:
            self._build_from_strip(context, scene, strip)
        except GouacheError as error:
            raise error.reworded(f"The collage is made, but not its planes. {error.message}") from error

    def _build_at_once(self, context: Any) -> bool:
        """Build, unless the layers of the strip's collage must be made before. Raises GouacheError."""
        if self.path:
            path = layers_at(self.path)
            folder = path.parent.parent  # layers/ lies in the results' folder
            name = folder.parent.name if folder.name == "result" else folder.name
            self._build(context, path, self._wishes(f"{name} Planes", (str(path),)), context.scene)
            return True
        scene, strip = self.asked(context)
        if layers_of(scene, strip) is None:
            return False
        self._build_from_strip(context, scene, strip)
        return True

    def _build_from_strip(self, context: Any, scene: Any, strip: Any) -> None:
        layers = layers_of(scene, strip)
        if layers is None:
            raise InputError(f"The collage of '{strip.name}' has no layers.", "Make the collage again.")
        self._build(context, layers, self._wishes(f"{strip.name} Planes", keys_of(scene, strip),
                                                  shadow_angle=strip.gouache.collage.shadow_angle), scene)

    def _wishes(self, name: str, keys: tuple[str, ...], **more: Any) -> Wishes:
        return Wishes(name, keys, self.look == "LIT", self.stack == "LYING", self.spacing, self.height, self.new_scene,
                      **more)

    def _build(self, context: Any, path: Path, wishes: Wishes, scene: Any) -> None:
        """Build the planes of a scene's collage, in a scene of their own or in the one that is shown, and tell of it.

        Raises GouacheError.
        """
        built = build(read(path), wishes, scene, context.scene)
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
        if not self.filepath:  # the active strip's collage is nobody's wish here
            report_error(self, InputError("No file is chosen.", "Choose pieces.json in the layers of a collage."))
            return {"CANCELLED"}
        ours: Any = bpy.ops.gouache  # type: ignore[attr-defined]
        answer: Answer = ours.collage_to_planes("INVOKE_DEFAULT", path=self.filepath)
        return answer


def draw_import(menu: Any, context: Any) -> None:
    """The line in File > Import."""
    menu.layout.operator("gouache.import_planes", text="Collage as Planes (pieces.json)")


def _import_menu() -> Any:
    return bpy.types.TOPBAR_MT_file_import


CLASSES = (GOUACHE_OT_collage_to_planes, GOUACHE_OT_import_planes)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    _import_menu().append(draw_import)


def unregister() -> None:
    _import_menu().remove(draw_import)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
