"""What is linked to a node's inputs, as a short text that changes when that does. Nothing is rendered for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from typing import Any

import bpy

from .. import compat
from ..animation import is_live, shape_of
from ..owner import is_ours
from . import find, groups
from .facts import CHANGES, data_facts, named_files

LOOKS = {"name", "label", "location", "location_absolute", "width", "height", "dimensions", "select", "color",
         "use_custom_color", "hide", "show_options", "show_preview", "show_texture", "warning_propagation", "parent",
         "color_tag", "active_item_index", "active_index", "ui_shortcut", "bl_icon", "bl_label", "bl_description"}
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
    keys = animation_of(node.id_data)
    told += named_files(node.node_tree)
    for socket in sockets:
        told.append([socket.name, [_ends(link) for link in socket.links]])
    for other in sorted(find.upstream(sockets), key=lambda other: other.name):
        told.append(_node(scene, other, keys))
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def _ends(link: Any) -> str:
    return f"{link.from_node.name}:{link.from_socket.identifier}{':muted' if link.is_muted else ''}"


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


def _node(scene: Any, node: Any, keys: dict[str, Any]) -> list[Any]:
    """A node's kind, settings, values and what it depends on."""
    path = node.path_from_id()
    told: list[Any] = [node.name, node.bl_idname, node.mute, settings_of(node, path, keys)]
    for socket in node.inputs:
        links = list(socket.links) if socket.is_linked else []  # asked for once: see find.links_into
        if links:
            told.append([socket.identifier, [_ends(link) for link in links]])
        if all(link.is_muted for link in links) and hasattr(socket, "default_value"):
            told.append([socket.identifier, keys.get(f"{path}.inputs[{_index(node, socket)}].default_value")
                         or plain(socket.default_value)])
    told += [plain(socket.default_value) for socket in node.outputs if node.bl_idname in {
        "CompositorNodeRGB", "CompositorNodeValue", "ShaderNodeValue"}]
    told += inside_of(scene, getattr(node, "node_tree", None))
    if node.bl_idname == "CompositorNodeRLayers":
        told.append([(node.scene or scene).name, (node.scene or scene).get(CHANGES, 0)])
    return told


def inside_of(scene: Any, tree: Any) -> list[Any]:
    """What counts of a group that the picture goes through: one of ours by its bake, any other by its nodes."""
    if is_ours(tree):
        return [[tree.gouache.identity, tree.gouache.baked_as, tree.gouache.baked_from, tree.gouache.baked_frames]]
    keys = animation_of(tree) if tree is not None else {}
    return [_node(scene, node, keys) for node in tree.nodes] if tree is not None else []


def _index(node: Any, socket: Any) -> int:
    return list(node.inputs).index(socket)


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
            found[name] = keys.get(at) or plain(value)
        elif isinstance(value, (bpy.types.Image, bpy.types.MovieClip, bpy.types.Mask)):
            found[name] = data_facts(value)
        elif value is not None and prop.fixed_type.identifier in PARTS:
            found[name] = (values_of(value, at, keys, PART_LOOKS) if prop.type == "POINTER" else
                           [values_of(part, f"{at}[{i}]", keys, PART_LOOKS) for i, part in enumerate(value)])
    return found


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
