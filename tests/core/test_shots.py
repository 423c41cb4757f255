"""Looking for a clip's cuts: what begins a shot, what is kept for the next run, and what memory it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core import shots
from core.clips import open_clip
from core.frames import Picture, write


def clip(folder: Path, count: int, cut: int) -> tuple[list[int], Path]:
    """Noise that stands still, and from the frame `cut` on other noise."""
    for number in range(1, count + 1):
        generator = torch.Generator().manual_seed(int(number >= cut))
        write(folder / f"{number:03d}.png", Picture(torch.rand(1, 3, 40, 60, generator=generator)), "png")
    return list(range(1, count + 1)), folder


def beginnings(folder: Path, numbers: list[int], motion: Path, changed: int = 0) -> tuple[list[int], set[int]]:
    """The frames that were looked at, and those that begin a shot."""
    looking = shots.beginnings(open_clip(str(folder)), {number: f"hash {number}{'!' * (number == changed)}"
                                                       for number in numbers}, motion)
    seen = []
    try:
        while True:
            seen.append(next(looking).frame)
    except StopIteration as found:
        return seen, found.value


def test_a_cut_begins_a_shot_and_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, folder = clip(tmp_path / "clip", 5, cut=4)
    assert beginnings(folder, numbers, tmp_path / "motion") == (numbers, {1, 4})
    monkeypatch.setattr(shots, "is_cut", lambda *_: pytest.fail("it is known"))
    assert beginnings(folder, numbers, tmp_path / "motion") == ([], {1, 4})


def test_only_what_is_next_to_a_changed_or_new_frame_is_looked_at_again(tmp_path: Path) -> None:
    numbers, folder = clip(tmp_path / "clip", 9, cut=4)
    beginnings(folder, numbers[:8], tmp_path / "motion")
    assert beginnings(folder, numbers[:8], tmp_path / "motion", changed=4) == ([3, 4, 5], {1, 4})
    assert beginnings(folder, numbers, tmp_path / "motion") == ([8, 9], {1, 4})
    assert beginnings(folder, numbers[1:], tmp_path / "motion") == ([], {2, 4})


def test_memory_is_given_back_while_a_long_clip_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(shots, "release_freed", lambda: given.append(1))
    numbers, folder = clip(tmp_path / "clip", 2 * shots.RELEASED_EVERY + 1, cut=3)
    beginnings(folder, numbers, tmp_path / "motion")
    assert len(given) == 2
