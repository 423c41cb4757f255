"""What a scene's render needs painted, and painting it without a window: for render handlers and the command line.

A render shows either the strips of the Video Sequencer or the compositor's picture. Due are then

    strips whose painting is shown (kept up to date), and strips never painted that ask for it (Paint When Rendering);
    groups, as nodes that are linked or as modifiers of strips, baked before or not, if they have all that they need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..core.errors import NodeError
from . import compat, settings
from .bake import run_to_end, without_window
from .capture import LAST_FRAME, rendered_range, strip_chain, visible_range
from .compositor import find, freshness, groups
from .compositor.orders import order_node
from .identity import all_strips
from .order import Order, Subject, runs
from .owner import modifier_of
from .parts import WITHOUT_PICTURE
from .results import SOURCE_KEY, Known, find_result
from .sequencer.modifier import order_modifier
from .sequencer.orders import is_fresh, order_strip

Captured = dict[Path, Subject]
"""The folders of pictures that need not be captured again in one render, with what was seen there."""


def paint_strips(scene: Any, frames: Collection[int], captured: Captured) -> None:
    """Paint the strips that are due and out of date in these frames. Raises GouacheError or Cancelled."""
    for strip in due_strips(scene):
        wanted = [frame for frame in frames if _within(frame, visible_range(strip))]
        if not wanted:
            continue
        order = order_strip(scene, strip, wanted)
        if is_fresh(scene, strip, order, captured):
            say(f"{strip.name}: painted already, {_frames(len(order.frames))}")
        else:
            paint([order], captured)


def bake_groups(scene: Any, frames: Collection[int]) -> None:
    """Bake the groups that are due and out of date in these frames. Raises GouacheError or Cancelled."""
    for group in due_groups(scene):
        if missing := group.missing(frames):
            paint([group.order(first, last) for first, last in _to_bake(scene, group, missing)])
        else:
            say(f"{group.name}: baked already, {_frames(len(frames))}")


def _to_bake(scene: Any, group: Group, missing: Collection[int]) -> tuple[tuple[int, int], ...]:
    """The ranges to bake for these frames.

    Where a render steps over frames, a group that is to hold steady is baked in one go, with those between: each frame
    would begin afresh else.
    """
    ranges, steady = runs(missing), runs(missing, scene.frame_step)
    return steady if steady != ranges and group.order(*steady[0]).job.follows_motion else ranges


def check_groups(scene: Any, frames: Collection[int]) -> None:
    """Raise NodeError if a group that is due is out of date in these frames."""
    for group in due_groups(scene):
        if missing := group.missing(frames):
            raise NodeError(f"Frame {missing[0]} of '{group.name}' is not baked, and it is too late to bake it in "
                            "this render.", "Bake it before, by `blender -b FILE --command gouache bake` or by its "
                            "operator, or name the frames: `-f 7`, or `-s 3 -e 5 -a`.")


def look_at_strips(scene: Any, captured: Captured) -> None:
    """Capture all frames of the strips that are due. Raises GouacheError or Cancelled."""
    for strip in due_strips(scene):
        run_to_end(without_window([order_strip(scene, strip)], captured=captured, only_capture=True))


def paint(orders: list[Order], captured: Captured | None = None) -> None:
    """Work through orders to the end, one printed line a frame. Raises GouacheError or Cancelled."""
    bake = without_window(orders, captured={} if captured is None else captured)
    run_to_end(bake)
    for warning in dict.fromkeys(bake.warnings):
        say(f"warning: {warning}")


def say(text: str) -> None:
    """A line in the log of a render or a command."""
    print(f"gouache: {text}", flush=True)


def styled_strips(scene: Any) -> list[Any]:
    """The strips with a picture and all that their effect needs, paintings left out."""
    strips = scene.sequence_editor.strips_all if scene.sequence_editor else ()
    return [strip for strip in strips if strip.type not in WITHOUT_PICTURE
            and (strip.gouache.styles or strip.gouache.effect == "collage") and SOURCE_KEY not in strip.keys()]  # noqa: SIM118 (a strip, no dict)


def due_strips(scene: Any) -> list[Any]:
    """The strips whose paintings a render of the scene shows, or is to show."""
    if not shows_strips(scene):
        return []
    due: list[Any] = []
    never: list[Any] = []
    known = Known(scene, all_strips())
    for strip in styled_strips(scene):
        result = find_result(scene, strip, known)
        if is_seen(scene, result) or (result is None and is_seen(scene, strip) and strip.gouache.paint_on_render):
            due.append(strip)
        elif result is None and is_seen(scene, strip) and modifier_of(strip) is None:
            never.append(strip)
    if never:
        _say_never(never)
    return due


def _say_never(strips: list[Any]) -> None:
    """In one line which strips were never painted, for a film may have hundreds: the first of them by name."""
    first, more = strips[0], len(strips) - 1
    if more:
        say(f"'{first.name}' and {more} more strip{'s' if more > 1 else ''} were never painted: "
            "tick Paint When Rendering to have them painted")
    elif first.gouache.effect == "collage":
        say(f"'{first.name}' is to be a collage but was never made: tick Paint When Rendering to have it made")
    else:
        say(f"'{first.name}' has a style but was never painted: tick Paint When Rendering to have it painted")


@dataclass(frozen=True)
class Group:
    """A group in its place: in a node or on a strip. Its state and an order, both for a range of frames.

    `first` and `last` are the frames where it can be seen at all.
    """

    name: str
    state: Callable[[int, int], freshness.State]
    order: Callable[[int, int], Order]
    first: int = 0
    last: int = LAST_FRAME

    def missing(self, frames: Collection[int]) -> list[int]:
        """Those of these frames that the bake does not have, as settings and inputs are now."""
        wanted = [frame for frame in frames if self.first <= frame <= self.last]
        state = self.state(min(wanted), max(wanted)) if wanted else None
        return [frame for frame in state.frames if frame in wanted] if state else []


def due_groups(scene: Any) -> Iterator[Group]:
    """The groups whose bakes a render of the scene shows, or is to show; each after those that it depends on."""
    if shows_strips(scene):
        yield from (group_of_strip(scene, strip) for strip in strips_to_bake(scene))
    elif scene.render.use_compositing:
        for outer, inner in find.nested_nodes(compat.compositor_tree(scene)):
            say(f"'{inner.name}' lies inside the group '{outer}' and is not baked: move it out into the scene's tree")
        for node in find.bakeable(scene):
            if node.outputs[0].is_linked and is_set_up(node):
                yield group_of_node(scene, node)


def is_set_up(node: Any) -> bool:
    """Whether a node was baked before, or has all that a bake needs; if not, that is told."""
    styled = any(find.source_of(node.inputs[name]) for name in groups.STYLES if name in node.inputs)
    return _can_be_baked(node.node_tree, node.name, has_image(node), styled)


def has_image(node: Any) -> bool:
    """Whether something is linked to a node's Image."""
    return find.source_of(node.inputs.get(groups.IMAGE)) is not None


