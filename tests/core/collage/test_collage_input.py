"""Input that is bad or odd: what an artist is told, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import events, pipeline
from core.errors import InputError
from core.events import Event
from core.job import Job

Jobs = Callable[..., Job]
Clips = Callable[..., Path]


def run(job: Job) -> list[Event]:
    return list(pipeline.run(job))


def run_despite(job: Job, words: str) -> list[Event]:
    """All that happens before the error that ends the job."""
    happened = []
    with pytest.raises(InputError, match=words):
        for event in pipeline.run(job):
            happened.append(event)
    return happened


def painted(happened: list[Event]) -> list[int]:
    return [e.frame for e in happened if isinstance(e, events.Frame) and not e.cached]


def damage(path: Path) -> bytes:
    """Cuts a file short; returns what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 3])
    return whole


def test_an_unreadable_frame_costs_only_itself_and_mended_those_that_depend_on_it(clip: Clips, collage: Jobs) -> None:
    folder = clip(6, cut=5)
    whole = damage(folder / "003.png")
    order = collage(folder)
    assert painted(run_despite(order, "1 of 6 frames could not be painted.*003.png")) == [1, 2, 4, 5, 6]
    (folder / "003.png").write_bytes(whole)
    assert painted(run(order)) == [3, 4]


def test_frames_that_would_show_an_unreadable_one_are_counted_too(clip: Clips, collage: Jobs) -> None:
    folder = clip(4)
    damage(folder / "003.png")
    assert painted(run_despite(collage(folder, hold=2), "2 of 4 frames could not be painted")) == [1, 2]


def test_of_an_unreadable_frame_that_was_not_asked_for_there_is_a_warning(clip: Clips, collage: Jobs) -> None:
    folder = clip(4)
    damage(folder / "002.png")
    happened = run(collage(folder, frames="4"))
    assert painted(happened) == [4]
    assert ["002.png" in e.message for e in happened if isinstance(e, events.Warning)] == [True]


def test_photographs_of_a_joiner_leave_out_what_is_missing_or_unreadable(clip: Clips, collage: Jobs) -> None:
    folder = clip(8)
    (folder / "003.png").unlink()
    damage(folder / "005.png")
    happened = run_despite(collage(folder, mode="joiner", materials=(), life=2), "1 of 7 frames")
    assert painted(happened) == [1, 2, 4, 6, 7, 8]
