"""What is linked to a node's inputs, as a short text that changes when that does. Nothing is rendered for it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Set
from typing import Any

import bpy

from .. import compat
from ..animation import is_live, shape_of
from . import find, groups

LOOKS = {"name", "label", "location", "location_absolute", "width", "height", "dimensions", "select", "color",
         "use_custom_color", "hide", "show_options", "show_preview", "show_texture", "warning_propagation", "parent",
         "color_tag", "active_item_index", "active_index", "ui_shortcut", "bl_icon", "bl_label", "bl_description"}
STRIP_LOOKS = {"channel", "mute", "lock", "select_left_handle", "select_right_handle", "blend_type", "blend_alpha",
               "use_flip_x", "use_flip_y", "show_expanded", "is_active", "frame_final_start", "frame_final_end",
               "frame_final_duration",
               "frame_start", "frame_duration", "frame_offset_start", "frame_offset_end", "animation_offset_start",
               "animation_offset_end"}  # those of frames have new names since 5.2
PLAIN = {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}
PARTS = {"CurveMapping", "CurveMap", "CurveMapPoint", "ColorRamp", "ColorRampElement", "StripColorBalanceData",
         "ColorManagedInputColorspaceSettings", "ColorManagedDisplaySettings", "ColorManagedViewSettings"}
"""Kinds of values that consist of values, and so on; none leads back to what it is part of, or to a data-block."""
PART_LOOKS = {"select", "alpha", "is_data"}  # of an element of a ramp alpha is in its color as well


def signature(scene: Any, node: Any) -> str:
    """All that decides what comes in at a node's captured inputs, as far as it can be known without rendering."""
    render = scene.render
    told: list[Any] = [render.resolution_x, render.resolution_y, render.resolution_percentage]
    sockets = [node.inputs[name] for name in groups.effect_of(node.node_tree).captured if name in node.inputs]
    keys = _keys(node.id_data)
    told += _files_of(node.node_tree)
    for socket in sockets:
        told.append([socket.name, [_ends(link) for link in socket.links]])
    for other in sorted(find.upstream(sockets), key=lambda other: other.name):
        told.append(_node(scene, other, keys))
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def _files_of(tree: Any) -> list[Any]:
    """The files that the sidebar names: style pictures, or a collage's materials and what comes along with it."""
    if groups.effect_of(tree).takes_styles:
        return [_file_facts(bpy.path.abspath(style.path)) for style in tree.gouache.styles if style.path]
    collage = tree.gouache.collage
    paths = [material.path for material in collage.materials if material.path]
    return [_path_facts(bpy.path.abspath(path)) for path in (*paths, collage.mask, collage.depth) if path]


def _path_facts(path: str) -> Any:
    """A file, or all those in a folder."""
    return _sequence_facts(path) if os.path.isdir(path) else _file_facts(path)  # noqa: PTH112


def strip_signature(scene: Any, strip: Any, modifier: Any) -> str:
    """The same for what comes in at a strip's modifier: the strip, its files and the modifiers above.

    Not its transform and crop, which Blender applies after modifiers.
    """
    keys = _keys(scene)
    told: list[Any] = [scene.render.resolution_x, scene.render.resolution_y, *_files_of(modifier.node_group)]
    told.append(_settings(strip, strip.path_from_id(), keys, STRIP_LOOKS))
    folder = bpy.path.abspath(getattr(strip, "directory", "") or "")
    told += [[element.filename, *_file_facts(folder + element.filename)]
             for element in getattr(strip, "elements", ()) if folder]
    told.append(_file_facts(bpy.path.abspath(getattr(strip, "filepath", "") or "")))
    for above in strip.modifiers:
        if above == modifier:
            break
        told.append([above.type, above.mute, _settings(above, above.path_from_id(), keys, STRIP_LOOKS)])
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


TAIL = 4096
_facts: dict[str, tuple[int, int, str]] = {}


def _file_facts(path: str) -> list[Any]:
    """A file's size and a hash of its end: no times, for a copy of the project on another machine is not a change."""
    try:
        stat = os.stat(path)  # noqa: PTH116
        known = _facts.get(path)
        if known is None or known[:2] != (stat.st_mtime_ns, stat.st_size):
            with open(path, "rb") as file:  # noqa: PTH123
                file.seek(max(stat.st_size - TAIL, 0))
                known = _facts[path] = stat.st_mtime_ns, stat.st_size, hashlib.sha256(file.read()).hexdigest()[:16]
        return [known[1], known[2]]
    except OSError:
        return ["missing"]


def _ends(link: Any) -> str:
    return f"{link.from_node.name}:{link.from_socket.identifier}{':muted' if link.is_muted else ''}"


def _keys(tree: Any) -> dict[str, Any]:
    """The animation of a tree's values by their paths: it counts in place of the value at the playhead."""
    found: dict[str, Any] = {}
    for curve in filter(is_live, compat.fcurves(tree)):
        keys = [[round(value, 4) for value in key.co] for key in curve.keyframe_points]
        found.setdefault(curve.data_path, []).append([curve.array_index, keys, *shape_of(curve)])
    for curve in filter(is_live, tree.animation_data.drivers if tree.animation_data else ()):
        found.setdefault(curve.data_path, []).append([curve.array_index, *_driver(curve.driver)])
    return found


