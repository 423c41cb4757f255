"""What is known of files, pictures and masks without rendering: a few values that change when they do."""

from __future__ import annotations

import hashlib
import os
import time
from array import array
from collections.abc import Callable
from typing import Any

import bpy

from ..bundled import full_path
from ..settings import material_paths
from . import groups

TAIL = 4096
SPARSE = 17  # of an unsaved picture's numbers every so many count, for a panel has little time
REMEMBER = 10  # times as long as it took to find: a panel asks at every redraw, and there may be thousands of files
CHANGES = "gouache_changes"  # a scene's or mask's counter of changes; see watch.py
GENERATED = ("generated_type", "generated_width", "generated_height", "use_generated_float")


def named_files(tree: Any) -> list[Any]:
    """The files that the sidebar names: style pictures, or a collage's materials and what comes along with it."""
    if groups.effect_of(tree).takes_styles:
        return [file_facts(str(full_path(style.path))) for style in tree.gouache.styles if style.path]
    collage = tree.gouache.collage
    paths = (*material_paths(collage), collage.mask, collage.depth)
    return [_path_facts(bpy.path.abspath(path)) for path in paths if path]


def _path_facts(path: str) -> Any:
    """A file, or all those in a folder."""
    return folder_facts(path) if os.path.isdir(path) else file_facts(path)  # noqa: PTH112


_facts: dict[str, tuple[int, int, str]] = {}


def file_facts(path: str) -> list[Any]:
    """A file's size and a hash of its end: no times, for a copy of the project on another machine is not a change."""
    try:
        stat = os.stat(path)  # noqa: PTH116
        known = _facts.get(path)
        if known is None or known[:2] != (stat.st_mtime_ns, stat.st_size):
            with open(path, "rb") as file:  # noqa: PTH123
                file.seek(max(stat.st_size - TAIL, 0))
                known = _facts[path] = stat.st_mtime_ns, stat.st_size, _hash(file.read())
        return [known[1], known[2]]
    except OSError:
        return ["missing"]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def data_facts(data: Any) -> list[Any]:
    """A picture, clip or mask: its file as it is on disk or packed. Of a sequence every file in its folder counts."""
    stored, source = getattr(data, "filepath", ""), getattr(data, "source", "")
    path = bpy.path.abspath(stored, library=data.library)
    packed = getattr(data, "packed_file", None)
    content = file_facts(path) if packed is None else [packed.size, _hash(packed.data[-TAIL:])]
    told = [data.name, data.bl_rna.identifier, source, stored, content]
    space = getattr(data, "colorspace_settings", None)  # a mask has none
    if space is not None:
        told.append(space.name)
    if source == "SEQUENCE":
        told.append(folder_facts(os.path.dirname(path)))  # noqa: PTH120
    if source == "GENERATED":
        told.append([*data.generated_color, *(getattr(data, name) for name in GENERATED)])
    if getattr(data, "is_dirty", False):
        told.append(recently(f"pixels {data.name_full}", lambda: _pixels(data)))
    return told + ([data[CHANGES]] if CHANGES in data else [])


def _pixels(image: Any) -> str:
    """A hash of what was painted on a picture and is not saved."""
    pixels = array("f", bytes(4 * len(image.pixels)))
    image.pixels.foreach_get(pixels)
    return _hash(pixels[::SPARSE].tobytes())


_recent: dict[str, tuple[float, Any]] = {}


def recently(what: str, find: Callable[[], Any]) -> Any:
    """What was found a moment ago, else what is found now; without a window always that.

    What takes long to find is remembered for longer, so that a window never spends most of its time on it.
    """
    until, facts = _recent.get(what, (0.0, None))
    start = time.monotonic()
    if start >= until or bpy.app.background:
        facts = find()
        end = time.monotonic()
        _recent[what] = end + REMEMBER * (end - start), facts
    return facts


def folder_facts(folder: str) -> Any:
    """What is known of every file in a folder."""
    return recently(f"folder {folder}", lambda: _listed(folder))


def _listed(folder: str) -> Any:
    try:
        return [[entry.name, *file_facts(entry.path)]
                for entry in sorted(os.scandir(folder), key=lambda entry: entry.name) if entry.is_file()]
    except OSError:
        return "missing"
