"""The benchmark compares like with like: the same neutral judge, the same pictures, seconds of painting only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.errors import OptionError, WeightsError
from core.evaluate import needs
from core.evaluate.bench import fast, given, processes, recipes, sections
from core.evaluate.bench.processes import Taken
from core.evaluate.measure import Judge
from core.frames import Picture
from core.job import Job

STEPS = 12


@pytest.fixture
def pictures(tmp_path: Path, picture: Callable[..., Picture]) -> tuple[Path, Path]:
    """A content and a style image on disk."""
    for i, name in enumerate(("content", "style")):
        frames.write(tmp_path / f"{name}.png", picture(i), "png")
    return tmp_path / "content.png", tmp_path / "style.png"


def each(pictures: tuple[Path, Path]) -> tuple[list[Path], list[Path]]:
    """One content and one style image, as `sections.run` takes them."""
    return [pictures[0]], [pictures[1]]


def recipe(job: Job, folder: Path, every: int = 0, times: int = 1) -> Taken:
    """In a recipe's place: snapshots on the way from content to style; lite is eight times as quick as vgg19.

    Started by the fast engine, a step does what four plain ones do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content, style = (frames.read(Path(path)).rgb for path in (job.input, job.options.styles[0].path))
    second = 4.0 if job.options.encoder == "vgg19" else 0.5
    snapshots = {}
    for step in range(1, STEPS + 1) if every else ():
        frames.write(folder / f"{step:05d}.png", Picture(content.lerp(style, step / STEPS)), "png")
        snapshots[f"{step:05d}"] = second * step
    gain = 4 if job.options.init == "fast" else 1
    steps = [(True, 1.0 / (step * gain), second * step) for step in range(1, STEPS + 1)]
    return Taken(folder, snapshots, [] if job.options.engine == "fast" else steps, [9.0] + [0.25] * (times - 1),
                 "float32", 120.0)


@pytest.mark.usefixtures("tiny_encoder")
def test_every_section(tmp_path: Path, pictures: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch,
                       capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(processes, "paint", recipe)
    monkeypatch.setattr(needs, "lacking", lambda options: None)
    monkeypatch.setattr(fast, "FRAMES", ((32, 32), (24, 48)))
    wanted = ["steps", "recipes", "init", "fast"]
    assert sections.run(*each(pictures), tmp_path / "out", 64, STEPS, wanted) == 0
    said = capsys.readouterr().out
    assert "a step of lite costs 1/8.00 of vgg19's (within 1/6)" in said
    assert "lite 6.0 s (1/8.00)" in said
    assert "that loss after 3 steps" in said and "0.25 of all steps (within 1/2)" in said
    for precision in given.PRECISIONS:
        assert f"fast-48x24-{precision}: float32, first frame 9.000 s, then 0.250 s (within 3.0 s)" in said
    assert list(json.loads((tmp_path / "out" / "figures.json").read_text())) == wanted
    assert min(frames.read(tmp_path / "out" / "sheet.png").size) > 300


@pytest.mark.usefixtures("tiny_encoder")
def test_several_pairs_are_each_painted_and_put_together(tmp_path: Path, pictures: tuple[Path, Path],
                                                        monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(processes, "paint", recipe)
    monkeypatch.setattr(needs, "lacking", lambda options: None)
    monkeypatch.setattr(recipes, "neutral_judge", Judge)
    content, style = pictures
    assert sections.run([content, style], [style, content], tmp_path / "out", 64, STEPS, ["pairs", "init"]) == 0
    said = capsys.readouterr().out
    assert "pair 1: paper 48.0 s" in said and "pair 2: paper 48.0 s" in said
    assert "median over 2 pairs: 1/8.00 of the paper's time; 0 of them within 1/10" in said
    assert said.count("that loss after 3 steps") == 2
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert list(figures["pairs"]) == list(figures["init"]) == ["out", "pair1"]
    assert list(figures["pairs"]["pair1"]) == list(recipes.PAIR_RECIPES)


def test_contents_and_styles_come_in_pairs(tmp_path: Path, pictures: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match="2 content and 1 style"):
        sections.run([*pictures], [pictures[1]], tmp_path / "out", 64, STEPS)


def test_what_is_missing_is_skipped_by_name(tmp_path: Path, pictures: tuple[Path, Path],
                                            monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(needs, "lacking", lambda options: "the weights are on the moon")
    assert sections.run(*each(pictures), tmp_path / "out", 64, STEPS, ["steps", "init", "fast", "large"]) == 0
    said = capsys.readouterr().out
    for name in ("steps-lite-float32", "init-fast", "fast-512x512-float32", "large"):
        assert f"{name}: SKIPPED, the weights are on the moon" in said


def test_a_missing_judge_fails_before_the_work(tmp_path: Path, pictures: tuple[Path, Path],
                                               monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    def missing(*_: object) -> Judge:
        raise WeightsError("The judge is missing.", "Install it.")

    monkeypatch.setattr(recipes, "neutral_judge", missing)
    monkeypatch.setattr(processes, "paint", lambda *_: pytest.fail("painted"))
    assert sections.run(*each(pictures), tmp_path / "out", 64, STEPS, ["recipes"]) == 1
    assert "recipes: FAILED: The judge is missing. Install it." in capsys.readouterr().out


def test_an_unknown_section_is_refused(tmp_path: Path, pictures: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match="steps, recipes, pairs, init, fast, large"):
        sections.run(*each(pictures), tmp_path / "out", 64, STEPS, ["everything"])
