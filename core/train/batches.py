"""The batches of a training's steps, made beside the computing by as many processes as it leaves idle."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .pictures import Pictures

AHEAD = 4
"""Batches that each process has ready."""


class Source(NamedTuple):
    """Where one of a step's batches comes from."""

    pictures: Pictures
    seed: int


Bytes = NDArray[np.uint8]


class Batches(Dataset[list[Bytes]]):
    """For each step one batch, N,3,side,side in 0..255, from each source; the same step always gives the same ones.

    They go from process to process as arrays, for the memory that tensors go through is small in some containers, and
    as bytes: as floats, 32 pairs of 256 pixels a side took 140 ms to hand over for 20, and a GPU's step takes 80.
    """

    def __init__(self, sources: Sequence[Source], count: int, side: int) -> None:
        self.sources, self.count, self.side = sources, count, side

    def __getitem__(self, step: int) -> list[Bytes]:
        return [(pictures.batch(seed, step, self.count, self.side) * 255 + 0.5).byte().numpy()
                for pictures, seed in self.sources]

    def of(self, steps: range, processes: int = 0) -> Iterator[list[Tensor]]:
        """The uint8 batches of these steps, in order; with processes they are made before they are asked for."""
        for source in self.sources:
            source.pictures.load()  # once, before there are several processes
        if processes:
            cv2.setNumThreads(0)  # OpenCV's threads do not survive a fork
        loader = DataLoader(self, batch_size=None, sampler=steps, num_workers=processes, collate_fn=_as_they_are,
                            prefetch_factor=AHEAD if processes else None)
        for arrays in loader:
            yield [torch.from_numpy(array) for array in arrays]


def floats(batch: Tensor, device: torch.device) -> Tensor:
    """A batch on a device, float32 in 0..1."""
    return batch.to(device).float() / 255


def idle_processors(device: torch.device) -> int:
    """How many processes can make batches while this device computes: none where the processors do it themselves."""
    return 0 if device.type == "cpu" else max(1, (os.cpu_count() or 1) - 2)


def _as_they_are(arrays: list[Bytes]) -> list[Bytes]:
    return arrays
