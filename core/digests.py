"""Hashes by which files, settings and frames are told apart.

Standard library only: Blender asks them whether a painting is fresh.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def digest_of(path: Path) -> str:
    """sha256 (hex) of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(*parts: object) -> str:
    """One hash (hex) of all parts together, which JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
