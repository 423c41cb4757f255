"""Memory is given back to the system, where the C library can be asked to."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core import memory


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked")
def test_what_lies_free_between_small_things_that_stay_is_given_back() -> None:
    large, small = [], []
    for _ in range(2000):
        large.append(np.ones(100_000, np.uint8))
        small.append(np.ones(2000, np.uint8))
    del large
    before = resident()
    memory.give_back()
    assert before - resident() > 100e6 and len(small) == 2000


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    memory._trim.cache_clear()
    assert memory._trim() is None
    memory.give_back()
    memory._trim.cache_clear()
