"""What tells a strip from all others, whatever it is called: kept on the strip, and on the painting made of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

SESSION = uuid.uuid4().hex
"""Tells files that were never saved from those of other sessions."""


def own_identity(scene: Any, strip: Any) -> str:
    """A strip's identity: its own, unless it is a copy or the half of another strip, whose it keeps then.

    The same on every machine that renders the file, and again after the strip's first painting was undone.
    """
    group, place = strip.gouache, f"{scene.name} {strip.name}"
    identity = group.identity or _first(scene, strip)
    if group.identity_of != place and any(_with(identity, strip)):
        identity = hashlib.sha256(f"{identity} {place}".encode()).hexdigest()[:32]
    group.identity, group.identity_of = identity, place
    return str(identity)


def is_copy(scene: Any, strip: Any) -> bool:
    """Whether a strip has its identity from another one that is still there."""
    group = strip.gouache
    return group.identity_of != f"{scene.name} {strip.name}" and any(_with(group.identity, strip))


def original_of(scene: Any, strip: Any) -> Any:
    """The strip of the same scene that a copy has its identity from, or None."""
    return next((other for there, other in _with(strip.gouache.identity, strip)
                 if there == scene and other.gouache.identity_of == f"{scene.name} {other.name}"), None)


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


def _with(identity: str, strip: Any) -> Iterator[tuple[Any, Any]]:
    """The other strips of this file that have an identity, each with its scene."""
    scenes: Any = bpy.data.scenes if identity else ()
    for scene in scenes:
        for other in scene.sequence_editor.strips_all if scene.sequence_editor else ():
            if other != strip and other.gouache.identity == identity:
                yield scene, other
