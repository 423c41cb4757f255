"""A painting as an image strip: on the first free channel above its source, with the source's placement and blend."""

from __future__ import annotations

import contextlib
import os
import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import InputError
from . import compat
from .capture import Plan
from .identity import Strips, original_of, own_identity, twins
from .look import take_over
from .parts import WITHOUT_PICTURE

LAST_CHANNEL = 128
SPARSE, SOFT = 3, 0.02  # every so many pixels are looked at; a share of half transparent ones, and of their alpha
SOURCE_KEY, IDENTITY_KEY = "gouache_source", "gouache_source_identity"
"""On a painting: the name of the strip it was made of when it was, and that strip's identity."""


def open_level(scene: Any) -> Any:
    """The strips that the Video Sequencer lists: those of the meta that is open for editing, else the scene's own."""
    editor = scene.sequence_editor
    return editor.meta_stack[-1].strips if editor.meta_stack else editor.strips


def level_of(scene: Any, strip: Any) -> Any:
    """The strips among which a strip lies: those of its meta, or the scene's own."""
    meta = strip.parent_meta()
    return meta.strips if meta else scene.sequence_editor.strips


@dataclass
class Known:
    """A scene's paintings by their source's identity: looked up once where many are asked for, with `strips` by theirs.

    `earlier` are paintings by an earlier version, which knew their source by name only.
    """

    scene: Any
    strips: Strips | None = None
    paintings: dict[str, list[Any]] = field(default_factory=dict)
    earlier: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        for strip in self.scene.sequence_editor.strips_all:
            if strip.type == "IMAGE" and (identity := strip.get(IDENTITY_KEY)):
                self.paintings.setdefault(identity, []).append(strip)
            elif strip.type == "IMAGE" and strip.get(SOURCE_KEY):
                self.earlier.append(strip)


def find_result(scene: Any, source: Any, known: Known | None = None) -> Any:
    """The strip that already shows a source's painting, or None. Renaming either of the two loses nothing.

    It lies beside its source, unless one of the two was put into a meta since. A copy may share its identity with the
    strip it was copied from, until it is painted itself: then its painting is one on the same frames that is not the
    other's.
    """
    known = known or Known(scene)
    meta = source.parent_meta()
    every = known.paintings.get(source.gouache.identity, [])
    paintings = [strip for strip in every if strip.parent_meta() == meta]
    if not twins(source, known.strips):
        earlier = [strip for strip in known.earlier if strip.parent_meta() == meta]
        return _nearest(paintings, source) or _named(scene, earlier, source) or _nearest(every, source)
    original = original_of(scene, source, known.strips)
    if original is not None and original.parent_meta() == meta:
        others = _nearest(_beside(paintings, original), original)
        paintings = [strip for strip in paintings if strip != others]
    return _nearest(_beside(paintings, source), source)


def _named(scene: Any, paintings: list[Any], source: Any) -> Any:
    """A source's painting by an earlier version among these, or None."""
    earlier = {strip.name: strip for strip in paintings}
    for strip in paintings:
        if strip[SOURCE_KEY] == source.name:
            return strip
    noted = earlier.get(source.gouache.result)
    owner = None if noted is None else scene.sequence_editor.strips_all.get(noted[SOURCE_KEY])
    return noted if owner is None else None


def _beside(paintings: list[Any], source: Any) -> list[Any]:
    """Those that share frames with the source."""
    return [painting for painting in paintings if _shared(painting, source) > 0]


def _nearest(paintings: list[Any], source: Any) -> Any:
    """The one that shares most frames with the source: strips are cut together with their paintings.

    Of two copies the one that is seen.
    """
    return max(paintings, key=lambda painting: (_shared(painting, source), not painting.mute), default=None)


def _shared(painting: Any, source: Any) -> int:
    """How many frames two strips share."""
    (first, end), (other_first, other_end) = compat.bounds(painting), compat.bounds(source)
    return max(0, min(end, other_end) - max(first, other_first))


def source_of(scene: Any, strip: Any) -> Any:
    """The strip that a painting was made of, if it is still there; any other strip itself."""
    if not strip.get(SOURCE_KEY):
        return strip
    strips, identity = scene.sequence_editor.strips_all, strip.get(IDENTITY_KEY)
    if not identity:
        return strips.get(strip[SOURCE_KEY]) or strip
    sources = [other for other in strips if other.gouache.identity == identity]
    if len(sources) > 1:
        return next((source for source in sources if find_result(scene, source) == strip), sources[0])
    return sources[0] if sources else strip


def active_source(scene: Any) -> Any:
    """The active strip of a scene, for a painting the strip it was made of; None without any."""
    strip = scene.sequence_editor.active_strip if scene and scene.sequence_editor else None
    return source_of(scene, strip) if strip else None


