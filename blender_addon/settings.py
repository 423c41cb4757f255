"""What an artist sets on a strip or a node, and its way into a job."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import InputError
from ..core.options import (
    COLLAGE_MODES,
    FROM_THE_CLIP,
    CollageOptions,
    EngineOptions,
    MotionOptions,
    OptionInfo,
    OutputOptions,
    StyleImage,
    StyleOptions,
    as_read,
    describe,
    options_from,
    read_by,
)
from ..core.patterns import pattern_of
from . import compat
from .bundled import full_path
from .properties import FILE_FLAGS, properties_from, property_from

OUTPUT_FIELDS = ("format",)  # the add-on itself decides on the frames and restores the size
MOTION_FIELDS = ("flow_method", "flow")  # where RAFT's weights are is a matter of the computer: of the preferences
EFFECTS = {"style": ("Style Transfer", "Paint in the style of pictures"),
           "collage": ("Collage", "Rebuild from cut and torn paper")}
LINEAR_FORMATS = ("exr", "exr32")


class GOUACHE_PG_style(bpy.types.PropertyGroup):
    """One style picture and its share in the blend."""

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Picture", description="The picture to paint in the style of", subtype="FILE_PATH",
        options=FILE_FLAGS)
    weight: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Share", description="Share of this picture in the blend, relative to the others",
        default=StyleImage("").weight, min=1e-6, max=1e6, soft_min=0.05, soft_max=10.0, options=set())


class GOUACHE_PG_material(bpy.types.PropertyGroup):
    """One material of a strip's collage."""

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Material", description="What pieces are cut from: a picture, a folder of pictures, or a movie",
        subtype="FILE_PATH", options=FILE_FLAGS)


def begin_mode(group: Any, mode: str) -> None:
    """Set all that the modes differ in as this one has it; size, masks and the like stay."""
    chosen = CollageOptions.for_mode(mode)
    for name in {name for mode in COLLAGE_MODES.values() for name in mode}:
        setattr(group, name, getattr(chosen, name))


def _mode() -> Any:
    """The mode, which sets others only where another one is chosen: what an artist changed of it stays."""
    (info, default), = ((info, default) for name, info, default in describe(CollageOptions) if name == "mode")
    return property_from(info, default, **compat.telling("mode", list(info.choices), default, begin_mode))


class GOUACHE_PG_collage(bpy.types.PropertyGroup):
    """What an artist sets for a collage: `strip.gouache.collage`, `tree.gouache.collage`."""

    __annotations__ = {
        **properties_from(CollageOptions),
        "mode": _mode(),
        "materials": bpy.props.CollectionProperty(type=GOUACHE_PG_material, name="Materials"),
        "active_material": bpy.props.IntProperty(name="Active Material", default=0, min=0, options=set()),
    }


class GOUACHE_PG_strip(bpy.types.PropertyGroup):
    """All that Gouache keeps on a strip: `strip.gouache`. The options come from `core.options`."""

    __annotations__ = {
        "effect": bpy.props.EnumProperty(
            name="Effect", description="What is made of the strip", default="style", options=set(),
            items=[(key, label, text) for key, (label, text) in EFFECTS.items()]),
        "collage": bpy.props.PointerProperty(type=GOUACHE_PG_collage, name="Collage"),
        **properties_from(StyleOptions),
        **properties_from(OutputOptions, *OUTPUT_FIELDS),
        **properties_from(MotionOptions, *MOTION_FIELDS),
        "styles": bpy.props.CollectionProperty(type=GOUACHE_PG_style, name="Styles"),
        "active_style": bpy.props.IntProperty(name="Active Style", default=0, min=0, options=set()),
        "mute_source": bpy.props.BoolProperty(
            name="Mute Source", description="Mute the strip itself once its painting is there", default=False,
            options=set()),
        "paint_on_render": bpy.props.BoolProperty(
            name="Paint When Rendering", description="Rendering with `blender -b` paints this strip even if it never "
            "was painted before; a painted one is kept up to date anyway", default=False, options=set()),
        **{name: bpy.props.StringProperty(name=label, description=help, options={"HIDDEN"}) for name, label, help in (
            ("identity", "Identity", "What the strip's bake folders are called by, whatever it is renamed to"),
            ("identity_of", "Identity Of", "The strip's scene and name when it was last painted: tells it from copies"),
            ("result", "Result", "Name of the strip that shows the painting"),
            ("painted_as", "Painted As", "The settings of the last painting"),
            ("painted_of", "Painted Of", "What the strip was made of, and which part of it, at the last painting"),
            ("painted_from", "Painted From", "Blender's own settings of the strip at the last painting"),
            ("painted_look", "Painted Look", "The same with the contents of all pictures that they name"),
        )},
    }


