"""A strip's frames as Blender shows them, rendered to PNG from a copy of the scene, never from the scene itself.

The painting later gets the source's transform, crop, flips, blend and opacity, so these are set to neutral in the
copy and nothing is applied twice. Pictures, movies and scenes are captured at their own pixel size, all else at the
size of the render.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import InputError, OutputError
from . import compat
from .animation import FROM_NLA, is_live
from .files import replace_if_different
from .parts import SHOWS_BELOW, WITHOUT_PICTURE, inputs_of, parts_of, seen
from .rendering import put_away, render_frames

PLACEMENT = {"transform.offset_x": 0.0, "transform.offset_y": 0.0, "transform.scale_x": 1.0, "transform.scale_y": 1.0,
             "transform.rotation": 0.0, "crop.min_x": 0, "crop.max_x": 0, "crop.min_y": 0, "crop.max_y": 0,
             "use_flip_x": False, "use_flip_y": False}
BLEND = {"blend_type": "REPLACE", "blend_alpha": 1.0}
ON_CANVAS = {"META", "CROSS", "ADD", "SUBTRACT", "ALPHA_OVER", "ALPHA_UNDER", "GAMMA_CROSS", "MULTIPLY", "WIPE", "GLOW",
             "COLOR", "SPEED", "GAUSSIAN_BLUR", "TEXT", "COLORMIX", "TRANSFORM", "COMPOSITOR"} | SHOWS_BELOW
POINTWISE = {"BRIGHT_CONTRAST", "COLOR_BALANCE", "CURVES", "HUE_CORRECT", "WHITE_BALANCE"}
LAST_FRAME = 99999  # files have five digits


class SizeChangedError(Exception):
    """A picture came that is not as large as planned; `size` is that of all that came with it, None if they differ."""

    def __init__(self, size: tuple[int, int] | None) -> None:
        super().__init__()
        self.size = size


@dataclass(frozen=True)
class Plan:
    """What is captured of a strip: timeline frames first..last (both included), at width x height pixels.

    `placed` says that transform, crop and flips are part of the pictures and must not be applied to the result again.
    `modifier` names the first of the strip's modifiers that is not: what comes in there is captured. `identity` finds
    the strip again if it is renamed meanwhile, and `session` the scene.
    """

    scene: str
    strip: str
    first: int
    last: int
    width: int
    height: int
    placed: bool
    modifier: str = ""
    identity: str = ""
    session: int = 0

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def strip_chain(strip: Any) -> list[Any]:
    """The meta strips around a strip, outermost first, then the strip itself."""
    meta = strip.parent_meta()
    return [*(strip_chain(meta) if meta else []), strip]


def find_strip(scene_name: str, strip_name: str) -> tuple[Any, Any]:
    """The scene and its strip, at any depth of metas. Raises InputError if either is gone."""
    scene = bpy.data.scenes.get(scene_name)
    strip = scene.sequence_editor.strips_all.get(strip_name) if scene and scene.sequence_editor else None
    if strip is None:
        raise InputError(f"There is no strip '{strip_name}' in scene '{scene_name}'.", "Check the name.")
    return scene, strip


def find_again(name: str, session: int) -> Any:
    """A scene by Blender's number for this session, which it keeps when it is renamed, else by its name; or None."""
    scenes: Any = bpy.data.scenes
    return next((scene for scene in scenes if scene.session_uid == session), scenes.get(name))


def strip_of(plan: Plan) -> tuple[Any, Any]:
    """A plan's scene and strip, whatever the two are called by now. Raises InputError if either is gone."""
    scene = find_again(plan.scene, plan.session)
    strips: Any = scene.sequence_editor.strips_all if scene and scene.sequence_editor else ()
    same = [strip for strip in strips if plan.identity and strip.gouache.identity == plan.identity]
    if same and plan.strip not in [strip.name for strip in same]:
        return scene, same[0]
    return find_strip(plan.scene if scene is None else scene.name, plan.strip)


