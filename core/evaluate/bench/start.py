"""The benchmark's section on where a painting starts: what the fast engine's picture saves in steps and seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ... import frames
from ...options import StyleOptions
from ..report import verdict
from .given import Bench
from .processes import Taken

INIT_STEPS = 120
"""At most so many from the fast start: twice the default's at the final size, to tell how late it is if it is late."""


def init(bench: Bench) -> dict[str, Any]:
    """over every pair given: steps with lite until the plain start's final loss, started by the fast engine"""
    return {each.output.name: found for each in bench.each() if (found := _started(each))}


def _started(bench: Bench) -> dict[str, Any]:
    """One pair from the content and from the fast engine's painting; prints how they compare."""
    height, width = frames.size(bench.content)
    print(f"{bench.output.name}: {width} x {height} pixels")
    plain = bench.paint("init-content", StyleOptions(encoder="lite", tolerance=0.0))
    fast = bench.paint("init-fast", StyleOptions(encoder="lite", init="fast", iterations=INIT_STEPS, scales=1,
                                                 tolerance=0.0))
    half = bench.paint("init-half", StyleOptions(encoder="lite", init="fast", tolerance=0.0,
                                                 iterations=StyleOptions.iterations // 2))
    if not plain or not fast or not half:
        return {}
    loss = plain.steps[-1][1]
    at = next((i for i, (final, value, _) in enumerate(fast.steps) if final and value <= loss), None)
    for line in _init_lines(plain, fast, at):
        print(line)
    reached = half.steps[-1][1] / loss
    print(f"fast start, coarse to fine with half the steps: final loss {reached:.3f} of the plain start's "
          f"({verdict(reached <= 1)} it), in {half.steps[-1][2] / plain.steps[-1][2]:.2f} of the seconds")
    return {"plain": plain.steps, "fast": fast.steps, "half": half.steps,
            "steps_to_reach": None if at is None else at + 1}


def _init_lines(plain: Taken, fast: Taken, at: int | None) -> Iterator[str]:
    _, loss, seconds = plain.steps[-1]
    yield (f"plain start: {len(plain.steps)} steps, {_final(plain)} of them at the final size, {seconds:.1f} s, "
           f"final loss {loss:.6g}")
    if at is None:
        yield f"fast start: NOT reached in {len(fast.steps)} steps; final loss {fast.steps[-1][1]:.6g}"
        return
    reached = replace(fast, steps=fast.steps[:at + 1])
    yield f"fast start: that loss after {at + 1} steps, {_final(reached)} of them at the final size"
    for what, share in (("of all steps", (at + 1) / len(plain.steps)),
                        ("of the steps at the final size", _final(reached) / _final(plain))):
        yield f"fast start: {share:.2f} {what} ({verdict(share <= 0.5)} 1/2)"
    yield f"fast start: {reached.steps[-1][2] / seconds:.2f} of the seconds"


def _final(taken: Taken) -> int:
    return sum(final for final, _, _ in taken.steps)
