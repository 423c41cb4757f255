"""Collages of clips from end to end: what is made, what depends on what, what stops, kills and cuts do to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core import events, pipeline
from core.collage.pieces import Pieces
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


def pieces_of(job: Job, number: int) -> Pieces:
    return Pieces.from_bytes((Path(job.output) / "tracks" / f"{number:05d}.safetensors").read_bytes())


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


def test_a_frame_alone_equals_the_same_frame_of_the_whole(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    """Made in a folder of its own, where all before it in its shot is followed first, and in that of the whole."""
    folder = clip(6, cut=3)
    whole, alone = collage(folder, tmp_path / "whole"), collage(folder, tmp_path / "alone", frames="5")
    run(whole)
    assert painted(run(alone)) == [5]
    assert results(alone) == {"005.png": results(whole)["005.png"]}
    (tmp_path / "whole" / "005.png").unlink()
    again = run(collage(folder, tmp_path / "whole", frames="5"))
    assert isinstance(again[0], events.Started) and again[0].todo == 1
    assert results(whole)["005.png"] == results(alone)["005.png"]
    assert painted(run(whole)) == []


def test_two_shots_may_begin_with_the_same_frame(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(6, cut=3)
    (folder / "005.png").write_bytes((folder / "001.png").read_bytes())
    (folder / "006.png").unlink()
    whole, alone = collage(folder, tmp_path / "whole"), collage(folder, tmp_path / "alone", frames="5")
    run(whole)
    run(alone)
    assert results(alone)["005.png"] == results(whole)["005.png"] != results(whole)["001.png"]


def test_photographs_of_a_joiner_are_of_its_own_shot(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(7, cut=4), mode="joiner", materials=(), life=2)
    run(order)
    for number in range(4, 8):
        moments = pieces_of(order, number).moment
        assert moments.min() >= 4 and moments.max() <= number
    assert len({int(m) for n in range(4, 8) for m in pieces_of(order, n).moment}) > 2


def test_it_tells_of_every_frame_it_follows_and_can_be_stopped_there(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(5), frames="5")
    running = pipeline.run(order)
    happened = [next(running) for _ in range(4)]
    running.close()  # type: ignore[attr-defined]
    assert [(e.frame, e.index, e.of) for e in happened if isinstance(e, events.Progress)] == [
        (1, 1, 6), (2, 2, 6), (3, 3, 6)]
    assert sorted(p.name for p in (Path(order.output) / "tracks").glob("0*")) == [
        f"{n:05d}.safetensors" for n in range(1, 4)]
    assert painted(run(order)) == [5]
