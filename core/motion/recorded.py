"""Exact motion from files that lie beside a clip: Middlebury .flo, or EXR with Blender's Vector pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ..arrays import as_tensor
from ..digests import digest_of
from ..errors import InputError
from ..frames import read_data, read_flo
from ..sizes import Size, size_of
from .consistency import inverted

Known = tuple[Tensor, Tensor]
"""A flow 1,2,H,W, and 1,1,H,W: 1 where it is known, else 0 (the flow is 0 there)."""
WHAT_TO_GIVE = ("Give a folder of .flo files, or of EXR files that hold Blender's Vector pass (View Layer > Passes > "
                "Vector), numbered like the frames.")


class RecordedFlow:
    """The motion in a folder, for the frames of a clip by their `numbers`.

    A file belongs to the frame whose number is in its name: the last number there in which the files differ. A .flo
    file holds the flow from its frame to the clip's next one (as Sintel's do). An EXR with the Vector pass holds the
    motion to the frames one before and one after it. Raises InputError if the folder holds nothing for any of the
    frames, or two .flo files for one.
    """

    def __init__(self, folder: Path, numbers: list[int]) -> None:
        self.numbers = sorted(numbers)
        self._next = dict(pairwise(self.numbers))
        files = _files_in(folder)
        self._flo = _by_number(path for path in files if path.suffix.lower() == ".flo")
        _refuse_twice(self._flo)
        self._exr = _by_number(path for path in files if path.suffix.lower() == ".exr")
        there = sorted({*self._flo, *self._exr})
        if not there:
            raise InputError(f"There is no recorded motion in '{folder.name}'.", WHAT_TO_GIVE, str(folder))
        fitting = [number for number in there if number in set(self.numbers)]
        if not fitting:
            raise InputError(f"The recorded motion in '{folder.name}' belongs to none of the frames.",
                             f"It is numbered {there[0]} to {there[-1]}, the frames {self.numbers[0]} to "
                             f"{self.numbers[-1]}.", str(folder))
        if not self._flo:
            _vectors(self._exr[fitting[0]])  # EXR files without the pass are better noticed now than after a frame

    def digest(self, number: int) -> str:
        """sha256 (hex) of a frame's files; empty if it has none. Raises InputError if one cannot be read."""
        files = [*self._flo.get(number, ()), *self._exr.get(number, ())]
        try:
            return " ".join(digest_of(file) for file in files)
        except OSError as error:
            raise InputError(f"The recorded motion of frame {number} cannot be read.",
                             "Check that its file is readable.", str(error)) from error

    def between(self, later: int, earlier: int, size: Size) -> Known | None:
        """The flow from frame `later` to frame `earlier`, consecutive ones of the clip, and where it is known.

        The other way round it is as good. Resampled to `size` (H, W), the vectors with it. None if the folder has
        nothing for this pair. Raises InputError for a file that cannot be read.
        """
        found = self._stored(later, earlier)
        if found is not None:
            return _resampled(*found, size)
        found = self._stored(earlier, later)
        if found is None:
            return None
        flow, known = found
        return _resampled(*inverted(torch.where(known > 0, flow, torch.nan)), size)

    def _stored(self, here: int, there: int) -> Known | None:
        """The flow from `here` to `there` as a file of `here` holds it."""
        if self._next.get(here) == there and here in self._flo:
            return _known(as_tensor(read_flo(self._flo[here][0])))
        first, second = sorted((here, there))
        if second - first != 1 or self._next.get(first) != second or here not in self._exr:
            return None
        to_previous, to_next = _vectors(self._exr[here])
        return _known(to_previous if there < here else to_next)


def _files_in(folder: Path) -> list[Path]:
    """The files in a folder by name, but hidden ones. Raises InputError."""
    try:
        if not folder.is_dir():
            raise InputError(f"There is no folder '{folder}' with recorded motion.", WHAT_TO_GIVE)
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"The folder '{folder.name}' with recorded motion cannot be read.", "Check its permissions.",
                         str(error)) from error


def _vectors(paths: list[Path]) -> tuple[Tensor, Tensor]:
    """The flows to the previous and to the next frame out of the one of these EXR files that has the Vector pass.

    Blender (verified with a moving cube in 4.5 and 5.2, Cycles) writes, with y up: in X, Y where a point was in the
    previous frame minus where it is, and in Z, W where it is minus where it will be in the next frame.
    """
    for path in paths:
        pixels, names = read_data(path)
        channels = _vector_channels(names)
        if channels:
            x, y, z, w = (torch.from_numpy(np.ascontiguousarray(pixels[..., i])) for i in channels)
            return torch.stack([x, -y])[None], torch.stack([-z, w])[None]
    raise InputError(f"'{paths[0].name}' holds no Vector pass.", WHAT_TO_GIVE, str(paths[0]))


def _vector_channels(names: list[str]) -> list[int] | None:
    """Where X, Y, Z and W of one pass are among the channels: ViewLayer.Vector.X ...; of several the one so called."""
    passes: dict[str, dict[str, int]] = {}
    for index, name in enumerate(names):
        layer, _, axis = name.rpartition(".")
        passes.setdefault(layer, {})[axis.upper()] = index
    whole = [layer for layer, axes in passes.items() if all(axis in axes for axis in "XYZW")]
    if not whole:
        return None
    layer = min(whole, key=lambda name: (name.rpartition(".")[2].lower() != "vector", whole.index(name)))
    return [passes[layer][axis] for axis in "XYZW"]


def _known(flow: Tensor) -> Known:
    known = torch.isfinite(flow).all(1, keepdim=True)
    return torch.where(known, flow, 0.0), known.float()


def _resampled(flow: Tensor, known: Tensor, size: Size) -> Known:
    """At another size: averages of the known vectors, as long as the pixels there are; unknown where most were."""
    height, width = size_of(flow)
    if (height, width) == size:
        return flow, known
    share = interpolate(known, size, mode="bilinear", antialias=True)
    longer = flow.new_tensor([size[1] / width, size[0] / height]).view(1, 2, 1, 1)
    mean = interpolate(flow * known, size, mode="bilinear", antialias=True) / share.clamp_min(1e-6) * longer
    return torch.where(share > 0.5, mean, 0.0), (share > 0.5).float()


def _by_number(paths: Iterable[Path]) -> dict[int, list[Path]]:
    """The files by the number that tells them apart; those without one are left out."""
    alike: dict[str, list[tuple[Path, list[int]]]] = {}
    for path in paths:
        numbers = [int(digits) for digits in re.findall(r"\d+", path.stem)]
        if numbers:
            alike.setdefault(re.sub(r"\d+", "#", path.name), []).append((path, numbers))
    found: dict[int, list[Path]] = {}
    for files in alike.values():
        columns = zip(*(numbers for _, numbers in files), strict=True)
        differing = [place for place, column in enumerate(columns) if len(set(column)) > 1]
        for path, numbers in files:
            found.setdefault(numbers[differing[-1] if differing else -1], []).append(path)
    return found


def _refuse_twice(found: Mapping[int, list[Path]]) -> None:
    """Raises InputError if several files give the motion of one frame."""
    for number, paths in found.items():
        if len(paths) > 1:
            raise InputError(f"'{paths[0].name}' and '{paths[1].name}' both hold the motion of frame {number}.",
                             "Move one of them away.", str(paths[0].parent))
