"""Whose colors a clip's styles take: the first frame's, unless it is damaged or shows nothing yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core import events, frames, pipeline
from core.clips import open_clip
from core.frames import Picture
from core.job import Job
from core.reference import AHEAD, find_reference


def clip(folder: Path, *pictures: Picture) -> Path:
    """A folder of these frames, numbered from 1."""
    for number, each in enumerate(pictures, 1):
        frames.write(folder / f"{number:03d}.png", each, "png")
    return folder


def found(folder: Path) -> tuple[int, list[int]]:
    """The reference, and the frames that were looked at for it."""
    looking, seen = find_reference(open_clip(str(folder))), []
    try:
        while True:
            seen.append(next(looking).frame)
    except StopIteration as stop:
        return stop.value, seen


def test_a_first_frame_with_colors_is_the_reference(tmp_path: Path, picture: Callable[..., Picture]) -> None:
    dim = Picture(0.3 * picture(1).rgb)
    assert found(clip(tmp_path / "clip", dim, picture(1), picture(2))) == (1, [])


@pytest.mark.parametrize("plain", [0.0, 0.5, 1.0])
def test_after_a_fade_it_is_where_the_first_picture_is_fully_there(tmp_path: Path, picture: Callable[..., Picture],
                                                                   plain: float) -> None:
    fade = [Picture(torch.lerp(torch.full_like(picture(1).rgb, plain), picture(1).rgb, min(1.0, i / 8)))
            for i in range(2 * AHEAD)]
    number, seen = found(clip(tmp_path / "clip", *fade))
    assert 8 <= number <= 9 and seen[-1] == number + AHEAD


def test_a_clip_without_colors_keeps_its_first_frame(tmp_path: Path) -> None:
    gray = Picture(torch.full((1, 3, 8, 8), 0.5))
    assert found(clip(tmp_path / "clip", gray, gray))[0] == 1


def test_what_nobody_sees_has_no_colors(tmp_path: Path, picture: Callable[..., Picture]) -> None:
    hidden = Picture(picture(1).rgb, torch.zeros(1, 1, 48, 64))
    assert found(clip(tmp_path / "clip", hidden, picture(2)))[0] == 2


@pytest.mark.usefixtures("tiny_encoder")
@pytest.mark.parametrize("color", ["luminance", "histogram"])
def test_a_clip_that_fades_in_is_as_bright_as_one_that_does_not(tmp_path: Path, job: Callable[..., Job], color: str,
                                                                picture: Callable[..., Picture]) -> None:
    bright = clip(tmp_path / "bright", picture(1), picture(1))
    fading = clip(tmp_path / "fading", Picture(torch.zeros(1, 3, 48, 64)), picture(1))
    painted = []
    for folder in (bright, fading):
        order = job(folder, tmp_path / f"painted {folder.name}", keep_color=color)
        list(pipeline.run(order))
        painted.append((Path(order.output) / "002.png").read_bytes())
    assert painted[0] == painted[1]


@pytest.mark.usefixtures("tiny_encoder")
def test_a_damaged_first_frame_does_not_stop_the_others(sequence: Path, job: Callable[..., Job]) -> None:
    (sequence / "shot_0007.png").write_bytes(b"")
    *_, done = pipeline.run(job(sequence, keep_color="histogram", frames="9-10"))
    assert isinstance(done, events.Done) and done.frames == 2
