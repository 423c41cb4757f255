"""What is ordered for a strip: its frames captured, the job for the engine, its painting as a strip above it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...core.atomic import check_writable
from ...core.digests import key_of
from ...core.errors import GouacheError, InputError
from ...core.job import Job
from ...core.manifest import Manifest
from ...core.options import CollageOptions, OutputOptions, StyleOptions
from .. import compat, preferences, settings
from ..animation import animated_defaults, animated_values
from ..capture import Plan, SizeChangedError, capture, make_plan, own_size, rendered_range, strip_of
from ..files import names_in, safe_name
from ..folders import folder_of
from ..order import Order, Ranged, Shown, as_preview, finished, preview_folder, runs, runs_text
from ..owner import Owner
from ..parts import SHOWS_BELOW
from ..rendering import film_strips, holds_copies
from ..results import (
    SOURCE_KEY,
    check_room,
    claim,
    covered,
    find_result,
    footage,
    is_soft,
    numbered_later,
    put_result,
    shown_of,
    shows_through,
)
from .source_settings import source_settings

ROUNDING = 1e-5  # of animated values


@dataclass(frozen=True)
class StripSubject(Ranged):
    """A strip of the Video Sequencer; looked up each time, for it may be renamed or gone in mid-job.

    `look` is the hash of all that its painting is to look like, `painted_as` the text of what is set. Where the
    strip stood when this was ordered is `stood`: its first and last frame, and where its content begins; `footage`
    is what it was made of, and `settings` are Blender's own.
    """

    plan: Plan
    look: str = ""
    painted_as: str = ""
    stood: tuple[int, int, int] = (0, 0, 0)
    footage: str = ""
    settings: str = ""

    @property
    def name(self) -> str:
        return self.plan.strip

    def capture(self, folder: Path, first: int, last: int) -> StripSubject:
        """Capture frames; a clip whose pictures changed size is seen anew: in that, or as it lies on the canvas."""
        try:
            capture(self.plan, folder, first, last)
        except SizeChangedError as error:
            scene, strip = strip_of(self.plan)
            is_first = (self.plan.width, self.plan.height) == own_size(strip)  # else some pictures had another size
            size = error.size if is_first else None
            width, height = size or (scene.render.resolution_x, scene.render.resolution_y)
            return replace(self, plan=replace(self.plan, placed=size is None, width=width, height=height))
        return self

    def show(self, files: dict[int, Path]) -> Shown:
        """All frames get their place, also those that are not painted yet: the strip shows nothing there."""
        scene, strip = strip_of(self.plan)
        claim(scene, strip)  # undo meanwhile took its identity away
        some = next(iter(files.values()))
        every = {frame: some.with_name(f"{frame:05d}{some.suffix}") for frame in range(self.first, self.last + 1)}
        shift = self._shift(strip)
        by = shift or 0
        plan = replace(self.plan, first=self.first + by, last=self.last + by)
        result = put_result(scene, strip, plan, {frame + by: file for frame, file in {**every, **files}.items()})
        if shift is None:
            strip.gouache.painted_as = ""
        elif len(files) == len(every):
            strip.gouache.painted_as, strip.gouache.painted_look = self.painted_as, self.look
            strip.gouache.painted_of, strip.gouache.painted_from = shown_of(strip, result), self.settings
        captured = some.parent.with_name("source") / f"{(self.first + self.last) // 2:05d}.png"
        return Shown(result.name, tuple(_notes(scene, strip, result, captured, shift is None)))

    def _shift(self, strip: Any) -> int | None:
        """By how many frames the strip was moved since it was ordered; None if it shows other pictures now."""
        by = {now - then for now, then in zip(_stand(strip), self.stood, strict=True)}
        shift = by.pop()
        return None if by or footage(strip) != self.footage or (shift and strip.type in SHOWS_BELOW) else shift


def _stand(strip: Any) -> tuple[int, int, int]:
    return (*rendered_range(strip), compat.content_start(strip))


def _notes(scene: Any, strip: Any, result: Any, captured: Path, is_other: bool) -> Iterator[str]:
    """What an artist should know about where a painting is; `captured` is one of the frames it was made from."""
    if is_other:
        yield f"'{strip.name}' was trimmed or changed while it was painted: paint it again."
    is_over = not strip.mute and strip.blend_type == "ALPHA_OVER"
    can_look = captured.is_file() and not holds_copies()  # it loads the picture, and removes it again
    if shows_through(strip) or (is_over and can_look and is_soft(captured)):
        yield f"'{strip.name}' is blended with its painting: Mute Source hides it."
    if names := covered(scene, strip, result):
        yield f"'{result.name}' covers what was over '{strip.name}': {', '.join(names)}. Move it down, or that up."


def order_strip(scene: Any, strip: Any, wanted: Collection[int] | None = None) -> Order:
    """All that is needed to paint a strip, checked before any work. Raises GouacheError.

    `wanted` are the only frames to make: as they are in the whole strip, so whatever they agree with is captured too.
    """
    with _naming(strip.name):
        options = settings.effect_options(strip.gouache)
        motion = settings.motion_options(strip.gouache, preferences.get())
    plan = make_plan(scene, strip)
    check_room(scene, strip, plan)
    files = settings.output_options(strip.gouache, plan.first, plan.last)
    is_style = strip.gouache.effect == "style"  # a collage has no setting that changes over time
    animation = animated_values(scene, scene, strip, plan.first, plan.last) if is_style else {}
    painting = find_result(scene, strip)
    animation = _as_painted(animation, painting)
    options = replace(options, **animated_defaults(animation))
    job = replace(_job(strip, options, files, animation), motion=motion)
    subject = StripSubject(replace(plan, identity=claim(scene, strip)), job.look(),
                           Owner(strip, scene).fingerprint(), _stand(strip), footage(strip),
                           source_settings(scene, strip))
    shown = _shown_folder(scene, strip, subject)
    folder, apart = _bake_folders(strip, subject, painting)
    order = Order(subject, job, folder, begun=shown, apart=apart,
                  stands=shown is not None and bool(strip.gouache.painted_look) and _is_told_by_pictures(job),
                  numbered_later=numbered_later(painting) if painting is not None else 0,
                  again=partial(_ordered_again, subject, wanted)).rooted()
    return order if wanted is None else _only(order, wanted)


def _is_told_by_pictures(job: Job) -> bool:
    """Whether only pictures may have changed where the settings are the same: a mask's files only the engine knows."""
    return not (job.options.mask or job.motion.flow or getattr(job.options, "depth", ""))


