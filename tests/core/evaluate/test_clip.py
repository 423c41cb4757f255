"""`evaluate clip` as a person and a script see it, on clips that move by a known amount."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core import clips, weights
from core.cli import main
from core.encoders import Encoder
from core.errors import InputError, OptionError, WeightsError
from core.evaluate.clip import ClipFigures, measure
from core.evaluate.footage import open_footage
from core.evaluate.neutral import HED
from core.frames import Picture, read, write

pytestmark = pytest.mark.usefixtures("tiny_encoder")
HEIGHT, WIDTH, SPEED = 72, 96, 2


@pytest.fixture
def scene(picture: Callable[..., Picture]) -> Callable[..., Tensor]:
    """scene(frame, seed): a textured backdrop seen by a camera that moves 2 pixels to the right each frame."""
    def make(frame: int, seed: int = 1) -> Tensor:
        coarse = picture(seed, HEIGHT, 160).rgb
        fine = torch.rand(1, 3, HEIGHT // 4, 40, generator=torch.Generator().manual_seed(seed))
        backdrop = 0.7 * coarse + 0.3 * torch.nn.functional.interpolate(fine, (HEIGHT, 160), mode="bilinear")
        return backdrop[..., SPEED * frame:SPEED * frame + WIDTH]
    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """film(name, pictures, first=1): a folder of numbered frames."""
    def make(name: str, pictures: list[Tensor], first: int = 1) -> Path:
        for number, rgb in enumerate(pictures, first):
            write(tmp_path / name / f"frame_{number:04d}.png", Picture(rgb), "png")
        return tmp_path / name
    return make


def noise(seed: int, amount: float) -> Tensor:
    return amount * torch.randn(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))


def measured(source: Path, result: Path, flow: Path | None = None, **more: Any) -> ClipFigures:
    return measure(open_footage(str(source), str(result), flow), **more)


def errors(figures: ClipFigures, gap: int) -> tuple[float, float]:
    """The result's error and the floor."""
    warp = figures.warp[gap]
    assert warp is not None
    return warp.error, warp.floor


def test_a_result_that_moves_as_its_source_is_at_the_floor(scene: Callable[..., Tensor],
                                                           film: Callable[..., Path]) -> None:
    source = film("source", [scene(n) for n in range(5)])
    painted = film("painted", [scene(n).flip(1) for n in range(5)])
    found = measured(source, painted, gaps=[1, 3])
    for gap, pairs in ((1, 4), (3, 2)):
        error, floor = errors(found, gap)
        assert error == pytest.approx(floor, rel=1e-3) and floor < 0.02
        warp = found.warp[gap]
        assert warp is not None and [pair.frame for pair in warp.pairs] == list(range(gap + 1, 6))
        assert len(warp.pairs) == pairs
    assert found.cuts == [] and found.size == (HEIGHT, WIDTH) and found.content_error > 0 and found.style_loss is None


