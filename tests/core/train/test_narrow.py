"""A narrow decoder made from a wider one without training paints much the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.encoders import Encoder
from core.frames import Picture
from core.style.decoder import DECODED, Decoder, untrained
from core.train.narrow import narrowed
from core.weights import Layer

WIDE = (10, 8, 6, 5)


@pytest.fixture
def features(tiny_encoder: Encoder, picture: Callable[..., Picture]) -> dict[str, Tensor]:
    """What a decoder, of these layers or of deeper ones, may see of four pictures."""
    pictures = torch.cat([picture(seed).rgb for seed in range(4)])
    return tiny_encoder(pictures, {*DECODED, "conv4_4"})


def test_as_wide_as_before_it_paints_the_same(features: dict[str, Tensor]) -> None:
    wide = Decoder(random_weights(features))
    narrow = Decoder(narrowed(wide, features, WIDE))
    assert away(narrow, wide, features) < 0.01


def test_narrower_it_is_still_much_closer_than_at_random(features: dict[str, Tensor]) -> None:
    wide = Decoder(random_weights(features))
    found = narrowed(wide, features, (5, 4, 3, 3))
    assert [len(found[f"{layer}_out"].bias) for layer in DECODED] == [5, 4, 3, 3]
    fresh = Decoder(untrained({layer: features[layer].shape[1] for layer in DECODED}, 7, (5, 4, 3, 3)))
    assert away(Decoder(found), wide, features) < 0.5 * away(fresh, wide, features)


def test_the_wider_one_may_have_seen_a_deeper_layer(features: dict[str, Tensor]) -> None:
    layers = {name.replace(DECODED[0], "conv4_4"): layer for name, layer in random_weights(features).items()}
    wide = Decoder(layers)
    assert wide.layers == ("conv4_4", *DECODED[1:])
    narrow = Decoder(narrowed(wide, features, WIDE))
    assert narrow.layers == DECODED
    assert away(narrow, wide, features) < 0.3


def random_weights(features: dict[str, Tensor]) -> dict[str, Layer]:
    return untrained({layer: features[layer].shape[1] for layer in DECODED}, 1, WIDE)


def away(decoder: Decoder, wanted: Decoder, features: dict[str, Tensor]) -> float:
    """How far two decoders' paintings are apart, of how far the wanted one's are from their mean."""
    painted, target = decoder(features), wanted(features)
    return float((painted - target).norm() / (target - target.mean((2, 3), keepdim=True)).norm())
