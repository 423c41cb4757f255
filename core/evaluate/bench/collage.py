"""The benchmark's section on collages: seconds a frame and peak memory, beside cutting every frame afresh."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from ... import clips, frames
from ...atomic import write_text
from ...frames import Picture
from ...job import Job
from ...manifest import Manifest
from ...options import CollageOptions, EngineOptions, OutputOptions
from ...sizes import fitted, resize, size_of
from ..collage import pieces_of
from ..report import verdict
from . import processes
from .given import Bench

LONG_SIDE = 960
SHORT, LONG, ALONE = 60, 240, 6
"""Frames of the two tracked runs, whose memory is compared, and of the baseline."""
FIRST_LIMIT, LATER_LIMIT = 4.0, 0.6
"""Seconds on two CPU cores at 960x540 with 300 pieces."""
GROWTH_LIMIT = 1.1
"""Peak memory of the long run by that of the short one: as much may differ from run to run."""


@dataclass(frozen=True)
class Paced:
    """One run: seconds until it began, for its first frame, the median of the later ones; that in processor time; mean
    pieces; peak memory."""

    opening: float
    first: float
    later: float
    later_cpu: float
    pieces: float | None
    peak_mib: float | None


def collage(bench: Bench) -> dict[str, Any]:
    """a clip made of paper at 960 px: seconds a frame, peak memory of a short and a long one, beside cutting afresh"""
    if bench.clip is None:
        print("collage: SKIPPED, no clip was given (--clip)")
        return {}
    folder = bench.output / "collage"
    shutil.rmtree(folder, ignore_errors=True)
    count = _prepare(bench.clip, folder / "frames")
    runs = {"afresh": ("afresh", min(ALONE, count)), "short": ("tracked", min(SHORT, count)),
            "long": ("tracked", min(LONG, count))}
    found = {name: _run(folder, name, way, number) for name, (way, number) in runs.items()}
    for line in lines(found, {name: number for name, (_, number) in runs.items()}):
        print(line, flush=True)
    return {name: vars(paced) for name, paced in found.items()}


def lines(found: dict[str, Paced], counts: dict[str, int]) -> Iterator[str]:
    """What was measured, for a person."""
    yield f"{'':24}{'opening s':>11}{'first s':>9}{'later s':>9}{'CPU s':>8}{'pieces':>8}{'peak MiB':>10}"
    names = {"afresh": "every frame cut afresh", "short": "tracked", "long": "tracked"}
    for name, paced in found.items():
        peak = f"{paced.peak_mib:.0f}" if paced.peak_mib else "n/a"
        pieces = f"{paced.pieces:.0f}" if paced.pieces else ""
        title = f"{names[name]}, {counts[name]}"
        yield (f"{title:24}{paced.opening:11.2f}{paced.first:9.2f}{paced.later:9.2f}{paced.later_cpu:8.2f}"
               f"{pieces:>8}{peak:>10}")
    alone, short, long = found["afresh"], found["short"], found["long"]
    yield f"first frame {long.first:.2f} s ({verdict(long.first <= FIRST_LIMIT)} {FIRST_LIMIT:g} s)"
    yield (f"later frames {long.later:.2f} s ({verdict(long.later <= LATER_LIMIT)} {LATER_LIMIT:g} s), "
           f"{long.later / alone.later:.2f} of cutting afresh")
    if short.peak_mib and long.peak_mib:
        ratio = long.peak_mib / short.peak_mib
        yield f"memory {ratio:.2f} times that of the short run ({verdict(ratio <= GROWTH_LIMIT)} {GROWTH_LIMIT:g})"


def _prepare(path: Path, folder: Path) -> int:
    """The clip's first frames as PNG at the benchmark's size, a smaller clip enlarged; how many."""
    clip = clips.open_clip(str(path))
    for place, number in enumerate(islice(clip.numbers, LONG), 1):
        rgb = clip.read(number).rgb
        large = resize(rgb, fitted(size_of(rgb), LONG_SIDE, enlarge=True))
        frames.write(folder / f"{place:04d}.png", Picture(large), "png")
    return min(LONG, len(clip.numbers))


def _run(folder: Path, name: str, way: str, count: int) -> Paced:
    print(f"collage {name} ...", flush=True)
    result = folder / name
    job = Job(str((folder / "frames").resolve()), str(result.resolve()), "collage", CollageOptions(size=LONG_SIDE),
              OutputOptions(frames=f"1-{count}"), EngineOptions(device="cpu"))
    write_text(folder / f"{name}.json", json.dumps(job.to_json()))
    trace_file = folder / f"{name}-trace.json"
    peak = processes.run([sys.executable, "-m", f"{__package__}.pace", str(folder / f"{name}.json"), str(trace_file),
                          way], folder / f"{name}.txt")
    trace = json.loads(trace_file.read_text("utf-8"))
    later, cpu = (statistics.median([b - a for a, b in pairwise(trace[name])] or [float("nan")])
                  for name in ("stamps", "cpu"))
    pieces = (statistics.fmean(len(pieces_of(result, number)) for number in Manifest(result).all())
              if way == "tracked" else None)
    return Paced(trace["opening"], trace["stamps"][0], later, cpu, pieces, peak)
