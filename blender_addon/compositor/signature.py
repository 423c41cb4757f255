"""What is linked to a node's inputs, as a short text that changes when that does. Nothing is rendered for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from typing import Any

import bpy

from ...core.options import parse_ranges
from .. import compat
from ..animation import is_live, shape_of
from ..order import numbers, runs, runs_text
from ..owner import is_ours
from . import find, groups
from .facts import CHANGES, data_facts, named_files

REROUTE = "NodeReroute"
SET_BY_OUTPUT = {"CompositorNodeRGB", "CompositorNodeValue", "ShaderNodeValue", "CompositorNodeNormal"}
LOOKS = {"name", "label", "location", "location_absolute", "width", "height", "dimensions", "select", "color",
         "use_custom_color", "hide", "show_options", "show_preview", "show_texture", "warning_propagation", "parent",
         "color_tag", "active_item_index", "active_index", "ui_shortcut", "bl_icon", "bl_label", "bl_description"}
PLAIN = {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}
PARTS = {"CurveMapping", "CurveMap", "CurveMapPoint", "ColorRamp", "ColorRampElement", "StripColorBalanceData",
         "ColorManagedInputColorspaceSettings", "ColorManagedDisplaySettings", "ColorManagedViewSettings"}
"""Kinds of values that consist of values, and so on; none leads back to what it is part of, or to a data-block."""
PART_LOOKS = {"select", "alpha", "is_data"}  # of an element of a ramp alpha is in its color as well


def signature(scene: Any, node: Any, frames: Set[int] | None = None) -> str:
    """All that decides what comes in at a node's captured inputs, as far as it can be known without rendering.

    Of bakes upstream it counts which of these frames they lack; without any, all that they have.
    """
    render = scene.render
    told: list[Any] = [render.resolution_x, render.resolution_y, render.resolution_percentage]
    told += named_files(node.node_tree)
    sockets = [node.inputs[name] for name in groups.effect_of(node.node_tree).captured if name in node.inputs]
    told += _upstream(scene, sockets, animation_of(node.id_data), frames)
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def _upstream(scene: Any, sockets: list[Any], keys: dict[str, Any], frames: Set[int] | None) -> list[Any]:
    """What comes in at inputs of one tree. Nodes have numbers here: neither a name nor a reroute changes a picture."""
    places: dict[Any, int] = {}
    waiting = [source.node for socket in sockets for source in _sources(socket)][::-1]
    while waiting:
        node = waiting.pop()
        if node not in places:
            places[node] = len(places)
            waiting += [source.node for socket in node.inputs for source in _sources(socket)][::-1]
    return [[[socket.name, _ends(_sources(socket), places)] for socket in sockets],
            *(_node(scene, node, keys, places, frames) for node in places)]


def _sources(socket: Any) -> list[Any]:
    """The sockets that bring an input something, through reroutes; none where it has its own value."""
    found: list[Any] = []
    for link in find.links_into(socket):
        source = link.from_socket
        found += _sources(source.node.inputs[0]) if source.node.bl_idname == REROUTE else [source]
    return found


def _ends(sources: list[Any], places: dict[Any, int]) -> list[Any]:
    return [[places[source.node], source.identifier] for source in sources]


def animation_of(tree: Any) -> dict[str, Any]:
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


def _node(scene: Any, node: Any, keys: dict[str, Any], places: dict[Any, int], frames: Set[int] | None) -> list[Any]:
    """A node's kind, settings, values and what it depends on."""
    path = node.path_from_id()
    told: list[Any] = [node.bl_idname, settings_of(node, path, keys)]
    for index, socket in enumerate(node.inputs):
        if sources := _sources(socket):
            told.append([socket.identifier, _ends(sources, places)])
        elif hasattr(socket, "default_value"):
            told.append([socket.identifier, set_to(keys, f"{path}.inputs[{index}].default_value",
                                                   socket.default_value)])
    if node.bl_idname in SET_BY_OUTPUT:
        told.append(set_to(keys, f"{path}.outputs[0].default_value", node.outputs[0].default_value))
    told += inside_of(scene, getattr(node, "node_tree", None), frames)
    if hasattr(node, "scene") and getattr(node, "source", "") != "IMAGE":  # of a Cryptomatte
        told.append(_render(scene, node.scene or scene))
    return told


def _render(scene: Any, shown: Any) -> list[Any]:
    """What is known of the render of a scene, which may be the node's own."""
    cameras: Any = sorted([marker.frame, marker.camera.name] for marker in shown.timeline_markers if marker.camera)
    name = shown.name if shown != scene else ""
    return [name, shown.get(CHANGES, 0), cameras or getattr(shown.camera, "name", "")]


def inside_of(scene: Any, tree: Any, frames: Set[int] | None = None) -> list[Any]:
    """What counts of a group that the picture goes through: one of ours by its bake, any other by its nodes."""
    if tree is None:
        return []
    if is_ours(tree):
        group, baked = tree.gouache, baked_frames(tree)
        counts = baked if frames is None else frames - baked
        return [[group.identity, group.baked_as, group.baked_from, runs_text(runs(counts))]]
    ends = [socket for node in tree.nodes if node.bl_idname == "NodeGroupOutput" for socket in node.inputs]
    return _upstream(scene, ends, animation_of(tree), frames)


def baked_frames(tree: Any) -> set[int]:
    """The frames that one of our groups was baked for."""
    return set(numbers(parse_ranges(tree.gouache.baked_frames)))


def settings_of(node: Any, path: str, keys: dict[str, Any], but: Set[str] = frozenset()) -> dict[str, Any]:
    """A node's, strip's or modifier's settings, without how it looks."""
    return values_of(node, path, keys, LOOKS | but)


def values_of(owner: Any, path: str, keys: dict[str, Any], but: Set[str]) -> dict[str, Any]:
    """What a node, a strip, a modifier or a part of one is set to, but for some properties."""
    found: dict[str, Any] = {}
    for prop in owner.bl_rna.properties:
        name = prop.identifier
        if name in but or (prop.is_readonly and prop.type in PLAIN):
            continue
        at, value = f"{path}.{name}", getattr(owner, name)
        if prop.type in PLAIN:
            found[name] = set_to(keys, at, value)
        elif isinstance(value, (bpy.types.Image, bpy.types.MovieClip, bpy.types.Mask)):
            found[name] = data_facts(value)
        elif value is not None and prop.fixed_type.identifier in PARTS:
            found[name] = (values_of(value, at, keys, PART_LOOKS) if prop.type == "POINTER" else
                           [values_of(part, f"{at}[{i}]", keys, PART_LOOKS) for i, part in enumerate(value)])
    return found


def set_to(keys: dict[str, Any], path: str, value: Any) -> Any:
    """What a value is set to: where it is animated, that counts in place of what it is at the playhead."""
    curves, told = keys.get(path), plain(value)
    if curves and isinstance(told, list):
        animated = {curve[0] for curve in curves}
        if others := [part for index, part in enumerate(told) if index not in animated]:
            return [curves, others]
    return curves or told


def plain(value: Any) -> Any:
    """A value as JSON has it, without the noise of 32-bit floats."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    try:
        return [plain(part) for part in value]
    except TypeError:
        return str(getattr(value, "name", type(value).__name__))
