"""Whether two PNG files have the same pixels: who wrote them may have put other chunks beside these.

Standard library only: Blender asks it whether what it captured is there already.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def same_pixels(path: Path, other: Path) -> bool:
    """Whether both files are PNG, of one size and depth, with the same pixels, row by row filtered alike.

    Raises OSError.
    """
    pixels = _pixels(path)
    return pixels is not None and pixels == _pixels(other)


def _pixels(path: Path) -> list[bytes] | None:
    """The header, palette, transparency and filtered rows of a PNG file; None if it is none, or damaged."""
    data = path.read_bytes()
    if not data.startswith(SIGNATURE):
        return None
    place = len(SIGNATURE)
    found: dict[bytes, list[bytes]] = {b"IHDR": [], b"PLTE": [], b"tRNS": [], b"IDAT": []}
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind in found:
            found[kind].append(data[place + 8:place + 8 + length])
        place += 12 + length
    *told, rows = (b"".join(parts) for parts in found.values())
    try:
        return [*told, zlib.decompress(rows)]
    except zlib.error:
        return None
