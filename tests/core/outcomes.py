"""A job run to its end, and what came of it."""

from __future__ import annotations

from pathlib import Path

from core import events, pipeline
from core.events import Event
from core.job import Job


def run(job: Job) -> list[Event]:
    return list(pipeline.run(job))


def painted(happened: list[Event]) -> list[int]:
    return [e.frame for e in happened if isinstance(e, events.Frame) and not e.cached]


def files_of(job: Job) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in Path(job.output).iterdir() if p.is_file()}
