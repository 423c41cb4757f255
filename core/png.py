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


def _pixels(path: Path) -> tuple[bytes, bytes] | None:
    """The header and the filtered rows of a PNG file; None if it is none, or damaged."""
    data = path.read_bytes()
    if not data.startswith(SIGNATURE):
        return None
    place = len(SIGNATURE)
    found: dict[bytes, list[bytes]] = {b"IHDR": [], b"IDAT": []}
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind in found:
            found[kind].append(data[place + 8:place + 8 + length])
        place += 12 + length
    try:
        return b"".join(found[b"IHDR"]), zlib.decompress(b"".join(found[b"IDAT"]))
    except zlib.error:
        return None
