"""Whether a node's bake is up to date: never baked, fresh, or stale and why, and for which frames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..files import names_in
from ..order import runs, runs_text
from ..owner import group_owner
from . import groups
from .facts import recently
from .signature import baked_frames, signature
from .strip_signature import strip_signature

NEVER, FRESH, STALE, PARTLY = "never", "fresh", "stale", "partly"
ICONS = {NEVER: "INFO", FRESH: "CHECKMARK", STALE: "FILE_REFRESH", PARTLY: "TIME"}


@dataclass(frozen=True)
class State:
    """The state of a node's bake for a range of frames: what it is, the frames to bake, the reasons in words."""

    kind: str
    frames: tuple[int, ...]
    of: int
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In one line for an artist."""
        if self.kind == NEVER:
            return "Not baked yet"
        if self.kind == FRESH:
            return f"Baked: {self.of} frames" if self.of != 1 else "Baked: 1 frame"
        if self.kind == STALE:
            return f"Bake again: {', '.join(self.reasons)}"
        return f"{self.of - len(self.frames)} of {self.of} frames baked"

    @property
    def icon(self) -> str:
        """What stands before it in a panel."""
        return ICONS[self.kind]


def state_of(scene: Any, node: Any, first: int, last: int) -> State:
    """The state of timeline frames first..last, without rendering anything; for a window's panel of a moment ago.

    What goes on inside a 3D scene is only known to be changed while Gouache watches (see watch.py); a bake itself
    compares pixels.
    """
    tree = node.node_tree
    came_from = recently(f"node {scene.name_full} {node.name}", lambda: signature(scene, node, baked_frames(tree)))
    return _state(tree, came_from, first, last)


def modifier_state(scene: Any, strip: Any, modifier: Any, first: int, last: int) -> State:
    """The same for a group on a strip."""
    came_from = recently(f"strip {scene.name_full} {strip.name}", lambda: strip_signature(scene, strip, modifier))
    return _state(modifier.node_group, came_from, first, last)


def _state(tree: Any, came_from: str, first: int, last: int) -> State:
    wanted = range(first, last + 1)
    folder = groups.painting_folder(tree)
    if folder is None:
        return State(NEVER, tuple(wanted), len(wanted))
    reasons = _reasons(tree, came_from)
    if reasons:
        return State(STALE, tuple(wanted), len(wanted), reasons)
    there = baked_frames(tree) & files_in(folder).keys()
    missing = tuple(frame for frame in wanted if frame not in there)
    return State(PARTLY if missing else FRESH, missing, len(wanted))


def _reasons(tree: Any, came_from: str) -> tuple[str, ...]:
    """Why no frame of the bake is what a bake would give now; empty if they may be."""
    group, reasons = tree.gouache, []
    if group.baked_as != group_owner(tree).fingerprint():
        reasons.append("settings changed")
    if group.baked_from != came_from:
        reasons.append("input changed")
    return tuple(reasons)


@dataclass
class Origin:
    """What a bake is made from, whatever an artist changes meanwhile: settings as it is ordered, inputs as captured."""

    settings: str
    inputs: str = ""


def origin_of(tree: Any) -> Origin:
    """What a bake that is ordered now is made from, as far as that is known before anything is captured."""
    return Origin(group_owner(tree).fingerprint())


def show_bake(tree: Any, origin: Origin, files: dict[int, Path], fills: bool = False) -> None:
    """Show baked frames (frame -> file) in a group, with earlier ones in their folder, and note their origin."""
    groups.show_painting(tree, {**files_in(next(iter(files.values())).parent), **files}, fills)
    note_bake(tree, origin, files)


def note_bake(tree: Any, origin: Origin, frames: Iterable[int]) -> None:
    """Remember on a tree what these frames were baked from; earlier ones count on if that is the same."""
    group = tree.gouache
    is_same = (group.baked_as, group.baked_from) == (origin.settings, origin.inputs)
    earlier = baked_frames(tree) if is_same else set()
    group.baked_as, group.baked_from = origin.settings, origin.inputs
    group.baked_frames = runs_text(runs(earlier | set(frames)))


def files_in(folder: Path) -> dict[int, Path]:
    """The baked frames in a folder by their numbers; quick enough for every redraw."""
    return _numbered(folder, names_in(folder))


@lru_cache(maxsize=64)
def _numbered(folder: Path, names: frozenset[str]) -> dict[int, Path]:
    return {int(name[:5]): folder / name for name in names if re.fullmatch(r"\d{5}\.(exr|png|tif)", name)}