def _driver(driver: Any) -> list[Any]:
    """What a driver computes, and from what."""
    told: list[Any] = [driver.expression]
    if driver.type != "SCRIPTED":
        told.append(driver.type)
    return told + [[variable.name, variable.type, [_target(target) for target in variable.targets]]
                   for variable in driver.variables]


def _target(target: Any) -> list[str]:
    return [getattr(target.id, "name_full", ""), target.data_path, target.bone_target, target.transform_type,
            target.transform_space, target.rotation_mode]


def _node(scene: Any, node: Any, keys: dict[str, Any]) -> list[Any]:
    """A node's kind, settings, values and what it depends on."""
    path = node.path_from_id()
    told: list[Any] = [node.name, node.bl_idname, node.mute, _settings(node, path, keys)]
    for socket in node.inputs:
        if socket.is_linked:
            told.append([socket.identifier, [_ends(link) for link in socket.links]])
        if not find.links_into(socket) and hasattr(socket, "default_value"):
            told.append([socket.identifier, keys.get(f"{path}.inputs[{_index(node, socket)}].default_value")
                         or _plain(socket.default_value)])
    told += [_plain(socket.default_value) for socket in node.outputs if node.bl_idname in {
        "CompositorNodeRGB", "CompositorNodeValue", "ShaderNodeValue"}]
    inner: Any = getattr(node, "node_tree", None)
    if groups.is_ours(inner):
        told.append([inner.gouache.identity, inner.gouache.baked_as, inner.gouache.baked_from,
                     inner.gouache.baked_frames])
    elif inner is not None:
        inner_keys = _keys(inner)
        told += [_node(scene, other, inner_keys) for other in inner.nodes]
    if node.bl_idname == "CompositorNodeRLayers":
        told.append([(node.scene or scene).name, (node.scene or scene).get(CHANGES, 0)])
    return told


CHANGES = "gouache_changes"  # a scene's counter of changes in 3D; see watch.py


def _index(node: Any, socket: Any) -> int:
    return list(node.inputs).index(socket)


def _settings(node: Any, path: str, keys: dict[str, Any], but: Set[str] = frozenset()) -> dict[str, Any]:
    """A node's, strip's or modifier's settings, without how it looks."""
    return _values(node, path, keys, LOOKS | but)


def _values(owner: Any, path: str, keys: dict[str, Any], but: Set[str]) -> dict[str, Any]:
    """What a node, a strip, a modifier or a part of one is set to, but for some properties."""
    found: dict[str, Any] = {}
    for prop in owner.bl_rna.properties:
        name = prop.identifier
        if name in but or (prop.is_readonly and prop.type in PLAIN):
            continue
        at, value = f"{path}.{name}", getattr(owner, name)
        if prop.type in PLAIN:
            found[name] = keys.get(at) or _plain(value)
        elif isinstance(value, (bpy.types.Image, bpy.types.MovieClip, bpy.types.Mask)):
            found[name] = _file(value)
        elif value is not None and prop.fixed_type.identifier in PARTS:
            found[name] = (_values(value, at, keys, PART_LOOKS) if prop.type == "POINTER" else
                           [_values(part, f"{at}[{i}]", keys, PART_LOOKS) for i, part in enumerate(value)])
    return found


def _file(data: Any) -> list[Any]:
    """A picture, clip or mask: its file as it is on disk. Of a sequence every file in its folder counts."""
    stored = getattr(data, "filepath", "")
    path = bpy.path.abspath(stored, library=data.library)
    told = [data.name, data.bl_rna.identifier, getattr(data, "source", ""), stored, _file_facts(path)]
    space = getattr(data, "colorspace_settings", None)  # a mask has none
    if space is not None:
        told.append(space.name)
    if getattr(data, "source", "") == "SEQUENCE":
        told.append(_sequence_facts(os.path.dirname(path)))  # noqa: PTH120
    return told


_sequences: dict[str, tuple[float, Any]] = {}
REMEMBER_SECONDS = 1.0  # a panel asks at every redraw, and a sequence may have thousands of files


def _sequence_facts(folder: str) -> Any:
    """What is known of every file in a folder."""
    asked, facts = _sequences.get(folder, (0.0, None))
    now = time.monotonic()
    if now - asked > REMEMBER_SECONDS or bpy.app.background:
        try:
            facts = [[entry.name, *_file_facts(entry.path)]
                     for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if entry.is_file()]
        except OSError:
            facts = "missing"
        _sequences[folder] = now, facts
    return facts


def _plain(value: Any) -> Any:
    """A value as JSON has it, without the noise of 32-bit floats."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    try:
        return [_plain(part) for part in value]
    except TypeError:
        return str(getattr(value, "name", type(value).__name__))
