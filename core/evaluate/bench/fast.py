"""The benchmark's section on the fast engine: what a frame takes in seconds and in memory."""

from __future__ import annotations

import statistics
from typing import Any

from ... import frames
from ...frames import Picture
from ...options import StyleOptions
from ...sizes import Size, resize
from ..report import verdict
from .given import PRECISIONS, Bench

FRAMES: tuple[Size, ...] = ((512, 512), (1080, 1920))
"""Sizes that the fast engine is timed at, (height, width)."""
FRAME_REPEATS = 5


def fast(bench: Bench) -> dict[str, Any]:
    """seconds a frame of the fast engine in both precisions, after loading: the first frame, the others' median"""
    found = {}
    picture = frames.read(bench.content).rgb
    for size, limit in zip(FRAMES, (0.3, 3.0), strict=True):
        name = f"fast-{size[1]}x{size[0]}"
        content = bench.output / f"{name}.png"
        frames.write(content, Picture(resize(picture, size)), "png")
        for precision in PRECISIONS:
            taken = bench.paint(f"{name}-{precision}", StyleOptions(encoder="lite", engine="fast"), precision,
                                times=FRAME_REPEATS, content=content)
            if taken:
                median = statistics.median(taken.repeats[1:])
                found[f"{name}-{precision}"] = {"precision": taken.precision, "first": taken.repeats[0],
                                                "median": median, "peak_mib": taken.peak_mib}
                print(f"{name}-{precision}: {taken.precision}, first frame {taken.repeats[0]:.3f} s, then {median:.3f} "
                      f"s ({verdict(median <= limit)} {limit} s), peak {taken.peak_mib or float('nan'):.0f} MiB")
    return found
