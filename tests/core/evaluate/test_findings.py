"""Comparing two methods at no more content error."""

from __future__ import annotations

import pytest

from core.evaluate.findings import Curve, lines, mean, style_at, table, versus
from core.evaluate.measure import Figures

PAIRS = [("a", "x"), ("b", "x")]


def at(style: float, content: float, second: tuple[float, float] | None = None) -> dict[tuple[str, str], Figures]:
    """One setting's figures, the second pair's like the first's unless given."""
    values = [(style, content), second or (style, content)]
    return {pair: Figures(s, c, {"conv1_2": s}) for pair, (s, c) in zip(PAIRS, values, strict=True)}


OURS: Curve = {0.3: at(0.8, 0.2), 0.5: at(0.4, 0.4), 0.7: at(0.2, 0.8)}


def test_means() -> None:
    assert mean(at(0.2, 0.4, (0.4, 0.8))) == Figures(pytest.approx(0.3), pytest.approx(0.6),
                                                     {"conv1_2": pytest.approx(0.3)})


def test_the_best_setting_with_no_more_content_error_is_taken() -> None:
    found = versus(OURS, at(0.5, 0.4))
    assert found.setting == 0.5 and found.ratio == pytest.approx(0.8) and (found.wins, found.pairs) == (2, 2)
    assert versus(OURS, at(0.5, 0.79)).setting == 0.5
    assert versus(OURS, at(0.3, 0.4)).wins == 0


def test_a_curve_that_never_has_so_little_content_error() -> None:
    found = versus(OURS, at(0.5, 0.1))
    assert found.setting is None and found.wins == 0 and not found.matched
    assert "no strength of ours" in "\n".join(lines("ours", OURS, "theirs", {1.0: at(0.5, 0.1)}))


def test_between_its_points_a_curve_is_straight() -> None:
    points = [figures[PAIRS[0]] for figures in OURS.values()]
    assert style_at(points, 0.3) == pytest.approx(0.6)
    assert style_at(points, 0.4) == pytest.approx(0.4)
    assert style_at(points, 2.0) == pytest.approx(0.2)
    assert style_at(points, 0.1) is None


def test_more_content_error_is_never_held_against_a_curve() -> None:
    assert style_at([Figures(0.3, 0.2), Figures(0.9, 0.6)], 0.4) == pytest.approx(0.3)


def test_pairs_out_of_reach_are_counted_apart() -> None:
    theirs = at(0.5, 0.6, (0.5, 0.1))
    found = versus(OURS, theirs)
    assert len(found.matched) == 1 and found.matched[0] == pytest.approx(0.6)
    assert "(1 not reached)" in "\n".join(lines("ours", OURS, "theirs", {1.0: theirs}))


def test_the_table_has_a_line_for_each_strength() -> None:
    said = list(table({"ours": OURS}, {"ours": 1.5}))
    assert len(said) == 4 and "conv1_2" in said[0]
