"""Plans: which pictures hang together, what a change makes again, what a chunk makes, that nothing is made twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core.options import StyleOptions
from core.plan import LEAD_OVER, Plan, Source, Task, plan


def clip(count: int, *shots: int, changed: int | None = None) -> list[Source]:
    """Frames 1 to count, different from each other; new shots begin at the given numbers."""
    return [Source(n, f"{n:03d}.png", f"in{n}", f"facts{n}{'!' * (n == changed)}", n in shots)
            for n in range(1, count + 1)]


def of(sources: list[Source], chunk: tuple[int, int] = (1, 1), **options: object) -> Plan:
    return plan(sources, StyleOptions(**options), "look", Path("out"), chunk)  # type: ignore[arg-type]


def numbers(tasks: object) -> list[int]:
    return [task.number for task in tasks]  # type: ignore[attr-defined]


def keys(made: Plan) -> dict[int, str]:
    return {task.number: task.key for task in made.results}


def changed(before: Plan, after: Plan) -> list[int]:
    return [n for n in keys(before) if keys(before)[n] != keys(after)[n]]


def test_without_stability_every_frame_stands_alone() -> None:
    made = of(clip(5), stability=0.0)
    assert numbers(made.results) == [1, 2, 3, 4, 5]
    assert not any(task.neighbors for task in made.tasks)
    assert changed(made, of(clip(5, changed=3), stability=0.0)) == [3]


def test_a_frame_agrees_with_those_one_two_and_four_before_it() -> None:
    assert [numbers(task.neighbors) for task in of(clip(6)).results] == [
        [], [1], [2, 1], [3, 2], [4, 3, 1], [5, 4, 2]]


def test_a_frame_agrees_with_the_one_three_before_it_too_and_every_third_with_the_one_nine_before_it() -> None:
    made = of(clip(22, 15))
    assert {task.number: task.origin.number for task in made.results if task.origin} == {
        4: 1, 5: 2, 6: 3, 7: 4, 8: 5, 9: 6, 10: 1, 11: 8, 12: 9, 13: 4, 14: 11, 18: 15, 19: 16, 20: 17, 21: 18, 22: 19}
    assert numbers(made.results[6].neighbors) == [6, 5, 3]
    assert not any(task.origin for task in of(clip(20), engine="fast").tasks), "flow costs as much as such a picture"


def test_a_changed_frame_changes_what_comes_after_it_in_its_shot() -> None:
    assert changed(of(clip(9, 6)), of(clip(9, 6, changed=3))) == [3, 4, 5]


def test_held_frames_show_the_painting_of_the_first() -> None:
    made = of(clip(7, 6), hold=2)
    assert [task.copied and task.copied.number for task in made.results] == [None, 1, None, 3, None, None, 6]
    assert numbers(made.results) == [1, 2, 3, 4, 5, 6, 7]
    assert keys(made)[1] == keys(made)[2] != keys(made)[3]
    assert numbers(made.results[4].neighbors) == [3, 1]


def test_a_frame_equal_to_the_one_before_is_its_copy() -> None:
    sources = clip(4)
    sources[2] = dataclasses.replace(sources[2], input="in2", facts="facts2")
    assert keys(of(sources))[3] == keys(of(sources))[2] != keys(of(sources))[4]


def test_passes_go_back_and_forth_and_the_last_one_is_the_result() -> None:
    made = of(clip(4), passes=2)
    assert numbers(made.tasks) == [1, 2, 3, 4, 4, 3, 2]
    second = {task.number: task for task in made.results}
    assert second[1].begun is None
    assert [second[n].begun.path.as_posix() for n in (2, 3, 4)] == [f"out/passes/1/00{n}.png" for n in (2, 3, 4)]
    assert numbers(second[2].neighbors) == [3, 4, 1]
    assert {task.path.parent.as_posix() for task in made.results} == {"out"}
    assert [task.number for task in of(clip(4), passes=3).tasks] == [1, 2, 3, 4, 4, 3, 2, 2, 3, 4]


def test_a_change_reaches_no_further_than_the_anchor_after_the_next() -> None:
    plain = of(clip(120), anchor=40)
    assert changed(plain, of(clip(120, changed=10), anchor=40)) == list(range(10, 41))
    assert changed(plain, of(clip(120, changed=20), anchor=40)) == list(range(20, 81))
    assert changed(plain, of(clip(120, changed=41), anchor=40)) == list(range(41, 81))


def test_a_painting_is_begun_before_its_anchor_and_led_over_to() -> None:
    made = of(clip(80), anchor=40)
    begun = [task for task in made.tasks if task.path.parent.name == "lead"]
    assert numbers(begun) == list(range(41 - LEAD_OVER, 41))
    assert not begun[0].neighbors and numbers(begun[1].neighbors) == [41 - LEAD_OVER]
    anchor = made.results[40]
    assert numbers(anchor.neighbors) == [40, 39, 37] and set(anchor.neighbors) <= set(begun)
    assert numbers(made.results[41].neighbors) == [41, 40, 38]


def test_the_frames_before_an_anchor_lead_over_to_it() -> None:
    joined = {task.number: task.joined for task in of(clip(80), anchor=40).results if task.joined}
    assert list(joined) == list(range(41 - LEAD_OVER, 41))
    shares = [share for _, _, share in joined.values() if share]
    steps = [b - a for a, b in zip([0.0, *shares], [*shares, 1.0], strict=True)]
    assert all(step == pytest.approx(1 / (LEAD_OVER + 1)) for step in steps)
    on, new, _ = joined[40]
    assert (on.number, new.number) == (40, 40) and on.path.parent.name == "1" and new.path.parent.name == "lead"


@pytest.mark.parametrize("options", [{}, {"anchor": 10}, {"hold": 3}, {"passes": 3}, {"stability": 0.0},
                                     {"anchor": 7, "hold": 2, "passes": 2}])
@pytest.mark.parametrize("shots", [(), (20,)])
def test_chunks_together_are_the_clip_and_each_needs_only_itself(options: dict[str, object],
                                                                 shots: tuple[int, ...]) -> None:
    parts = [of(clip(50, *shots), (k, 3), **options) for k in (1, 2, 3)]
    together = [n for part in parts for n in numbers(part.results)]
    assert together == list(range(1, 51))
    assert all(8 <= len(part.results) <= 27 for part in parts)
    everything = of(clip(50, *shots), (1, 1), **{**options, "anchor": options.get("anchor", 17)})
    for part in parts:
        assert all(task.key == keys(everything)[task.number] for task in part.results)
        made_here, first = numbers(part.needed([])), min(numbers(part.results))
        assert set(made_here) <= set(range(first - LEAD_OVER * options.get("hold", 1), max(numbers(part.results)) + 1))


@pytest.mark.parametrize("options", [{}, {"anchor": 10}, {"hold": 3}, {"passes": 3}, {"anchor": 12, "passes": 2}])
def test_every_task_comes_after_those_it_needs_and_has_a_file_of_its_own(options: dict[str, object]) -> None:
    made = of(clip(40, 15), **options)
    seen: set[Task] = set()
    for task in made.tasks:
        assert seen.issuperset(task.needs)
        seen.add(task)
    assert len({task.path for task in made.tasks}) == len(made.tasks)


def test_what_is_finished_is_not_needed_again_nor_what_it_was_made_from() -> None:
    made = of(clip(10), passes=2)
    last = made.results[-1]
    assert numbers(made.needed(made.results)) == []
    missing = [task for task in made.results if task is not last]
    assert last in made.needed(missing) and len(made.needed(missing)) < len(made.tasks)
