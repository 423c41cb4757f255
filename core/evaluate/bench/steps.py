"""The benchmark's section on steps: what one costs in seconds and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...options import StyleOptions
from ..report import verdict
from .given import PRECISIONS, Bench
from .processes import Taken

TIMED_STEPS = 12


def steps(bench: Bench) -> dict[str, Any]:
    """seconds per step and peak memory of both encoders, in the default precision and in float32"""
    found: dict[tuple[str, str], Taken] = {}
    for precision in PRECISIONS:
        for encoder in ("vgg19", "lite"):
            options = StyleOptions(encoder=encoder, scales=1, iterations=TIMED_STEPS, tolerance=0.0)
            if taken := bench.paint(f"steps-{encoder}-{precision}", options, precision):
                found[encoder, precision] = taken
    for line in _step_lines(found):
        print(line)
    return {f"{encoder} {precision}": {"precision": taken.precision, "seconds_per_step": taken.seconds_per_step,
                                       "peak_mib": taken.peak_mib}
            for (encoder, precision), taken in found.items()}


def _step_lines(found: dict[tuple[str, str], Taken]) -> Iterator[str]:
    yield f"{'encoder':9}{'asked':9}{'precision':11}{'s a step':>10}{'peak MiB':>10}"
    for (encoder, precision), taken in found.items():
        peak = f"{taken.peak_mib:.0f}" if taken.peak_mib else "n/a"
        yield f"{encoder:9}{precision:9}{taken.precision:11}{taken.seconds_per_step:10.4f}{peak:>10}"
    for precision in PRECISIONS:
        pair = [found.get((encoder, precision)) for encoder in ("vgg19", "lite")]
        if pair[0] and pair[1]:
            ratio = pair[0].seconds_per_step / pair[1].seconds_per_step
            memory = (f", memory 1/{pair[0].peak_mib / pair[1].peak_mib:.2f}"
                      if pair[0].peak_mib and pair[1].peak_mib else "")
            yield f"{precision}: a step of lite costs 1/{ratio:.2f} of vgg19's ({verdict(ratio >= 6)} 1/6){memory}"
