"""What snapshots say over time: when one recipe has what another had, and who never gets there."""

from __future__ import annotations

from core.evaluate.bench.traces import Snapshot, Trace, report, soonest
from core.evaluate.measure import Figures


def test_reaching_a_target_needs_both_style_and_content() -> None:
    trace = Trace("x", [Snapshot(1, 0.5, 0.1), Snapshot(2, 0.2, 0.9), Snapshot(3, 0.2, 0.4)], None)
    assert trace.reaches(Figures(0.3, 0.5)) == 3
    assert trace.reaches(Figures(0.3, 1.0)) == 2
    assert trace.reaches(Figures(0.1, 1.0)) is None


def test_the_report_says_who_never_gets_there() -> None:
    paper = Trace("paper", [Snapshot(10, 0.5, 0.3), Snapshot(20, 0.1, 0.4)], 100.0)
    quick = Trace("quick", [Snapshot(1, 0.05, 0.9), Snapshot(2, 0.09, 0.4)], None)
    said = "\n".join(report([paper, quick]))
    assert "style 0.1000, content 0.400: paper 20.0 s, quick 2.0 s (1/10.00)" in said
    assert "whatever the content error\n  style 0.1000, content 0.400: paper 20.0 s, quick 1.0 s (1/20.00)" in said
    assert "quick 2.0 s, paper never" in said and "n/a" in said


def test_a_pair_that_no_one_gets_to_has_no_share_in_the_median() -> None:
    paper = Trace("paper", [Snapshot(60, 0.1, 0.4)], None)
    first, second, late = (Trace("lite", [Snapshot(seconds, style, 0.4)], None)
                           for seconds, style in ((3, 0.1), (5, 0.1), (1, 0.2)))
    said = list(soonest([[paper, first], [paper, second], [paper, late]]))
    assert said[0].endswith("3.0 s by lite (1/20.00)") and said[2].endswith("never")
    assert said[3] == "median over 3 pairs: 1/12.00 of the paper's time; 2 of them within 1/10"
    assert list(soonest([[paper, first], [paper, late]]))[-1].startswith("median over 2 pairs: never; 1 of them")