class GOUACHE_PG_scene(bpy.types.PropertyGroup):
    """What Gouache keeps on a scene: `scene.gouache`."""

    bake_on_render: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Bake When Rendering", description="Rendering with `blender -b` first paints and bakes what is out of "
        "date in the frames to be rendered", default=True, options=set())


def _linear_format() -> Any:
    """The file format of a node's painting: of core's choices those that hold scene linear pixels."""
    (info, _), = ((info, default) for name, info, default in describe(OutputOptions) if name == "format")
    choices = {name: info.choices[name] for name in LINEAR_FORMATS}
    return property_from(replace(info, choices=choices), LINEAR_FORMATS[0])


class GOUACHE_PG_tree(bpy.types.PropertyGroup):
    """All that Gouache keeps on the tree of a node group: `tree.gouache`. The options come from `core.options`.

    What is known of the bake is written by `compositor.freshness` and read there.
    """

    __annotations__ = {
        **properties_from(StyleOptions),
        "collage": bpy.props.PointerProperty(type=GOUACHE_PG_collage, name="Collage"),
        "format": _linear_format(),
        **properties_from(MotionOptions, "flow_method"),  # exact motion comes by a socket
        "styles": bpy.props.CollectionProperty(type=GOUACHE_PG_style, name="Styles"),
        "active_style": bpy.props.IntProperty(name="Active Style", default=0, min=0, options=set()),
        **{name: bpy.props.StringProperty(name=label, description=help, options={"HIDDEN"}) for name, label, help in (
            ("effect", "Effect", "Which of Gouache's effects this group is; empty for any other group"),
            ("identity", "Identity", "What the bake folder is called by, whatever the group is renamed to"),
            ("identity_of", "Identity Of", "The group's name when it was last baked: tells it from its copies"),
            ("baked_as", "Baked As", "The settings of the last bake"),
            ("baked_from", "Baked From", "What was linked to the inputs at the last bake"),
            ("baked_frames", "Baked Frames", "The frames of the last bake, such as 1-10,15"),
        )},
    }


def style_options(group: Any, engine: str = "", linked: bool = False) -> StyleOptions:
    """The checked options of a strip or node, every path absolute, for an engine, else for its own.

    What that engine does not read has its default. `linked` says that style pictures come from elsewhere.
    Raises InputError without a style picture or if one is not there, OptionError for a value out of range.
    """
    styles = [{"path": existing_picture(style.path), "weight": round(style.weight, 6)}
              for style in group.styles if style.path and not linked]
    if not styles and not linked:
        raise InputError("No style picture is set.", "Add one under Style in the Gouache tab.")
    engine = engine or group.engine
    values = {name: _value(group, name, info) for name, info in read_by(engine)}
    if values["mask"]:
        values["mask"] = existing_clip(values["mask"], "mask")
    return options_from(StyleOptions, {**values, "engine": engine, "styles": styles})


def collage_options(group: Any, linked: Collection[str] = ()) -> CollageOptions:
    """The checked collage options of a strip or node, every path absolute.

    `linked` are those of `mask` and `depth` that come from elsewhere. Raises InputError if a material or mask is not
    there, OptionError for a value out of range.
    """
    collage = group.collage
    values = {**_collage_values(collage), **dict.fromkeys(linked, "")}
    for name, what in (("mask", "object mask"), ("depth", "depth")):
        if values[name]:
            values[name] = existing_clip(values[name], what)
    materials = [existing_file(path, "material") for path in material_paths(collage)]
    if collage.mode == "layers" and not materials:
        raise InputError("Layered Styles need painted versions of this clip.",
                         "Paint it in one or more styles first, then add the paintings under Materials.")
    return options_from(CollageOptions, {**values, "materials": materials})


