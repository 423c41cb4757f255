"""What comes in at a strip's modifier, as a short text that changes when that does. Nothing is rendered for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set
from typing import Any

import bpy

from .. import compat
from ..parts import parts_of, seen
from .facts import CHANGES, file_facts, folder_facts, named_files
from .signature import animation_of, inside_of, plain, settings_of, values_of

STRIP_LOOKS = {"channel", "mute", "lock", "select_left_handle", "select_right_handle", "blend_type", "blend_alpha",
               "use_flip_x", "use_flip_y", "show_expanded", "is_active"} | compat.OLD_STRIP_NAMES
INNER_LOOKS = {"name", "select", "lock", "select_left_handle", "select_right_handle", "show_expanded", "is_active",
               "show_retiming_keys", "color_tag"} | compat.OLD_STRIP_NAMES

TRIMS = {"left_handle", "right_handle", "left_handle_offset", "right_handle_offset", "duration"}
TRIMMED = {"IMAGE", "MOVIE", "SCENE", "META"}
"""Strips whose picture at a frame is the same however much around it is trimmed or cut away."""


def strip_signature(scene: Any, strip: Any, modifier: Any) -> str:
    """All that decides what comes in at a strip's modifier: the strip, what it is made of, the modifiers above.

    Not its transform and crop, which Blender applies after modifiers. A bake of an earlier version, for which trims
    always counted, stays one of what comes in.
    """
    now = _told(scene, strip, modifier, TRIMS if strip.type in TRIMMED else set())
    baked = modifier.node_group.gouache.baked_from
    return now if now == baked or _told(scene, strip, modifier, set()) != baked else str(baked)


def _told(scene: Any, strip: Any, modifier: Any, but: Set[str]) -> str:
    keys = animation_of(scene)
    told: list[Any] = [scene.render.resolution_x, scene.render.resolution_y, *named_files(modifier.node_group)]
    told.append(settings_of(strip, strip.path_from_id(), keys, STRIP_LOOKS | but))
    folder = bpy.path.abspath(getattr(strip, "directory", "") or "")
    told += [[element.filename, *file_facts(folder + element.filename)]
             for element in getattr(strip, "elements", ()) if folder]
    told.append(file_facts(bpy.path.abspath(getattr(strip, "filepath", "") or "")))
    told_of = {strip}
    for above in strip.modifiers:
        if above == modifier:
            break
        told.append(_modifier(scene, above, keys, told_of))
    told += _ingredients(scene, strip, keys, told_of)
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def _modifier(scene: Any, modifier: Any, keys: dict[str, Any], told_of: set[Any]) -> list[Any]:
    """A modifier's kind and settings, its group, and the strip that masks it."""
    told = [modifier.type, modifier.mute, settings_of(modifier, modifier.path_from_id(), keys, STRIP_LOOKS)]
    tree = getattr(modifier, "node_group", None)
    told += inside_of(scene, tree) + (_inputs(modifier, tree, keys) if tree is not None else [])
    mask = modifier.input_mask_strip
    return [*told, _strip(scene, mask, keys, told_of)] if mask is not None else told


def _inputs(modifier: Any, tree: Any, keys: dict[str, Any]) -> list[Any]:
    """What is set at a group's inputs on a strip; its first color is the strip's picture."""
    sockets = [item for item in tree.interface.items_tree if item.item_type == "SOCKET" and item.in_out == "INPUT"]
    picture = next((item for item in sockets if item.socket_type == "NodeSocketColor"), None)
    path, inputs = f"{modifier.path_from_id()}.properties.inputs", modifier.properties.inputs
    return [[name, keys.get(f"{path}.{name}.value") or plain(getattr(getattr(inputs, name, None), "value", None))]
            for name in (item.identifier for item in sockets if item != picture)]


def _ingredients(scene: Any, strip: Any, keys: dict[str, Any], told_of: set[Any]) -> list[Any]:
    """What a strip is made of beside its files and settings: most consist of nothing more."""
    told: list[Any] = []
    if strip.type in {"COLOR", "TEXT"}:  # of other things these are looks
        told.append(values_of(strip, strip.path_from_id(), keys,
                              {prop.identifier for prop in strip.bl_rna.properties} - {"color", "location"}))
    if timing := [key.timeline_frame for key in getattr(strip, "retiming_keys", ())]:
        told.append(timing)
    told += [_strip(scene, other, keys, told_of) for other in parts_of(scene, strip)]
    return told + (_scene(strip, told_of) if getattr(strip, "scene", None) is not None else [])


def _strip(scene: Any, strip: Any, keys: dict[str, Any], told_of: set[Any]) -> list[Any]:
    """All that counts of a strip that another one shows; nothing of one that was told of."""
    if strip in told_of:
        return []
    told_of.add(strip)
    path = strip.path_from_id()
    told: list[Any] = [strip.type, values_of(strip, path, keys, INNER_LOOKS)]
    told += [values_of(getattr(strip, part), f"{path}.{part}", keys, set())
             for part in ("transform", "crop") if hasattr(strip, part)]
    if folder := getattr(strip, "directory", ""):
        told.append([[element.filename for element in strip.elements], folder_facts(bpy.path.abspath(folder))])
    if file := getattr(strip, "filepath", ""):
        told.append(file_facts(bpy.path.abspath(file)))
    told += [_modifier(scene, modifier, keys, told_of) for modifier in strip.modifiers]
    return told + _ingredients(scene, strip, keys, told_of)


def _scene(strip: Any, told_of: set[Any]) -> list[Any]:
    """The scene that a strip shows: what is known of its changes in 3D, or its own strips."""
    scene, camera = strip.scene, strip.scene_camera or strip.scene.camera
    told = [scene.name, scene.get(CHANGES, 0), getattr(camera, "name", "")]
    if strip.scene_input != "SEQUENCER" or not scene.sequence_editor:
        return told
    editor, keys = scene.sequence_editor, animation_of(scene)
    return told + [_strip(scene, other, keys, told_of) for other in seen(editor.strips, editor.channels)]
