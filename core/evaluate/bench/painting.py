"""One recipe in a process of its own: `python -m core.evaluate.bench.painting JOB.json DIR EVERY TIMES`.

Paints the job's one frame TIMES times as a job would. Leaves in DIR, of the last time, a snapshot NNNNN.png for every
EVERY-th optimizer step at the final size (0: none), 99999.png, the result, and trace.json with the seconds each of
them took, every step and every time; counted from the first step, with the time for snapshots left out.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from torch import Tensor

from ... import clips, devices, frames
from ...atomic import write_text
from ...effects import Effect, Frame, Step
from ...frames import Picture
from ...job import Job
from ...kinds import KINDS

LAST = "99999"
"""The name of the snapshot that is the result."""


def main(job_file: str, folder: str, every: str, times: str) -> None:
    """Run a recipe."""
    job = Job.from_json(json.loads(Path(job_file).read_text("utf-8")))
    compute = devices.choose(job.engine)
    clip = clips.open_clip(job.input)
    effect = KINDS[job.effect].prepare(job, clip, compute, clip.numbers[0])
    number = clip.numbers[0]
    frame = Frame(number, clip.read(number), job.at(number, "strength"))
    trace: dict[str, Any] = {}
    repeats = []
    for again in range(int(times)):
        trace = _paint(effect, frame, Path(folder), int(every) if again + 1 == int(times) else 0)
        repeats.append(trace["snapshots"][LAST])
    trace["repeats"] = repeats
    trace["precision"] = str(compute.precision).removeprefix("torch.")
    write_text(Path(folder) / "trace.json", json.dumps(trace))


def _paint(effect: Effect, frame: Frame, folder: Path, every: int) -> dict[str, Any]:
    """Paint once: {"snapshots": {name: seconds}, "steps": [[at the final size?, loss, seconds], ...]}."""
    snapshots: dict[str, float] = {}
    steps: list[tuple[bool, float, float]] = []
    paused, began = 0.0, time.perf_counter()
    for result in effect.paint(frame):
        now = time.perf_counter()
        seconds = now - began - paused
        if isinstance(result, Step):
            final = result.picture.shape == frame.picture.rgb.shape
            steps.append((final, result.loss, seconds))
            key = f"{result.step:05d}" if every and final and result.step % every == 0 else ""
            picture = result.picture
        else:
            key, picture = LAST, result.rgb
        if key:
            frames.write(folder / f"{key}.png", Picture(_shown(picture)), "png")
            snapshots[key] = seconds
        paused += time.perf_counter() - now
    return {"snapshots": snapshots, "steps": steps}


def _shown(picture: Tensor) -> Tensor:
    return picture.detach().clamp(0.0, 1.0).cpu()


if __name__ == "__main__":
    main(*sys.argv[1:])