def material_paths(collage: Any) -> list[str]:
    """The materials that a collage's mode reads, as they stand in the list."""
    return [] if collage.mode in FROM_THE_CLIP else [each.path for each in collage.materials if each.path]


def _collage_values(collage: Any) -> dict[str, Any]:
    """All settings of a collage; those that its mode does not read as the mode begins with them."""
    values = {name: _value(collage, name, info) for name, info, _ in describe(CollageOptions)}
    return asdict(as_read(CollageOptions(**values)))


def lacking(group: Any, styled: bool = False) -> str:
    """What an effect cannot begin without, in words; empty if nothing is missing. `styled`: a style is linked."""
    if group.effect == "collage":
        needs = group.collage.mode == "layers" and not material_paths(group.collage)
        return "Add paintings of this clip under Materials" if needs else ""
    return "" if styled or any(style.path for style in group.styles) else "Add a style picture to begin"


def obstacle(group: Any, styled: bool = False) -> str:
    """The same, or that a style picture is not there: what a panel tells before the button is pressed."""
    if text := lacking(group, styled):
        return text
    pictures = [] if styled or group.effect == "collage" else [full_path(style.path) for style in group.styles
                                                               if style.path]
    missing = next((file.name for file in pictures if not file.is_file()), "")
    return f"A style picture is missing: {missing}" if missing else ""


def effect_options(group: Any) -> StyleOptions | CollageOptions:
    """The checked options of the effect that a strip, or the group on it, is for. Raises InputError or OptionError."""
    return collage_options(group) if group.effect == "collage" else style_options(group)


def output_options(group: Any, first: int, last: int) -> OutputOptions:
    """How result files are written: the format that is set, for timeline frames first..last, at the captured size."""
    values = {name: getattr(group, name) for name in OUTPUT_FIELDS}
    return options_from(OutputOptions, {**values, "frames": f"{first}-{last}", "restore_size": True})


def motion_options(group: Any, preferences: Any) -> MotionOptions:
    """How movement is found for a strip or node; RAFT's weights by the preferences. Raises InputError."""
    values = {name: getattr(group, name) for name in MOTION_FIELDS if getattr(group, name, "")}
    if "flow" in values:
        values["flow"] = existing_file(values["flow"], "exact motion")
    if group.flow_method == "raft" and preferences.raft_weights:
        values["raft_weights"] = existing_file(preferences.raft_weights, "file of RAFT's weights")
    return options_from(MotionOptions, values)


def engine_options(preferences: Any) -> EngineOptions:
    """Where and how the engine computes, from the add-on's preferences."""
    names = [name for name, _, _ in describe(EngineOptions)]
    return options_from(EngineOptions, {name: getattr(preferences, name) for name in names})


def existing_file(path: str, what: str) -> str:
    """The absolute form of a path from a Blender field (`//` counts from the .blend). Raises InputError."""
    full = full_path(path)
    if not full.exists():
        raise InputError(f"The {what} '{full.name}' is not there.", "Choose the file again.", str(full))
    return str(full.resolve())


def existing_picture(path: str) -> str:
    """The same for a style picture, which cannot be a folder. Raises InputError."""
    full = existing_file(path, "style picture")
    if Path(full).is_dir():
        raise InputError(f"The style picture '{Path(full).name}' is a folder.", "Choose a picture in it.", full)
    return full


def existing_clip(path: str, what: str) -> str:
    """The same for what may also be an image sequence by its pattern, such as m_####.png. Raises InputError."""
    full = Path(bpy.path.abspath(path))
    return str(full.resolve()) if _is_sequence(full) else existing_file(path, what)


