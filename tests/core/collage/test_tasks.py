"""Plans of collages: what follows what, what a change makes again, held pictures, chunks, some frames only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.collage.tasks import plan_collage
from core.plan import Plan, Source, Task


def clip(count: int, *shots: int, changed: int | None = None) -> list[Source]:
    """Frames 1 to count, different from each other; new shots begin at the given numbers."""
    return [Source(n, f"{n:03d}.png", f"in{n}", f"facts{n}{'!' * (n == changed)}", n in shots)
            for n in range(1, count + 1)]


def of(sources: Sequence[Source], hold: int = 1, chunk: tuple[int, int] = (1, 1)) -> Plan:
    return plan_collage(sources, hold, "look", Path("out"), chunk)


def numbers(tasks: Sequence[Task]) -> list[int]:
    return [task.number for task in tasks]


def keys(made: Plan) -> dict[int, str]:
    return {task.number: task.key for task in made.results}


def changed(before: Plan, after: Plan) -> list[int]:
    return [n for n in keys(before) if keys(before)[n] != keys(after)[n]]


def test_every_picture_is_made_from_the_track_of_its_frame() -> None:
    made = of(clip(3))
    assert numbers(made.results) == [1, 2, 3]
    assert [task.track and task.track.number for task in made.results] == [1, 2, 3]
    tracks = [task.track for task in made.results if task.track]
    assert [track.follows and track.follows.number for track in tracks] == [None, 1, 2]
    assert {track.path.parent.as_posix() for track in tracks} == {"out/tracks"}


def test_a_changed_frame_changes_those_after_it_in_its_shot_and_nothing_else() -> None:
    assert changed(of(clip(9, 6)), of(clip(9, 6, changed=3))) == [3, 4, 5]


def test_a_shot_s_first_frame_depends_on_the_pixels_of_its_second_and_on_nothing_else_of_it() -> None:
    """It is cut by how it moves to it; a shot of one frame has none, and what lies past a cut is none."""
    sources, facts = clip(7, 4, 7), {2: "another mask", 5: "another mask", 7: "another"}
    seconds = [task.second and task.second.number for task in of(sources).tasks if task.is_track]
    assert seconds == [2, None, None, 5, None, None, None]
    for number in (2, 5):
        assert changed(of(sources), of([replace(s, input="new") if s.number == number else s for s in sources]))[0] == (
            number - 1)
        assert changed(of(sources), of([replace(s, moved="new") if s.number == number else s for s in sources]))[0] == (
            number - 1)
        assert changed(of(sources), of([replace(s, facts=facts[number]) if s.number == number else s
                                        for s in sources]))[0] == number
    assert changed(of(sources), of([replace(s, input="new", facts="new") if s.number == 7 else s
                                    for s in sources])) == [7]


def test_of_a_first_frame_alone_the_second_is_looked_at_and_not_made() -> None:
    sources = [replace(source, wanted=source.number == 1) for source in clip(2)]
    made = of(sources)
    assert keys(made) == {1: keys(of(clip(9)))[1]} and [task.number for task in made.needed([])] == [1, 1]


def test_held_frames_show_the_picture_of_the_first_and_are_followed_all_the_same() -> None:
    made = of(clip(7, 6), hold=2)
    assert [task.copied and task.copied.number for task in made.results] == [None, 1, None, 3, None, None, 6]
    assert sum(task.is_track for task in made.tasks) == 7
    assert keys(made)[1] == keys(made)[2] != keys(made)[3]
    assert changed(made, of(clip(7, 6, changed=2), hold=2)) == [3, 4, 5]


def test_chunks_together_are_the_clip_and_each_equals_its_part() -> None:
    whole = keys(of(clip(10, 4), hold=2))
    parts = [of(clip(10, 4), 2, (k, 3)) for k in (1, 2, 3)]
    assert [n for part in parts for n in numbers(part.results)] == list(range(1, 11))
    assert all(task.key == whole[task.number] for part in parts for task in part.results)


def test_of_frames_that_are_not_wanted_only_what_leads_there_is_made() -> None:
    sources = [replace(source, wanted=source.number == 6) for source in clip(8, 4)]
    made = of(sources)
    assert numbers(made.results) == [6] and keys(made)[6] == keys(of(clip(8, 4)))[6]
    assert [(task.number, task.is_track) for task in made.needed([])] == [
        (4, True), (5, True), (6, True), (6, False)]


def test_equal_frames_at_two_places_are_not_the_same_collage() -> None:
    """What is random about a shot's pieces goes by the number of its first frame."""
    sources = clip(6, 4)
    sources[3] = replace(sources[3], input="in1", facts="facts1")
    assert keys(of(sources))[4] != keys(of(sources))[1]
