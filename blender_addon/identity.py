"""What tells a strip from all others, whatever it is called: kept on the strip, and on the painting made of it."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from .rendering import film_strips

SESSION = uuid.uuid4().hex
"""Tells files that were never saved from those of other sessions."""
Strips = Mapping[str, list[tuple[Any, Any]]]
"""The strips of this file by their identity, each with its scene; those that had it when this was made."""


def all_strips() -> Strips:
    """Look up the strips of this file: once for all of them, where many are asked about."""
    found: Strips = defaultdict(list)
    for scene, strip in film_strips():
        if identity := strip.gouache.identity:
            found[identity].append((scene, strip))
    return found


def own_identity(scene: Any, strip: Any, strips: Strips | None = None) -> str:
    """A strip's identity: its own, unless it is a copy or the half of another strip, whose it keeps then.

    The same on every machine that renders a saved file, and again after the strip's first painting was undone.
    `strips` are kept up to date.
    """
    group = strip.gouache
    is_taken = is_copy(scene, strip, strips)
    before = group.identity
    if not group.identity:
        group.identity = _first(scene, strip)
        is_taken = bool(twins(strip, strips))  # by a strip that had this name
    while is_taken:
        group.identity = hashlib.sha256(f"{group.identity} {_place(scene, strip)}".encode()).hexdigest()[:32]
        is_taken = bool(twins(strip, strips))
    if strips is not None and group.identity != before:
        strips[group.identity].append((scene, strip))
    group.identity_of = _place(scene, strip)
    return str(group.identity)


def is_copy(scene: Any, strip: Any, strips: Strips | None = None) -> bool:
    """Whether a strip has its identity from another one that is still there."""
    own = _claim(scene, strip)
    return any(_claim(there, twin) < own for there, twin in twins(strip, strips))


def twins(strip: Any, strips: Strips | None = None) -> list[tuple[Any, Any]]:
    """The other strips of this file with a strip's identity, each with its scene: copies, or what it is a copy of."""
    identity = strip.gouache.identity
    if not identity:
        return []
    return [(scene, other) for scene, other in (film_strips() if strips is None else strips.get(identity, ()))
            if other != strip and other.gouache.identity == identity]


def original_of(scene: Any, strip: Any, strips: Strips | None = None) -> Any:
    """The strip of the same scene that a copy has its identity from, or None."""
    there = [other for where, other in twins(strip, strips) if where == scene]
    original = min(there, key=lambda other: _claim(scene, other), default=None)
    return original if original is not None and _claim(scene, original) < _claim(scene, strip) else None


def _place(scene: Any, strip: Any) -> str:
    return f"{scene.name} {strip.name}"


def _claim(scene: Any, strip: Any) -> tuple[bool, str]:
    """Of several strips with one identity it is that of the least: where it was given, else the first by name."""
    place = _place(scene, strip)
    return strip.gouache.identity_of != place, place


def _first(scene: Any, strip: Any) -> str:
    """An identity for a strip that has none.

    A file that several machines render may lie in different folders there; one that was never saved has only this
    session's names.
    """
    file, place = bpy.data.filepath, scene.name
    if not file:
        file, place = SESSION, scene.session_uid
    elif bpy.app.background:
        file = Path(file).name
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{file} {place} {strip.name}").hex


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def keep(*_: Any) -> None:
    """Give strips that may be painted their identities before the file is saved, so that all who open it agree."""
    scenes: Any = bpy.data.scenes
    strips = all_strips()
    for scene in scenes:
        for strip in scene.sequence_editor.strips_all if scene.sequence_editor and scene.is_editable else ():
            if not strip.gouache.identity and (strip.gouache.styles or strip.gouache.effect == "collage"):
                own_identity(scene, strip, strips)


def register() -> None:
    bpy.app.handlers.save_pre.append(keep)


def unregister() -> None:
    bpy.app.handlers.save_pre.remove(keep)
