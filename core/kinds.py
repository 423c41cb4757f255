"""Which effects there are, and how each is made ready for a clip and its pictures planned: the one list of effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from . import clips, frames
from .clips import Clip
from .collage.effect import CollageEffect
from .collage.export import export
from .collage.layers import layer_folders
from .collage.materials import open_materials
from .collage.tasks import plan_collage
from .devices import Compute
from .effects import Effect
from .errors import OptionError
from .job import Job
from .options import CollageOptions, StyleOptions, as_read
from .plan import Plan, Source, plan
from .style.effect import StyleEffect

Kept = TypeVar("Kept", StyleOptions, CollageOptions)


@dataclass(frozen=True)
class Kind:
    """What the pipeline needs to know of an effect.

    `prepare` reads its pictures and loads its networks (for a job, its clip, and the number of the frame whose colors
    count for all), `plan` says which pictures a job needs (from the sources, the job, the hash of what changes every
    frame, and the chunk (K, N)), `finish` writes what belongs to the whole clip once all of it is made, and yields at
    which frame it is and how much of how much is written. `from_the_first` says that a frame depends on all before it
    in its shot, whichever frames are asked for.
    """

    prepare: Callable[[Job, Clip, Compute, int], Effect]
    plan: Callable[[Sequence[Source], Job, str, tuple[int, int]], Plan]
    finish: Callable[[Effect, Job, Plan], Iterator[tuple[int, int, int]]] = lambda effect, job, plan: iter(())
    from_the_first: bool = False


def hangs_together(job: Job, clip: Clip) -> bool:
    """Whether frames are made in agreement with others: not if they are to be alone, nor if there is but one."""
    return job.follows_motion and len(clip.numbers) > 1


def _style(job: Job, clip: Clip, compute: Compute, reference: int) -> Effect:
    options = _options(job, StyleOptions)
    if not options.styles:
        raise OptionError("There is no style image.", "Give at least one.")
    styles = [(frames.read(Path(style.path)), style.weight) for style in options.styles]
    return StyleEffect(options if hangs_together(job, clip) else replace(options, stability=0.0), styles, compute,
                       lambda: clip.read(reference))


def _plan_style(sources: Sequence[Source], job: Job, look: str, chunk: tuple[int, int]) -> Plan:
    read = replace(job, options=as_read(job.options))
    return plan(sources, _options(read, StyleOptions), look, Path(job.output), chunk)


def _collage(job: Job, clip: Clip, compute: Compute, reference: int) -> Effect:
    options = _options(job, CollageOptions)
    return CollageEffect(options, open_materials(options, lambda: clips.open_clip(job.input)))


def _plan_collage(sources: Sequence[Source], job: Job, look: str, chunk: tuple[int, int]) -> Plan:
    options = _options(job, CollageOptions)
    layers = layer_folders(options.levels) if options.export_layers else ()
    return plan_collage(sources, options.hold, look, Path(job.output), chunk, layers)


def _finish_collage(effect: Effect, job: Job, plan: Plan) -> Iterator[tuple[int, int, int]]:
    assert isinstance(effect, CollageEffect)
    is_part = job.files.only or job.files.chunk  # what tells of a part would take the place of what tells of all
    if effect.options.export_layers and not is_part:
        yield from export(effect.composer, plan, Path(job.output))


def _options(job: Job, kind: type[Kept]) -> Kept:
    if not isinstance(job.options, kind):
        raise OptionError(f"The job's options are not those of '{job.effect}'.", "Write it with Job.to_json.")
    return job.options


KINDS: Mapping[str, Kind] = {
    "style": Kind(_style, _plan_style),
    "collage": Kind(_collage, _plan_collage, _finish_collage, from_the_first=True),
}
