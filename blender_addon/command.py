"""`blender -b FILE --command gouache bake | list | doctor`: painting and baking from a terminal, a script or a farm.

Exit code 0: done, 1: error, 2: a wrong command line.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import Cancelled, GouacheError, InputError, OutputError
from ..core.options import parse_frames
from . import compat, due, settings
from .bake import summary
from .capture import find_strip, visible_range
from .compositor import find, freshness
from .compositor.orders import order_node
from .order import Order
from .owner import modifier_of
from .results import check_kept, find_result
from .sequencer.modifier import order_modifier
from .sequencer.orders import order_strip
from .sequencer.state import painting_line
from .ui import upkeep

NAME = "gouache"


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as stopped:  # --help, or a wrong command line: argparse has told
        return int(stopped.code or 0)
    try:
        if options.file:
            _open(Path(options.file))
        options.run(options)
    except (GouacheError, Cancelled) as error:
        due.say(f"error: {error or 'cancelled'}")
        if getattr(error, "detail", ""):
            print(error.detail, flush=True)  # type: ignore[union-attr]
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"blender -b FILE --command {NAME}",
                                     description="Paint strips and bake nodes without a window.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    bake = commands.add_parser("bake", help="paint strips and bake nodes, then save the file")
    what = bake.add_mutually_exclusive_group()
    what.add_argument("--strip", action="append", default=[], metavar="NAME", help="paint this strip (repeatable)")
    what.add_argument("--node", action="append", default=[], metavar="NAME", help="bake this node (repeatable)")
    what.add_argument("--all", action="store_true",
                      help="every strip with a style and every node, less muted ones (the default)")
    bake.add_argument("--frames", default="", metavar="A-B", help="only these frames; left out, all")
    bake.add_argument("--no-save", action="store_true",
                      help="leave the .blend as it is, for machines that share out a range: a bake without it "
                      "afterwards finds their frames and puts them in")
    bake.set_defaults(run=_bake)
    listing = commands.add_parser("list", help="the strips and nodes of a file, and whether they are painted")
    listing.set_defaults(run=_list)
    doctor = commands.add_parser("doctor", help="say whether the engine can work, and if not, why")
    doctor.set_defaults(run=_doctor)
    for command in (bake, listing, doctor):
        command.add_argument("file", nargs="?", default="", metavar="FILE", help="a .blend file, if none is open")
    for command in (bake, listing):
        command.add_argument("--scene", default="", metavar="NAME", help="only this scene; left out, the file's own")
    return parser


def _open(file: Path) -> None:
    if not file.is_file():
        raise InputError(f"The file '{file}' is not there.", "Check its path.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(file.resolve()))
    except RuntimeError as error:
        raise InputError(f"The file '{file.name}' cannot be opened.", "Is it a .blend file?", str(error)) from error


def _scene(name: str) -> Any:
    """The scene that is named, else the file's active one."""
    return find.find_scene(name) if name else bpy.context.scene


def _bake(options: argparse.Namespace) -> None:
    if not bpy.data.filepath:
        raise InputError("No file is open.", "Give one: blender -b FILE --command gouache bake")
    scene = _scene(options.scene)
    asked = _asked(scene, options, parse_frames(options.frames))
    if not asked:
        raise InputError(f"Scene '{scene.name}' has nothing to paint{' in these frames' if options.frames else ''}.",
                         "Set a style on a strip that is not muted, or add a Gouache node; `list` tells what is there.")
    orders, failed = _checked(asked, one_by_one=not options.strip and not options.node)
    painted = 0
    for order in orders:
        try:
            due.paint([order])
            painted += 1
        except GouacheError as error:
            failed.append(error)
    if painted and not options.no_save:
        _save()
    if failed:
        raise summary(failed, len(asked))


