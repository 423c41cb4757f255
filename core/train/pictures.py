"""Training pictures: augmented crops of picture files and of pictures made by code; a step's batch never changes."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import frames
from ..arrays import as_array
from ..errors import InputError

Pixels = NDArray[np.float32]
"""H x W x 3, RGB [0, 1]."""
MADE_SHARE = 0.12
"""Part of the crops that come from pictures made by code."""
LONGEST = 1600
"""Larger files are reduced to this long side once, when they are read."""


class Pictures:
    """The pictures in some folders, apart: those to train with, and those held out to measure with.

    `held_out` are patterns of file names (`kodim0*`); without any, every eighth file of the sorted list is held out.
    Raises InputError if a folder holds no picture or nothing is left to train with.
    """

    def __init__(self, folders: Sequence[Path], held_out: Sequence[str] = ()) -> None:
        files = [file for folder in folders for file in _files(folder)]
        if held_out:
            apart = {file for file in files if any(fnmatch(file.name, pattern) for pattern in held_out)}
        else:
            apart = set(files[7::8])
        self.held_out_files = [file for file in files if file in apart]
        self.files = [file for file in files if file not in apart]
        if not self.files:
            raise InputError("There is no picture to train with.", "Give folders with pictures, hold fewer out.")

    @cached_property
    def _pixels(self) -> list[NDArray[np.uint8]]:
        return [_read(file) for file in self.files]

    def load(self) -> None:
        """Read all files to train with, if that has not been done."""
        self._pixels  # noqa: B018

    def batch(self, seed: int, step: int, count: int, side: int) -> Tensor:
        """N,3,side,side: augmented crops; the same seed and step always give the same ones."""
        rng = np.random.default_rng([seed, step])
        return stacked([self._crop(rng, side) for _ in range(count)])

    def held_out(self, count: int, side: int) -> Tensor:
        """N,3,side,side: the middle of held-out pictures (of all pictures where none is held out), not augmented."""
        files = self.held_out_files or self.files
        return stacked([_middle(_read(file), side) for file in files[:count]])

    def _crop(self, rng: np.random.Generator, side: int) -> Pixels:
        if rng.random() < MADE_SHARE:
            return augmented(rng, made(rng, side))
        pixels = self._pixels[rng.integers(len(self._pixels))]
        height, width = pixels.shape[:2]
        shortest = min(height, width)
        length = round(min(shortest, side * 4) * rng.uniform(min(1.0, side * 0.7 / shortest), 1.0))
        top, left = rng.integers(height - length + 1), rng.integers(width - length + 1)
        window = pixels[top:top + length, left:left + length].astype(np.float32) / 255
        crop = cv2.resize(window, (side, side), interpolation=cv2.INTER_AREA if length > side else cv2.INTER_CUBIC)
        return augmented(rng, np.asarray(crop, np.float32))


def augmented(rng: np.random.Generator, crop: Pixels) -> Pixels:
    """Turned over, and with other colors, gamma, blur or noise: an optimizer's pictures are not all photographs."""
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.2:
        crop = crop.transpose(1, 0, 2)
    if rng.random() < 0.6:
        mixing = np.eye(3) + rng.normal(0, rng.choice([0.1, 0.3]), (3, 3))
        crop = np.asarray((crop - 0.5) @ mixing.T + 0.5 + rng.normal(0, 0.1, 3), np.float32)
    crop = np.asarray(np.clip(crop, 0, 1) ** np.exp(rng.normal(0, 0.25)), np.float32)
    kind = rng.random()
    if kind < 0.1:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 2.0)), np.float32)
    elif kind < 0.3:
        crop = crop + np.asarray(rng.normal(0, rng.uniform(0.01, 0.15), crop.shape), np.float32)
    return np.clip(crop, 0, 1)


def made(rng: np.random.Generator, side: int) -> Pixels:
    """A picture made by code: clouds of noise at all scales, bent stripes, or flat shapes one over the other."""
    kind = rng.integers(3)
    if kind == 0:
        return np.stack([_clouds(rng, side) for _ in range(3)], -1).astype(np.float32)
    if kind == 1:
        phase = _clouds(rng, side) * rng.uniform(10, 80)
        wave = 0.5 + 0.5 * np.sin(phase + np.arange(side) * rng.uniform(0, 1.0))
        one, other = rng.random((2, 3))
        return np.asarray(wave[..., None] * one + (1 - wave[..., None]) * other, np.float32)
    canvas = np.full((side, side, 3), rng.random(3), np.float32)
    for _ in range(rng.integers(4, 40)):
        corners = rng.integers(0, side, 2) + rng.normal(0, side / rng.uniform(4, 20), (rng.integers(3, 7), 2))
        cv2.fillPoly(canvas, [corners.astype(np.int32)], rng.random(3).tolist(), cv2.LINE_AA)
    return canvas


def _clouds(rng: np.random.Generator, side: int) -> Pixels:
    """H x W in 0..1: noise whose spectrum falls as 1 / frequency^power (power 0.5 grains, 2 clouds)."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.normal(size=(side, side))) / frequency ** rng.uniform(0.5, 2.0)
    noise = np.fft.irfft2(spectrum, (side, side))
    return np.asarray((noise - noise.min()) / (np.ptp(noise) + 1e-9), np.float32)


def stacked(crops: Sequence[Pixels]) -> Tensor:
    """Crops of one size as N,3,H,W."""
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()


def _files(folder: Path) -> list[Path]:
    found = frames.files_in(folder) if folder.is_dir() else []
    if not found:
        raise InputError(f"The folder '{folder.name}' holds no picture.", "Give a folder with pictures.", str(folder))
    return found


def _read(file: Path) -> NDArray[np.uint8]:
    rgb = as_array(frames.read(file).rgb)
    factor = LONGEST / max(rgb.shape[:2])
    if factor < 1:
        rgb = np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    return np.asarray(rgb * 255 + 0.5, np.uint8)


def _middle(pixels: NDArray[np.uint8], side: int) -> Pixels:
    height, width = pixels.shape[:2]
    length = min(height, width)
    top, left = (height - length) // 2, (width - length) // 2
    square = pixels[top:top + length, left:left + length].astype(np.float32) / 255
    return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.float32)
