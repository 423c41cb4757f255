"""Laying the pieces of a frame: each is moved to its place, throws its shadow on those below, and covers them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil, floor, log

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..arrays import Floats, as_tensor
from ..effects import Companions, Painted
from ..frames import Picture
from ..memory import release_freed
from ..options import CollageOptions
from ..sizes import size_of
from .ground import nearest_object, object_map
from .layers import layer_folders
from .materials import Materials
from .paper import Paper, paper
from .pieces import NO_OBJECT, Pieces
from .similarity import matrix
from .tissue import underpainting

RELEASED_EVERY = 8
"""Frames after which memory is released: asking for it again costs as much as a tenth of a frame."""
ZOOM = 1.25
"""A piece that has grown or shrunk by this is made anew, so that it stays sharp."""
KEPT_BYTES = 700_000_000
"""Of papers that are kept from frame to frame."""
AT_ONCE = 16
"""Papers that are made before the first of them is laid."""
Key = tuple[int, int, int, int]
"""What a paper is kept by (see `Composer._key`)."""
Matte = Callable[[tuple[slice, slice]], Floats]
"""Where (h,w in 0..1) something is in a part of a frame."""


@dataclass
class Composer:
    """Lays pieces; keeps the papers it has made."""

    options: CollageOptions
    materials: Materials
    _papers: OrderedDict[Key, Paper] = field(default_factory=OrderedDict)
    _workers: Executor = field(default_factory=lambda: ThreadPoolExecutor(torch.get_num_threads(), "paper"))
    _bytes: int = 0
    _painted: int = 0

    def paint(self, pieces: Pieces, frame: Tensor, companions: Companions) -> Painted:
        """The collage of a frame (1,3,H,W); with its layers, if they are to be written."""
        size = size_of(frame)
        begun = self._workers.submit(underpainting, frame, pieces.palette, self.options.roughness > 0)
        laid = pieces.laid()
        self.papers(pieces, laid[:AT_ONCE], size[0])  # made beside the underpainting
        under = begun.result()
        mattes = _mattes(companions, size)
        canvas = under * np.float32(255)
        levels = self.options.levels if self.options.export_layers else 0
        layers = [np.zeros((*size, 4), np.float32) for _ in range(levels)]  # a level without pieces is a picture too
        for first in range(0, len(laid), AT_ONCE):
            some = laid[first:first + AT_ONCE]
            for i, made in zip(some, self.papers(pieces, some, size[0]), strict=True):
                matte = mattes(int(pieces.object[i]))
                targets = [canvas, layers[int(pieces.level[i])]] if layers else [canvas]
                lay(made, pieces.place[i], self.options.shadow, matte, targets)
        exported: dict[str, Picture] = {}
        if self.options.export_layers:
            pictures = [Picture(_tensor(under)), *map(_picture, layers)]
            exported = dict(zip(layer_folders(levels), pictures, strict=True))
        self._forget({self._key(pieces, i, size[0]) for i in laid})
        self._painted += 1
        if self._painted % RELEASED_EVERY == 0:
            release_freed()
        return Painted(_tensor(canvas / np.float32(255)), exported)

    def papers(self, pieces: Pieces, which: Sequence[int], height: int) -> list[Paper]:
        """These pieces' papers for a frame of this height, pixels; new ones are made side by side."""
        keys = [self._key(pieces, i, height) for i in which]
        new = {key: i for key, i in zip(keys, which, strict=True) if key not in self._papers}
        making = [self._workers.submit(paper, pieces.outline(i), pieces.window[i], pieces.tint[i],
                                     self.materials.sheet(int(pieces.material[i]), int(pieces.moment[i])),
                                     self.options, int(pieces.number[i]), height * ZOOM ** key[-1])
                  for key, i in new.items()]
        for key, made in zip(new, making, strict=True):
            self._papers[key] = made.result()
            self._bytes += _bytes_of(self._papers[key])
        for key in keys:
            self._papers.move_to_end(key)
        found = [self._papers[key] for key in keys]
        while self._bytes > KEPT_BYTES and len(self._papers) > 1:
            self._bytes -= _bytes_of(self._papers.popitem(last=False)[1])
        return found

    def _key(self, pieces: Pieces, i: int, height: int) -> Key:
        """What a piece's paper is kept by: its shot, its number there, the frame's height, and its zoom."""
        return int(pieces.since[0]), int(pieces.number[i]), height, zoom_of(pieces.place[i])

    def _forget(self, needed: set[Key]) -> None:
        """Drop the papers that a frame did not need: hardly any of those pieces will come back."""
        for key in self._papers.keys() - needed:
            self._bytes -= _bytes_of(self._papers.pop(key))


