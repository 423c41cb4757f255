"""`evaluate collage`: what is measured of pieces has known answers, and a tiny clip goes through all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import pipeline
from core.cli import main
from core.collage.compose import Composer
from core.collage.cutting import NARROW, WIDE, Rule
from core.collage.follow import PATIENCE
from core.collage.materials import Materials, Sheet
from core.collage.pieces import Cut, Pieces, no_pieces
from core.errors import WeightsError
from core.evaluate import afresh, collage, covering, lives
from core.frames import Picture, read, write
from core.job import Job
from core.options import CollageOptions

SQUARE = np.array([(-0.25, -0.25), (0.25, -0.25), (0.25, 0.25), (-0.25, 0.25)], np.float32)


def cut(x: float = 0.5, area: float = 0.25, material: int = 0, spot: tuple[float, float] = (8.0, 8.0)) -> Cut:
    """A square, half as high as the frame."""
    return Cut(0, 0.0, (x, 0.5), SQUARE, area, -1, material, np.array([10, 0, *spot], np.float32), -1,
               np.zeros(12, np.float32))


def table(cuts: Sequence[Cut], frame: int = 1) -> Pieces:
    return no_pieces(np.zeros((0, 3), np.float32), frame).with_new(cuts, frame)


def without(pieces: Pieces, *numbers: int) -> Pieces:
    return pieces.kept(~np.isin(pieces.number, numbers))


def test_lives_of_a_shot_with_a_known_course() -> None:
    """Ten frames: piece 0 lives through, 1 dies hidden after four, 2 is born in the sixth and stays."""
    whole = table([cut(), cut(area=0.75)])
    hidden = replace(whole, covered=np.array([0, PATIENCE - 1], np.int32))
    left = without(hidden, 1)
    later = left.with_new([cut()], 6)
    frames = list(enumerate([*[whole] * 3, hidden, left, *[later] * 5], 1))
    found = lives.lives(frames, fps=24.0)
    assert found.pieces == 3 and found.median == 5 and found.median_share == pytest.approx(0.5)
    assert found.survivors == pytest.approx(0.5) and found.survivors_area == pytest.approx(0.25)
    assert found.births_a_second == pytest.approx(1 / (9 / 24))
    assert found.deaths == {lives.HIDDEN: 1}


def test_pieces_know_their_shot() -> None:
    one, two = table([cut()], 1), table([cut(), cut()], 3)
    frames = [(1, one), (2, one), (3, two), (4, two)]
    assert [len(shot) for shot in lives.shots(frames)] == [2, 2]
    found = lives.lives(frames, fps=10.0)
    assert (found.pieces, found.median_share, found.births_a_second, found.deaths) == (3, 1.0, 0.0, {})


@pytest.mark.parametrize(("change", "end"), [
    ({"covered": PATIENCE - 1}, lives.HIDDEN), ({"changed": PATIENCE - 1, "misfit": 1}, lives.RECOLORED),
    ({"misfit": PATIENCE - 1}, lives.UNMOVED), ({"covered": 1}, lives.LEFT), ({}, lives.LEFT)])
def test_what_a_piece_died_of(change: dict[str, int], end: str) -> None:
    pieces = replace(table([cut()]), **{name: np.array([n], np.int32) for name, n in change.items()})  # type: ignore[arg-type]
    assert lives.cause(pieces, 0, age=5) == end


def test_deaths_by_size_and_age() -> None:
    pieces = table([cut()])
    small = replace(pieces, place=np.array([[0.46, 0, 0.5, 0.5]], np.float32))
    assert lives.cause(small, 0, age=5) == lives.RESIZED
    assert lives.cause(pieces, 0, age=20, life=24) == lives.AGED
    assert lives.cause(pieces, 0, age=5, life=24) == lives.LEFT


def test_reuse_counts_equal_spots_of_one_sheet() -> None:
    pieces = table([cut(spot=(8, 8)), cut(spot=(8, 8)), cut(spot=(20, 8)), cut(material=1, spot=(8, 8))])
    found = lives.reuse([(1, pieces), (2, pieces)])
    assert (found.sheets, found.largest, found.shared) == (2.0, 0.75, 0.5)


@pytest.mark.parametrize("rule", [NARROW, WIDE])
def test_holes_are_what_the_birth_rule_fills(rule: Rule) -> None:
    median = 400.0
    side = int(np.sqrt(rule.least * median)) + 3
    frame = np.zeros((100, 200), bool)
    frame[10:10 + side, 10:10 + side] = True
    frame[60:62, :] = True  # a slit is no hole, however long
    frame[80:86, 80:86] = True  # too small
    assert covering.holes(frame, median, rule) == pytest.approx(side * side / frame.size, rel=0.06)
    frame[10:10 + side, 10:10 + side] = False
    assert covering.holes(frame, median, rule) == 0
    assert covering.holes(np.ones((10, 20), bool), median=1.0, rule=rule) == 1


def test_paper_covers_what_its_outline_holds() -> None:
    """A square cut with scissors covers a quarter of a frame's height by half of it."""
    gray = Sheet("gray", np.full((64, 64, 3), 128, np.uint8), None)
    options = CollageOptions(roughness=0.0, deckle=0.0, color_match=0.0)
    pieces = table([cut()])
    found = covering.cover(pieces, Composer(options, Materials([gray])), (80, 160))
    assert found.paper == pytest.approx(0.25 / 2, rel=0.03)
    assert found.holes > 0.5
    assert covering.bare(pieces, (80, 160)).mean() == pytest.approx(1 - 0.25 / 2, abs=0.01)


