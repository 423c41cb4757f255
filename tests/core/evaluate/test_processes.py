"""Processes of the benchmark: what they took, and that none is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import GouacheError
from core.evaluate import processes

ROOT = Path(__file__).parents[3]
TICKS = """
import sys, time
for _ in range(3000):
    open(sys.argv[1], "a").write(".")
    time.sleep(0.02)
"""
"""A command that makes a file longer for a minute."""
LONGEST = 30
"""Seconds until something must have happened."""


def test_a_command_says_what_it_took(tmp_path: Path) -> None:
    peak = processes.run([sys.executable, "-c", "print('done')"], tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text().split() == ["done"]
    assert sys.platform == "win32" or (peak and peak > 1)


def test_a_command_that_fails_is_told_by_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(GouacheError, match="out of paint"):
        processes.run([sys.executable, "-c", "import sys; sys.exit('out of paint')"], tmp_path / "log.txt")


def test_a_killed_benchmark_leaves_no_command_behind(tmp_path: Path) -> None:
    ticks, log = tmp_path / "ticks", tmp_path / "log.txt"
    command = [sys.executable, "-c", TICKS, str(ticks)]
    run = f"from core.evaluate import processes; from pathlib import Path; processes.run({command}, Path({str(log)!r}))"
    caller = subprocess.Popen([sys.executable, "-c", run], cwd=ROOT)
    try:
        until(ticks.is_file)
    finally:
        caller.kill()
        caller.wait()
    until(lambda: not grows(ticks))


def until(happened: Callable[[], bool]) -> None:
    """Wait for it, not for ever."""
    end = time.monotonic() + LONGEST
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def grows(file: Path) -> bool:
    """Whether something goes on writing to a file."""
    before = file.stat().st_size
    time.sleep(1)
    return file.stat().st_size > before
