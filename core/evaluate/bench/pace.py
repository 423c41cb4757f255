"""One collage in a process of its own: `python -m core.evaluate.bench.pace JOB.json TRACE.json tracked|afresh`.

TRACE.json gets `opening`, the seconds until the first frame is begun (materials are read, shots looked for), and
`stamps`, the seconds after that at which each frame stood in its file; `cpu` is the same in seconds of processor time,
of all threads, which other busy programs do not lengthen much.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ... import events, pipeline
from ...atomic import write_text
from ...job import Job
from .. import afresh


def main(job_file: str, trace_file: str, way: str) -> None:
    """Run a collage and look at the clock."""
    job = Job.from_json(json.loads(Path(job_file).read_text("utf-8")))
    began = time.perf_counter()
    ticks = (_tracked if way == "tracked" else _afresh)(job)
    next(ticks)
    opened, worked = time.perf_counter(), time.process_time()
    stamps = [(time.perf_counter() - opened, time.process_time() - worked) for _ in ticks]
    write_text(Path(trace_file), json.dumps({"opening": opened - began, "stamps": [wall for wall, _ in stamps],
                                             "cpu": [cpu for _, cpu in stamps]}))


def _tracked(job: Job) -> Iterator[None]:
    """One tick as the job starts, then one for each frame."""
    for event in pipeline.run(job):
        if isinstance(event, events.Started | events.Frame):
            yield


def _afresh(job: Job) -> Iterator[None]:
    """Likewise; materials are read with the first frame."""
    yield
    for _ in afresh.make(job):
        yield


if __name__ == "__main__":
    main(*sys.argv[1:])
