"""What a recipe's snapshots measure over time, and what follows: when one recipe has what another had."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import frames
from ...sizes import resize
from ..measure import Figures, Judge
from .processes import Taken

POINTS = 6
"""Moments of the paper's recipe that the others are compared with; the last one is its end."""
ASKED = 10
"""How many times sooner than the paper's recipe another should be as good."""


@dataclass(frozen=True)
class Snapshot:
    """A picture a recipe had after so many seconds, and how it measures."""

    seconds: float
    style: float
    content: float


@dataclass(frozen=True)
class Trace:
    """What one recipe did: its snapshots in order, its peak memory in MiB (None where the system does not tell)."""

    name: str
    snapshots: list[Snapshot]
    peak_mib: float | None
    picture: Path = Path()

    def reaches(self, target: Figures) -> float | None:
        """Seconds until a snapshot has no more style loss and no more content error than the target."""
        return next((s.seconds for s in self.snapshots if s.style <= target.style and s.content <= target.content),
                    None)


def measured(name: str, taken: Taken, content: Path, judge: Judge) -> Trace:
    """The trace of a recipe that left snapshots, each measured at the content's size."""
    size = frames.size(content)
    snapshots = []
    for key in sorted(taken.snapshots):
        figures = judge(resize(frames.read(taken.folder / f"{key}.png").rgb, size))
        snapshots.append(Snapshot(taken.snapshots[key], figures.style, figures.content))
    return Trace(name, snapshots, taken.peak_mib, taken.folder / f"{max(taken.snapshots)}.png")


def report(traces: Sequence[Trace]) -> Iterator[str]:
    """The traces side by side; the first one is the paper's recipe, which the others are compared with."""
    yield f"{'recipe':12}{'seconds':>9}{'style loss':>12}{'content error':>15}{'peak MiB':>10}"
    for trace in traces:
        last = trace.snapshots[-1]
        peak = f"{trace.peak_mib:.0f}" if trace.peak_mib else "n/a"
        yield f"{trace.name:12}{last.seconds:9.1f}{last.style:12.4f}{last.content:15.3f}{peak:>10}"
    paper, others = traces[0], traces[1:]
    yield "time to have what the paper's recipe has at a moment: no more style loss, no more content error"
    for i in sorted({round(i / POINTS * (len(paper.snapshots) - 1)) for i in range(1, POINTS + 1)}):
        snapshot = paper.snapshots[i]
        target = Figures(snapshot.style, snapshot.content)
        yield _compared(snapshot, [(trace.name, trace.reaches(target)) for trace in others])
    end = paper.snapshots[-1]
    yield "time to have the paper's final style loss, whatever the content error"
    yield _compared(end, [(t.name, t.reaches(Figures(end.style, float("inf")))) for t in others])
    yield "time to have each recipe's final style loss, at no more content error than it has"
    for trace in others:
        last = trace.snapshots[-1]
        seconds = paper.reaches(Figures(last.style, last.content))
        found = f"{seconds:.1f} s, {seconds / last.seconds:.1f} times as long" if seconds else "never"
        yield f"  style {last.style:.4f}, content {last.content:.3f}: {trace.name} {last.seconds:.1f} s, paper {found}"


def soonest(pairs: Sequence[Sequence[Trace]]) -> Iterator[str]:
    """Several pairs of pictures, each with its traces as for `report`: one line for each pair, and their median."""
    ratios = []
    for number, (paper, *others) in enumerate(pairs, 1):
        end = paper.snapshots[-1]
        times = {trace.name: trace.reaches(Figures(end.style, end.content)) for trace in others}
        reached = {name: seconds for name, seconds in times.items() if seconds}
        name = min(reached, key=lambda name: reached[name], default=None)
        ratios.append(0.0 if name is None else end.seconds / reached[name])
        found = "never" if name is None else f"{reached[name]:.1f} s by {name} (1/{ratios[-1]:.2f})"
        yield f"pair {number}: paper {end.seconds:.1f} s, style {end.style:.4f}, content {end.content:.3f}: {found}"
    median = statistics.median_low(ratios)
    yield (f"median over {len(ratios)} pairs: " + (f"1/{median:.2f} of the paper's time" if median else "never")
           + f"; {sum(ratio >= ASKED for ratio in ratios)} of them within 1/{ASKED}")


def _compared(snapshot: Snapshot, others: Sequence[tuple[str, float | None]]) -> str:
    """One line: the paper's seconds to a snapshot, the others' seconds to be as good, the ratios."""
    line = f"  style {snapshot.style:.4f}, content {snapshot.content:.3f}: paper {snapshot.seconds:.1f} s"
    for name, seconds in others:
        line += f", {name} " + (f"{seconds:.1f} s (1/{snapshot.seconds / seconds:.2f})" if seconds else "never")
    return line
