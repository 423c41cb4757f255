"""Whose bake folder is whose: films that were copied from one template may share a cache, and all keys in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

import bpy

from ..core.atomic import write_text
from ..core.digests import key_of
from . import preferences
from .files import safe_name

FILM = "film.txt"
"""In a bake folder: the path of the film that it belongs to, from there, for both may be moved together."""


def folder_of(name: str, key: str, shown: Path | None, others: Collection[Path] = ()) -> Path:
    """The bake folder of a key, whatever the name was when it was made; else where it is to be made.

    That of another film of this name, which is still there, is left to it, and this film has the next one; so are
    those that `others` show. Of those whose film is gone it is the one that is `shown`, for then it was this film
    that was moved.
    """
    cache, found = preferences.cache_folder(), []
    while there := sorted(cache.glob(f"*-{key}")):
        found.append(there[0])
        key = key[:-8] + key_of(key)[:8]
    owners = {folder: is_own(folder) for folder in found}
    free = [folder for folder in found if owners[folder] is not False and folder not in others]
    free.sort(key=lambda folder: (not owners[folder], shown is None or folder != Path(os.path.normpath(shown))))
    return free[0] if free else cache / f"{safe_name(name)}-{key}"


def claim(folder: Path) -> None:
    """Note in a bake folder that it is this film's. Raises OutputError."""
    film = bpy.data.filepath
    if film and not is_own(folder):
        with contextlib.suppress(ValueError):  # Windows: another drive
            film = os.path.relpath(film, folder)
        write_text(folder / FILM, Path(film).as_posix())


def is_own(folder: Path) -> bool | None:
    """Whether a bake folder is this film's; None if it is nobody's, as far as can be seen from here."""
    try:
        film = os.path.normpath(folder / (folder / FILM).read_text("utf-8"))
        if not Path(film).is_file():
            return None
        return bool(bpy.data.filepath) and Path(film).samefile(bpy.data.filepath)
    except (OSError, ValueError):
        return None