@pytest.fixture
def materials(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """A folder with two small sheets."""
    for i in range(2):
        write(tmp_path / "sheets" / f"{'ab'[i]}.png", picture(40 + i, 64, 64), "png")
    return tmp_path / "sheets"


@pytest.mark.usefixtures("tiny_encoder")
def test_a_tiny_clip_both_ways(moving: Callable[..., Path], materials: Path, tmp_path: Path,
                               capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    order = ["evaluate", "collage", "--clip", str(moving(4)), "--materials", str(materials), "--output", str(out)]
    assert main(order) == 0
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines()]
    assert len(rows) == 3 and len({len(row) for row in rows}) == 1 and rows[2][:4] == ["moving 4 None", "torn", "4",
                                                                                      "estimated"]
    assert (out / "table.md").read_text() == said
    row, = json.loads((out / "figures.json").read_text())
    assert row["ratio"] == pytest.approx(row["tracked"]["warp"]["1"]["error"] / row["afresh"]["warp"]["1"]["error"],
                                         rel=1e-3)
    assert row["ratio"] < 0.7, "most of the picture stands still: its pieces must, too"
    assert 0.9 < row["paper"] <= 1 and row["holes"] == 0 and row["fps"] == 24
    assert 0 < row["lives"]["median_share"] <= 1 and 1 <= row["reuse"]["sheets"] <= 2
    assert min(read(out / "sheets" / "moving 4 None-torn.png").size) > 300

    made = {path: path.stat().st_mtime_ns for path in out.glob("moving*/*.png")}
    assert len(made) == 8
    assert main([*order, "--json"]) == 0
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert json.loads(capsys.readouterr().out)[0]["ratio"] == row["ratio"]


def test_cut_afresh_is_a_clip_of_one_frame(moving: Callable[..., Path], materials: Path, tmp_path: Path) -> None:
    """The same as when the first frame is all there is, whatever came before."""
    options = CollageOptions(materials=(str(materials),))
    for frames in ("", "3"):
        job = Job(str(moving(3)), str(tmp_path / f"out{frames}"), "collage", options)
        job = replace(job, files=replace(job.files, frames=frames))
        assert list(afresh.make(job)) == ([3] if frames else [1, 2, 3])
    assert (tmp_path / "out" / "003.png").read_bytes() == (tmp_path / "out3" / "003.png").read_bytes()
    assert (tmp_path / "out" / "001.png").read_bytes() != (tmp_path / "out" / "002.png").read_bytes()


def test_a_missing_judge_shows_before_the_work(moving: Callable[..., Path], tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise WeightsError("The judge is missing.", "Install it.")

    monkeypatch.setattr(collage.weights, "load", missing)
    monkeypatch.setattr(pipeline, "run", lambda job: pytest.fail("made"))
    with pytest.raises(WeightsError):
        collage.run([str(moving(2))], ["torn"], collage.Settings(64), tmp_path / "out", False)
