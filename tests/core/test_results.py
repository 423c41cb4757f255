"""What is found again of results: a clip that was moved in time is not painted again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import files_of, painted, run

from core import atomic, results
from core.job import Job

Jobs = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def move(clip: Path, by: int) -> None:
    """Give a clip's frames other numbers."""
    for file in sorted(clip.iterdir(), reverse=by > 0):
        file.rename(clip / f"{int(file.stem) + by:03d}.png")


def moved(files: dict[str, bytes], by: int) -> dict[str, bytes]:
    return {f"{int(name[:3]) + by:03d}.png": data for name, data in files.items()}


@pytest.mark.parametrize("options", [{}, {"stability": 0.5, "passes": 2, "anchor": 3},
                                     {"stability": 0.5, "hold": 2}])
@pytest.mark.parametrize("by", [1, 2, 9])
def test_a_clip_that_was_moved_and_moved_back_is_not_painted_again(moving: Callable[..., Path], job: Jobs, by: int,
                                                                   options: dict[str, float]) -> None:
    clip = moving(5)
    order = job(clip, **options)
    run(order)
    before = files_of(order)
    for way in (by, -by):
        move(clip, way)
        assert painted(run(order)) == []
        now = files_of(order)
        assert {f"{int(file.stem):03d}.png": now[file.name] for file in clip.iterdir()} == (
            moved(before, by) if way == by else before)


@pytest.mark.parametrize("taken", range(5))
def test_nothing_is_lost_where_that_is_stopped(moving: Callable[..., Path], job: Jobs, taken: int,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    clip = moving(5)
    order = job(clip, stability=0.5)
    run(order)
    before = files_of(order)
    move(clip, 2)

    def stops(source: Path, path: Path) -> str:
        if len(done) == taken:
            raise KeyboardInterrupt
        done.append(path)
        return atomic.share(source, path)
    done: list[Path] = []
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(results, "share", stops)
        run(order)
    assert painted(run(order)) == []
    assert files_of(order).items() >= moved(before, 2).items()


def test_a_moved_clip_takes_no_room_of_its_own_where_the_disk_can(moving: Callable[..., Path], job: Jobs,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Path) -> None:
        raise OSError
    clip = moving(2)
    order = job(clip)
    run(order)
    move(clip, 5)
    run(order)
    assert (Path(order.output) / "006.png").samefile(Path(order.output) / "001.png")
    monkeypatch.setattr(os, "link", refuse)
    move(clip, 5)
    assert painted(run(order)) == []
    assert not (Path(order.output) / "011.png").samefile(Path(order.output) / "006.png")
