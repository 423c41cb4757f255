"""The style pictures that come with Gouache, and where a path of a setting leads on this computer."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import bpy

BUNDLED = Path(__file__).resolve().parent / "styles"
FIRST = "swirling_night"  # what a strip begins with: of those that come with Gouache the one that suits most
PICTURES = {".jpg", ".jpeg", ".png"}


def bundled() -> list[Path]:
    """The pictures that come with Gouache, by name; empty if none were packed."""
    if not BUNDLED.is_dir():
        return []
    return sorted(file for file in BUNDLED.iterdir() if file.suffix.lower() in PICTURES)


def first_bundled() -> str:
    """The path of the picture that a strip or node begins with; empty if none were packed."""
    pictures = bundled()
    return str(next((file for file in pictures if file.stem == FIRST), pictures[0])) if pictures else ""


def title_of(path: str) -> str:
    """What a style is called in a list: a bundled one by its name, others as their files are."""
    file = full_path(path)
    return file.stem.replace("_", " ").title() if file.parent == BUNDLED else file.name


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
