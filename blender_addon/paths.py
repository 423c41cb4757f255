"""Keeping settings' paths that start with // right where they come into another folder, as Blender does its own.

That is where a film is saved, or where parts of it are appended to another one. A file that is only a copy gets the
new paths; the film that is open has its own again afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .owner import Owner, group_owner

_replaced: list[tuple[Any, str, str]] = []  # holder, property, and what was there before the file is written


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def rebase(target: str, *_: Any) -> None:
    """Let every path lead from the folder of the file that is to be written to where it leads now."""
    _replaced.clear()
    folder = str(Path(target).parent)
    if not bpy.data.filepath or Path(bpy.data.filepath).parent == Path(folder):
        return
    for owner, remembered in _owners():
        _lead(owner, remembered, folder)


def _lead(owner: Owner, remembered: str, folder: str, library: Any = None) -> None:
    """Let the paths of an owner's settings, which count from a library or this film, count from a folder."""
    group = owner.settings
    is_same = owner.is_set_as(getattr(group, remembered))
    for holder, name in _paths(group):
        if getattr(holder, name).startswith("//"):
            _replace(holder, name, _from(folder, bpy.path.abspath(getattr(holder, name), library=library)))
    if is_same:  # the pictures are: what was made of them is not out of date
        _replace(group, remembered, owner.fingerprint())


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def take_in(context: Any, *_: Any) -> None:
    """Let every path of what was appended lead from this film's folder to where it led from its own."""
    came = {item.id: item.source_library for item in context.import_items if item.id and item.source_library}
    folder = str(Path(bpy.data.filepath).parent) if bpy.data.filepath else ""
    for owner, remembered in _owners():
        if owner.holder.id_data in came:
            _lead(owner, remembered, folder, came[owner.holder.id_data])
    _replaced.clear()


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def settle(target: str, *_: Any) -> None:
    """After that, put back what was replaced if the film that is open is still another file."""
    for holder, name, text in _replaced if Path(bpy.data.filepath) != Path(target) else ():
        setattr(holder, name, text)
    _replaced.clear()


def _replace(holder: Any, name: str, text: str) -> None:
    _replaced.append((holder, name, getattr(holder, name)))
    setattr(holder, name, text)


def _from(folder: str, path: str) -> str:
    """A path as it counts from a folder; without one, as a film has that was never saved, the whole of it."""
    try:
        return str(bpy.path.relpath(path, start=folder)) if folder else os.path.normpath(path)
    except ValueError:  # Windows: another drive
        return path


def _owners() -> Iterator[tuple[Owner, str]]:
    """All strips and groups of this file, and the name of what is remembered of their settings."""
    scenes: Any = bpy.data.scenes
    trees: Any = bpy.data.node_groups
    for scene in scenes:
        for strip in scene.sequence_editor.strips_all if scene.sequence_editor and scene.is_editable else ():
            yield Owner(strip, scene), "painted_as"
    for tree in trees:
        if tree.bl_idname == "CompositorNodeTree" and tree.is_editable and tree.gouache.effect:
            yield group_owner(tree), "baked_as"


def _paths(group: Any) -> Iterator[tuple[Any, str]]:
    """Every path in a group of settings and in what it holds: the holder, and the property's name."""
    for info in group.bl_rna.properties:
        if info.type == "STRING" and info.subtype == "FILE_PATH":
            yield group, info.identifier
        elif info.type == "COLLECTION":
            for item in getattr(group, info.identifier):
                yield from _paths(item)
        elif info.type == "POINTER" and info.identifier != "rna_type":
            yield from _paths(getattr(group, info.identifier))


HANDLERS = {"save_pre": rebase, "save_post": settle, "save_post_fail": settle,
            "blend_import_post": take_in}


def register() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
