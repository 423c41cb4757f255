"""Memory that was freed, given back to the system.

The C library keeps what lies between blocks still in use, for later. Where small things that stay (papers of pieces)
are made between pictures that go, this grows from frame to frame though nothing is held.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give back what is free, where the C library can be asked to (glibc: Linux)."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return None
    return found
