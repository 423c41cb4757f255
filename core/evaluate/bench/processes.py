"""Processes of their own for the benchmark's recipes: what each took in seconds and in memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ...atomic import write_text
from ...errors import GouacheError
from ...job import Job


@dataclass(frozen=True)
class Taken:
    """What a recipe took.

    `snapshots`: seconds by name of a picture left in `folder`. `steps`: for each optimizer step whether it was at the
    final size, the lowest loss so far there, and the seconds since the first. `repeats`: the seconds of each time.
    """

    folder: Path
    snapshots: dict[str, float]
    steps: list[tuple[bool, float, float]] = field(default_factory=list)
    repeats: list[float] = field(default_factory=list)
    precision: str = ""
    peak_mib: float | None = None

    @property
    def seconds_per_step(self) -> float:
        """Median over the steps at the final size, of which there must be four at least.

        The first two prepare things, and the last one only looks at the loss.
        """
        times = [seconds for final, _, seconds in self.steps if final]
        return statistics.median(b - a for a, b in pairwise(times[1:-1]))


def paint(job: Job, folder: Path, every: int = 0, times: int = 1) -> Taken:
    """Run one recipe (see `painting.py`). Raises GouacheError if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("*.png"), folder / "trace.json"]:
        old.unlink(missing_ok=True)
    write_text(folder / "job.json", json.dumps(job.to_json()))
    peak = run([sys.executable, "-m", f"{__package__}.painting", str(folder / "job.json"), str(folder), str(every),
                str(times)], folder / "log.txt")
    trace = json.loads((folder / "trace.json").read_text("utf-8"))
    return Taken(folder, trace["snapshots"], [(bool(f), float(loss), float(s)) for f, loss, s in trace["steps"]],
                 trace["repeats"], trace["precision"], peak)


def run(command: Sequence[str], log: Path) -> float | None:
    """Run to the end; the peak memory in MiB (None where the system does not tell). Raises GouacheError if it fails.

    The command does not outlive this process.
    """
    report = log.with_name("peak.txt")
    report.unlink(missing_ok=True)
    measured = [sys.executable, "-m", f"{__package__}.peak", str(report), *command]
    with log.open("w") as file, subprocess.Popen(measured, stdin=subprocess.PIPE, stdout=file,
                                                 stderr=subprocess.STDOUT) as process:
        failed = process.wait()
    if failed:
        said = log.read_text("utf-8", errors="replace")
        last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it was ended from outside")
        raise GouacheError(f"The benchmark's '{log.parent.name}' failed: {last}", f"See its {log.name}.", said[-2000:])
    return float(report.read_text("utf-8")) if report.is_file() else None
