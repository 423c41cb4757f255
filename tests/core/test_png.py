"""PNG files with the same pixels, whatever else they tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.png import same_pixels


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (9, 13, 4), np.uint8)


def save(path: Path, pixels: np.ndarray, **told: object) -> Path:
    Image.fromarray(pixels).save(path, **told)
    return path


def test_what_is_told_beside_the_pixels_does_not_count(tmp_path: Path, pixels: np.ndarray) -> None:
    told = PngImagePlugin.PngInfo()
    told.add(b"gAMA", b"\0\0\xb1\x8f")
    one = save(tmp_path / "one.png", pixels)
    other = save(tmp_path / "other.png", pixels, pnginfo=told, dpi=(300, 300), compress_level=0)
    assert one.read_bytes() != other.read_bytes() and same_pixels(one, other)


def test_one_value_counts_and_so_do_size_and_channels(tmp_path: Path, pixels: np.ndarray) -> None:
    one, changed = save(tmp_path / "one.png", pixels), pixels.copy()
    changed[-1, -1, 3] ^= 1
    for name, other in {"value": changed, "shape": pixels.reshape(13, 9, 4), "channels": pixels[..., :3]}.items():
        assert not same_pixels(one, save(tmp_path / f"{name}.png", other))


def test_colors_count_that_are_told_beside_the_pixels(tmp_path: Path, pixels: np.ndarray) -> None:
    """A palette, and which of its colors is transparent."""
    picture = Image.fromarray(pixels[..., 0] % 4).convert("P")
    saved = {}
    for name, blue, clear in (("one", 0, 0), ("again", 0, 0), ("palette", 9, 0), ("clear", 0, 1)):
        picture.putpalette([0, 0, blue, 255, 0, 0, 0, 255, 0, 0, 0, 255])
        picture.save(saved.setdefault(name, tmp_path / f"{name}.png"), transparency=clear)
    same = {name for name, path in saved.items() if same_pixels(saved["one"], path)}
    assert same == {"one", "again"}


@pytest.mark.parametrize("end", [0, 8, 40, -40])
def test_what_is_damaged_or_no_png_is_not_the_same(tmp_path: Path, pixels: np.ndarray, end: int) -> None:
    whole = save(tmp_path / "whole.png", pixels)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(whole.read_bytes()[:end])
    assert not same_pixels(damaged, whole) and not same_pixels(whole, damaged) and not same_pixels(damaged, damaged)
