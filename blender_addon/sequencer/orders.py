"""What is ordered for a strip: its frames captured, the job for the engine, its painting as a strip above it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError
from ...core.job import Job
from ...core.options import CollageOptions, OutputOptions, StyleOptions
from .. import preferences, settings
from ..animation import animated_defaults, animated_values, keys_of
from ..bake import Order, Shown
from ..capture import Plan, SizeChangedError, capture, find_strip, make_plan
from ..files import safe_name
from ..results import check_room, put_result, shows_through

PREVIEW_SIZE = 640      # the fast engine paints so many pixels within half a second on two CPU cores
PREVIEW_FOLDER = "preview"


@dataclass(frozen=True)
class StripSubject:
    """A strip of the Video Sequencer; looked up by its name each time, for it may be gone in mid-job."""

    plan: Plan

    @property
    def name(self) -> str:
        return self.plan.strip

    @property
    def first(self) -> int:
        return self.plan.first

    @property
    def last(self) -> int:
        return self.plan.last

    def capture(self, folder: Path, first: int, last: int) -> StripSubject:
        """Capture frames; a clip whose pictures change size is seen anew, as it lies on the canvas."""
        try:
            capture(self.plan, folder, first, last)
        except SizeChangedError:
            render = find_strip(self.plan.scene, self.plan.strip)[0].render
            return StripSubject(replace(self.plan, placed=True, width=render.resolution_x,
                                        height=render.resolution_y))
        return self

    def show(self, files: dict[int, Path]) -> Shown:
        scene, strip = find_strip(self.plan.scene, self.plan.strip)
        result = put_result(scene, strip, self.plan, files)
        strip.gouache.painted_as = settings.fingerprint(strip.gouache, keys_of(scene, strip))
        if shows_through(strip):
            return Shown(result.name, (f"'{strip.name}' is blended with its painting: Mute Source hides it.",))
        return Shown(result.name)


def order_strip(scene: Any, strip: Any) -> Order:
    """All that is needed to paint a strip, checked before any work. Raises GouacheError."""
    options = settings.effect_options(strip.gouache)
    plan = make_plan(scene, strip)
    check_room(scene, strip, plan)
    files = settings.output_options(strip.gouache, plan.first, plan.last)
    is_style = strip.gouache.effect == "style"  # a collage has no setting that changes over time
    animation = animated_values(scene, strip, plan.first, plan.last) if is_style else {}
    options = replace(options, **animated_defaults(animation))
    job = _job(strip, options, files, animation)
    folder = preferences.cache_folder() / f"{safe_name(strip.name)}-{job_hash(job, scene, strip)[:12]}"
    return Order(StripSubject(plan), job, folder).rooted()


def order_preview(scene: Any, strip: Any, frame: int) -> Order:
    """One frame, small and at once: a collage, or a painting by the fast engine whatever engine the strip is set to.

    Raises GouacheError, also if the strip does not show at that frame.
    """
    is_style = strip.gouache.effect == "style"
    options: StyleOptions | CollageOptions = (
        settings.style_options(strip.gouache, "fast") if is_style
        else replace(settings.collage_options(strip.gouache), export_layers=False))
    plan = make_plan(scene, strip)
    if not plan.first <= frame <= plan.last:
        raise InputError(f"'{strip.name}' does not show at frame {frame}.",
                         f"Move the playhead to a frame from {plan.first} to {plan.last}.")
    plan = replace(plan, first=frame, last=frame)
    options = replace(options, size=min(options.size or PREVIEW_SIZE, PREVIEW_SIZE))
    files = replace(settings.output_options(strip.gouache, frame, frame), format="png", restore_size=False)
    animation = animated_values(scene, strip, frame, frame) if is_style else {}
    job = _job(strip, options, files, animation)
    return Order(StripSubject(plan), job, preferences.cache_folder() / PREVIEW_FOLDER / safe_name(strip.name)).rooted()


def _job(strip: Any, options: StyleOptions | CollageOptions, files: OutputOptions,
         animation: dict[str, dict[int, float]]) -> Job:
    return Job("", "", strip.gouache.effect, options, files, settings.engine_options(preferences.get()), animation)


def job_hash(job: Job, scene: Any, strip: Any) -> str:
    """The hash (hex) that names a bake folder: how it looks, and which strip of which file it is."""
    identity = [job.look(), Path(bpy.data.filepath).name, scene.name, strip.name]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()
