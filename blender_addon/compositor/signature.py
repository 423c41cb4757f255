"""What is linked to a node's inputs, as a short text that changes when that does. Nothing is rendered for it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import bpy

from .. import compat
from . import find, groups

LOOKS = {"name", "label", "location", "location_absolute", "width", "height", "dimensions", "select", "color",
         "use_custom_color", "hide", "show_options", "show_preview", "show_texture", "warning_propagation", "parent",
         "color_tag", "active_item_index", "active_index", "ui_shortcut", "bl_icon", "bl_label", "bl_description"}
PLAIN = {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}


def signature(scene: Any, node: Any) -> str:
    """All that decides what comes in at a node's captured inputs, as far as it can be known without rendering."""
    render = scene.render
    told: list[Any] = [render.resolution_x, render.resolution_y, render.resolution_percentage]
    sockets = [node.inputs[name] for name in groups.CAPTURED if name in node.inputs]
    tree = node.id_data
    keys = _keys(tree)
    for socket in sockets:
        told.append([socket.name, [_ends(link) for link in socket.links]])
    for other in sorted(find.upstream(sockets), key=lambda other: other.name):
        told.append(_node(scene, other, keys))
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def _ends(link: Any) -> str:
    return f"{link.from_node.name}:{link.from_socket.identifier}"


def _keys(tree: Any) -> dict[str, Any]:
    """The animation of a tree's values by their paths: it counts in place of the value at the playhead."""
    found: dict[str, Any] = {}
    for curve in compat.fcurves(tree):
        found.setdefault(curve.data_path, []).append(
            [curve.array_index, [[round(value, 4) for value in key.co] for key in curve.keyframe_points]])
    for driver in tree.animation_data.drivers if tree.animation_data else ():
        found.setdefault(driver.data_path, []).append([driver.array_index, driver.driver.expression])
    return found


def _node(scene: Any, node: Any, keys: dict[str, Any]) -> list[Any]:
    """A node's kind, settings, values and what it depends on."""
    path = node.path_from_id()
    told: list[Any] = [node.name, node.bl_idname, node.mute, _settings(node, path, keys)]
    for socket in node.inputs:
        if socket.is_linked:
            told.append([socket.identifier, [_ends(link) for link in socket.links]])
        elif hasattr(socket, "default_value"):
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


def _settings(node: Any, path: str, keys: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for prop in node.bl_rna.properties:
        name = prop.identifier
        if name in LOOKS or (prop.is_readonly and prop.type != "POINTER"):
            continue
        if prop.type in PLAIN:
            found[name] = keys.get(f"{path}.{name}") or _plain(getattr(node, name))
        elif prop.type == "POINTER":
            value = getattr(node, name)
            if isinstance(value, (bpy.types.Image, bpy.types.MovieClip, bpy.types.Mask)):
                found[name] = _file(value)
    return found


def _file(data: Any) -> list[Any]:
    """A picture, clip or mask: its file as it is on disk. Of a sequence every file counts through its folder."""
    path = bpy.path.abspath(getattr(data, "filepath", ""), library=data.library)
    told = [data.name, data.bl_rna.identifier, getattr(data, "source", ""), path]
    for file in (path, os.path.dirname(path)) if getattr(data, "source", "") == "SEQUENCE" else (path,):  # noqa: PTH120
        try:
            facts = os.stat(file)  # noqa: PTH116
            told += [facts.st_mtime_ns, facts.st_size]
        except OSError:
            told.append("missing")
    return told


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