def _is_sequence(path: Path) -> bool:
    """Whether there are files of a pattern."""
    pattern = pattern_of(path.name)
    return (pattern is not None and path.parent.is_dir()
            and any(pattern.fullmatch(file.name) for file in path.parent.iterdir()))


def fingerprint(group: Any, keys: Mapping[str, Any]) -> str:
    """A short text that changes with any setting that counts; cheap enough for every redraw, so files are not read.

    `keys` are the keyframes of animated settings: they count instead of the value at the playhead.
    """
    if group.effect == "collage":
        return _collage_fingerprint(group)
    values = {name: _value(group, name, info) for name, info in read_by(group.engine)}
    for name in OUTPUT_FIELDS:
        values[name] = getattr(group, name)
    values.update(keys, **_motion_values(group))
    values["styles"] = [[style.path, round(style.weight, 6)] for style in group.styles if style.path]
    return json.dumps(values, sort_keys=True)


def effect_of(fingerprint: str) -> str:
    """The effect that a strip's fingerprint was taken of."""
    effect: str = json.loads(fingerprint).get("effect", "style")
    return effect


def _collage_fingerprint(group: Any) -> str:
    """Layers to export add nothing to the picture, and do not count."""
    values = _collage_values(group.collage)
    del values["export_layers"]
    values.update({name: getattr(group, name) for name in OUTPUT_FIELDS}, **_motion_values(group), effect="collage",
                  materials=material_paths(group.collage))
    return json.dumps(values, sort_keys=True)


def _motion_values(group: Any) -> dict[str, str]:
    """What is set otherwise than by default: paintings made before there was a choice are not out of date."""
    return {name: value for name, _, default in describe(MotionOptions)
            if name in MOTION_FIELDS and (value := getattr(group, name, default)) != default}


def copy_settings(source: Any, target: Any) -> None:
    """Set another strip's or node's options, styles and materials as here; what is known of paintings stays apart.

    A strip takes the effect too; a group's sockets are made for its own.
    """
    same = type(source) is type(target)
    if hasattr(target, "mute_source"):
        target.effect = source.effect
    _copy_collage(source.collage, target.collage)
    for name in (*properties_from(StyleOptions), "flow_method", *(("format",) if same else ())):
        setattr(target, name, getattr(source, name))
    if same and hasattr(source, "mute_source"):
        target.mute_source = source.mute_source
    target.styles.clear()
    for style in source.styles:
        added = target.styles.add()
        added.path, added.weight = style.path, style.weight
    target.active_style = source.active_style


def _copy_collage(source: Any, target: Any) -> None:
    for name in properties_from(CollageOptions):  # the mode first, for it sets others
        setattr(target, name, getattr(source, name))
    target.materials.clear()
    for material in source.materials:
        target.materials.add().path = material.path
    target.active_material = source.active_material


def _value(group: Any, name: str, info: OptionInfo) -> Any:
    """A setting as Python has it; Blender keeps 32-bit floats, whose tail (0.699999988) is noise to a person."""
    value = getattr(group, name)
    return float(f"{value:.7g}") if info.kind == "float" else value


CLASSES = (GOUACHE_PG_style, GOUACHE_PG_material, GOUACHE_PG_collage, GOUACHE_PG_strip, GOUACHE_PG_tree,
           GOUACHE_PG_scene)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Strip.gouache = bpy.props.PointerProperty(  # type: ignore[attr-defined]
        type=GOUACHE_PG_strip, name="Gouache")
    bpy.types.CompositorNodeTree.gouache = bpy.props.PointerProperty(  # type: ignore[attr-defined]
        type=GOUACHE_PG_tree, name="Gouache")
    bpy.types.Scene.gouache = bpy.props.PointerProperty(  # type: ignore[attr-defined]
        type=GOUACHE_PG_scene, name="Gouache")


def unregister() -> None:
    del bpy.types.Scene.gouache  # type: ignore[attr-defined]
    del bpy.types.CompositorNodeTree.gouache  # type: ignore[attr-defined]
    del bpy.types.Strip.gouache  # type: ignore[attr-defined]
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
