"""Tiles equal the whole: sums, loss, gradient and the painted picture, at odd sizes, under masks, with thin tiles."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from core.encoders import LAYERS, Encoder
from core.options import StyleOptions, parse_layers
from core.style import tiles, transfer
from core.style.tiles import TiledEncoder
from core.style.transfer import StyleTargets, TransferLoss, paint

WHOLE = 16384
SIZES = [(96, 160, 48), (97, 151, 16), (33, 200, 64), (150, 47, 32)]
"""Height, width and tile side; the paper's layers have a halo of 128, wider than any of these tiles."""


def textured(seed: int, height: int, width: int) -> Tensor:
    """A seeded random picture without flat areas: where pooled values tie, rounding decides which has the gradient."""
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def targets_for(encoder: Encoder, options: StyleOptions, tile: int) -> StyleTargets:
    styles = [(textured(3, 90, 130).to(encoder.dtype), 1.0), (textured(4, 48, 64).to(encoder.dtype), 2.0)]
    return StyleTargets(encoder, styles, list(parse_layers("style_layers", options.style_layers)), tile=tile)


def loss_of(encoder: Encoder, height: int, width: int, tile: int, masked: bool,
            **options: object) -> tuple[float, Tensor]:
    """The loss of a picture that is not the content, and its gradient."""
    chosen = StyleOptions(content_weight=0.1, **options)  # type: ignore[arg-type]
    content, image = textured(1, height, width), textured(2, height, width)
    mask = textured(5, height, width)[:, :1] if masked else None
    grams = targets_for(encoder, chosen, tile).at(max(height, width))
    loss = TransferLoss(encoder, content, grams, chosen, mask, tile)
    image.requires_grad_()
    value = loss(image)
    gradient, = torch.autograd.grad(value, image)
    return value.item(), gradient


@pytest.mark.parametrize(("height", "width", "tile"), SIZES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("loss", ["normalized", "classic"])
def test_loss_and_gradient_are_those_of_the_whole(tiny_encoder: Encoder, height: int, width: int, tile: int,
                                                  masked: bool, loss: str) -> None:
    whole, gradient = loss_of(tiny_encoder, height, width, WHOLE, masked, loss=loss, tv=0.1)
    tiled, tiled_gradient = loss_of(tiny_encoder, height, width, tile, masked, loss=loss, tv=0.1)
    assert tiled == pytest.approx(whole, rel=1e-5)
    assert (tiled_gradient - gradient).abs().max() < 1e-4 * gradient.abs().max()


@pytest.mark.parametrize("deepest", ["conv1_1", "conv2_2", "conv3_4", "conv4_1", "conv5_1"])
def test_the_halo_is_wide_enough_for_every_depth(tiny_encoder: Encoder, deepest: str) -> None:
    layers = {"style_layers": f"{deepest}=1", "content_layers": "conv1_1=1"}
    whole, gradient = loss_of(tiny_encoder, 200, 70, WHOLE, False, **layers)
    tiled, tiled_gradient = loss_of(tiny_encoder, 200, 70, 32, False, **layers)
    assert tiled == pytest.approx(whole, rel=1e-5)
    assert (tiled_gradient - gradient).abs().max() < 1e-4 * gradient.abs().max()


def test_feature_maps_put_together_from_tiles(tiny_encoder: Encoder) -> None:
    image = textured(1, 105, 131)
    whole = tiny_encoder(image, LAYERS)
    tiled = TiledEncoder(tiny_encoder, LAYERS, (105, 131), 32)
    assert len(tiled.tiles) == 4 * 5
    for layer, features in tiled.features(image, LAYERS).items():
        assert torch.allclose(features, whole[layer], atol=1e-5)


def test_the_painted_picture_is_that_of_the_whole(tiny_encoder: Encoder) -> None:
    """In double precision: in single a pooled tie now and then goes the other way, and a few pixels with it."""
    options, encoder = StyleOptions(iterations=3, scales=2), tiny_encoder.double()
    content, painted = textured(1, 200, 230).double(), []
    for tile in (WHOLE, 64):
        *_, last = paint(encoder, content, targets_for(encoder, options, tile), options)
        assert isinstance(last, Tensor)
        painted.append(last)
    assert (painted[0] - content).abs().mean() > 0.01
    assert (painted[1] - painted[0]).abs().max() < 1e-6


def test_freed_memory_is_given_back_before_a_picture_in_tiles(tiny_encoder: Encoder,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each scale; others are too quick for it."""
    given: list[int] = []
    monkeypatch.setattr(transfer, "release_freed", lambda: given.append(1))
    options = StyleOptions(iterations=1, scales=2)
    for tile, times in ((WHOLE, 0), (64, 2)):
        given.clear()
        *_, last = paint(tiny_encoder, textured(1, 200, 230), targets_for(tiny_encoder, options, tile), options)
        assert isinstance(last, Tensor) and len(given) == times


def test_halo() -> None:
    assert tiles.halo(["conv1_1"]) == 16
    assert tiles.halo(["conv4_4", "conv1_2"]) == 64  # 2 + 2*2 + 4*4 + 4*8 = 54
    assert tiles.halo(["conv5_4"]) == 128  # 54 + 4*16 = 118


@pytest.mark.parametrize("length", [1, 15, 16, 17, 100, 4096])
def test_spans_cover_an_axis_once(length: int) -> None:
    for side in (16, 48, 1024, 8192):
        parts = tiles.spans(length, side, 32)
        assert parts[0].start == 0 and parts[-1].stop == length
        assert all(a.stop == b.start for a, b in itertools.pairwise(parts))
        assert all(part.start % 16 == 0 and part.first % 16 == 0 and part.stop - part.start <= side for part in parts)


def test_a_small_picture_is_one_tile_and_a_large_one_fits_the_budget(tiny_encoder: Encoder) -> None:
    per_pixel = tiles.bytes_per_pixel(tiny_encoder, LAYERS)
    assert len(TiledEncoder(tiny_encoder, LAYERS, (480, 640)).tiles) == 1
    many = TiledEncoder(tiny_encoder, LAYERS, (20000, 30001)).tiles
    assert len(many) > 1
    for tile in many:
        assert ((tile.rows.last - tile.rows.first) * (tile.columns.last - tile.columns.first) * per_pixel
                <= tiles.BUDGET)
