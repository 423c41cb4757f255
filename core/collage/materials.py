"""What pieces are cut from: pictures, cut-outs, clips and the bundled papers, and what each spot of them looks like."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .. import clips, frames
from ..arrays import Floats, as_array
from ..clips import MOVIE_SUFFIXES, Clip
from ..errors import InputError, OptionError
from ..frames import PICTURE_SUFFIXES, Picture
from ..options import FROM_THE_CLIP, CollageOptions
from ..sizes import fitted, resize
from .ground import to_lab

Item = TypeVar("Item")
log = logging.getLogger(__name__)
PAPERS = Path(__file__).parent / "papers"
"""The bundled papers."""
LONG_SIDE = 1024
"""Materials are reduced to this, pixels."""
MOST = 96
"""Sheets that are looked at; of more, as many are taken evenly."""
MOVIE_FRAMES = 12
"""Frames that a movie gives as sheets."""
WINDOWS = (0.7, 0.4, 0.22)
"""Sides of the windows, in parts of a sheet's shorter side."""
SEEN = 64
"""Pixels that a window is looked at with, each side."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A still material: `rgb` h,w,3 in 0..255 and `alpha` h,w (None: opaque)."""

    name: str
    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @cached_property
    def halved(self) -> Sheet:
        """The sheet at half its size."""
        half = [None if image is None else np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5,
                interpolation=cv2.INTER_AREA), np.uint8) for image in (self.rgb, self.alpha)]
        assert half[0] is not None
        return Sheet(self.name, half[0], half[1])

    def reduced(self, shrunk: float) -> Sheet:
        """The sheet halved until its pixels, read `shrunk` at a time, are read one by one."""
        return self.halved.reduced(shrunk / 2) if shrunk > 1.6 and min(self.size) > 8 else self


@dataclass(frozen=True, eq=False)
class Windows:
    """Spots of sheets, as arrays: `sheet`, `center` (x, y) and `side` in its pixels, and what they look like.

    `look` W,8: color, then texture, as `look_of` gives it; `angle` is the direction of the texture, radians; `tint`
    W,6 is the mean and standard deviation in Lab.
    """

    sheet: NDArray[np.int32]
    center: Floats
    side: Floats
    look: Floats
    angle: Floats
    tint: Floats


@dataclass
class Materials:
    """All materials of a collage. Pieces name a sheet by its place here, or, with a moment, one of `versions`.

    `versions` are clips with the numbers of the clip itself: pieces show them where they lie. `weights` are those of
    color and texture in what a spot looks like.
    """

    sheets: Sequence[Sheet] = ()
    versions: Sequence[Clip] = ()
    notes: tuple[str, ...] = ()
    weights: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        self._moments: OrderedDict[tuple[int, int], Sheet] = OrderedDict()
        # Looked at while the clip's shots are looked for: a first frame would have to wait for it
        self._looking = ThreadPoolExecutor(1, "materials").submit(_windows, self.sheets) if self.sheets else None

    @property
    def windows(self) -> Windows:
        """The spots that pieces may be cut from; there are none without sheets."""
        assert self._looking is not None, "only pieces of sheets are chosen by their looks"
        return self._looking.result()

    @cached_property
    def tree(self) -> cKDTree:
        """The windows by what they look like, weighted."""
        return cKDTree(self.windows.look * self.look_weights)

    @cached_property
    def look_weights(self) -> Floats:
        """8: the weights of the numbers of a look."""
        color, texture = self.weights
        return np.array([color] * 5 + [texture] * 3, np.float32)

    def moment(self, version: int, number: int) -> int:
        """The frame of a version for a frame of the clip; a still serves every frame. Raises InputError."""
        return clips.needed(self.versions[version], number, "A version of the clip",
                            "paint the whole clip where it stands now.")

    def sheet(self, material: int, moment: int) -> Sheet:
        """What a piece is cut from; a frame of a version is read when it is asked for. Raises InputError."""
        if moment < 0:
            return self.sheets[material]
        if (material, moment) not in self._moments:
            self._moments[material, moment] = _sheet(f"frame {moment}", self.versions[material].read(moment), 0)
        self._moments.move_to_end((material, moment))
        while len(self._moments) > 8:
            self._moments.popitem(last=False)
        return self._moments[material, moment]

    def taken(self, wanted: int, frame: int) -> int:
        """The first frame of the clip from `wanted` on that is there and can be read; at the last, `frame` itself."""
        for number in range(wanted, frame):
            if number in self.versions[0].numbers:
                with suppress(InputError):
                    self.sheet(0, number)
                    return number
        return frame


