"""The style pictures that come with Gouache, and where a path of a setting leads on this computer."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import bpy

BUNDLED = Path(__file__).resolve().parent / "styles"
PICTURES = {".jpg", ".jpeg", ".png"}


def bundled() -> list[Path]:
    """The pictures that come with Gouache, by name; empty if none were packed."""
    if not BUNDLED.is_dir():
        return []
    return sorted(file for file in BUNDLED.iterdir() if file.suffix.lower() in PICTURES)


def full_path(path: str) -> Path:
    """The absolute form of a path from a Blender field (`//` counts from the .blend).

    A bundled picture lies elsewhere on each computer and after an upgrade of Blender: there it is this one's own.
    """
    full = Path(bpy.path.abspath(path))
    named = PureWindowsPath(path)  # which reads the paths of every system
    here = BUNDLED / named.name
    if named.parts[-3:-1] == BUNDLED.parts[-2:] and not full.exists() and here.is_file():
        return here
    return full
