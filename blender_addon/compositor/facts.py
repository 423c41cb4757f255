"""What is known of files, pictures and masks without rendering: a few values that change when they do."""

from __future__ import annotations

import hashlib
import os
import re
import time
from array import array
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

import bpy

from ..bundled import full_path
from ..settings import material_paths
from . import groups

TAIL = 4096
LOOSE = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".tga", ".bmp", ".hdr")
"""Files that may be stored without compression: no change shows in their size, nor below a black bar in their end."""
BLOCK = 16384  # a row of a picture, more or less
BLOCKS = 3  # each is a way to a disk in the network and back, and a sequence has thousands of files
SPARSE = 17  # of an unsaved picture's numbers every so many count, for a panel has little time
REMEMBER = 10  # times as long as it took to find: a panel asks at every redraw, and there may be thousands of files
CHANGES = "gouache_changes"  # a scene's or mask's counter of changes; see watch.py
HOW_READ = ("alpha_mode", "frame_start", "frame_offset")  # of pictures and clips
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


_facts: dict[str, tuple[int, int, list[Any]]] = {}


def file_facts(path: str) -> list[Any]:
    """A file's size and hashes of parts: no times, for a copy of the project on another machine is not a change."""
    try:
        stat = os.stat(path)  # noqa: PTH116
        known = _facts.get(path)
        if known is None or known[:2] != (stat.st_mtime_ns, stat.st_size):
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                known = _facts[path] = stat.st_mtime_ns, stat.st_size, _content_facts(file, stat.st_size, path)
        return known[2]
    except OSError:
        return ["missing"]


def _content_facts(file: BinaryIO, size: int, path: str) -> list[Any]:
    def read(at: int, count: int) -> bytes:
        file.seek(max(at, 0))
        return file.read(count)
    told = [size, _hash(read(size - TAIL, TAIL))]
    if path.lower().endswith(LOOSE):
        told.append(_hash(b"".join(read(size * part // (BLOCKS + 1), BLOCK) for part in range(1, BLOCKS + 1))))
    return told


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def data_facts(data: Any) -> list[Any]:
    """A picture, clip or mask: what it shows, on disk or packed, wherever that lies; its name where it has no file."""
    stored, source = getattr(data, "filepath", ""), getattr(data, "source", "")
    path = bpy.path.abspath(stored, library=data.library)
    packed = getattr(data, "packed_file", None)
    if packed is not None:
        content = _content_facts(BytesIO(packed.data), packed.size, stored)
    else:
        content = file_facts(path) if stored else [data.name]
    told = [data.bl_rna.identifier, source, content, *(getattr(data, name) for name in HOW_READ if hasattr(data, name))]
    space = getattr(data, "colorspace_settings", None)  # a mask has none
    if space is not None:
        told.append(space.name)
    if source == "SEQUENCE":
        told.append(_sequence_facts(path))
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
    return recently(f"folder {folder}", lambda: _listed(folder, ".*"))


def _sequence_facts(path: str) -> Any:
    """What is known of every file of a sequence: as Blender has it, they differ in the last number in their names."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    parts = re.fullmatch(r"(.*?)\d+(\D*)", stem)
    pattern = r"\d+".join(map(re.escape, parts.groups())) if parts else re.escape(stem)
    return recently(f"sequence {path}", lambda: _listed(folder, pattern + re.escape(suffix)))


def _listed(folder: str, pattern: str) -> Any:
    try:
        return [[entry.name, *file_facts(entry.path)]
                for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
                if re.fullmatch(pattern, entry.name) and entry.is_file()]
    except OSError:
        return "missing"
