"""Jobs from end to end: what is made, what is left alone, what survives stops and kills."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from outcomes import files_of, painted, run

from core import __version__, events, frames, pipeline
from core.digests import digest_of
from core.encoders import Encoder
from core.errors import InputError
from core.events import Event
from core.frames import FORMATS, Picture
from core.job import Job
from core.manifest import Manifest
from core.options import StyleImage

Jobs = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def test_a_sequence_is_painted_and_numbered_like_the_input(sequence: Path, job: Jobs) -> None:
    order = job(sequence)
    happened = run(order)
    assert sorted(files_of(order)) == [f"shot_{n:04d}.png" for n in range(7, 11)]
    assert [e.frame for e in happened[:4] if isinstance(e, events.Looking)] == [7, 8, 9, 10]
    assert isinstance(happened[4], events.Started) and happened[4].todo == 4
    assert isinstance(happened[-1], events.Done) and happened[-1].frames == 4
    steps = [e for e in happened if isinstance(e, events.Progress) and e.frame == 7]
    assert [(s.step, s.steps) for s in steps] == [(1, 3), (2, 3), (3, 3)]
    before, after = frames.read(sequence / "shot_0007.png"), frames.read(Path(order.output) / "shot_0007.png")
    assert after.size == before.size
    assert (after.rgb - before.rgb).abs().mean() > 2 / 255


def test_the_manifest_tells_what_each_frame_was_made_from(sequence: Path, job: Jobs) -> None:
    order = job(sequence)
    run(order)
    records = Manifest(Path(order.output)).all()
    assert list(records) == [7, 8, 9, 10]
    assert records[7].input == digest_of(sequence / "shot_0007.png")
    assert records[7].picture == digest_of(Path(order.output) / records[7].file)


def test_only_some_frames_are_made_as_they_are_in_the_whole(moving: Callable[..., Path], job: Jobs,
                                                            tmp_path: Path) -> None:
    clip = moving(6)
    for stability, needed in ((0.0, [2, 4]), (0.5, [1, 2, 3, 4])):
        whole = job(clip, tmp_path / f"whole {stability}", stability=stability)
        some = job(clip, tmp_path / f"some {stability}", stability=stability, only="2,4-4")
        run(whole)
        happened = run(some)
        assert painted(happened) == [2, 4] and isinstance(happened[-1], events.Done) and happened[-1].frames == 2
        assert sorted(files_of(some)) == [f"{n:03d}.png" for n in needed]
        assert files_of(some).items() <= files_of(whole).items()
        assert painted(run(some)) == []


def test_what_is_not_asked_for_need_not_be_readable(sequence: Path, job: Jobs) -> None:
    (sequence / "shot_0009.png").write_bytes(b"")
    assert painted(run(job(sequence, only="7-8"))) == [7, 8]
    with pytest.raises(InputError, match="lies in 1-2"):
        run(job(sequence, frames="9-10", only="1-2"))


def test_a_part_that_has_none_of_the_frames_asked_for_has_nothing_to_do(sequence: Path, job: Jobs) -> None:
    """A farm gives all its machines the same frames."""
    happened = [event for k in (1, 2) for event in run(job(sequence, only="10", chunk=f"{k}/2"))]
    assert [e.frames for e in happened if isinstance(e, events.Done)] == [0, 1]
    assert [e.message for e in happened if isinstance(e, events.Warning)] == [
        "This part of the clip has none of the frames asked for."]
    with pytest.raises(InputError, match="lies in 11"):
        run(job(sequence, only="11", chunk="1/2"))


def test_a_second_run_makes_nothing(sequence: Path, job: Jobs) -> None:
    run(job(sequence))
    again = run(job(sequence))
    assert painted(again) == []
    assert [e.frame for e in again if isinstance(e, events.Frame) and e.cached] == [7, 8, 9, 10]


def test_only_missing_changed_and_damaged_frames_are_made(sequence: Path, job: Jobs,
                                                          picture: Callable[..., Picture]) -> None:
    order = job(sequence)
    run(order)
    frames.write(sequence / "shot_0008.png", picture(50), "png")
    (Path(order.output) / "shot_0009.png").unlink()
    (Path(order.output) / "shot_0010.png").write_bytes(b"")
    assert painted(run(order)) == [8, 9, 10]
    assert painted(run(job(sequence, strength=0.2))) == [7, 8, 9, 10]


def test_a_damaged_record_costs_its_frame(sequence: Path, job: Jobs) -> None:
    order = job(sequence)
    run(order)
    before = files_of(order)
    (Path(order.output) / "records" / "8.json").write_text('{"file": 3')
    assert painted(run(order)) == [8]
    (Path(order.output) / "shot_0009.png").write_bytes(before["shot_0010.png"])  # another frame's, though readable
    assert painted(run(order)) == [9]
    assert files_of(order) == before


def test_a_folder_of_an_earlier_version_is_not_painted_again(sequence: Path, job: Jobs) -> None:
    order = job(sequence)
    run(order)
    folder = Path(order.output)
    old = {str(n): {**vars(record)} for n, record in Manifest(folder).all().items()}
    for record in old.values():
        del record["picture"]
    shutil.rmtree(folder / "records")
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "frames": old}))
    frames.write(sequence / "shot_0008.png", Picture(torch.rand(1, 3, 48, 64)), "png")
    assert painted(run(order)) == [8]
    assert painted(run(order)) == []


def test_frames_of_another_version_that_are_not_stale_are_taken_over(sequence: Path, job: Jobs) -> None:
    """Blender takes a painting for fresh by the version in its records: once confirmed, it need not ask again."""
    order = job(sequence)
    run(order)
    manifest = Manifest(Path(order.output))
    for number, record in manifest.all().items():
        manifest.add(number, dataclasses.replace(record, engine="0.0.1"))
    assert painted(run(order)) == []
    assert {record.engine for record in manifest.all().values()} == {__version__}


def test_a_still_is_painted_once_and_shown_on_every_frame(sequence: Path, job: Jobs) -> None:
    for number in (8, 10):
        shutil.copy(sequence / "shot_0007.png", sequence / f"shot_{number:04d}.png")
    order = job(sequence)
    happened = run(order)
    assert painted(happened) == [7, 8, 9, 10]
    assert {e.frame for e in happened if isinstance(e, events.Progress)} == {7, 9}
    files = files_of(order)
    assert files["shot_0007.png"] == files["shot_0008.png"] == files["shot_0010.png"] != files["shot_0009.png"]
    assert painted(run(order)) == []


@pytest.mark.parametrize("options", [{}, {"init": "noise", "optimizer": "adam"}])
def test_stopped_anywhere_and_run_again_gives_the_same_bytes(sequence: Path, job: Jobs, tmp_path: Path,
                                                             options: dict[str, object]) -> None:
    whole, stopped = job(sequence, **options), job(sequence, tmp_path / "stopped", **options)
    run(whole)
    for stop_after in (2, 6, 7):
        some: Iterator[Event] = pipeline.run(stopped)
        for _ in range(stop_after):
            next(some, None)
        some.close()  # type: ignore[attr-defined]
    run(stopped)
    assert files_of(stopped) == files_of(whole)


def test_one_frame_alone_equals_the_same_frame_of_the_whole(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    for color in ("off", "luminance", "histogram"):
        whole, one = job(sequence, tmp_path / f"whole {color}", keep_color=color), job(
            sequence, tmp_path / f"one {color}", keep_color=color, frames="9")
        run(whole)
        assert painted(run(one)) == [9]
        assert files_of(one)["shot_0009.png"] == files_of(whole)["shot_0009.png"]


@pytest.mark.parametrize("color", ["luminance", "histogram"])
def test_kept_color_follows_the_first_frame(sequence: Path, job: Jobs, tmp_path: Path, picture: Callable[..., Picture],
                                            color: str) -> None:
    order = job(sequence, keep_color=color)
    run(order)
    frames.write(sequence / "shot_0007.png", picture(50), "png")
    assert painted(run(order)) == [7, 8, 9, 10]


def test_strength_may_change_from_frame_to_frame(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    plain, animated = job(sequence), job(sequence, tmp_path / "animated", animation={"strength": {8: 0.1}})
    run(plain)
    run(animated)
    same = [name for name, data in files_of(plain).items() if files_of(animated)[name] == data]
    assert sorted(same) == ["shot_0007.png", "shot_0009.png", "shot_0010.png"]
    assert painted(run(dataclasses.replace(animated, animation={"strength": {8: 0.2}}))) == [8]


def test_more_strength_means_less_content(sequence: Path, job: Jobs, tmp_path: Path, tiny_encoder: Encoder) -> None:
    distance = []
    for strength in (0.0, 0.25, 1.0):
        order = job(sequence / "shot_0007.png", tmp_path / str(strength), strength=strength, iterations=25,
                    encoder="vgg19")
        run(order)
        before, after = frames.read(sequence / "shot_0007.png"), frames.read(Path(order.output) / "shot_0007.png")
        ours, theirs = (tiny_encoder(p.rgb, ["conv2_2"])["conv2_2"] for p in (before, after))
        distance.append((ours - theirs).square().mean().item())
    assert distance == sorted(distance)
    assert distance[2] > 2 * distance[0]


@pytest.mark.parametrize("engine", ["optimize", "fast"])
@pytest.mark.parametrize("restore_size", [False, True])
def test_a_mask_keeps_everything_outside(sequence: Path, job: Jobs, tmp_path: Path, restore_size: bool,
                                         engine: str) -> None:
    mask = torch.zeros(1, 3, 48, 64)
    mask[..., :32] = 1.0
    frames.write(tmp_path / "mask.png", Picture(mask), "png")
    order = job(sequence / "shot_0007.png", mask=str(tmp_path / "mask.png"), restore_size=restore_size, engine=engine,
                size=32 if restore_size else 0)
    run(order)
    before, after = frames.read(sequence / "shot_0007.png"), frames.read(Path(order.output) / "shot_0007.png")
    change = (after.rgb - before.rgb).abs()
    assert change[..., 34:].max() < 1 / 255
    assert change[..., :30].mean() > 1 / 255


def test_a_mask_sequence_goes_by_number_and_a_missing_one_is_named(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    black = Picture(torch.zeros(1, 3, 48, 64))
    for number in (7, 8, 9):
        frames.write(tmp_path / "masks" / f"m_{number}.png", black, "png")
    with pytest.raises(InputError, match="mask has no frame 10"):
        run(job(sequence, mask=str(tmp_path / "masks")))
    result = frames.read(tmp_path / "result" / "shot_0008.png").rgb
    assert torch.equal(result, frames.read(sequence / "shot_0008.png").rgb)


def test_equal_frames_under_different_masks_are_painted_apart(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    for number, value in ((7, 1.0), (8, 0.0)):
        shutil.copy(sequence / "shot_0009.png", sequence / f"shot_{number:04d}.png")
        frames.write(tmp_path / "masks" / f"m_{number}.png", Picture(torch.full((1, 3, 8, 8), value)), "png")
    order = job(sequence, mask=str(tmp_path / "masks"), frames="7-8")
    run(order)
    assert files_of(order)["shot_0007.png"] != files_of(order)["shot_0008.png"]


@pytest.mark.parametrize("size", [0, 40])
@pytest.mark.parametrize("format", ["png16", "exr32"])
def test_alpha_is_kept(tmp_path: Path, job: Jobs, picture: Callable[..., Picture], size: int, format: str) -> None:
    source = tmp_path / "alpha.png"
    frames.write(source, picture(4, alpha=True), "png16")
    order = job(source, size=size, format=format, restore_size=True)
    run(order)
    before = frames.read(source)
    after = frames.read(Path(order.output) / f"alpha{FORMATS[format].suffix}")
    assert torch.allclose(after.alpha, before.alpha, atol=1e-4)


def test_size_reduces_and_never_enlarges(tmp_path: Path, job: Jobs, picture: Callable[..., Picture]) -> None:
    frames.write(tmp_path / "in" / "a_1.png", picture(1, 40, 100), "png")
    for size, expected in ((50, (20, 50)), (500, (40, 100)), (0, (40, 100))):
        order = job(tmp_path / "in", tmp_path / str(size), size=size)
        run(order)
        assert frames.read(Path(order.output) / "a_1.png").size == expected


def test_styles_blend_by_weight(sequence: Path, job: Jobs, tmp_path: Path, picture: Callable[..., Picture]) -> None:
    paths = [tmp_path / f"style{i}.png" for i in (1, 2)]
    for i, path in enumerate(paths):
        frames.write(path, Picture(picture(60 + i).rgb ** (1 + 3 * i)), "png")
    results = []
    for weights in ((1.0, 1e-6), (1.0, 1.0), (1e-6, 1.0)):
        styles = tuple(StyleImage(str(p), w) for p, w in zip(paths, weights, strict=True))
        order = job(sequence / "shot_0007.png", tmp_path / str(weights), styles=styles, iterations=30,
                    encoder="vgg19")
        run(order)
        results.append(frames.read(Path(order.output) / "shot_0007.png").rgb)
    first, middle, last = (r.mean().item() for r in results)
    assert min(first, last) < middle < max(first, last)


@pytest.mark.parametrize("loss", ["normalized", "classic"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_every_loss_and_optimizer_goes_downhill(sequence: Path, job: Jobs, loss: str, optimizer: str) -> None:
    happened = run(job(sequence / "shot_0007.png", loss=loss, optimizer=optimizer, iterations=15, tv=0.1))
    losses = [e.loss for e in happened if isinstance(e, events.Progress)]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("engine", ["optimize", "fast"])
@pytest.mark.parametrize("options", [{"style_scale": 0.1}, {"style_layers": "conv1_2=1,conv5_1=1"}])
def test_a_style_image_however_long_gives_strokes(sequence: Path, job: Jobs, picture: Callable[..., Picture],
                                                  tmp_path: Path, engine: str, options: dict[str, object]) -> None:
    frames.write(tmp_path / "scroll.png", picture(3, 16, 400), "png")
    order = job(sequence, styles=(StyleImage(str(tmp_path / "scroll.png")),), engine=engine, frames="7", **options)
    assert painted(run(order)) == [7]


def test_a_layer_of_weight_0_counts_for_nothing(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    both, one = (job(sequence, tmp_path / layers, style_layers=layers, frames="7")
                 for layers in ("conv1_2=1,conv2_2=0", "conv1_2=1"))
    run(both)
    run(one)
    assert files_of(both) == files_of(one)


def test_keeping_luminance_keeps_the_frame_s_hues(tmp_path: Path, job: Jobs, style_file: Path) -> None:
    red = torch.tensor([0.8, 0.2, 0.2]).view(1, 3, 1, 1).expand(1, 3, 40, 40)
    frames.write(tmp_path / "red.png", Picture(red), "png")
    order = job(tmp_path / "red.png", keep_color="luminance", iterations=20)
    run(order)
    rgb = frames.read(Path(order.output) / "red.png").rgb
    assert (rgb[:, 1] - rgb[:, 2]).abs().max() < 2 / 255
    assert (rgb[:, 0] - rgb[:, 1] > 0).float().mean() > 0.95


@pytest.mark.parametrize("color", ["luminance", "histogram"])
def test_colors_that_nobody_sees_are_not_kept(tmp_path: Path, job: Jobs, picture: Callable[..., Picture],
                                              color: str) -> None:
    alpha = torch.zeros(1, 1, 48, 64)
    alpha[..., :20] = 1.0
    painting = {}
    for hidden in (0.0, 1.0):
        cut_out = Picture(torch.where(alpha > 0, picture(7).rgb, torch.tensor(hidden)), alpha)
        frames.write(tmp_path / str(hidden) / "cut out.png", cut_out, "png")
        order = job(tmp_path / str(hidden) / "cut out.png", tmp_path / f"painted {hidden}", keep_color=color)
        run(order)
        painting[hidden] = frames.read(Path(order.output) / "cut out.png").rgb * alpha
    assert torch.equal(painting[0.0], painting[1.0])