def _bytes_of(made: Paper) -> int:
    return made.rgba.nbytes + made.shadow.nbytes


def zoom_of(place: Floats) -> int:
    """The step of ZOOM that a piece is made for in a place: 0 is the size at which it was born."""
    return round(log(max(float(np.hypot(*place[:2])), 1e-3)) / log(ZOOM))


def lay(made: Paper, place: Floats, shadow: float, matte: Matte | None, canvases: list[Floats]) -> None:
    """Lay a paper on pictures H,W,3 or H,W,4 (premultiplied), all in 0..255. `matte` says where it may lie."""
    height, width = canvases[0].shape[:2]
    if shadow:
        box, warped = _warped(made, place, made.thrown, (height, width), made.shadow, made.around)
        if box is not None:
            dark = warped.astype(np.float32) * np.float32(shadow / 255)
            _cover([canvas[box] for canvas in canvases], dark if matte is None else dark * matte(box), None)
    box, rgba = _warped(made, place, (0.0, 0.0), (height, width), made.rgba)
    if box is not None:
        color = rgba.astype(np.float32)
        if matte is not None:
            color *= matte(box)[..., None]
        _cover([canvas[box] for canvas in canvases], color[..., 3] / np.float32(255), color)


def _warped(made: Paper, place: Floats, aside: tuple[float, float], size: tuple[int, int], image: NDArray[np.uint8],
            around: int = 0) -> tuple[tuple[slice, slice] | None, NDArray[np.uint8]]:
    """Where on a picture (H, W) an image of a paper comes to lie, and the image there; None if it does not show.

    It is larger than the paper by `around` pixels on each side.
    """
    height, width = size
    turn, to = matrix(place)
    turn *= height / made.scale
    shift = turn @ (made.left - around, made.top - around) + (to + aside) * height - 0.5
    rows, columns = image.shape[:2]
    corners = np.array([[0, 0], [columns - 1, 0], [0, rows - 1], [columns - 1, rows - 1]]) @ turn.T + shift
    left, top = max(0, floor(corners[:, 0].min())), max(0, floor(corners[:, 1].min()))
    right, bottom = min(width, ceil(corners[:, 0].max()) + 1), min(height, ceil(corners[:, 1].max()) + 1)
    if right <= left or bottom <= top:
        return None, image
    onto = np.column_stack([turn, shift - (left, top)]).astype(np.float32)
    warped = cv2.warpAffine(image, onto, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return (slice(top, bottom), slice(left, right)), np.asarray(warped, np.uint8)


def _cover(parts: list[Floats], alpha: Floats, color: Floats | None) -> None:
    """Cover parts of pictures with black, or with a color, premultiplied, of this alpha (h,w)."""
    left = 1 - alpha
    for part in parts:
        channels = part.shape[-1]
        part *= cv2.merge([left] * channels)  # as many channels on both sides: NumPy is slow where one has to be spread
        if color is not None:
            part += color if channels == 4 else cv2.cvtColor(color, cv2.COLOR_RGBA2RGB)
        elif channels == 4:
            part[..., 3] += alpha * 255


def _mattes(companions: Companions, size: tuple[int, int]) -> Callable[[int], Matte | None]:
    """For an object of pieces, by its code, where it is in this frame; None for what is no object's."""
    if companions.objects is None:
        return lambda code: None
    objects = object_map(companions.objects, size)
    seen = np.unique(objects)

    def of(code: int) -> Matte | None:
        if code == NO_OBJECT:
            return None
        here = nearest_object(code, seen)
        return lambda box: np.asarray((objects[box] == here) & (here != NO_OBJECT), np.float32)
    return lru_cache(maxsize=None)(of)


def _tensor(image: Floats) -> Tensor:
    return as_tensor(image.clip(0, 1))


def _picture(rgba: Floats) -> Picture:
    """A layer (H,W,4, premultiplied, 0..255) as a picture with its alpha beside it."""
    alpha = rgba[..., 3:] / np.float32(255)
    return Picture(_tensor(rgba[..., :3] / np.maximum(rgba[..., 3:], np.float32(1e-3))), _tensor(alpha))
