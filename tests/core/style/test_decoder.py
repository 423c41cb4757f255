"""The fast engine's decoder: its shortcuts over enlarged maps and movements are exact."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.style.decoder import DECODED, REACH, Decoder, add_enlarged_convolution, untrained
from core.style.statistics import Movement


def test_an_enlarged_map_is_convolved_as_if_it_had_been_enlarged_first() -> None:
    generator = torch.Generator().manual_seed(1)
    x, kernel = torch.randn(2, 5, 7, 9, generator=generator), torch.randn(3, 5, 3, 3, generator=generator)
    bias, added_to = torch.randn(3, generator=generator), torch.randn(2, 3, 14, 18, generator=generator)
    plain = added_to + functional.conv2d(functional.interpolate(x, scale_factor=2), kernel, bias, padding=1)
    assert torch.allclose(add_enlarged_convolution(added_to.clone(), x, kernel, bias), plain, atol=1e-5)


def test_its_gradient_is_the_plain_one_too() -> None:
    generator = torch.Generator().manual_seed(2)
    x, kernel = torch.randn(1, 2, 4, 4, generator=generator), torch.randn(3, 2, 3, 3, generator=generator)
    found = []
    for convolve in (lambda x, k: add_enlarged_convolution(torch.zeros(1, 3, 8, 8), x, k, torch.zeros(3)),
                     lambda x, k: functional.conv2d(functional.interpolate(x, scale_factor=2), k, padding=1)):
        inputs = x.clone().requires_grad_(), kernel.clone().requires_grad_()
        found.append(torch.autograd.grad(convolve(*inputs).square().sum(), inputs))
    for ours, plain in zip(*found, strict=True):
        assert torch.allclose(ours, plain, rtol=1e-4, atol=1e-3)


def test_what_is_moved_on_the_way_is_painted_as_if_it_had_been_moved_before() -> None:
    generator = torch.Generator().manual_seed(3)
    channels = dict(zip(DECODED, (6, 5, 4, 3), strict=True))
    decoder = Decoder(untrained(channels, 1, (6, 5, 4, 3)))
    features = {j: torch.randn(1, channels[j], 4 << i, 6 << i, generator=generator) for i, j in enumerate(DECODED)}
    moves = {j: Movement(torch.randn(1, c, c, generator=generator), torch.randn(1, c, 1, generator=generator))
             for j, c in channels.items()}
    before = decoder({j: moves[j](features[j]) for j in DECODED})
    assert torch.allclose(decoder(features, moves), before, atol=1e-4)
    assert (before - decoder(features)).abs().max() > 0.01


def test_it_sees_no_farther_than_its_reach() -> None:
    generator = torch.Generator().manual_seed(4)
    channels = dict(zip(DECODED, (6, 5, 4, 3), strict=True))
    decoder = Decoder(untrained(channels, 1, (6, 5, 4, 3)))
    side = 4 * REACH
    features = {j: torch.randn(1, channels[j], side >> (3 - i), side >> (3 - i), generator=generator)
                for i, j in enumerate(DECODED)}
    changed = {j: f.clone() for j, f in features.items()}
    for feature in changed.values():
        feature[..., : feature.shape[-1] // 2] += 1.0  # the left half
    apart = (decoder(changed) - decoder(features)).abs().amax((0, 1, 2))
    assert apart[side // 2 + REACH:].max() == 0
    assert apart[side // 2 + REACH // 2:].max() > 0
