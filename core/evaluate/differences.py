"""The sheet of result clips' differences: a few consecutive frames, and what changed beyond the source's movement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from torch import Tensor

from .footage import Footage, Moment
from .sheets import write_sheet
from .steadiness import difference

SHOWN = 4
AMPLIFIED = 4.0


def write(path: Path, footage: Footage, around: int) -> None:
    """Write a PNG: source and result in frames around one, below |frame - warp(frame before)| of both, amplified.

    Where the movement is not reliable the differences are black; across a scene cut there are none. Raises InputError,
    OutputError.
    """
    write_all(path, {"result": footage}, around)


def write_all(path: Path, results: Mapping[str, Footage], around: int) -> None:
    """The same for several results of one source, by their names."""
    footage = next(iter(results.values()))
    start = max(0, min(footage.numbers.index(around) - SHOWN // 2, len(footage.numbers) - SHOWN))
    numbers = footage.numbers[start:start + SHOWN]
    shown = {name: list(one.moments(numbers)) for name, one in results.items()}
    changes = {name: list(_changes(one, shown[name])) for name, one in results.items()}
    first = next(iter(results))
    rows = [("source", [(str(moment.number), moment.source.rgb) for moment in shown[first]])]
    rows += [(name, [(str(moment.number), moment.result) for moment in moments]) for name, moments in shown.items()]
    if changes[first]:
        beyond = f"change beyond the movement, x{AMPLIFIED:g}"
        rows.append((f"source: {beyond}", [(label, source) for label, source, _ in changes[first]]))
        rows += [(f"{name}: {beyond}", [(label, result) for label, _, result in found])
                 for name, found in changes.items()]
    write_sheet(path, rows)


def _changes(footage: Footage, shown: Sequence[Moment]) -> Iterator[tuple[str, Tensor, Tensor]]:
    """From frame to frame of a shot: which ones, and the source's and the result's change, 1,3,H,W."""
    for before, after in pairwise(shown):
        if before.shot == after.shot:
            link = footage.link(after, before)
            source = difference(after.source.rgb, before.source.rgb, link.flow)
            result = difference(after.result, before.result, link.flow)
            yield (f"{before.number} to {after.number}", source.abs() * link.reliability * AMPLIFIED,
                   result.abs() * link.reliability * AMPLIFIED)
