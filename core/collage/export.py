"""A collage's layers for other programs: every piece as a picture, and `pieces.json` with where they go.

`pieces.json` holds, with lengths in heights of the frame, x to the right and y down from the frame's upper left
corner: `size` (width, height; pixels), `frames` (their numbers), `levels`, `underpainting` (one file per frame), and
for each of `pieces` its `number`, `level` (1 is the coarsest), `material`, `outline` (corners from the piece's
center), `picture` (a PNG with alpha, without shadow), `box` (left, top, right, bottom of that picture from the
center) and `places`: per frame in which it lies there a, b, x, y, order. A point p from the center lies at
[[a, -b], [b, a]] p + (x, y); pieces are laid by rising order, from 0 in each frame.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np
import torch

from .. import frames
from ..atomic import write_text
from ..frames import Picture
from ..plan import Plan, Task
from .compose import LAYERS, UNDERPAINTING, Composer, layer_folders, zoom_of
from .paper import Paper
from .pieces import Pieces

NAME = "pieces.json"
VERSION = 1
DIGITS = 6
"""Decimals of lengths."""


def export(composer: Composer, plan: Plan, output: Path) -> None:
    """Write the pieces of a plan's results, which are all made. Raises OutputError, InputError."""
    width, height = frames.size(plan.results[0].path)[::-1]
    found: dict[tuple[int, int], dict[str, Any]] = {}
    zooms = _usual_zooms(plan)
    made: set[tuple[int, int]] = set()
    for task in plan.results:
        pieces = _pieces(task)
        for order, i in enumerate(pieces.laid()):
            own = int(pieces.since[0]), int(pieces.number[i])
            described = found.setdefault(own, {"number": len(found), "places": {}})
            if own not in made and zoom_of(pieces.place[i]) == zooms[own]:
                described |= _described(composer, pieces, i, height, output / LAYERS, described["number"])
                made.add(own)
            described["places"][str(task.number)] = [*_rounded(pieces.place[i]), order]
        if task.copied:
            _copy_layers(task.copied, task, composer.options.levels, output)
    data = {"version": VERSION, "size": [width, height], "frames": [task.number for task in plan.results],
            "levels": composer.options.levels,
            "underpainting": [f"{UNDERPAINTING}/{task.path.name}" for task in plan.results],
            "pieces": list(found.values())}
    write_text(output / LAYERS / NAME, json.dumps(data, indent=None, separators=(",", ":")) + "\n")


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
    picture = f"pieces/{number:05d}.png"
    frames.write(folder / picture, _picture(made), "png")
    rows, columns = made.rgba.shape[:2]
    box = np.array([made.left - 0.5, made.top - 0.5, made.left + columns - 0.5, made.top + rows - 0.5]) / made.scale
    return {"number": number, "level": int(pieces.level[i]) + 1,
            "material": composer.materials.sheet(int(pieces.material[i]), moment).name,
            "outline": [_rounded(corner) for corner in pieces.outline(i)], "picture": picture, "box": _rounded(box)}


def _picture(made: Paper) -> Picture:
    rgba = made.rgba.astype(np.float32) / 255
    color = np.where(rgba[..., 3:] > 0, rgba[..., :3] / np.maximum(rgba[..., 3:], 1e-6), 0).clip(0, 1)
    return Picture(torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1), np.float32))[None],
                   torch.from_numpy(np.ascontiguousarray(rgba[..., 3], np.float32))[None, None])


def _rounded(values: Any) -> list[float]:
    return [round(float(value), DIGITS) for value in values]

