"""The clips of an evaluation: what they are called, whether their exact movement is known, and results made of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from .. import clips, events, pipeline
from ..clips import Clip
from ..errors import OptionError
from ..job import Job


def named(paths: Sequence[str]) -> dict[str, str]:
    """The clips by the names of their folders or movies. Raises OptionError when two share one."""
    named: dict[str, str] = {}
    for path in paths:
        clip = clips.open_clip(path)
        name = clip.path.stem if isinstance(clip, clips.Movie) else clip.folder.resolve().name
        if name in named:
            raise OptionError(f"Two clips are called '{name}'.", "Results lie in folders of that name: rename one.")
        named[name] = path
    return named


def recorded(clip: Clip) -> Path | None:
    """The folder with the clip's exact movement: its own, if .flo files lie there."""
    return clip.folder if isinstance(clip, clips.Sequence) and any(clip.folder.glob("*.flo")) else None


def make(job: Job, total: int) -> None:
    """Make what is missing of a job's frames, so many in all, with a bar on stderr that warnings stand above.

    Raises GouacheError.
    """
    name = Path(job.output).name
    with tqdm(total=total, unit="frame", desc=name, disable=None) as bar:
        for event in pipeline.run(job):
            if isinstance(event, events.Frame):
                bar.update()
            elif isinstance(event, events.Warning):
                bar.write(f"{name}: {event.message}", sys.stderr)
