"""How two frames of a clip hang together: the flow between them and its reliability, recorded or estimated, cached."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import InputError
from ..frames import read_data, write_data
from ..sizes import Size, size_of
from .consistency import chained, consistency, reliability
from .flow import Estimator, settled
from .recorded import Known, RecordedFlow
from .warp import interpolate

log = logging.getLogger(__name__)
VERSION = 4
"""Counts the changes of anything in this package that changes a link: older files in a cache are then not used."""
CHANNELS = ("X", "Y", "reliability", "consistency")
LONGEST = 60000.0
"""Pixels: half precision ends a little above."""


@dataclass(frozen=True)
class Seen:
    """A frame as motion sees it: its number, its picture 1,3,H,W in [0, 1], a digest that changes when it does."""

    number: int
    rgb: Tensor
    digest: str


@dataclass(frozen=True)
class Link:
    """How a frame hangs together with an earlier (or later) one.

    `flow` 1,2,H,W in pixels from this frame to that one; `reliability` and `consistency`, 1,1,H,W in 0..1, say where it
    is right, and where what is seen here is seen there at all, motion boundaries included. All are in steps of half
    precision, as the cache keeps them, and on the CPU.
    """

    flow: Tensor
    reliability: Tensor
    consistency: Tensor


class Motion:
    """The links between a clip's frames: out of `recorded` motion where there is some, else by the `estimator`.

    Estimated links are kept in the folder `cache` (None: nowhere), one file each.
    """

    def __init__(self, estimator: Estimator, recorded: RecordedFlow | None, cache: Path | None) -> None:
        self._estimator, self._recorded, self._cache = estimator, recorded, cache

    def link(self, here: Seen, there: Seen) -> Link:
        """The link from `here` to `there`, pictures of one size; the same from the cache as made afresh.

        Raises InputError (a recorded file that cannot be read), OutputError (the cache cannot be written).
        """
        exact = self._exact(here.number, there.number, size_of(here.rgb))
        if exact is not None:
            return exact
        path = self._cache and self._cache / self._name(here, there)
        kept = _load(path, size_of(here.rgb)) if path else None
        if kept is not None:
            return kept
        made = self._estimated(here.rgb, there.rgb)
        if path:
            maps = (*made.flow[0].numpy(), made.reliability[0, 0].numpy(), made.consistency[0, 0].numpy())
            write_data(path, dict(zip(CHANNELS, maps, strict=True)))
        return made

    def _estimated(self, here: Tensor, there: Tensor) -> Link:
        flow = settled(self._estimator(here, there), here.cpu(), there.cpu())
        back = settled(self._estimator(there, here), there.cpu(), here.cpu())
        return _rounded(flow, reliability(flow, back), consistency(flow, back))

    def _exact(self, here: int, there: int, size: Size) -> Link | None:
        """The recorded link; frames that are further apart are linked over those between them."""
        if self._recorded is None or here == there:
            return None
        between = [n for n in self._recorded.numbers if min(here, there) <= n <= max(here, there)]
        if not {here, there} <= set(between):
            return None
        flow, trust = torch.zeros(1, 2, *size), torch.ones(1, 1, *size)
        for one, other in pairwise(between if here < there else between[::-1]):
            step = self._step(one, other, size)
            if step is None:
                return None
            flow, trust = chained(flow, step[0]), trust * (interpolate(step[1], flow) > 0.99).float()
        return _rounded(flow, trust, trust)

    def _step(self, here: int, there: int, size: Size) -> Known | None:
        """Recorded flow and its reliability between consecutive frames. Known motion can still lead behind others."""
        assert self._recorded is not None
        step, back = self._recorded.between(here, there, size), self._recorded.between(there, here, size)
        if step is None or back is None:
            return None
        returns = reliability(step[0], back[0])
        return step[0], step[1] * returns * (interpolate(back[1], step[0]) > 0.5).float()

    def _name(self, here: Seen, there: Seen) -> str:
        told = [here.digest, there.digest, str(size_of(here.rgb)), self._estimator.name, str(VERSION)]
        digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
        return f"{here.number}-{there.number}-{digest}.exr"


def _rounded(flow: Tensor, trust: Tensor, seen: Tensor) -> Link:
    return Link(flow.clamp(-LONGEST, LONGEST).half().float(), trust.half().float(), seen.half().float())


def _load(path: Path, size: Size) -> Link | None:
    """A link out of the cache; None if it is not there, or damaged."""
    if not path.is_file():
        return None
    try:
        pixels, names = read_data(path)
    except InputError as error:
        log.warning("%s is damaged and made again: %s", path, error.detail)
        return None
    if sorted(names) != sorted(CHANNELS) or pixels.shape[:2] != size or not np.isfinite(pixels).all():
        log.warning("%s is not a link and made again", path)
        return None
    maps = [torch.from_numpy(np.ascontiguousarray(pixels[..., names.index(name)])) for name in CHANNELS]
    return Link(torch.stack(maps[:2])[None], maps[2][None, None], maps[3][None, None])
