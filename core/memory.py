"""Memory that was freed: kept for the next picture while a job runs, released where it would pile up."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

KEPT = 2**31 - 1
"""Bytes that may lie free at the heap's end: the most that can be said."""
TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""The C library's names for how much that is, and for how many blocks the system maps by themselves (malloc.h)."""


def keep_freed() -> None:
    """From now on keep freed memory for the next tensors, where the C library can be asked to (glibc: Linux).

    By itself glibc releases every large block as soon as it is freed, and the system clears the next one page by
    page: of a frame of 1920 x 1080 painted by the fast engine that was a fifth of the time (measured; the peak is
    higher by a quarter now).
    """
    library = _library()
    if library is not None:
        library.mallopt(MMAP_MAX, 0)
        library.mallopt(TRIM_THRESHOLD, KEPT)


def release_freed() -> None:
    """Release what is free to the system, where the C library can be asked to (glibc: Linux).

    It keeps what lies between blocks still in use, for later. Where small things that stay (papers of pieces) are made
    between pictures that go, this grows from frame to frame though nothing is held.
    """
    library = _library()
    if library is not None:
        library.malloc_trim(0)


@cache
def _library() -> ctypes.CDLL | None:
    """The C library, if it is glibc."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
