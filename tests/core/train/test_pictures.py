"""Training pictures: the same step gives the same crops, held-out files are never trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import InputError
from core.frames import Picture, write
from core.train.pictures import Pictures, made


@pytest.fixture
def folder(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """Sixteen small pictures, one of them a plain red one."""
    for i in range(15):
        write(tmp_path / f"photo{i:02d}.png", picture(i, 40, 56), "png")
    write(tmp_path / "red.png", Picture(torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 40, 40)), "png")
    return tmp_path


def test_a_step_always_gives_the_same_crops_and_another_step_others(folder: Path) -> None:
    one, again = Pictures([folder]), Pictures([folder])
    assert torch.equal(one.batch(1, 5, 3, 32), again.batch(1, 5, 3, 32))
    assert not torch.equal(one.batch(1, 5, 3, 32), one.batch(1, 6, 3, 32))
    assert not torch.equal(one.batch(1, 5, 3, 32), one.batch(2, 5, 3, 32))


def test_crops_are_pictures_of_the_asked_size(folder: Path) -> None:
    for step in range(20):
        batch = Pictures([folder]).batch(1, step, 4, 24)
        assert batch.shape == (4, 3, 24, 24)
        assert batch.dtype == torch.float32
        assert batch.min() >= 0
        assert batch.max() <= 1


def test_held_out_files_are_kept_apart(folder: Path) -> None:
    pictures = Pictures([folder], ["red*", "photo00.png"])
    assert [file.name for file in pictures.held_out_files] == ["photo00.png", "red.png"]
    assert len(pictures.files) == 14
    assert pictures.held_out(4, 16)[1, :, 8, 8].tolist() == pytest.approx([1, 0, 0], abs=0.01)


def test_hidden_files_are_no_pictures(folder: Path) -> None:
    files = Pictures([folder]).files
    (folder / "._photo00.png").write_bytes(b"what a Mac leaves on other systems' disks")
    assert Pictures([folder]).files == files


def test_without_patterns_every_eighth_file_is_held_out(folder: Path) -> None:
    assert len(Pictures([folder]).held_out_files) == 2


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_pictures_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        Pictures([tmp_path / name])


def test_holding_everything_out_is_an_error(folder: Path) -> None:
    with pytest.raises(InputError, match="no picture to train with"):
        Pictures([folder], ["*"])


def test_pictures_made_by_code_are_varied() -> None:
    pixels = [made(np.random.default_rng(seed), 32) for seed in range(12)]
    assert all(p.shape == (32, 32, 3) and p.dtype == np.float32 and p.std() > 0 for p in pixels)
    assert np.std([p.mean() for p in pixels]) > 0.02
