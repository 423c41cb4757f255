"""Freed memory is kept for the next picture, and given back to the system, where the C library can be asked to."""

from __future__ import annotations

import subprocess
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
    memory.release_freed()
    assert before - resident() > 100e6 and len(small) == 2000


FAULTS_OF_A_SECOND_BLOCK = """
import resource, sys
import numpy as np
from core import memory
if sys.argv[1] == "kept":
    memory.keep_freed()
for _ in range(3):  # the first ones may be new
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = np.ones(200_000_000, np.uint8)
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked")
def test_a_freed_block_that_is_kept_need_not_be_cleared_again() -> None:
    """In processes of their own: what is asked of the C library holds for all that a process does later."""
    kept, plain = (int(subprocess.run([sys.executable, "-c", FAULTS_OF_A_SECOND_BLOCK, how], capture_output=True,
                                      text=True, check=True, timeout=60).stdout) for how in ("kept", "plain"))
    assert kept < 0.1 * plain


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    memory._library.cache_clear()
    assert memory._library() is None
    memory.keep_freed()
    memory.release_freed()
    memory._library.cache_clear()
