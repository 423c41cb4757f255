"""`evaluate steady`: clips painted both ways, measured, and put into a table; a second call paints nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli import main
from core.frames import Picture, read, write

pytestmark = pytest.mark.usefixtures("tiny_encoder")


@pytest.fixture
def clip(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """A folder of three frames in which the picture moves by two pixels."""
    backdrop = picture(1, 64, 100).rgb
    for number in range(1, 4):
        write(tmp_path / "walk" / f"{number:04d}.png", Picture(backdrop[..., 2 * number:2 * number + 80]), "png")
    return tmp_path / "walk"


def test_both_ways_in_one_table(clip: Path, style_file: Path, tmp_path: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    order = ["evaluate", "steady", "--clip", str(clip), "--style", str(style_file), "--iterations", "2",
             "--output", str(out), "--engine", "fast"]
    assert main([*order, "optimize"]) == 0
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines()]
    assert len(rows) == 4 and len({len(row) for row in rows}) == 1
    assert [row[:2] for row in rows[2:]] == [["walk", "fast"], ["walk", "optimize"]]
    assert all(row[6] == "E(2)" for row in rows[2:]), "three frames allow no more"
    assert all(row[2] == "dis, dis-refined-2" for row in rows[2:]), "who follows the judge's flow is flattered"
    assert (out / "table.md").read_text() == said
    figures = json.loads((out / "figures.json").read_text())
    assert figures[0]["alone"]["figures"]["style_loss"] > 0 and figures[0]["steady"]["first_seconds"] >= 0
    pictures = {p: p.stat().st_mtime_ns for p in out.glob("walk-*/*.png")}
    assert {p.parent.name for p in pictures} == {f"walk-{engine}-{way}" for engine in ("optimize", "fast")
                                                 for way in ("alone", "steady")}
    assert min(read(out / "sheets" / "walk-fast-steady.png").size) > 300

    assert main(order) == 0
    assert {p: p.stat().st_mtime_ns for p in out.glob("walk-*/*.png")} == pictures
    assert capsys.readouterr().out.splitlines() == said.splitlines()[:3]


def test_only_the_frames_that_were_asked_for(clip: Path, style_file: Path, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    order = ["evaluate", "steady", "--clip", str(clip), "--style", str(style_file), "--engine", "fast",
             "--frames", "2-3", "--output", str(out)]
    assert main(order) == 0
    assert sorted(p.name for p in (out / "walk-fast-alone").glob("*.png")) == ["0002.png", "0003.png"]
    assert "| walk | fast |" in capsys.readouterr().out
    assert json.loads((out / "figures.json").read_text())[0]["gap"] == 1


def test_clips_of_one_name_and_wrong_values(clip: Path, style_file: Path, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    order = ["evaluate", "steady", "--style", str(style_file), "--output", str(tmp_path / "out"), "--clip", str(clip)]
    assert main([*order, str(clip)]) == 1
    assert main([*order, "--size", "-4"]) == 1
    said = capsys.readouterr().err
    assert "called 'walk'" in said and "'size' cannot be -4" in said


def test_it_can_be_painted_along_another_flow_than_the_judge_s(clip: Path, style_file: Path, tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    order = ["evaluate", "steady", "--clip", str(clip), "--style", str(style_file), "--engine", "fast",
             "--output", str(tmp_path / "out")]
    assert main(order) == 0
    assert main([*order, "--paint-along", "raft", "--raft-weights", str(tmp_path / "none.safetensors")]) == 1
    assert "none.safetensors" in capsys.readouterr().err
    weights = Path(__file__).parents[4] / "shared" / "data" / "flow" / "raft_small_princeton.safetensors"
    if not weights.is_file():
        pytest.skip("the weights shared/data/flow are not on this machine")
    assert main([*order, "--paint-along", "raft", "--raft-weights", str(weights)]) == 0
    assert "| raft, dis-refined-2 |" in capsys.readouterr().out
    assert (tmp_path / "out" / "walk-fast-steady-raft" / "0003.png").is_file()
