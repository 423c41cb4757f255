"""Links: estimated once, kept in a cache that gives back the same bytes, or taken from recorded motion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from core.motion.links import Link, Motion, Seen
from core.motion.recorded import RecordedFlow
from core.motion.warp import warp

SIZE = (32, 48)


@dataclass
class Counting:
    """Says that everything moves by 1/3 px to the right, and counts how often it was asked."""

    name: str = "counting"
    asked: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        self.asked.append((here, there))
        sign = 1 if float(here.flatten()[0]) < float(there.flatten()[0]) else -1
        return torch.tensor([sign / 3, 0.0]).view(1, 2, 1, 1).expand(1, 2, *here.shape[-2:]).clone()


def seen(number: int) -> Seen:
    """Frame `number` of a clip in which everything moves by 1/3 px a frame; its first value grows with its number."""
    generator = torch.Generator().manual_seed(5)
    image = interpolate(torch.rand(1, 3, 16, 24, generator=generator), SIZE, mode="bicubic").clamp(0, 1)
    shift = torch.zeros(1, 2, *SIZE)
    shift[:, 0] = -number / 3
    image = warp(image, shift)
    image[..., 0, 0] = number / 1000
    return Seen(number, image, f"digest {number}")


def same(one: Link, other: Link) -> bool:
    return torch.equal(one.flow, other.flow) and torch.equal(one.reliability, other.reliability)


def test_a_link_comes_out_of_the_cache_as_it_went_in(tmp_path: Path) -> None:
    counting = Counting()
    fresh = Motion(counting, None, tmp_path / "motion").link(seen(2), seen(1))
    assert len(counting.asked) == 2
    assert [path.name[:4] for path in (tmp_path / "motion").iterdir()] == ["2-1-"]
    again = Motion(counting, None, tmp_path / "motion").link(seen(2), seen(1))
    assert len(counting.asked) == 2
    assert same(fresh, again) and same(fresh, Motion(Counting(), None, None).link(seen(2), seen(1)))
    assert fresh.flow.dtype == torch.float32 and fresh.flow.shape == (1, 2, *SIZE)
    assert fresh.flow[0, 0, 16, 24].item() == pytest.approx(-1 / 3, abs=1e-3)
    assert fresh.reliability.shape == (1, 1, *SIZE) and fresh.reliability[0, 0, 16, 24] == 1


def test_another_frame_size_or_estimator_has_a_link_of_its_own(tmp_path: Path) -> None:
    counting, other = Counting(), Counting("other")
    motion = Motion(counting, None, tmp_path)
    motion.link(seen(2), seen(1))
    motion.link(seen(1), seen(2))
    motion.link(replace(seen(2), digest="repainted"), seen(1))
    smaller = (replace(seen(n), rgb=seen(n).rgb[..., :24, :40].contiguous()) for n in (2, 1))
    assert motion.link(*smaller).flow.shape == (1, 2, 24, 40)
    Motion(other, None, tmp_path).link(seen(2), seen(1))
    assert len(counting.asked) == 8 and len(other.asked) == 2
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("damage", [b"", b"noise", None])
def test_a_damaged_link_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    counting = Counting()
    motion = Motion(counting, None, tmp_path)
    fresh = motion.link(seen(2), seen(1))
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2] if damage is None else damage)
    assert same(motion.link(seen(2), seen(1)), fresh)
    assert len(counting.asked) == 4
    assert path.read_bytes() == whole


def test_a_still_has_no_motion_and_is_trusted(tmp_path: Path) -> None:
    still = [replace(seen(1), number=number) for number in (1, 2)]
    link = Motion(Counting(), None, tmp_path).link(still[1], still[0])
    assert torch.equal(link.flow, torch.zeros(1, 2, *SIZE))
    assert link.reliability.min() == 1


def record(folder: Path, number: int, x: float) -> None:
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = x
    (folder / f"f_{number}.flo").write_bytes(b"PIEH" + np.array(SIZE[::-1], "<i4").tobytes() + flow.tobytes())


def test_recorded_motion_comes_first(tmp_path: Path) -> None:
    record(tmp_path, 1, 2.0)
    counting = Counting()
    motion = Motion(counting, RecordedFlow(tmp_path, [1, 2, 3]), None)
    later, earlier = motion.link(seen(2), seen(1)), motion.link(seen(1), seen(2))
    assert not counting.asked
    assert later.flow[0, :, 16, 24].tolist() == [-2, 0] and earlier.flow[0, :, 16, 24].tolist() == [2, 0]
    assert later.reliability[0, 0, 16].tolist() == [0] * 3 + [1] * 45, "nor is the edge of what is not known trusted"
    assert earlier.reliability[0, 0, 16].tolist() == [1] * 46 + [0] * 2
    motion.link(seen(3), seen(2))
    assert counting.asked


def test_recorded_motion_reaches_over_several_frames(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        record(tmp_path, number, float(number))
    counting = Counting()
    motion = Motion(counting, RecordedFlow(tmp_path, [1, 2, 3, 4]), None)
    link = motion.link(seen(4), seen(1))
    assert not counting.asked
    assert link.flow[0, :, 16, 24].tolist() == [-6, 0]
    assert link.reliability[0, 0, 16, 10:40].min() == 1
    assert link.reliability[0, 0, 16, :6].max() == 0
