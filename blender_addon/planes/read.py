"""Reads pieces.json, which the engine writes beside a collage's layers, and checks it; knows nothing of Blender."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.collage.layers import NAME, VERSION
from ...core.errors import InputError

LAST = 1048574  # Blender's last frame
MOST_SIDE, MOST_LEVELS = 2**24, 99  # more is no collage


@dataclass(frozen=True)
class Place:
    """Where a piece lies in a frame: a point p from its center is at [[a, -b], [b, a]] p + (x, y), y down."""

    a: float
    b: float
    x: float
    y: float
    order: int

    @property
    def scale(self) -> float:
        return math.hypot(self.a, self.b)

    @property
    def turn(self) -> float:
        """Clockwise as seen, radians."""
        return math.atan2(self.b, self.a)


@dataclass(frozen=True)
class Piece:
    """A piece of paper: its picture fills `box` (left, top, right, bottom from its center, heights of the frame)."""

    number: int
    level: int
    material: str
    picture: Path
    box: tuple[float, float, float, float]
    places: dict[int, Place]

    def around(self, place: Place) -> tuple[float, float, float, float]:
        """The box (left, top, right, bottom) in the frame within which the piece lies."""
        left, top, right, bottom = self.box
        corners = [(place.a * x - place.b * y, place.b * x + place.a * y) for x in (left, right) for y in (top, bottom)]
        across, down = [x for x, _ in corners], [y for _, y in corners]
        return min(across) + place.x, min(down) + place.y, max(across) + place.x, max(down) + place.y


@dataclass(frozen=True)
class Collage:
    """A collage's layers: its size in pixels, its frames, a picture per frame for the ground, and the pieces."""

    path: Path
    width: int
    height: int
    frames: tuple[int, ...]
    levels: int
    underpainting: tuple[Path, ...]
    pieces: tuple[Piece, ...]

    @property
    def aspect(self) -> float:
        return self.width / self.height

    def most_at_once(self) -> int:
        """The most pieces that lie in one frame."""
        return max(sum(frame in piece.places for piece in self.pieces) for frame in self.frames)


def read(path: Path) -> Collage:
    """Read and check the layers of a collage; `path` is pieces.json or its folder. Raises InputError."""
    path = path / NAME if path.is_dir() else path
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION:
            raise InputError(f"'{path.name}' has version {data['version']}, this add-on reads version {VERSION}.",
                             "Make the collage again with this version of Gouache.")
        collage = _collage(path, data)
    except OSError as error:
        raise InputError(f"There are no layers at '{path}'.",
                         "Switch on Export Layers and make the collage again.", str(error)) from error
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"'{path.name}' is damaged.", "Make the collage again.",
                         f"{path}: {type(error).__name__}: {error}") from error
    _check_files(collage)
    return collage


def _collage(path: Path, data: dict[str, Any]) -> Collage:
    width, height = (int(side) for side in data["size"])
    frames = tuple(int(frame) for frame in data["frames"])
    levels = int(data["levels"])
    if not 0 < min(width, height) <= max(width, height) <= MOST_SIDE or not 0 < levels <= MOST_LEVELS:
        raise ValueError("the size or the levels make no sense")
    if not frames or list(frames) != sorted(set(frames)) or max(map(abs, frames)) > LAST:
        raise ValueError("the frames make no sense")
    if len(data["underpainting"]) != len(frames):
        raise ValueError("there is not one underpainting per frame")
    pieces = tuple(_piece(path.parent, piece, set(frames)) for piece in data["pieces"])
    return Collage(path, width, height, frames, levels,
                   tuple(path.parent / file for file in data["underpainting"]), pieces)


def _piece(folder: Path, data: dict[str, Any], frames: set[int]) -> Piece:
    left, top, right, bottom = _numbers(data["box"], 4)
    places = {}
    for frame, values in data["places"].items():
        a, b, x, y, order = _numbers(values, 5)
        places[int(frame)] = Place(a, b, x, y, int(order))
    if right <= left or bottom <= top or not places or not places.keys() <= frames or int(data["level"]) < 1:
        raise ValueError(f"piece {data['number']} has no box or no place")
    return Piece(int(data["number"]), int(data["level"]), str(data["material"]), folder / data["picture"],
                 (left, top, right, bottom), dict(sorted(places.items())))


def _numbers(values: Sequence[Any], count: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{values!r} is not {count} numbers")
    return numbers


def _check_files(collage: Collage) -> None:
    """Blender shows a missing picture as magenta, or as nothing, without a word."""
    files = [*(piece.picture for piece in collage.pieces), *dict.fromkeys(collage.underpainting)]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise InputError(f"{len(missing)} pictures of the layers are missing, the first is '{missing[0].name}'.",
                         "Make the collage again: only what is missing is made.", str(missing[0]))


def number_in(file: Path) -> int | None:
    """The number a sequence's file name ends in; None without one."""
    found = re.search(r"(\d+)$", file.stem)
    return int(found[1]) if found else None
