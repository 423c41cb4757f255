"""What the collage's tests share: small textured pictures, a clip in which something moves, a few papers, and jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.arrays import as_tensor
from core.collage.materials import Materials, Sheet
from core.collage.pieces import Floats
from core.effects import Companions, Moment
from core.frames import Picture, write
from core.job import Job
from core.options import CollageOptions, EngineOptions, OutputOptions

HEIGHT, WIDTH = 96, 128
SQUARE = slice(30, 66)
"""Rows of the square that moves."""
STEP = 3
"""Pixels that it moves to the right in each frame, from 10 on."""


def textured(seed: int, height: int = HEIGHT, width: int = WIDTH) -> Floats:
    """h,w,3 in 0..1: seeded, with large and small forms, so that movement can be seen everywhere."""
    generator = np.random.default_rng(seed)
    large, small = (cv2.resize(generator.random((rows, rows * width // height, 3)).astype(np.float32), (width, height),
                               interpolation=cv2.INTER_CUBIC) for rows in (5, height // 3))
    return np.asarray(np.clip(0.7 * large + 0.3 * small, 0, 1), np.float32)


def as_picture(image: Floats) -> Picture:
    return Picture(as_tensor(image))


@pytest.fixture
def texture() -> Callable[..., Floats]:
    """texture(seed, height, width): h,w,3 in 0..1."""
    return textured


@pytest.fixture
def save() -> Callable[[Path, Floats], Path]:
    """save(path, picture h,w,3 or h,w,4): writes a PNG."""
    def make(path: Path, image: Floats) -> Path:
        alpha = as_tensor(image[..., 3:]) if image.shape[-1] == 4 else None
        write(path, Picture(as_picture(image[..., :3]).rgb, alpha), "png")
        return path
    return make


@pytest.fixture
def shot() -> Callable[..., Floats]:
    """shot(number, scene=1): a frame in which a square has moved over ground that stands still."""
    def make(number: int, scene: int = 1) -> Floats:
        image = textured(scene).copy()
        left = 10 + STEP * number
        image[SQUARE, left:left + 36] = textured(scene + 50, 36, 36)
        return image
    return make


@pytest.fixture
def moment(shot: Callable[..., Floats]) -> Callable[..., Moment]:
    """moment(number, image=None, ...): a frame as a Follower is given it."""
    def make(number: int, image: Floats | None = None, companions: Companions | None = None, **rest: Any) -> Moment:
        rgb = as_picture(shot(number) if image is None else image).rgb
        return Moment(number, rgb, companions=companions or Companions(), **rest)
    return make


@pytest.fixture
def clip(tmp_path: Path, shot: Callable[..., Floats]) -> Callable[..., Path]:
    """clip(count, cut=None): a folder of frames 1 to `count`; at the number `cut` another scene begins."""
    def make(count: int = 6, cut: int | None = None) -> Path:
        folder = tmp_path / f"clip {count} {cut}"
        for number in range(1, count + 1):
            scene = 1 if cut is None or number < cut else 9
            write(folder / f"{number:03d}.png", as_picture(shot(number, scene)), "png")
        return folder
    return make


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder of four small textured papers."""
    for i in range(4):
        write(tmp_path / "papers" / f"paper{i}.png", as_picture(textured(200 + i, 60, 80)), "png")
    return tmp_path / "papers"


@pytest.fixture(scope="session")
def sheets() -> Materials:
    """The same papers, read."""
    return Materials([Sheet(f"paper{i}", np.round(textured(200 + i, 60, 80) * 255).astype(np.uint8), None)
                      for i in range(4)])


@pytest.fixture
def collage(tmp_path: Path, papers: Path) -> Callable[..., Job]:
    """A quick collage: collage(input, output=None, mode=..., pieces=..., frames=...), from `papers` if not others."""
    def make(source: Path | str, output: Path | None = None, **given: Any) -> Job:
        names = ("frames", "only", "format", "restore_size", "chunk")
        files = {name: given.pop(name) for name in names if name in given}
        options = {"materials": (str(papers),), "pieces": 12, "levels": 2, **given}
        return Job(str(source), str(output or tmp_path / "result"), "collage", CollageOptions(**options),
                   OutputOptions(**files), EngineOptions(threads=1))
    return make