def open_materials(options: CollageOptions, own: Callable[[], Clip]) -> Materials:
    """Read the materials that the options name, or the bundled papers; `own` opens the clip itself.

    Raises InputError if there is nothing to cut from, OptionError if layers lack their versions of the clip.
    """
    if options.mode in FROM_THE_CLIP:
        return Materials(versions=[own()])
    if options.mode == "layers":
        if not options.materials:
            raise OptionError("Layered styles need versions of the clip.", "Paint it in one or more styles, and give "
                              "the folders of the results as materials.")
        versions = [clips.open_clip(path) for path in options.materials]
        return Materials(versions=versions, notes=tuple(note for version in versions for note in version.notes))
    notes: list[str] = []
    paths = [path for text in options.materials for path in _files(Path(text))] or sorted(PAPERS.glob("*.jpg"))
    sheets = [sheet for path in _evenly(paths, MOST) for sheet in _read(path, notes)]
    if not sheets:
        raise InputError("None of the materials can be read.", "Give folders with pictures, or none for the bundled "
                         "papers.", " ".join(notes))
    return Materials(_evenly(sheets, MOST), notes=tuple(notes), weights=(options.match_color, options.match_texture))


def _files(path: Path) -> list[Path]:
    """The pictures and movies at a path. Raises InputError if there are none."""
    try:
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise InputError(f"There is no material '{path.name}'.", "Check the path.", str(path))
        found = frames.files_in(path, PICTURE_SUFFIXES | MOVIE_SUFFIXES)
    except OSError as error:
        raise InputError(f"The material '{path.name}' cannot be read.", "Check the permissions of its folder.",
                         str(error)) from error
    if not found:
        raise InputError(f"There are no pictures in the material folder '{path.name}'.",
                         "Give a folder with pictures, or none for the bundled papers.", str(path))
    return found


def _read(path: Path, notes: list[str]) -> Iterator[Sheet]:
    """The sheets in a file; one that cannot be read is left out with a note."""
    try:
        if path.suffix.lower() in MOVIE_SUFFIXES:
            movie = clips.open_clip(str(path))
            for number in _evenly(movie.numbers, MOVIE_FRAMES):
                with suppress(InputError):  # the others serve
                    yield _sheet(f"{path.stem} {number}", movie.read(number), LONG_SIDE)
        else:
            sheet = _sheet(path.stem, frames.read(path), LONG_SIDE)
            if sheet.alpha is not None and not sheet.alpha.any():
                raise InputError(f"The picture '{path.name}' is transparent all over.")
            yield sheet
    except InputError as error:
        log.warning("%s", error.detail)
        notes.append(f"A material was left out: {error.message}")


def _sheet(name: str, picture: Picture, long_side: int) -> Sheet:
    size = fitted(picture.size, long_side) if long_side else picture.size
    alpha = None
    if picture.alpha is not None and float(picture.alpha.amin()) < 0.98:
        alpha = np.round(as_array(resize(picture.alpha, size))[..., 0].clip(0, 1) * 255).astype(np.uint8)
    rgb = np.round(as_array(resize(picture.rgb, size)).clip(0, 1) * 255).astype(np.uint8)
    return Sheet(name, rgb, alpha)