def make_plan(scene: Any, strip: Any) -> Plan:
    """Decide what is captured. Raises InputError if there is no picture, no frame or no file."""
    if strip.type in WITHOUT_PICTURE:
        raise InputError(f"'{strip.name}' is a {strip.type.lower()} strip: it has no picture to paint.",
                         "Select a strip that shows a picture.")
    first, last = rendered_range(strip)
    if last < first:
        raise InputError(f"'{strip.name}' has no frame that Blender can render.",
                         "Move it to frame 0 or later, and inside its meta strip.")
    if last > LAST_FRAME:
        raise InputError(f"'{strip.name}' goes on after frame {LAST_FRAME}.", "Trim it or move it to the left.")
    _check_all_files(scene, strip, first, last)
    size = own_size(strip)
    width, height = size or (scene.render.resolution_x, scene.render.resolution_y)
    placed = ((size is None and strip.type not in ON_CANVAS) or not _pointwise(strip)
              or compat.turns_about_itself(strip))
    if placed:
        width, height = scene.render.resolution_x, scene.render.resolution_y
    return check_nla(scene, strip, Plan(scene.name, strip.name, first, last, width, height, placed,
                                         session=scene.session_uid))


def check_nla(scene: Any, strip: Any, plan: Plan) -> Plan:
    """Raise InputError where the NLA animates what a capture must set itself; else the plan again."""
    paths = _set_paths([(link, _neutral_values(link, strip, plan)) for link in strip_chain(strip)])
    for curve in compat.nla_curves(scene):
        if is_live(curve) and _cleared(curve.data_path, paths):
            name = curve.data_path.rpartition(".")[2].replace("_", " ")
            raise InputError(f"'{strip.name}' cannot be captured: {name} of it, or of a strip around or beside it, is "
                             "animated in the NLA.", FROM_NLA)
    return plan


def visible_range(strip: Any) -> tuple[int, int]:
    """First and last frame a strip shows, cut to the metas around it; last < first if none is left."""
    ranges = [compat.bounds(link) for link in strip_chain(strip)]
    return max(start for start, _ in ranges), min(end for _, end in ranges) - 1


def rendered_range(strip: Any) -> tuple[int, int]:
    """As `visible_range`, without frames before 0, which Blender does not render."""
    first, last = visible_range(strip)
    return max(first, 0), last


def own_size(strip: Any) -> tuple[int, int] | None:
    """Pixel size of what a strip shows before its transform, or None if that is the canvas or unknown.

    Only the first element's size is asked: for others Blender has no valid value before they were rendered.
    """
    if strip.type in {"IMAGE", "MOVIE"} and strip.elements:
        width, height = strip.elements[0].orig_width, strip.elements[0].orig_height
        if 4 <= width <= 65536 and 4 <= height <= 65536:  # Blender renders no fewer than 4 pixels
            return width, height
    if strip.type == "SCENE" and strip.scene and strip.scene_input == "CAMERA":
        render = strip.scene.render
        share = render.resolution_percentage / 100
        return int(render.resolution_x * share), int(render.resolution_y * share)
    return None


def _pointwise(strip: Any) -> bool:
    """Whether the strip's modifiers treat each pixel alone; others depend on where the picture lies on the canvas."""
    return all(m.mute or (m.type in POINTWISE and m.input_mask_strip is None and m.input_mask_id is None)
               for m in strip.modifiers)


def _check_all_files(scene: Any, strip: Any, first: int, last: int) -> None:
    """Refuse missing and empty files of a strip, and of the strips that it shows in these frames."""
    waiting = [(scene, strip, first, last)]
    checked = set()
    while waiting:
        scene, strip, first, last = waiting.pop()
        _check_files(strip, first, last)
        parts = parts_of(scene, strip)
        if strip.type == "SCENE":
            _check_scene(strip)
            if strip.scene_input == "SEQUENCER" and strip.scene.sequence_editor:
                scene, (first, last) = strip.scene, _frames_inside(strip, first, last)
                parts = seen(scene.sequence_editor.strips, scene.sequence_editor.channels)
        for part in parts:
            is_shown = part in inputs_of(strip) or not (
                part.mute or (strip.type == "MULTICAM" and part.channel != strip.multicam_source))
            start, end = compat.bounds(part)
            shown = max(first, start), min(last, end - 1)
            if is_shown and shown[0] <= shown[1] and (part, *shown) not in checked:
                checked.add((part, *shown))
                waiting.append((scene, part, *shown))


def _frames_inside(strip: Any, first: int, last: int) -> tuple[int, int]:
    """The frames of its scene that a strip shows at frames first..last; all of them where these are not in step."""
    scene, shift = strip.scene, strip.scene.frame_start - compat.content_start(strip)
    if strip.use_reverse_frames or strip.retiming_keys:
        return scene.frame_start, scene.frame_end
    first, last = (min(max(frame + shift, scene.frame_start), scene.frame_end) for frame in (first, last))
    return first, last


