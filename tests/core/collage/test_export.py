"""Layers for other programs: what `pieces.json` and the pictures beside it are good for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import pipeline
from core.job import Job

Jobs = Callable[..., Job]
Clips = Callable[..., Path]


def exported(job: Job) -> dict[str, Any]:
    for _ in pipeline.run(job):
        pass
    return json.loads((Path(job.output) / "layers" / "pieces.json").read_text())


def test_pieces_of_two_shots_are_not_the_same(clip: Clips, collage: Jobs) -> None:
    data = exported(collage(clip(4, cut=3), export_layers=True))
    assert [p["number"] for p in data["pieces"]] == list(range(len(data["pieces"])))
    assert {tuple(p["places"]) for p in data["pieces"]} == {("1", "2"), ("3", "4")}
