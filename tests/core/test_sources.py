"""What a task is painted from: its frame, what comes along with it, and how often a movie is decoded for that."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core import frames, sources
from core.clips import open_clip
from core.frames import Picture
from core.motion.links import Link
from core.options import StyleOptions
from core.plan import Source, Task, plan
from core.sources import Sources


def task(number: int, **more: object) -> Task:
    return Task(number, Path(f"{number}.png"), f"pixels {number}", f"key {number}", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("format", "color"), [("png", 1.0), ("exr32", 1.0), ("png", 0.5)])
def test_a_mask_is_as_white_as_can_be_seen_of_it(sequence: Path, tmp_path: Path, format: str, color: float) -> None:
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 48, 64)
    path = tmp_path / f"mask{frames.FORMATS[format].suffix}"
    frames.write(path, Picture(torch.full((1, 3, 48, 64), color), ramp), format)
    reader = Sources(open_clip(str(sequence)), {"mask": open_clip(str(path))}, 0, None)
    mask = reader.read(task(7)).mask
    assert mask is not None and torch.allclose(mask, ramp * color, atol=1 / 200)


def test_objects_and_depth_are_what_can_be_seen_of_them(sequence: Path, tmp_path: Path) -> None:
    left = torch.zeros(1, 1, 48, 64)
    left[..., :32] = 1.0
    frames.write(tmp_path / "left.png", Picture(torch.ones(1, 3, 48, 64), left), "png")
    beside = {name: open_clip(str(tmp_path / "left.png")) for name in ("mask", "depth")}
    track = task(7, is_track=True)
    companions = Sources(open_clip(str(sequence)), beside, 0, None).read(track).companions
    assert torch.equal(companions.objects, left.expand(1, 3, -1, -1)) and torch.equal(companions.depth, left)


class Still:
    """A clip of one gray, and its motion: there is none, and nothing is known of it. Remembers what was read."""

    numbers = list(range(1, 21))

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, number: int) -> Picture:
        self.asked.append(number)
        return Picture(torch.full((1, 3, 8, 8), 0.5))

    def link(self, *_: object) -> Link:
        return Link(torch.zeros(1, 2, 8, 8), torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_what_is_half_transparent_keeps_its_own_color(alpha: float) -> None:
    """Smoke, glass, hair and motion blur are painted as they are, not as a blur of what is around."""
    seen = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    ready = sources.resized(Picture(seen, torch.full((1, 1, 16, 24), alpha)), (16, 24))
    assert torch.allclose(ready.rgb, seen, atol=1e-5)


def test_colors_that_are_hidden_are_those_around_them() -> None:
    colors, alpha = torch.full((1, 3, 16, 16), 0.8), torch.ones(1, 1, 16, 16)
    colors[..., 8:], alpha[..., 8:] = 0.0, 0.0
    assert sources.resized(Picture(colors, alpha), (16, 16)).rgb.min() > 0.75


def test_every_frame_is_read_once_though_paintings_agree_with_those_nine_before_them(tmp_path: Path) -> None:
    clip = Still()
    reader = Sources(clip, {}, 0, clip)  # type: ignore[arg-type]
    order = plan([Source(n, f"{n}.png", str(n), str(n)) for n in clip.numbers], StyleOptions(), "look", tmp_path)
    nearby = [len(reader.read(each).nearby) for each in order.results]
    assert clip.asked == clip.numbers and max(nearby) == 4


def test_of_large_pictures_only_the_nearest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGE", 6 * 8 * 8 * 3 * 4)
    clip = Still()
    reader = Sources(clip, {}, 0, clip)  # type: ignore[arg-type]
    for number in clip.numbers:
        reader.read(task(number))
    assert [number for number, _ in reader._kept] == clip.numbers[-6:]
