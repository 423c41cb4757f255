"""What a collage needs for each frame: what is known of its pieces, which goes on from frame to frame, and a picture.

A picture is made from what is known of its frame alone: any frame can be made without those before it, once their
tracks are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..digests import key_of
from ..plan import Plan, Source, Task, part, shots_of

TRACKS = "tracks"
"""The folder, inside that of the results, for what is known of the pieces in each frame."""


def plan_collage(sources: Sequence[Source], hold: int, look: str, output: Path, chunk: tuple[int, int],
                 layers: tuple[str, ...] = ()) -> Plan:
    """The tasks for a clip's frames, given in order; pictures stay for `hold` frames of their shot.

    The results are those of the wanted frames; with a chunk (K, N), of part K of N of them, about equally long. Tracks
    begin with the shot in any case, and with the numbers of its frames: these seed what is random in them. A shot's
    first frame is cut by how it moves to the second one, whose pixels and recorded motion it depends on. `layers` are
    the folders of what goes along with each picture.
    """
    plan = Plan()
    for shot in shots_of(sources):
        before: Task | None = None
        shown: Task | None = None
        for i, source in enumerate(shot):
            second = shot[1] if before is None and len(shot) > 1 else None
            known = [before.key] if before else [second.input, second.moved] if second else []
            before = Task(source.number, output / TRACKS / f"{source.number:05d}.safetensors", source.input,
                          key_of("track", source.number, source.facts, look, *known),
                          follows=before, second=second, is_track=True)
            plan.tasks.append(before)
            path = output / source.file
            if shown is not None and i % hold:
                picture = Task(source.number, path, source.input, shown.key, copied=shown)
            else:
                shown = picture = Task(source.number, path, source.input, key_of("collage", before.key), track=before,
                                       layers=layers)
            plan.tasks.append(picture)
            if source.wanted:
                plan.results.append(picture)
    plan.results = [plan.results[i] for i in part([1] * len(plan.results), chunk)]
    return plan
