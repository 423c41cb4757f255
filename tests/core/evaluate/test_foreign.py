"""Other people's encoders, made into ours: the same features as their own description gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from core.encoders import LAYERS
from core.errors import WeightsError
from core.evaluate.foreign import distilled_encoder

NAMES = [name.replace("_", "") for name in LAYERS[:13]]


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    """A distilled encoder of width 4."""
    generator = torch.Generator().manual_seed(3)
    found = {"conv0.weight": torch.randn(3, 3, 1, 1, generator=generator), "conv0.bias": torch.rand(3)}
    for i, name in enumerate(NAMES):
        found[f"{name}.weight"] = torch.randn(4, 3 if i == 0 else 4, 3, 3, generator=generator) / 4
        found[f"{name}.bias"] = torch.rand(4, generator=generator)
    return found | {"conv11_aux.weight": torch.rand(8, 4, 1, 1)}


def test_the_distilled_encoder(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    save_file(tensors, tmp_path / "encoder.safetensors")
    encoder = distilled_encoder(tmp_path / "encoder.safetensors")
    image = torch.rand(1, 3, 48, 32)
    features = encoder(image, ["conv1_2", "conv4_2", "conv5_1"])
    x = functional.conv2d(image, tensors["conv0.weight"], tensors["conv0.bias"])
    for layer, name in zip(LAYERS, NAMES, strict=False):
        if layer.endswith("_1") and layer != "conv1_1":
            x = functional.max_pool2d(x, 2)
        x = functional.pad(x, (1, 1, 1, 1), mode="reflect")
        x = functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"]).relu()
        if layer in features:
            assert torch.allclose(features[layer], x, rtol=1e-3, atol=1e-4), layer


def test_what_is_no_such_encoder_is_refused(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="5SE"):
        distilled_encoder(path)
    with pytest.raises(WeightsError, match="5SE"):
        distilled_encoder(tmp_path / "missing.safetensors")
    save_file({key: tensor for key, tensor in tensors.items() if not key.startswith("conv51")}, path)
    with pytest.raises(WeightsError, match="ends before conv5_1"):
        distilled_encoder(path)
