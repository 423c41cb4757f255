"""Files of a bake folder: safe names, what is there, and copies that are whole or not there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ..core.atomic import in_place, temporary_beside, writing
from ..core.png import same_pixels


def safe_name(name: str) -> str:
    """A strip's name as a folder name that every file system takes (letters of all scripts stay)."""
    cleaned = re.sub(r"[^\w.-]+", "_", name).strip("._")
    return cleaned[:40] or "strip"


_listed: dict[Path, tuple[int, frozenset[str]]] = {}


def names_in(folder: Path) -> frozenset[str]:
    """The names of what is in a folder; quick enough for every redraw."""
    try:
        changed = folder.stat().st_mtime_ns
        if folder not in _listed or _listed[folder][0] != changed:
            _listed[folder] = changed, frozenset(file.name for file in folder.iterdir())
        return _listed[folder][1]
    except OSError:
        return frozenset()


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder of results, whole or not at all; what another machine was quicker with stays. Raises OutputError.

    Files are shared where the disk can: a result is never written into, but replaced.
    """
    temporary = temporary_beside(target)
    with writing(target):
        try:
            shutil.copytree(source, temporary, copy_function=_share)
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _share(source: str, target: str) -> None:
    """Let a file lie in a second folder too. Raises OSError."""
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that cannot
        shutil.copy2(source, target)


def replace_if_different(new: Path, target: Path) -> Path:
    """Bring a finished file to its place, whole or not at all; equal bytes leave what is there. Raises OutputError.

    So do equal pixels of PNG: in the chunks around them each version of Blender tells something else.
    """
    with writing(target):
        if not (target.is_file() and (target.read_bytes() == new.read_bytes() or same_pixels(target, new))):
            with in_place(target) as temporary:
                shutil.copyfile(new, temporary)  # the new file may lie on another disk
    return target
