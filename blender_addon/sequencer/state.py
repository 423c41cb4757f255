"""What an artist should know of what was made of a strip, in a line: nothing yet, up to date, what changed since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import settings
from ..capture import rendered_range
from ..compositor import freshness
from ..files import names_in
from ..owner import Owner
from ..results import find_result, pictures_of, shown_of
from .orders import kept_of
from .source_settings import differ, source_settings


def painting_line(scene: Any, strip: Any) -> tuple[str, str]:
    """The state of a strip's painting or collage in a line, and its icon."""
    if obstacle := settings.obstacle(strip.gouache):
        return obstacle, "INFO"
    is_collage = strip.gouache.effect == "collage"
    result = find_result(scene, strip)
    if result is None and (kept := kept_of(scene, strip)):
        frames, button = f"{kept[0]} of {kept[1]} frames are", "Make Collage" if is_collage else "Paint Strip"
        return f"{frames} {'made' if is_collage else 'painted'}: {button} goes on", "TIME"
    if result is None:
        return "Not made yet" if is_collage else "Not painted yet", "INFO"
    folder = Path(bpy.path.abspath(result.directory))
    if not (_has_files(result, folder) if strip.gouache.painted_as else folder.is_dir()):
        return "Frames are missing: make it again" if is_collage else "Painted frames are missing: paint again", "ERROR"
    if shows_other(strip):
        return ("Shows a painting: Make Collage replaces it" if is_collage else
                "Shows a collage: Paint Strip replaces it"), "INFO"
    if not strip.gouache.painted_as:
        return "Made in part" if is_collage else "Painted in part", "INFO"
    if what := changed(scene, strip, result):
        return f"{what} changed since {'it was made' if is_collage else 'painting'}", "FILE_REFRESH"
    return _extent(strip, result) or ("Collage made" if is_collage else "Painted", "CHECKMARK")


def modifier_line(scene: Any, strip: Any, modifier: Any) -> tuple[str, str]:
    """The same for the bake of its modifier."""
    if obstacle := settings.obstacle(modifier.node_group.gouache):
        return obstacle, "INFO"
    state = freshness.modifier_state(scene, strip, modifier, *rendered_range(strip))
    return state.text, state.icon


def shows_other(strip: Any) -> bool:
    """Whether what was made of a strip last is of the other effect than it is set to now."""
    made_as = strip.gouache.painted_as
    return bool(made_as) and settings.effect_of(made_as) != strip.gouache.effect


def _has_files(result: Any, folder: Path) -> bool:
    """Whether every picture of a painting is there."""
    there = names_in(folder)
    return all(element.filename in there for element in result.elements)


def changed(scene: Any, strip: Any, result: Any) -> str:
    """What is otherwise than when a strip was painted, in a word; empty for nothing. An earlier version noted less."""
    group = strip.gouache
    if not Owner(strip, scene).is_set_as(group.painted_as):
        return "Settings"
    if group.painted_of not in ("", shown_of(strip, result)):
        return "Footage"
    return "Strip" if differ(group.painted_from, source_settings(scene, strip, result)) else ""


def _extent(strip: Any, result: Any) -> tuple[str, str] | None:
    """In a line, with its icon, where a strip and its painting are not at the same frames; else None."""
    done, what = ("made", "collage") if strip.gouache.effect == "collage" else ("painted", "painting")
    own, shown = rendered_range(strip), rendered_range(result)
    if lacking := _left_out(own, pictures_of(result)):
        return f"1 frame is not {done}" if lacking == 1 else f"{lacking} frames are not {done}", "FILE_REFRESH"
    if less := _left_out(own, shown):  # on purpose, perhaps: they are painted
        return f"The {what} is {less} frame{'' if less == 1 else 's'} shorter than the strip", "INFO"
    if more := _left_out(shown, own):
        return f"The {what} is {more} frame{'' if more == 1 else 's'} longer than the strip", "FILE_REFRESH"
    return None


def _left_out(frames: tuple[int, int], others: tuple[int, int]) -> int:
    """How many frames of a range (first, last) are not in another one."""
    (first, last), (other_first, other_last) = frames, others
    return last - first + 1 - max(0, min(last, other_last) - max(first, other_first) + 1)
