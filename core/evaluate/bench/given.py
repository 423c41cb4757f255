"""What one call of the benchmark was given, and how its sections paint recipes with that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...job import Job
from ...options import EngineOptions, StyleImage, StyleOptions
from .. import needs
from . import processes
from .processes import Taken

PRECISIONS = ("auto", "float32")
"""What is timed: the default, and what the default is on processors without bfloat16."""


@dataclass(frozen=True)
class Bench:
    """One call's pictures (at the benchmark's size), settings and output folder.

    `others` are pairs of content and style image that only the sections over every pair see.
    """

    content: Path
    style: Path
    output: Path
    iterations: int
    pastiche: bool = False
    clip: Path | None = None
    others: Sequence[tuple[Path, Path]] = ()

    def each(self) -> Iterator[Bench]:
        """The same with each pair in turn, its output beside its pictures."""
        for content, style in [(self.content, self.style), *self.others]:
            yield replace(self, content=content, style=style, output=content.parent, others=())

    def paint(self, name: str, options: StyleOptions, precision: str = "auto", every: int = 0, times: int = 1,
              content: Path | None = None) -> Taken | None:
        """Run a recipe on the CPU at its picture's own size. None, and a line, where something it needs is missing."""
        if reason := needs.lacking(options):
            print(f"{name}: SKIPPED, {reason}", flush=True)
            return None
        print(f"{name} ...", flush=True)
        options = replace(options, size=0, styles=(StyleImage(str(self.style)),))
        job = Job(str(content or self.content), str(self.output), options=options,
                  engine=EngineOptions(device="cpu", precision=precision))
        return processes.paint(job, self.output / name, every, times)
