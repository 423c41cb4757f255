"""What a task is painted from: its frame, what comes along with it, and how often a movie is decoded for that."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core import frames
from core.clips import open_clip
from core.frames import Picture
from core.plan import Task
from core.sources import Sources


def task(number: int, **more: object) -> Task:
    return Task(number, Path(f"{number}.png"), f"pixels {number}", f"key {number}", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("format", "color"), [("png", 1.0), ("exr32", 1.0), ("png", 0.5)])
def test_a_mask_is_as_white_as_can_be_seen_of_it(sequence: Path, tmp_path: Path, format: str, color: float) -> None:
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 48, 64)
    path = tmp_path / f"mask{frames.FORMATS[format].suffix}"
    frames.write(path, Picture(torch.full((1, 3, 48, 64), color), ramp), format)
    sources = Sources(open_clip(str(sequence)), {"mask": open_clip(str(path))}, 0, None)
    mask = sources.read(task(7)).mask
    assert mask is not None and torch.allclose(mask, ramp * color, atol=1 / 200)


def test_objects_and_depth_are_what_can_be_seen_of_them(sequence: Path, tmp_path: Path) -> None:
    left = torch.zeros(1, 1, 48, 64)
    left[..., :32] = 1.0
    frames.write(tmp_path / "left.png", Picture(torch.ones(1, 3, 48, 64), left), "png")
    beside = {name: open_clip(str(tmp_path / "left.png")) for name in ("mask", "depth")}
    track = task(7, is_track=True)
    companions = Sources(open_clip(str(sequence)), beside, 0, None).read(track).companions
    assert torch.equal(companions.objects, left.expand(1, 3, -1, -1)) and torch.equal(companions.depth, left)