def test_flicker_and_swimming_are_told_apart(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    source = film("source", [scene(n) for n in range(5)])
    flicker = measured(source, film("flicker", [scene(n) + noise(n, 0.05) for n in range(5)]), gaps=[1, 3])
    swims = measured(source, film("swims", [scene(0)] * 5), gaps=[1, 3])
    assert errors(flicker, 1)[0] > 3 * errors(flicker, 1)[1]
    assert errors(flicker, 3)[0] == pytest.approx(errors(flicker, 1)[0], rel=0.2)
    assert errors(swims, 3)[0] > 1.5 * errors(swims, 1)[0] > 1.5 * errors(swims, 1)[1]
    assert errors(swims, 1)[1] == errors(flicker, 1)[1], "the floor is the source's own"


def test_what_a_short_clip_cannot_tell_is_absent(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    two = film("two", [scene(0), scene(1)])
    found = measured(two, two)
    assert found.warp[1] is not None and found.warp[10] is None and found.drift is None
    one = film("one", [scene(0)])
    assert measured(one, one).warp == {1: None, 10: None}


def test_scene_cuts_are_left_out(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    film_with_a_cut = film("source", [*(scene(n) * 0.3 for n in range(3)), *(1 - 0.3 * scene(n, 5) for n in range(3))])
    found = measured(film_with_a_cut, film_with_a_cut, gaps=[1, 2], seams=[4, 3])
    assert found.cuts == [4]
    for gap, frames in ((1, [2, 3, 5, 6]), (2, [3, 6])):
        warp = found.warp[gap]
        assert warp is not None and [pair.frame for pair in warp.pairs] == frames
    assert found.seams[4] is None and found.seams[3] is not None


def test_a_seam_stands_out(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    source = film("source", [scene(n) for n in range(7)], first=11)
    result = film("result", [0.7 * scene(n) + noise(n, 0.02) + (0.2 if n >= 4 else 0.0) for n in range(7)], first=11)
    found = measured(source, result, gaps=[2], seams=[15, 16])
    assert (found.seams[15] or 0) > 5 and found.seams[16] == pytest.approx(1, abs=0.2)
    assert list(found.warp) == [2]
    with pytest.raises(OptionError, match="before frame 11"):
        measured(source, result, seams=[11])


def test_recorded_motion_is_used_between_neighbors(scene: Callable[..., Tensor], film: Callable[..., Path],
                                                   tmp_path: Path) -> None:
    source = film("source", [scene(n) for n in range(4)])
    for name, speed in (("right", -SPEED), ("wrong", SPEED)):
        (tmp_path / name).mkdir()
        flow = np.zeros((HEIGHT, WIDTH, 2), "<f4")
        flow[..., 0] = speed
        for number in (1, 2, 3):
            head = np.array([202021.25], "<f4").tobytes() + np.array([WIDTH, HEIGHT], "<i4").tobytes()
            (tmp_path / name / f"frame_{number:04d}.flo").write_bytes(head + flow.tobytes())
    right, wrong = (measured(source, source, tmp_path / name, gaps=[1, 2]) for name in ("right", "wrong"))
    assert errors(right, 1)[1] < 0.002 < errors(wrong, 1)[1]
    assert right.exact_motion and errors(right, 2) == errors(wrong, 2), "farther ones are estimated"


def test_a_smaller_result_and_one_numbered_otherwise(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    source = film("source", [scene(n) for n in range(3)], first=7)
    half = film("half", [torch.nn.functional.avg_pool2d(scene(n), 2) for n in range(3)], first=1)
    found = measured(source, half)
    assert found.frames == [7, 8, 9] and found.size == (HEIGHT // 2, WIDTH // 2)
    assert max(errors(found, 1)) < 0.01, "the source was halved too, and its motion with it"


def test_what_does_not_belong_together(scene: Callable[..., Tensor], film: Callable[..., Path]) -> None:
    source = film("source", [scene(n) for n in range(3)], first=7)
    with pytest.raises(InputError, match="not the source's"):
        open_footage(str(source), str(film("other", [scene(0)] * 2)))
    with pytest.raises(InputError, match="Frame 8 of the result has another size"):
        measured(source, film("uneven", [scene(0), scene(0)[..., :48], scene(0)], first=7))
    with pytest.raises(OptionError, match="0 apart"):
        measured(source, source, gaps=[0])


def test_long_clips_are_read_once_and_judged_here_and_there(scene: Callable[..., Tensor], film: Callable[..., Path],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    source = film("source", [scene(n % 5) for n in range(30)])
    footage = open_footage(str(source), str(source))
    reads: list[int] = []
    once = clips.Sequence.read

    def counted(clip: clips.Sequence, number: int) -> Picture:
        reads.append(number)
        return once(clip, number)
    monkeypatch.setattr(clips.Sequence, "read", counted)
    found = measure(footage, scene(0, 9), gaps=[1])
    assert sorted(reads) == sorted([*range(1, 31)] * 2)
    assert found.judged == list(range(1, 31, 3)) and found.style_loss is not None


def test_the_commands_json(scene: Callable[..., Tensor], film: Callable[..., Path], style_file: Path, tmp_path: Path,
                           capsys: pytest.CaptureFixture[str]) -> None:
    source = film("source", [scene(n) for n in range(3)])
    result = film("result", [scene(n) + noise(n, 0.05) for n in range(3)])
    order = ["evaluate", "clip", "--source", str(source / "frame_####.png"), "--result", str(result),
             "--style", str(style_file), "--seam", "3", "--sheet", str(tmp_path / "sheet.png")]
    assert main([*order, "--json"]) == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    found = json.loads(said)
    assert list(found) == sorted(found)
    assert found["frames"] == [1, 2, 3] and found["size"] == [HEIGHT, WIDTH] and found["warp"]["10"] is None
    near = found["warp"]["1"]
    assert [pair["frame"] for pair in near["pairs"]] == [2, 3]
    assert near["ratio"] == pytest.approx(near["error"] / near["floor"], rel=0.05) and near["ratio"] > 3
    assert found["drift"]["blocks"] == 0 and found["seams"]["3"] > 0
    assert found["style_loss"] > 0 < found["content_error"]
    assert read(tmp_path / "sheet.png").size[0] > 4 * 150, "four rows: both clips, both differences"

    assert main(order) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("3 frames, 96 x 72", "E(1)", "E(10)", "n/a", "seam 3", "style loss"))


def test_errors_name_what_is_wrong(scene: Callable[..., Tensor], film: Callable[..., Path],
                                   capsys: pytest.CaptureFixture[str]) -> None:
    source = str(film("source", [scene(n) for n in range(2)]))
    order = ["evaluate", "clip", "--source", source, "--result"]
    assert main([*order, "nowhere"]) == 1
    assert main([*order, source, "--seam", "9"]) == 1
    said = capsys.readouterr().err
    assert "nowhere" in said and "before frame 9" in said and "Traceback" not in said


def test_without_the_judge_nothing_is_begun(scene: Callable[..., Tensor], film: Callable[..., Path],
                                            monkeypatch: pytest.MonkeyPatch, tiny_encoder: Encoder) -> None:
    del tiny_encoder  # its own replacement of `load` comes first

    def missing(file: weights.WeightFile) -> weights.LayerWeights:
        raise WeightsError("The judge is missing." if file is HED else "Another file was asked for.")
    monkeypatch.setattr(weights, "load", missing)
    source = film("source", [scene(n) for n in range(2)])
    with pytest.raises(WeightsError, match="judge"):
        measured(source, source)
