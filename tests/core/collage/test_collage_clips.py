"""Collages of clips from end to end: what is made, what depends on what, what stops, kills and cuts do to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core import events, pipeline
from core.events import Event
from core.job import Job

Jobs = Callable[..., Job]
Clips = Callable[..., Path]


def run(job: Job) -> list[Event]:
    return list(pipeline.run(job))


def painted(happened: list[Event]) -> list[int]:
    return [e.frame for e in happened if isinstance(e, events.Frame) and not e.cached]


def results(job: Job) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(Path(job.output).glob("*.png"))}


def test_a_cut_begins_afresh(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    """Also the pieces' papers: the second shot looks as it would if there had been no first one."""
    folder = clip(5, cut=3)
    whole = collage(folder, tmp_path / "whole")
    (tmp_path / "second").mkdir()
    for number in (3, 4, 5):
        (tmp_path / "second" / f"{number:03d}.png").write_bytes((folder / f"{number:03d}.png").read_bytes())
    rest = collage(tmp_path / "second", tmp_path / "rest")
    run(whole)
    run(rest)
    assert results(rest) == {name: data for name, data in results(whole).items() if name >= "003"}
