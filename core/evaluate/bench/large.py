"""The benchmark's section on a very large picture: what it takes through the whole pipeline."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from itertools import pairwise
from typing import Any

from ... import frames
from ...frames import Picture
from ...options import StyleOptions
from ...sizes import Size, resize
from .. import needs
from ..report import verdict
from . import processes
from .given import Bench

LARGE: Size = (2304, 4096)
LARGE_STEPS = 4


def large(bench: Bench) -> dict[str, Any]:
    """4096 x 2304 with lite through the whole pipeline: peak memory of the process, seconds per step"""
    if reason := needs.lacking(StyleOptions(encoder="lite")):
        print(f"large: SKIPPED, {reason}")
        return {}
    folder = bench.output / "large"
    shutil.rmtree(folder, ignore_errors=True)
    content = folder / "content.png"
    frames.write(content, Picture(resize(frames.read(bench.content).rgb, LARGE)), "png")
    log = folder / "log.txt"
    peak = processes.run(
        [sys.executable, "-m", (__package__ or "").removesuffix(".evaluate.bench"), "stylize", str(content), "--style",
         str(bench.style), "--output", str(folder / "result"), "--size", "0", "--encoder", "lite", "--device", "cpu",
         "--iterations", str(LARGE_STEPS), "--tolerance", "0", "--json"], log)
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    times = [event["seconds"] for event in events if event.get("event") == "progress"]
    last = times[-LARGE_STEPS:-1]  # the very last step only looks at the loss
    step = statistics.mean(b - a for a, b in pairwise(last))
    whole = next(event["seconds"] for event in events if event.get("event") == "done")
    memory = f"{peak:.0f} MiB ({verdict(peak <= 6 * 1024)} 6 GiB)" if peak else "n/a"
    print(f"{LARGE[1]} x {LARGE[0]}: {step:.1f} s a step at the full size, {whole:.0f} s for {len(times)} steps on all "
          f"scales with reading and writing, peak {memory}")
    return {"seconds_per_step": step, "seconds": whole, "steps": len(times), "peak_mib": peak}
