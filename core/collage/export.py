"""A collage's layers for other programs: every piece as a picture, and where they go (see `layers.py`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np

from .. import frames
from ..arrays import as_tensor
from ..atomic import write_text
from ..frames import Picture
from ..plan import Plan, Task
from .compose import Composer, zoom_of
from .layers import LAYERS, NAME, PIECES, UNDERPAINTING, VERSION, layer_folders
from .paper import Paper
from .pieces import Pieces

DIGITS = 6
"""Decimals of lengths."""


def export(composer: Composer, plan: Plan, output: Path) -> Iterator[tuple[int, int, int]]:
    """Write the pieces of a plan's results, which are all made, unless that has been done.

    Yields, for each piece, the frame it is first met in, and how many of how many are written. What is there of
    another collage goes; `pieces.json` comes last. Raises OutputError, InputError.
    """
    folder = output / LAYERS
    if _is_told(plan, composer.options.levels, folder):
        return
    with suppress(OSError):  # else it would tell of pictures that are replaced one by one
        (folder / NAME).unlink()
    height = frames.size(plan.results[0].path)[0]
    found: dict[tuple[int, int], dict[str, Any]] = {}
    zooms = _usual_zooms(plan)
    made: set[tuple[int, int]] = set()
    for task in plan.results:
        pieces = _pieces(task)
        for order, i in enumerate(pieces.laid()):
            own = int(pieces.since[0]), int(pieces.number[i])
            described = found.setdefault(own, {"number": len(found), "places": {}})
            if own not in made and zoom_of(pieces.place[i]) == zooms[own]:
                described |= _described(composer, pieces, i, height, folder, described["number"])
                made.add(own)
                yield task.number, len(made), len(zooms)
            described["places"][str(task.number)] = [*_rounded(pieces.place[i]), order]
        if task.copied:
            _copy_layers(task.copied, task, composer.options.levels, output)
    data = _told(plan, composer.options.levels, list(found.values()))
    write_text(folder / NAME, json.dumps(data, indent=None, separators=(",", ":")) + "\n")
    _clear(plan, composer.options.levels, {piece["picture"] for piece in found.values()}, output)


def _told(plan: Plan, levels: int, pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """What `pieces.json` says."""
    height, width = frames.size(plan.results[0].path)
    return {"version": VERSION, "size": [width, height], "frames": [task.number for task in plan.results],
            "keys": {str(task.number): task.key for task in plan.results}, "levels": levels,
            "underpainting": [f"{UNDERPAINTING}/{task.path.name}" for task in plan.results], "pieces": pieces}


def _is_told(plan: Plan, levels: int, folder: Path) -> bool:
    """Whether `pieces.json` tells of all these results, and maybe of more, and every picture that it needs is there."""
    try:
        data = json.loads((folder / NAME).read_text("utf-8"))
        keys, pictures = data["keys"], [piece["picture"] for piece in data["pieces"]]
        same = all(keys.get(str(task.number)) == task.key for task in plan.results)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # missing, damaged or of an earlier version
        return False
    layers = (f"{name}/{task.path.name}" for name in layer_folders(levels) for task in plan.results)
    return same and all(map(frames.readable, [*(folder / picture for picture in pictures),
                                              *(folder.parent / layer for layer in layers)]))


def _clear(plan: Plan, levels: int, named: set[str], output: Path) -> None:
    """Remove the pieces that are not `named`, and levels beyond those that there are, which an earlier run left."""
    folder = output / LAYERS
    old = [path for path in (folder / PIECES).glob("*.png")
           if path.stem.isdecimal() and f"{PIECES}/{path.name}" not in named]
    beyond = [path for path in folder.glob("level_*") if f"{LAYERS}/{path.name}" not in layer_folders(levels)]
    old += [path / task.path.name for path in beyond for task in plan.results]
    with suppress(OSError):  # they are in nobody's way
        for path in old:
            path.unlink(missing_ok=True)
        for path in beyond:
            path.rmdir()


def _usual_zooms(plan: Plan) -> dict[tuple[int, int], int]:
    """For which zoom a piece, by its shot and number there, has its one picture: the median over its frames.

    At any other it is read larger or smaller than it was made: least so if neither its first nor its last size counts.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for task in plan.results:
        pieces = _pieces(task)
        for i in range(len(pieces)):
            found.setdefault((int(pieces.since[0]), int(pieces.number[i])), []).append(zoom_of(pieces.place[i]))
    return {own: median_low(zooms) for own, zooms in found.items()}


def _copy_layers(shown: Task, task: Task, levels: int, folder: Path) -> None:
    """The layers of a frame that shows the picture of another: sequences have no gaps."""
    for name in layer_folders(levels):
        frames.copy(folder / name / shown.path.name, folder / name / task.path.name)


def _pieces(task: Task) -> Pieces:
    track = (task.copied or task).track
    assert track is not None, "every picture of a collage has a track"
    return Pieces.from_bytes(track.path.read_bytes())


def _described(composer: Composer, pieces: Pieces, i: int, height: int, folder: Path, number: int) -> dict[str, Any]:
    """What is said of a piece once, by its number in the clip; its picture is written."""
    made = composer.papers(pieces, [i], height)[0]
    moment = int(pieces.moment[i])
    picture = f"{PIECES}/{number:05d}.png"
    frames.write(folder / picture, _picture(made), "png")
    rows, columns = made.rgba.shape[:2]
    box = np.array([made.left - 0.5, made.top - 0.5, made.left + columns - 0.5, made.top + rows - 0.5]) / made.scale
    return {"number": number, "level": int(pieces.level[i]) + 1,
            "material": composer.materials.sheet(int(pieces.material[i]), moment).name,
            "outline": [_rounded(corner) for corner in pieces.outline(i)], "picture": picture, "box": _rounded(box)}


def _picture(made: Paper) -> Picture:
    rgba = made.rgba.astype(np.float32) / 255
    color = np.where(rgba[..., 3:] > 0, rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-6), 0).clip(0, 1)
    return Picture(as_tensor(color), as_tensor(rgba[..., 3:]))


def _rounded(values: Any) -> list[float]:
    return [round(float(value), DIGITS) for value in values]

