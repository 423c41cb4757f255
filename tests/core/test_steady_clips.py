"""Clips that hold still: what a frame takes over from others, and what stopping, changing or sharing out does to it."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from outcomes import painted, run

from core import events, frames, pipeline
from core.errors import InputError, OptionError
from core.frames import Picture
from core.job import Job
from core.options import MotionOptions, OutputOptions, options_from

Jobs = Callable[..., Job]
Moving = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def results(job: Job) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(Path(job.output).glob("*.png"))}


def pixels(job: Job, number: int) -> torch.Tensor:
    return frames.read(Path(job.output) / f"{number:03d}.png").rgb


def change(job: Job, number: int) -> torch.Tensor:
    """How much each pixel differs from the frame before, H,W."""
    return (pixels(job, number) - pixels(job, number - 1)).abs().amax((0, 1))


@pytest.mark.parametrize("engine", ["optimize", "fast"])
def test_what_stands_still_stays_as_it_is(moving: Moving, job: Jobs, engine: str) -> None:
    order = job(moving(), stability=0.5, engine=engine)
    run(order)
    for number in range(2, 7):
        assert change(order, number)[:, 46:].max() == 0  # the patch is never near
        assert change(order, number)[16:32, 2 * number:2 * number + 4].max() > 2 / 255


def test_the_first_frame_is_painted_as_it_would_be_alone(moving: Moving, job: Jobs, tmp_path: Path) -> None:
    steady, alone = (job(moving(), tmp_path / name, stability=stability, init="fast", iterations=6)
                     for name, stability in (("steady", 0.5), ("alone", 0.0)))
    run(steady)
    run(alone)
    assert torch.equal(pixels(steady, 1), pixels(alone, 1))
    assert not torch.equal(pixels(steady, 2), pixels(alone, 2))


def made_noisy(folder: Path) -> Path:
    """The same folder, its frames with the noise of footage, 1.5 of 255."""
    for number, file in enumerate(sorted(folder.glob("*.png"))):
        rgb = frames.read(file).rgb
        noise = torch.randn(rgb.shape, generator=torch.Generator().manual_seed(number))
        frames.write(file, Picture((rgb + 1.5 / 255 * noise).clamp(0, 1)), "png")
    return folder


def test_under_noise_a_fast_clip_stays_too_beside_what_passes_by(moving: Moving, job: Jobs) -> None:
    """Blended again and again it would lose the noise that it was painted with, and look soft there."""
    order = job(made_noisy(moving()), stability=0.5, engine="fast")
    run(order)
    for number in range(2, 7):
        assert change(order, number)[41:].max() == 0  # from 9 px below the patch
        assert change(order, number)[16:32, 2 * number:2 * number + 4].max() > 2 / 255


def test_a_frame_begins_with_what_moved_along(moving: Moving, job: Jobs) -> None:
    """With no steps to speak of, the patch in frame 2 is the patch as painted in frame 1."""
    order = job(moving(2), stability=1.0, iterations=1)
    run(order)
    before, after = pixels(order, 1)[..., 20:28, 6:14], pixels(order, 2)[..., 20:28, 8:16]
    unmoved = pixels(order, 2)[..., 20:28, 6:14]
    assert (after - before).abs().mean() < 0.5 * (unmoved - before).abs().mean()


def test_a_cut_begins_afresh(moving: Moving, job: Jobs, tmp_path: Path) -> None:
    whole = job(moving(6, 4), tmp_path / "whole", stability=0.5)
    rest = job(moving(6, 4), tmp_path / "rest", stability=0.5, frames="4-6")
    run(whole)
    run(rest)
    assert results(rest) == {name: data for name, data in results(whole).items() if name >= "004"}


def test_a_changed_frame_makes_again_what_depends_on_it(moving: Moving, job: Jobs,
                                                        picture: Callable[..., Picture]) -> None:
    folder = moving(7, 5)
    order = job(folder, stability=0.5)
    run(order)
    assert painted(run(order)) == []
    rgb = frames.read(folder / "003.png").rgb
    frames.write(folder / "003.png", Picture((rgb * 0.98).clamp(0, 1)), "png")
    assert painted(run(order)) == [3, 4]


@pytest.mark.parametrize(("count", "options"), [
    (10, {}), (6, {"passes": 2}), (6, {"anchor": 3}), (6, {"engine": "fast"}), (6, {"hold": 2})])
def test_stopped_anywhere_and_run_again_gives_the_same_bytes(moving: Moving, job: Jobs, tmp_path: Path, count: int,
                                                             options: dict[str, object]) -> None:
    whole = job(moving(count), tmp_path / "whole", stability=0.5, **options)
    stopped = dataclasses.replace(whole, output=str(tmp_path / "stopped"))
    run(whole)
    for stop_after in (2, 5, 9):
        some = pipeline.run(stopped)
        for _ in range(stop_after):
            next(some, None)
        some.close()  # type: ignore[attr-defined]
    run(stopped)
    assert len(results(whole)) == count
    assert results(stopped) == results(whole)


@pytest.mark.parametrize("options", [{}, {"anchor": 4}, {"hold": 2}, {"passes": 2}])
def test_chunks_made_apart_are_equal_to_chunks_made_in_one_place(moving: Moving, job: Jobs, tmp_path: Path,
                                                                 options: dict[str, object]) -> None:
    together, apart = {}, {}
    for part in ("1/2", "2/2"):
        one = job(moving(12), tmp_path / "together", stability=0.5, chunk=part, **options)
        run(one)
        other = dataclasses.replace(one, output=str(tmp_path / part.replace("/", " of ")))
        numbers = painted(run(other))
        apart |= {name: data for name, data in results(other).items() if int(name[:3]) in numbers}
    together = results(one) | results(dataclasses.replace(one, output=str(tmp_path / "together")))
    assert len(apart) == 12
    assert apart == together


def test_held_frames_are_the_same_picture(moving: Moving, job: Jobs) -> None:
    order = job(moving(), stability=0.5, hold=2)
    happened = run(order)
    files = list(results(order).values())
    assert sorted(painted(happened)) == [1, 2, 3, 4, 5, 6]
    assert files[0] == files[1] != files[2] == files[3] != files[4] == files[5]


def test_the_fast_engine_knows_no_passes(moving: Moving, job: Jobs) -> None:
    order = job(moving(4), engine="fast", stability=0.5, passes=3)
    happened = run(order)
    assert [e.todo for e in happened if isinstance(e, events.Started)] == [4]
    assert not (Path(order.output) / "passes").exists()


def test_passes_tell_of_every_picture_they_make(moving: Moving, job: Jobs) -> None:
    happened = run(job(moving(4), stability=0.5, passes=3))
    started = next(event for event in happened if isinstance(event, events.Started))
    assert (started.frames, started.todo) == (4, 10)
    steps = [e for e in happened if isinstance(e, events.Progress)]
    assert [e.index for e in steps] == sorted(e.index for e in steps) and steps[-1].of == 10
    assert sorted(painted(happened)) == [1, 2, 3, 4]


def test_motion_is_found_once_and_kept_beside_the_results(moving: Moving, job: Jobs,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    folder = moving(3)
    run(job(folder, stability=0.5))
    monkeypatch.setattr("core.motion.flow.Dis.__call__", lambda *_: pytest.fail("found already"))
    assert painted(run(job(folder, stability=0.5, strength=0.1))) == [1, 2, 3]


def test_a_damaged_motion_folder_costs_time_only(moving: Moving, job: Jobs) -> None:
    order = job(moving(3), stability=0.5)
    run(order)
    before = results(order)
    for file in (Path(order.output) / "motion").iterdir():
        file.write_bytes(b"no")
    for file in Path(order.output).glob("*.png"):
        file.unlink()
    assert painted(run(order)) == [1, 2, 3]
    assert results(order) == before


def test_exact_motion_takes_the_place_of_what_is_estimated(moving: Moving, job: Jobs, tmp_path: Path) -> None:
    folder = moving(3)
    flow = np.zeros((48, 64, 2), np.float32)
    for number in (1, 2):
        data = b"PIEH" + np.array([64, 48], np.int32).tobytes() + flow.tobytes()
        (tmp_path / "flow").mkdir(exist_ok=True)
        (tmp_path / "flow" / f"{number:03d}.flo").write_bytes(data)
    order = job(folder, stability=0.5)
    run(dataclasses.replace(order, motion=MotionOptions(flow=str(tmp_path / "flow"))))
    exact = results(order)
    run(dataclasses.replace(order, output=str(tmp_path / "estimated")))
    assert exact != results(dataclasses.replace(order, output=str(tmp_path / "estimated")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        run(dataclasses.replace(order, motion=MotionOptions(flow=str(tmp_path / "empty"))))


def test_strength_may_change_over_a_steady_clip(moving: Moving, job: Jobs, tmp_path: Path) -> None:
    plain = job(moving(4), tmp_path / "plain", stability=0.5)
    animated = job(moving(4), tmp_path / "animated", stability=0.5, animation={"strength": {3: 0.9}})
    run(plain)
    run(animated)
    same = [name for name, data in results(plain).items() if results(animated)[name] == data]
    assert same == ["001.png", "002.png"]


@pytest.mark.parametrize("engine", ["optimize", "fast"])
def test_what_rises_in_a_still_clip_rises_as_it_does_frame_by_frame(moving: Moving, job: Jobs, tmp_path: Path,
                                                                   engine: str) -> None:
    """Strength that jumps, a mask that opens, and strength that grows too slowly to be another painting at once."""
    source = moving(1) / "001.png"
    folder, masks = tmp_path / "still", tmp_path / "masks"
    for number in range(1, 9):
        folder.mkdir(exist_ok=True)
        shutil.copy(source, folder / f"{number:03d}.png")
        opened = torch.zeros(1, 3, 48, 64)
        opened[..., :8 * number] = 1.0
        frames.write(masks / f"{number:03d}.png", Picture(opened), "png")
    before = frames.read(source).rgb
    for name, options in {"jump": {"animation": {"strength": {n: 0.9 * (n > 4) for n in range(1, 9)}}},
                          "mask": {"mask": str(masks)},
                          "slow": {"animation": {"strength": {n: 0.02 * n for n in range(1, 9)}}}}.items():
        change = {}
        for stability in (0.0, 0.5):
            order = job(folder, tmp_path / f"{name} {stability}", stability=stability, engine=engine, iterations=8,
                        strength=0.6, **options)
            run(order)
            change[stability] = float((pixels(order, 8) - before).abs().mean())
        assert change[0.5] > 0.5 * change[0.0] > 1 / 255, name


def test_a_frame_that_cannot_be_read_costs_only_itself(moving: Moving, job: Jobs) -> None:
    folder = moving(5)
    whole = (folder / "003.png").read_bytes()
    (folder / "003.png").write_bytes(whole[:len(whole) // 2])
    order = job(folder, stability=0.5)
    happened = []
    with pytest.raises(InputError, match="1 of 5 frames"):
        for event in pipeline.run(order):
            happened.append(event)
    assert painted(happened) == [1, 2, 4, 5]


def test_a_frame_of_another_size_in_mid_clip(moving: Moving, job: Jobs, picture: Callable[..., Picture]) -> None:
    folder = moving(4)
    frames.write(folder / "003.png", picture(3, 40, 64), "png")
    order = job(folder, stability=0.5)
    assert painted(run(order)) == [1, 2, 3, 4]
    assert pixels(order, 3).shape[-2:] == (40, 64)


@pytest.mark.parametrize("engine", ["optimize", "fast"])
def test_outside_a_mask_every_frame_is_its_own(moving: Moving, job: Jobs, tmp_path: Path, engine: str) -> None:
    folder = made_noisy(moving(3))  # a place that stands still would not follow noise
    mask = torch.zeros(1, 3, 48, 64)
    mask[..., :32] = 1.0
    frames.write(tmp_path / "mask.png", Picture(mask), "png")
    order = job(folder, stability=0.5, engine=engine, mask=str(tmp_path / "mask.png"))
    run(order)
    source = frames.read(folder / "003.png").rgb
    assert torch.equal(pixels(order, 3)[..., 32:], source[..., 32:])
    assert not torch.equal(pixels(order, 3)[..., :32], source[..., :32])


@pytest.mark.parametrize("engine", ["optimize", "fast"])
@pytest.mark.parametrize("restore_size", [False, True])
def test_under_a_gray_mask_a_painting_does_not_fade(moving: Moving, job: Jobs, tmp_path: Path, engine: str,
                                                    restore_size: bool) -> None:
    folder = made_noisy(moving(5))
    frames.write(tmp_path / "gray.png", Picture(torch.full((1, 3, 48, 64), 0.5)), "png")
    change = {}
    for name, mask in (("whole", ""), ("half", str(tmp_path / "gray.png"))):
        order = job(folder, tmp_path / name, stability=0.5, engine=engine, strength=1.0, mask=mask,
                    restore_size=restore_size)
        run(order)
        change[name] = [float((pixels(order, n) - frames.read(folder / f"{n:03d}.png").rgb).abs().mean())
                        for n in (1, 5)]
    for whole, half in zip(change["whole"], change["half"], strict=True):
        assert half == pytest.approx(whole / 2, rel=0.3)


@pytest.mark.parametrize("engine", ["optimize", "fast"])
def test_the_rim_of_a_cut_out_stays_as_it_is(tmp_path: Path, job: Jobs, picture: Callable[..., Picture],
                                             engine: str) -> None:
    alpha = torch.zeros(1, 1, 48, 64)
    alpha[..., 12:36, 16:48] = 1.0
    for number in (1, 2):
        noise = 0.004 * torch.randn(1, 3, 48, 64, generator=torch.Generator().manual_seed(number))
        rgb = (picture(5).rgb + noise).clamp(0, 1) * alpha
        frames.write(tmp_path / "cut out" / f"{number:03d}.png", Picture(rgb, alpha), "png")
    order = job(tmp_path / "cut out", stability=0.5, engine=engine)
    run(order)
    assert (change(order, 2) * alpha[0, 0]).max() == 0


def test_a_chunk_that_is_none() -> None:
    for text in ("0/2", "3/2", "2", "a/b"):
        with pytest.raises(OptionError, match="chunk"):
            options_from(OutputOptions, {"chunk": text})


def test_a_change_of_recorded_motion_makes_again_what_depends_on_it(moving: Moving, job: Jobs, tmp_path: Path) -> None:
    def record(number: int, x: float) -> None:
        flow = np.full((48, 64, 2), x, np.float32)
        data = b"PIEH" + np.array([64, 48], np.int32).tobytes() + flow.tobytes()
        (tmp_path / "flow").mkdir(exist_ok=True)
        (tmp_path / "flow" / f"{number:03d}.flo").write_bytes(data)
    for number in (1, 2, 3):
        record(number, 0.0)
    order = dataclasses.replace(job(moving(4), stability=0.5), motion=MotionOptions(flow=str(tmp_path / "flow")))
    assert painted(run(order)) == [1, 2, 3, 4]
    assert painted(run(order)) == []
    record(3, 1.0)
    assert painted(run(order)) == [3, 4]