def _check_files(strip: Any, first: int, last: int) -> None:
    """Refuse missing and empty files: Blender would render them black without a word."""
    if strip.type == "IMAGE":
        folder = Path(bpy.path.abspath(strip.directory))
        elements = (strip.strip_elem_from_frame(frame) for frame in range(first, last + 1))
        files = [folder / name for name in dict.fromkeys(e.filename for e in elements if e)]
        if files and own_size(strip) is None and files[0].is_file() and files[0].stat().st_size:
            _check_readable(files[0], strip.name)
    elif strip.type == "MOVIE":
        files = [Path(bpy.path.abspath(strip.filepath))]
    elif strip.type == "MOVIECLIP":
        if strip.clip is None:
            raise InputError(f"The movie clip of strip '{strip.name}' is gone.", "Remove the strip, or add it again.")
        files = [Path(bpy.path.abspath(strip.clip.filepath, library=strip.clip.library))]
    else:
        return
    for file in files:
        if not file.is_file():
            raise InputError(f"'{file.name}' of strip '{strip.name}' is not there.",
                             "Find the file again, or shorten or mute the strip.", str(file))
        if file.stat().st_size == 0:
            raise InputError(f"'{file.name}' of strip '{strip.name}' is empty (0 bytes).",
                             "Copy or render the file again.", str(file))
    if strip.type != "IMAGE":
        _check_readable(files[0], strip.name)


def _check_scene(strip: Any) -> None:
    """Refuse a scene that Blender would show as nothing, without a word."""
    scene = strip.scene
    if scene is None:
        raise InputError(f"The scene of strip '{strip.name}' is gone.",
                         "Choose another one in the strip's properties, or remove the strip.")
    has_camera = strip.scene_camera or scene.camera or any(marker.camera for marker in scene.timeline_markers)
    is_composited = scene.render.use_compositing and compat.compositor_tree(scene) is not None
    if strip.scene_input == "CAMERA" and not has_camera and not is_composited:
        raise InputError(f"The scene '{scene.name}' of strip '{strip.name}' has no camera.",
                         "Add one there, or set the strip's Input to Sequencer.")


def capture(plan: Plan, folder: Path, first: int, last: int) -> list[Path]:
    """Render timeline frames first..last of a plan into folder/00001.png ..., and return the files.

    A file that would get the same bytes is left alone. Raises SizeChangedError, InputError or OutputError.
    """
    scene, strip = strip_of(plan)
    shown = rendered_range(strip)
    if first < shown[0] or last > shown[1]:
        raise InputError(f"'{strip.name}' was moved or trimmed while it was captured.", "Start again.")
    plan = replace(plan, strip=strip.name)
    with tempfile.TemporaryDirectory(prefix="gouache-", dir=bpy.app.tempdir or None) as temporary:
        with isolated_copy(scene, plan) as copy:
            copy.render.filepath = escape_template(temporary) + "/#####"
            render_frames(copy, scene, first, last, "the strip")
            _check_sizes(copy, plan, first, last)
        files = []
        for frame in range(first, last + 1):
            rendered = Path(temporary) / f"{frame:05d}.png"
            if not rendered.is_file():
                raise OutputError(f"Blender did not render frame {frame} of '{plan.strip}'.",
                                  "Check that the disk of temporary files is not full.", temporary)
            files.append(replace_if_different(rendered, folder / rendered.name))
    return files


def escape_template(path: str) -> str:
    """A path in which Blender's output path templates find nothing to replace."""
    return re.sub(r"([{}])", r"\1\1", path)


def _check_sizes(copy: Any, plan: Plan, first: int, last: int) -> None:
    """After a render Blender knows each picture's size: one that differs would have lost pixels or come out small.

    Before it knows only what the file was saved with, which is not so if pictures were replaced by larger ones since.
    """
    strip = copy.sequence_editor.strips_all[plan.strip]
    if plan.placed or strip.type not in {"IMAGE", "MOVIE"}:
        return
    sizes = set()
    for frame in range(first, last + 1):
        element = strip.strip_elem_from_frame(frame) if strip.type == "IMAGE" else strip.elements[0]
        size = (element.orig_width, element.orig_height) if element else (plan.width, plan.height)
        if size != (plan.width, plan.height) and strip.type == "IMAGE":
            _check_readable(Path(bpy.path.abspath(strip.directory)) / element.filename, strip.name)
        sizes.add(size)
    if sizes != {(plan.width, plan.height)}:
        raise SizeChangedError(sizes.pop() if len(sizes) == 1 else None)