def claim(scene: Any, source: Any) -> str:
    """A source's own identity, which its painting takes with it when a copy gets another."""
    painting = find_result(scene, source)
    identity = own_identity(scene, source)
    if painting is not None:
        painting[IDENTITY_KEY] = identity
    return identity


def footage(source: Any) -> str:
    """What a strip is made of, cheap enough for every redraw: its type, and its files, scene or the like by name.

    Only the last two names of a path count, for films are moved with all that is theirs, and no frame's number.
    """
    path = getattr(source, "filepath", "")
    if source.type == "IMAGE":
        path = source.directory + re.sub(r"\d+(?=\.\w+$)", "#", source.elements[0].filename)
    path = "/".join(Path(bpy.path.abspath(path)).parts[-2:]) if path else ""
    blocks = [getattr(source, name, None) for name in ("scene", "clip", "mask")]
    return " ".join([source.type, path, *(block.name for block in blocks if block is not None)])


def shown_of(source: Any, painting: Any) -> str:
    """The same, and which part of it a painting shows: both may be moved and cut together."""
    return f"{footage(source)} {compat.content_start(source) - compat.content_start(painting)}"


def numbered_later(painting: Any) -> int:
    """How much greater the numbers of a painting's files are than the frames where it shows them: it was moved."""
    number = Path(painting.elements[0].filename).stem
    return int(number) - compat.content_start(painting) if number.isdecimal() else 0


def channels_of(scene: Any, strip: Any) -> Any:
    """The channels that a strip and its neighbors lie in, each with its own mute."""
    return (strip.parent_meta() or scene.sequence_editor).channels


def shows_through(source: Any) -> bool:
    """Whether a source is seen beside its painting, because both are blended with what lies below."""
    plain = source.blend_type in {"REPLACE", "ALPHA_OVER"} and source.blend_alpha == 1.0
    return not source.mute and not plain


def is_soft(file: Path) -> bool:
    """Whether a good part of a picture is half transparent, where its source is seen through its painting."""
    image: Any = bpy.data.images.load(str(file))
    try:
        pixels = array("f", bytes(4 * len(image.pixels)))
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    alphas = pixels[3::4 * SPARSE]
    return sum(SOFT < alpha < 1 - SOFT for alpha in alphas) > len(alphas) * SOFT


def _strips_at(scene: Any, beside: Any, first: int, last: int) -> list[Any]:
    """The strips among which a strip lies that are somewhere in frames first..last."""
    return [strip for strip in level_of(scene, beside)
            if compat.bounds(strip)[0] <= last and compat.bounds(strip)[1] > first]


def free_channel(scene: Any, source: Any, first: int, last: int, painting: Any = None) -> int:
    """The channel for a painting of frames first..last: its own if it may stay, else the first free one above.

    Muted channels do not count, for it would not be seen there, nor locked ones, where it could not be selected.
    Raises InputError at the top.
    """
    beside = source if painting is None else painting
    taken = {strip.channel for strip in _strips_at(scene, beside, first, last) if strip != painting}
    if painting is not None and painting.channel not in taken:
        return int(painting.channel)
    channels = channels_of(scene, beside)
    for channel in range(source.channel + 1, LAST_CHANNEL + 1):
        if channel not in taken and not channels[channel].mute and not channels[channel].lock:
            return channel
    raise InputError(f"There is no free channel above '{source.name}': Blender has {LAST_CHANNEL}.",
                     "Move strips down or group them into a meta strip, then paint again.")


def covered(scene: Any, source: Any, painting: Any) -> list[str]:
    """The names of the pictures between a source and its painting: they were over the one and are under the other."""
    if level_of(scene, source) != level_of(scene, painting):
        return []
    first, end = compat.bounds(painting)
    channels = channels_of(scene, source)
    return [strip.name for strip in _strips_at(scene, source, first, end - 1)
            if source.channel < strip.channel < painting.channel and strip.type not in WITHOUT_PICTURE
            and not strip.mute and not channels[strip.channel].mute]


def check_room(scene: Any, source: Any, plan: Plan) -> None:
    """Raise InputError before hours of work if the painting would find no channel."""
    free_channel(scene, source, plan.first, plan.last, find_result(scene, source))


def check_kept(scene: Any) -> None:
    """Raise InputError before hours of work if Blender would not save a painting in this scene."""
    if not scene.is_editable:
        raise InputError(f"The scene '{scene.name}' is linked from another file: a painting here would not be saved.",
                         "Paint its strips there, or make the scene local.")


