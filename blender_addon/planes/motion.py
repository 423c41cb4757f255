"""Keyframes of the planes: where each piece is at every frame, when it is there, and which picture the ground shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import compat
from .read import Collage, Piece, Place, number_in


@dataclass(frozen=True)
class Space:
    """Where things are in depth: a frame `height` meters high is seen whole by an eye at `distance` from its ground.

    Pieces lie `spacing` apart. What is nearer to the eye is made smaller, so that the eye sees no difference.
    """

    height: float
    distance: float
    spacing: float

    def at(self, place: Place, depth: int, aspect: float) -> tuple[float, float, float, float]:
        """Where a piece goes, x to the right, y up and z to the eye from the middle of the ground, and its scale."""
        z = (depth + 1) * self.spacing
        nearer = (self.distance - z) / self.distance
        return ((place.x - aspect / 2) * self.height * nearer, (0.5 - place.y) * self.height * nearer, z,
                place.scale * nearer)


def animate_piece(thing: Any, piece: Piece, depth: Mapping[int, int], space: Space, collage: Collage) -> None:
    """Set a plane's place in its first frame, and keyframes for all that changes after that."""
    frames = list(piece.places)
    ways = [space.at(place, depth[frame], collage.aspect) for frame, place in piece.places.items()]
    turns = _unwound([-place.turn for place in piece.places.values()])
    thing.location, thing.rotation_euler, thing.scale = ways[0][:3], (0.0, 0.0, turns[0]), (ways[0][3],) * 3
    curves: list[tuple[str, int, Sequence[float]]] = [
        *(("location", axis, [way[axis] for way in ways]) for axis in range(3)), ("rotation_euler", 2, turns),
        *(("scale", axis, [way[3] for way in ways]) for axis in range(3))]
    moving = [curve for curve in curves if max(curve[2]) != min(curve[2])]
    shown = _shown(piece, collage)
    if not moving and len(shown) < 2:
        return
    bag = compat.new_fcurve_bag(thing, thing.name)
    for path, axis, values in moving:
        compat.write_fcurve(bag, path, axis, *_thinned(frames, values), "LINEAR")
    for path in ("hide_render", "hide_viewport") if len(shown) > 1 else ():
        compat.write_fcurve(bag, path, 0, list(shown), [float(not there) for there in shown.values()], "CONSTANT")


def animate_ground(material: Any, collage: Collage) -> None:
    """Let the ground's picture follow the frames; held pictures are files that the sequence leaves out."""
    picture = material.node_tree.nodes["Picture"]
    numbers = [number_in(file) for file in collage.underpainting]
    if len(set(collage.underpainting)) == 1 or None in numbers:
        return
    known = [number for number in numbers if number is not None]
    first, start = known[0], collage.frames[0]
    user = picture.image_user
    picture.image.source, user.use_auto_refresh = "SEQUENCE", True
    user.frame_start, user.frame_offset = start, first - 1
    if [number - first for number in known] == [frame - start for frame in collage.frames] == list(range(len(known))):
        user.frame_duration = len(known)
        return
    user.frame_duration = 1  # then the offset alone says which file is shown
    bag = compat.new_fcurve_bag(material.node_tree, material.name)
    compat.write_fcurve(bag, 'nodes["Picture"].image_user.frame_offset', 0,
                        *_thinned(list(collage.frames), [float(number - 1) for number in known]), "CONSTANT")


def _shown(piece: Piece, collage: Collage) -> dict[int, bool]:
    """The frames in which a piece comes or goes, beginning with the first of all, and whether it is there then."""
    changes: dict[int, bool] = {}
    before: bool | None = None
    for frame in collage.frames:
        there = frame in piece.places
        if there != before:
            changes[frame] = before = there
    return changes


def _unwound(angles: Sequence[float]) -> list[float]:
    """The same directions without a jump of a full turn from one to the next."""
    turned = [angles[0]]
    for angle in angles[1:]:
        turned.append(turned[-1] + math.remainder(angle - turned[-1], math.tau))
    return turned


def _thinned(frames: Sequence[int], values: Sequence[float]) -> tuple[list[int], list[float]]:
    """Without the keys inside a run of one value."""
    last = len(values) - 1
    kept = [i for i in range(len(values)) if i in (0, last) or not values[i - 1] == values[i] == values[i + 1]]
    return [frames[i] for i in kept], [values[i] for i in kept]