def group_of_node(scene: Any, node: Any) -> Group:
    """The group of a node in a scene's own compositor tree."""
    return Group(node.name, partial(freshness.state_of, scene, node), partial(order_node, scene, node))


def group_of_strip(scene: Any, strip: Any) -> Group:
    """The group of a strip's modifier."""
    state = partial(freshness.modifier_state, scene, strip, modifier_of(strip))
    return Group(strip.name, state, partial(order_modifier, scene, strip), *rendered_range(strip))


def strips_to_bake(scene: Any) -> list[Any]:
    """The strips whose modifier of Gouache's shows, and was baked before or can be."""
    return [strip for strip in strips_with_group(scene) if is_seen(scene, strip) and not modifier_of(strip).mute
            and _can_be_baked(modifier_of(strip).node_group, strip.name, linked=True)]


def strips_with_group(scene: Any) -> list[Any]:
    """The strips that have a modifier of Gouache's."""
    strips = scene.sequence_editor.strips_all if scene.sequence_editor else ()
    return [strip for strip in strips if modifier_of(strip) is not None]


def _can_be_baked(tree: Any, name: str, linked: bool, styled: bool = False) -> bool:
    """Whether a group was baked before, or can be now; if not, it shows its image, and that is told."""
    if not _is_own(tree, name):
        return False
    if groups.painting_folder(tree) is not None or (linked and not settings.lacking(tree.gouache, styled)):
        return True
    needs = "style" if groups.effect_of(tree).takes_styles else "material"
    say(f"'{name}' has no {needs} or no image yet and is not baked")
    return False


def _is_own(tree: Any, name: str) -> bool:
    """Whether a group is this file's own; if it is linked from another one, it shows what was baked there: told."""
    if not tree.is_editable:
        say(f"'{name}' has a group that is linked from another file and is not baked here: bake it there")
    return bool(tree.is_editable)


def shows_strips(scene: Any) -> bool:
    """Whether a render of the scene is that of its strips, as Blender decides it: the compositor is not asked then."""
    editor = scene.sequence_editor
    return bool(scene.render.use_sequencer and editor and any(
        strip.type != "SOUND" and not strip.mute and not editor.channels[strip.channel].mute
        for strip in editor.strips))


def is_seen(scene: Any, strip: Any) -> bool:
    """Whether neither the strip, nor a meta around it, nor a channel they lie in is muted; None is not seen."""
    channels = scene.sequence_editor.channels
    for link in strip_chain(strip) if strip is not None else ():
        if link.mute or channels[link.channel].mute:
            return False
        channels = getattr(link, "channels", None)
    return strip is not None


def _within(frame: int, ends: Iterable[int]) -> bool:
    first, last = ends
    return first <= frame <= last


def _frames(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"
