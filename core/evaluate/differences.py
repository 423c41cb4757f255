"""The sheet of a result clip's differences: a few consecutive frames, and what changed beyond the source's movement."""

from __future__ import annotations

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
    numbers = footage.numbers
    start = max(0, min(numbers.index(around) - SHOWN // 2, len(numbers) - SHOWN))
    shown = list(footage.moments(numbers[start:start + SHOWN]))
    steps = [(before, after) for before, after in pairwise(shown) if before.shot == after.shot]
    changes = [(f"{before.number} to {after.number}", *_changes(footage, before, after)) for before, after in steps]
    rows = [("source", [(str(moment.number), moment.source.rgb) for moment in shown]),
            ("result", [(str(moment.number), moment.result) for moment in shown])]
    if changes:
        beyond = f"change beyond the movement, x{AMPLIFIED:g}"
        rows.append((f"source: {beyond}", [(label, source) for label, source, _ in changes]))
        rows.append((f"result: {beyond}", [(label, result) for label, _, result in changes]))
    write_sheet(path, rows)


def _changes(footage: Footage, before: Moment, after: Moment) -> tuple[Tensor, Tensor]:
    """The source's and the result's, 1,3,H,W."""
    link = footage.link(after, before)
    source = difference(after.source.rgb, before.source.rgb, link.flow)
    result = difference(after.result, before.result, link.flow)
    return source.abs() * link.reliability * AMPLIFIED, result.abs() * link.reliability * AMPLIFIED