def _check_readable(file: Path, strip_name: str) -> None:
    """Raise InputError for a file that Blender cannot read: it would show nothing in its place."""
    if not _is_readable(file, file.stat().st_mtime_ns):
        raise InputError(f"'{file.name}' of strip '{strip_name}' cannot be read.",
                         "Copy or render the file again.", str(file))


@cache
def _is_readable(file: Path, _changed: int) -> bool:
    image: Any = bpy.data.images.load(str(file))
    try:
        if not image.size[0]:  # it is taken for a still picture where the name has none of the common endings of movies
            image.source = "MOVIE"
        return bool(image.size[0])
    finally:
        put_away([(bpy.data.images, image)])


@contextmanager
def isolated_copy(scene: Any, plan: Plan) -> Iterator[Any]:
    """A copy of the scene that shows nothing but the plan's strip, at the plan's size, for as long as needed."""
    copy = scene.copy()
    action = None
    try:
        copy.sequence_editor.show_missing_media = False  # a placeholder of unknown size makes Blender crash
        copy.sequence_editor.display_stack(None)  # a render shows the meta that is open for editing
        chain = strip_chain(copy.sequence_editor.strips_all[plan.strip])
        neutral = [(link, _neutral_values(link, chain[-1], plan)) for link in chain]
        action = _remove_animation(copy, neutral)
        _show_only(copy, chain)
        for link, values in neutral:
            for path, value in values.items():
                _assign(link, path, value)
            for modifier in link.modifiers if link != chain[-1] else _from(link, plan.modifier):
                modifier.mute = True
        _set_render(copy, plan)
        yield copy
    finally:
        put_away([(bpy.data.scenes, copy)] + ([(bpy.data.actions, action)] if action is not None else []))


def _from(strip: Any, name: str) -> list[Any]:
    """The strip's modifiers from the one of that name on; none without a name."""
    names = [modifier.name for modifier in strip.modifiers]
    return list(strip.modifiers)[names.index(name):] if name in names else []


def _neutral_values(link: Any, strip: Any, plan: Plan) -> dict[str, Any]:
    """What is set on one strip of the chain: a strip captured as placed keeps its own transform."""
    values = BLEND if link == strip and plan.placed else {**BLEND, **PLACEMENT}
    return {path: value for path, value in values.items() if hasattr(link, path.partition(".")[0])}


def _assign(struct: Any, path: str, value: Any) -> None:
    holder, _, name = path.rpartition(".")
    setattr(getattr(struct, holder) if holder else struct, name, value)


def _show_only(copy: Any, chain: list[Any]) -> None:
    """Mute all beside the chain; what shows the strips below it keeps those."""
    level, channels = copy.sequence_editor.strips, copy.sequence_editor.channels
    below = chain[-1].type in SHOWS_BELOW
    for link in chain:
        for other in level:
            if other == link:
                other.mute = False
            elif not below or other.channel >= link.channel:
                other.mute = True
        channels[link.channel].mute = False
        level, channels = getattr(link, "strips", None), getattr(link, "channels", None)


def _remove_animation(copy: Any, neutral: list[tuple[Any, dict[str, Any]]]) -> Any:
    """Take the curves off all that the copy sets itself; returns the action made for it, or None.

    The copy shares the scene's action, so curves can only be removed from a copy of that too.
    """
    paths = _set_paths(neutral)
    data = copy.animation_data
    if data is None:
        return None
    for driver in [d for d in data.drivers if d.data_path in paths]:
        data.drivers.remove(driver)
    if not any(_cleared(curve.data_path, paths) for curve in compat.fcurves(copy)):
        return None
    action = compat.own_action(copy)
    bag = compat.fcurve_bag(copy)
    for curve in [c for c in bag.fcurves if _cleared(c.data_path, paths)]:
        bag.fcurves.remove(curve)
    return action


def _set_paths(neutral: list[tuple[Any, dict[str, Any]]]) -> set[str]:
    return {f"{link.path_from_id()}.{path}" for link, values in neutral for path in (*values, "mute")}


def _cleared(data_path: str, paths: set[str]) -> bool:
    return data_path in paths or (data_path.startswith("sequence_editor.strips_all[") and data_path.endswith("].mute"))


def _set_render(copy: Any, plan: Plan) -> None:
    compat.set_png_output(copy)
    render = copy.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = plan.width, plan.height, 100
    render.use_sequencer, render.use_compositing = True, False