def _windows(sheets: Sequence[Sheet]) -> Windows:
    """Windows of three sizes all over the sheets; those that are mostly transparent are left out."""
    rows: list[tuple[Any, ...]] = []
    for index, sheet in enumerate(sheets):
        seen = _Seen(sheet)
        whole = len(rows)
        for x, y, side in _places(*sheet.size, sheet.alpha is not None):
            lab, weight = seen.spot(x, y, side)
            if weight is not None and weight.mean() < 0.3:
                continue
            rows.append((index, x, y, side, *look_of(lab, weight)))
        if len(rows) == whole:  # nothing opaque enough: the sheet as it is
            height, width = sheet.size
            lab = _looked_at(to_lab(sheet.rgb.astype(np.float32) / 255))
            rows.append((index, width / 2, height / 2, float(min(sheet.size)), *look_of(lab, None)))
    sheet_of, xs, ys, sides, looks, angles, tints = zip(*rows, strict=True)
    return Windows(np.array(sheet_of, np.int32), np.array([xs, ys], np.float32).T, np.array(sides, np.float32),
                   np.stack(looks), np.array(angles, np.float32), np.stack(tints))


class _Seen:
    """A sheet as its spots are looked at: each in the smallest half, quarter ... of it that still shows enough."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._made: dict[Sheet, tuple[Floats, Floats | None]] = {}

    def spot(self, x: float, y: float, side: float) -> tuple[Floats, Floats | None]:
        """SEEN,SEEN,3 in Lab, and SEEN,SEEN, how opaque (None: all over), of a square around x, y in the sheet."""
        small = self._sheet.reduced(side / (1.5 * SEEN))
        if small not in self._made:
            self._made[small] = (to_lab(small.rgb.astype(np.float32) / 255),
                                 None if small.alpha is None else small.alpha.astype(np.float32) / 255)
        lab, opaque = self._made[small]
        share = small.size[0] / self._sheet.size[0]
        rows, columns = (slice(int((middle - side / 2) * share), int((middle + side / 2) * share) + 1)
                         for middle in (y, x))
        return _looked_at(lab[rows, columns]), None if opaque is None else _looked_at(opaque[rows, columns])


def _looked_at(part: Floats) -> Floats:
    return np.asarray(cv2.resize(part, (SEEN, SEEN), interpolation=cv2.INTER_AREA), np.float32)


def _places(height: int, width: int, cut_out: bool) -> Iterator[tuple[float, float, float]]:
    """Centers (x, y) and sides of the windows of a sheet; a cut-out is one that is taken whole."""
    if cut_out:
        yield width / 2, height / 2, float(min(height, width))
    for share in WINDOWS:
        side = share * min(height, width)
        rows, columns = (max(1, round((length - side) / (0.6 * side)) + 1) for length in (height, width))
        for y in np.linspace(side / 2, height - side / 2 - 1, rows) if rows > 1 else [height / 2]:
            for x in np.linspace(side / 2, width - side / 2 - 1, columns) if columns > 1 else [width / 2]:
                yield float(x), float(y), float(side)


def look_of(lab: Floats, weight: Floats | None) -> tuple[Floats, float, Floats]:
    """What a spot (h,w,3 in Lab; `weight` h,w in 0..1) looks like, its direction, and its mean and deviation in Lab.

    The look is 8 numbers of about the same range: mean color 3, spread of lightness and of color, strength of the
    gradients, how much they have one direction, and the product of these two. The direction is in radians.
    """
    flat = lab.reshape(-1, 3)
    w = np.ones(len(flat), np.float32) if weight is None else weight.ravel() + 1e-6
    w = w / w.sum()
    mean = w @ flat
    spread = np.sqrt(w @ (flat - mean) ** 2)
    gx, gy = (cv2.Sobel(lab[..., 0], cv2.CV_32F, *axes, scale=0.125).ravel() for axes in ((1, 0), (0, 1)))
    energy = float(w @ np.hypot(gx, gy))
    xx, yy, xy = float(w @ (gx * gx)), float(w @ (gy * gy)), float(w @ (gx * gy))
    coherence = float(np.hypot(xx - yy, 2 * xy)) / (xx + yy + 1e-3)
    angle = 0.5 * float(np.arctan2(2 * xy, xx - yy))
    look = np.array([*(mean / 20), spread[0] / 15, float(np.hypot(*spread[1:])) / 15, energy / 3,
                     coherence, energy * coherence / 3], np.float32)
    return look, angle, np.concatenate([mean, spread]).astype(np.float32)


def _evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of the items, evenly chosen."""
    if len(items) <= most:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, most).round().astype(int)]