def put_result(scene: Any, source: Any, plan: Plan, files: dict[int, Path]) -> Any:
    """Show painted frames (timeline frame -> file) as a strip, new or the one that is there; returns it.

    A strip that is there keeps all that was done to it: its name, modifiers and what was set on it otherwise than on
    its source.
    """
    paths = [files[frame] for frame in range(plan.first, plan.last + 1)]
    strip = find_result(scene, source)
    is_new = strip is None
    channel = free_channel(scene, source, plan.first, plan.last, strip)
    if is_new:
        strip = _new_strip(scene, source, paths[0], channel, plan.first)
    _keep_name_true(source, strip)
    _play(scene, source, strip, plan, paths)
    strip.channel = channel
    _read_as_written(strip, paths[0])
    strip[SOURCE_KEY], strip[IDENTITY_KEY] = source.name, source.gouache.identity
    source.gouache.result = strip.name
    take_over(scene, source, strip, plan.placed, is_new)
    if is_new:
        strip.use_float = is_float(source)
    if source.gouache.mute_source:
        source.mute = not strip.mute
    return strip


def _new_strip(scene: Any, source: Any, file: Path, channel: int, first: int) -> Any:
    """A strip for a painting, beside its source."""
    what = "collage" if source.gouache.effect == "collage" else "painted"
    strip = level_of(scene, source).new_image(
        f"{source.name} {what}", str(file), channel, first, fit_method="ORIGINAL")
    strip.select = False
    return strip


def _keep_name_true(source: Any, painting: Any) -> None:
    """Let a painting's name say what it is now, unless an artist gave it another."""
    what, other = ("collage", "painted") if source.gouache.effect == "collage" else ("painted", "collage")
    if painting.name == f"{painting.get(SOURCE_KEY)} {other}":
        painting.name = f"{source.name} {what}"


def _play(scene: Any, source: Any, painting: Any, plan: Plan, paths: list[Path]) -> None:
    """Let a painting show these files, one a frame, from where its source begins; a trim of its own stays."""
    first, last = _ends(painting, plan)
    _reset_timing(source, painting)
    show_files(scene, painting, paths)
    compat.place(painting, plan.first, plan.last + 1)
    compat.set_left_handle(painting, first)
    compat.set_right_handle(painting, last + 1)


def _read_as_written(painting: Any, file: Path) -> None:
    """Set the color space and alpha of such files: Blender asks them only when a strip is made."""
    is_linear = file.suffix == ".exr"
    painting.colorspace_settings.name = compat.linear_name() if is_linear else "sRGB"
    painting.alpha_mode = "PREMUL" if is_linear else "STRAIGHT"


def pictures_of(painting: Any) -> tuple[int, int]:
    """First and last timeline frame that a painting has a picture of its own for: beyond, Blender holds the last one.

    One that was retimed counts as far as it reaches.
    """
    if len(painting.retiming_keys):
        first, end = compat.bounds(painting)
        return first, end - 1
    first = compat.content_start(painting)
    return first, first + len(painting.elements) - 1


def _ends(painting: Any, plan: Plan) -> tuple[int, int]:
    """First and last frame that a painting is to show: where its source ends as it did, it may itself be trimmed."""
    (start, last_picture), (first, end) = pictures_of(painting), compat.bounds(painting)
    is_left, is_right = plan.first == start < first <= plan.last, plan.first < end <= last_picture == plan.last
    return first if is_left else plan.first, end - 1 if is_right else plan.last


def _reset_timing(source: Any, painting: Any) -> None:
    """Play a painting as its pictures are: they have the timing that it may have been given along with its source."""
    if source.use_reverse_frames:
        painting.use_reverse_frames = False
    if len(painting.retiming_keys):
        painting.retiming_keys.reset()


def show_files(scene: Any, strip: Any, paths: list[Path]) -> None:
    """Let an image strip show these files, one a frame, and make Blender forget pictures it keeps of others.

    By Blender's own operator: `elements.append` leaves random numbers as the picture's size, and Blender 4.5 and 5.2
    crash on them when a file is missing.
    """
    editor = scene.sequence_editor
    active = editor.active_strip
    editor.active_strip = strip
    try:
        with compat.in_sequencer(scene):
            bpy.ops.sequencer.change_path(directory=str(paths[0].parent), relative_path=False,
                                          files=[{"name": path.name} for path in paths])
    finally:
        editor.active_strip = active
    strip.directory = stored_folder(paths[0].parent)
    strip.invalidate_cache("RAW")


def stored_path(path: Path) -> str:
    """A path as a .blend keeps it: relative to the file where both lie on one drive."""
    if bpy.data.filepath:
        with contextlib.suppress(ValueError):  # Windows: another drive
            return bpy.path.relpath(str(path))
    return str(path)


def stored_folder(folder: Path) -> str:
    """A folder as a strip keeps it, ending in a separator."""
    text = stored_path(folder)
    return text if text.endswith(("/", os.sep)) else text + "/"


def is_float(source: Any) -> bool:
    """Whether Blender moves and scales a source in float: there it treats half transparent edges in another way."""
    files = [element.filename for element in source.elements[:1]] if source.type == "IMAGE" else []
    return (source.type == "SCENE" or getattr(source, "use_float", False)
            or any(name.lower().endswith((".exr", ".hdr")) for name in files))