def _as_painted(animation: dict[str, dict[int, float]], painting: Any) -> dict[str, dict[int, float]]:
    """Animated values, those that a strip was painted with if they are the same: later in a film they are rounded."""
    if painting is None or not animation:
        return animation
    by = numbered_later(painting)
    try:
        job = Path(bpy.path.abspath(painting.directory)).with_name("job.json")
        before: dict[str, dict[str, float]] = json.loads(job.read_text("utf-8"))["animation"]
    except (OSError, ValueError, LookupError):
        return animation
    return {name: {frame: _nearly(value, before.get(name, {}).get(str(frame + by))) for frame, value in values.items()}
            for name, values in animation.items()}


def _nearly(value: float, before: Any) -> float:
    """An earlier value if it is the same but for rounding."""
    return before if isinstance(before, float) and abs(before - value) < ROUNDING else value


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let what is wrong with settings say whose they are: there may be many in one batch."""
    try:
        yield
    except GouacheError as error:
        raise error.reworded(f"'{name}': {error.message}") from error


def _ordered_again(subject: StripSubject, wanted: Collection[int] | None) -> Order | None:
    """The order for a strip that was moved, trimmed or given other footage since, as all is now; else None."""
    scene, strip = strip_of(subject.plan)
    is_same = (_stand(strip), footage(strip)) == (subject.stood, subject.footage)
    return None if is_same else order_strip(scene, strip, wanted)


def _bake_folders(strip: Any, subject: StripSubject, painting: Any) -> tuple[Path, Path | None]:
    """Where a strip's frames are kept for these settings; found again whatever the strip is called now.

    Two versions of a film have a folder each, though the strip is the same: one may go on changing. And where its
    painting was moved with it there is one for frames that are painted anew: under their numbers others are shown.
    """
    key = f"{subject.plan.identity[:8]}{key_of(subject.look, Path(bpy.data.filepath).name)[:8]}"
    others = _shown_by(strip for strip in _paintings() if strip != painting)
    if painting is None:
        return folder_of(strip.name, key, None, others), None
    shown, = _shown_by([painting])
    folder = folder_of(strip.name, key, shown, others)
    return folder, folder_of(strip.name, key, shown, {*others, shown}) if numbered_later(painting) else None


def _paintings() -> Iterator[Any]:
    """All paintings of this film."""
    return (strip for _, strip in film_strips() if strip.type == "IMAGE" and strip.get(SOURCE_KEY))


def _shown_by(paintings: Iterable[Any]) -> set[Path]:
    """The bake folders that paintings show: halves and copies get their own when they are painted again."""
    return {Path(os.path.normpath(bpy.path.abspath(strip.directory))).parent for strip in paintings}


def bake_folders(strip: Any) -> list[Path]:
    """All folders that a strip was painted into, whatever it was called then, and those of an earlier version."""
    cache, identity = preferences.cache_folder(), strip.gouache.identity[:8]
    mine = cache.glob(f"*-{identity}{'?' * 8}") if identity else ()
    return sorted({*mine, *cache.glob(f"{safe_name(strip.name)}-{'?' * 12}")})


def _shown_folder(scene: Any, strip: Any, subject: StripSubject) -> Path | None:
    """The folder of the painting that is there, if all of the strip was painted as it is set now; else None."""
    result, group = find_result(scene, strip), strip.gouache
    if result is None or not Owner(strip, scene).is_set_as(group.painted_as):
        return None
    folder = Path(bpy.path.abspath(result.directory))
    return folder if group.painted_look in ("", subject.look) and Manifest(folder).is_begun else None


_kept: dict[str, tuple[str, str, list[Path], int]] = {}


def note_kept(order: Order, files: Iterable[Path]) -> None:
    """Keep in mind, while Blender runs, which frames were ready when the painting of a strip was broken off."""
    subject = order.subject
    assert isinstance(subject, StripSubject), "an order for a strip"
    _kept[subject.plan.identity] = subject.painted_as, bpy.data.filepath, list(files), len(order.frames)


def kept_of(scene: Any, strip: Any) -> tuple[int, int] | None:
    """How many frames are ready of how many, of a painting as it is set now that was broken off; else None."""
    painted_as, film, files, of = _kept.get(strip.gouache.identity, ("", "", [], 0))
    if not files or (painted_as, film) != (Owner(strip, scene).fingerprint(), bpy.data.filepath):
        return None
    there = names_in(files[0].parent)
    ready = sum(file.name in there for file in files)
    return (ready, of) if ready else None


def _only(order: Order, wanted: Collection[int]) -> Order:
    """The order for some of its frames. Raises InputError if it has none of them."""
    frames = [frame for frame in order.frames if frame in wanted]
    if not frames:
        raise InputError(f"'{order.subject.name}' does not show at these frames.",
                         f"It has the frames {order.subject.first} to {order.subject.last}.")
    if len(frames) == len(order.frames):
        return order
    ranges, job = runs(frames), order.job
    files = replace(job.files, only=runs_text(ranges))
    alone = not job.follows_motion and not job.refers_to_first
    return replace(order, job=replace(job, files=files), wanted=ranges, seen=ranges if alone else (),
                   job_name=f"job-{frames[0]:05d}-{frames[-1]:05d}.json")


def is_fresh(scene: Any, strip: Any, order: Order, captured: Container[Path] = ()) -> bool:
    """Whether the wanted frames stand painted as an engine would paint them now, as far as Blender can tell.

    They are captured for that, unless their folder is in `captured`. The painting may have been moved with its strip.
    Raises GouacheError.
    """
    if not order.stands:
        return False
    assert isinstance(order.subject, StripSubject), "an order for a strip"
    shown = _shown_folder(scene, strip, order.subject)
    assert shown is not None, "what stands is shown"
    check_writable(order.source)
    for first, last in runs(order.frames) if order.source not in captured else ():
        if order.subject.capture(order.source, first, last) is not order.subject:
            return False
    manifest, made = Manifest(shown), {frame: order.source / f"{frame:05d}.png" for frame in order.frames}
    return any(all(finished(manifest, frame + by, source, order.job.effect) for frame, source in made.items())
               for by in {0, order.numbered_later})


def order_preview(scene: Any, strip: Any, frame: int) -> Order:
    """One frame, small and at once: a collage, or a painting by the fast engine whatever engine the strip is set to.

    Raises GouacheError, also if the strip does not show at that frame.
    """
    is_style = strip.gouache.effect == "style"
    options: StyleOptions | CollageOptions = (
        settings.style_options(strip.gouache, "fast") if is_style else settings.collage_options(strip.gouache))
    plan = make_plan(scene, strip)
    if not plan.first <= frame <= plan.last:
        raise InputError(f"'{strip.name}' does not show at frame {frame}.",
                         f"Move the playhead to a frame from {plan.first} to {plan.last}.")
    plan = replace(plan, first=frame, last=frame)
    animation = animated_values(scene, scene, strip, frame, frame) if is_style else {}
    job = as_preview(_job(strip, options, settings.output_options(strip.gouache, frame, frame), animation))
    return Order(StripSubject(plan), job, preview_folder(strip.name)).rooted()


def _job(strip: Any, options: StyleOptions | CollageOptions, files: OutputOptions,
         animation: dict[str, dict[int, float]]) -> Job:
    return Job("", "", strip.gouache.effect, options, files, settings.engine_options(preferences.get()), animation)
