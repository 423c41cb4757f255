"""Noise: what is uneven about paper, the same at every size."""

from __future__ import annotations

from functools import lru_cache
from math import pi

import numpy as np
import torch
from numpy.typing import NDArray

from ..arrays import Floats

LINES = 1080.0
"""Options in pixels are for a frame of so many lines."""
TILE = 1024
"""Side of the noise that all pieces take their part of, pixels at 1080 lines."""


class Noise:
    """What is uneven about paper: one piece's part of tiles that are the same for all pieces; each about -1..1.

    Noise sticks to the piece: at another scale it is the same, larger or smaller. `origin` is where (left, top) the
    part begins, in pixels from what it sticks to.
    """

    def __init__(self, scale: float, generator: np.random.Generator, size: tuple[int, int],
                 origin: tuple[int, int] = (0, 0)) -> None:
        self._side = max(8, round(TILE * scale / LINES))
        self._generator, self._size, self._origin = generator, size, origin

    def rough(self) -> Floats:
        """How tears stray: large bends and small fibers."""
        return self._part(1.9, 40.0, 1.6)

    def soft(self) -> Floats:
        """How color was laid unevenly."""
        return self._part(2.2, 160.0, 8.0)

    def tooth(self) -> Floats:
        """The tooth of the paper."""
        return self._part(0.3, 6.0, 1.1)

    def _part(self, falling: float, longest: float, shortest: float) -> Floats:
        tile = _tile(self._side, falling, longest, shortest)
        corner = (self._generator.uniform(0, self._side, 2) + self._origin).round().astype(int) % self._side
        left, top = (int(place) for place in corner)
        rows, columns = self._size
        part = tile[top:top + rows, left:left + columns]
        if part.shape != self._size:  # over the tile's edge, where it begins again
            part = tile.take(range(top, top + rows), 0, mode="wrap").take(range(left, left + columns), 1, mode="wrap")
        return torch.from_numpy(part).float().numpy()  # NumPy takes four times as long


@lru_cache(maxsize=16)
def _tile(side: int, falling: float, longest: float, shortest: float) -> NDArray[np.float16]:
    """side,side: noise that repeats without a seam, its waves (pixels at 1080 lines) from longest to shortest.

    At every size it is the same picture, but for waves that are too fine for it.
    """
    generator = np.random.default_rng(int(longest * 100))
    frequency = np.hypot(*np.meshgrid(np.fft.rfftfreq(TILE), np.fft.fftfreq(TILE)))
    low, high = 1 / longest, min(1 / shortest, 0.5)
    frequency[0, 0] = 1
    strength = np.maximum(frequency, low) ** -falling * np.exp(-(frequency / max(high, 2 * low)) ** 2)
    strength[0, 0] = 0
    waves = strength * np.exp(2j * pi * generator.uniform(size=strength.shape))
    half = min(side, TILE) // 2
    fitting = np.zeros((side, side // 2 + 1), np.complex128)
    fitting[:half, :half], fitting[-half:, :half] = waves[:half, :half], waves[-half:, :half]
    tile = np.fft.irfft2(fitting, (side, side))
    return np.asarray(tile / (1.6 * tile.std()), np.float16)