def _checked(asked: list[Callable[[], Order]], one_by_one: bool) -> tuple[list[Order], list[GouacheError]]:
    """The orders for what is asked for, all of it checked before anything is painted, and what is wrong with others.

    Raises the first error unless each is taken by itself: nobody named what is wrong then, and the rest is wanted.
    """
    orders, failed = [], []
    for order in asked:
        try:
            orders.append(order())
        except GouacheError as error:
            if not one_by_one:
                raise
            failed.append(error)
    return orders, failed


def _asked(scene: Any, options: argparse.Namespace, frames: tuple[int, int] | None) -> list[Callable[[], Order]]:
    """What is asked for, each as what orders it: modifiers, strips, nodes. Raises GouacheError for a wrong name."""
    wanted = range(frames[0], frames[1] + 1) if frames else None
    if options.strip or options.node:
        strips = [find_strip(scene.name, name)[1] for name in options.strip]
        modified = [strip for strip in strips if modifier_of(strip) is not None]
        own = [strip for strip in strips if strip not in modified or _has_own(scene, strip)]
        nodes = [find.find_node(scene, name) for name in options.node]
    else:
        modified = [strip for strip in due.strips_to_bake(scene) if _meets(wanted, strip)]
        own = [strip for strip in due.styled_strips(scene) if _meets(wanted, strip) and _has_own(scene, strip)
               and (due.is_seen(scene, strip) or due.is_seen(scene, find_result(scene, strip)))]
        nodes = [node for node in find.bakeable(scene) if due.has_image(node) and due.is_set_up(node)]
    if own:
        check_kept(scene)
    first, last = frames or (scene.frame_start, scene.frame_end)
    return [*(partial(order_modifier, scene, strip, *(frames or ())) for strip in modified),
            *(partial(order_strip, scene, strip, wanted) for strip in own),
            *(partial(order_node, scene, node, first, last) for node in nodes)]


def _has_own(scene: Any, strip: Any) -> bool:
    """Whether a strip is set up for a painting of its own; a collage beside a modifier if it was made before.

    A collage needs nothing to be set.
    """
    if strip.gouache.effect == "collage" and modifier_of(strip) is not None:
        return find_result(scene, strip) is not None
    return not settings.lacking(strip.gouache)


def _meets(wanted: range | None, strip: Any) -> bool:
    """Whether a strip shows in some of the frames that are wanted."""
    first, last = visible_range(strip)
    return wanted is None or (wanted[0] <= last and first <= wanted[-1])


def _save() -> None:
    try:
        bpy.ops.wm.save_mainfile()
    except RuntimeError as error:
        raise OutputError(f"The file '{Path(bpy.data.filepath).name}' could not be saved; the painted frames are kept.",
                          "Make it writable, or use --no-save.", str(error)) from error
    due.say(f"saved {Path(bpy.data.filepath).name}")


def _list(options: argparse.Namespace) -> None:
    for scene in [_scene(options.scene)] if options.scene else bpy.data.scenes:
        for strip in due.styled_strips(scene):
            first, last = visible_range(strip)
            print(f"{scene.name}\tstrip\t{strip.name}\t{first}-{last}\t{painting_line(scene, strip)[0]}")
        for strip in due.strips_with_group(scene):
            group = due.group_of_strip(scene, strip)
            print(f"{scene.name}\tmodifier\t{group.name}\t{group.first}-{group.last}\t"
                  f"{group.state(group.first, group.last).text}")
        for node in find.nodes_of(scene):
            state = freshness.state_of(scene, node, scene.frame_start, scene.frame_end)
            print(f"{scene.name}\tnode\t{node.name}\t{scene.frame_start}-{scene.frame_end}\t{state.text}")
        for outer, node in find.nested_nodes(compat.compositor_tree(scene)):
            print(f"{scene.name}\tnode\t{node.name}\t\tinside the group '{outer}': cannot be baked there")


def _doctor(_options: argparse.Namespace) -> None:
    upkeep.check_engine()


_handle: Any = None


def register() -> None:
    global _handle
    _handle = bpy.utils.register_cli_command(NAME, main)


def unregister() -> None:
    bpy.utils.unregister_cli_command(_handle)
