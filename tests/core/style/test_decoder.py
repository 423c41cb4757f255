"""The fast engine's decoder: its shortcut over enlarged maps is the plain convolution."""

from __future__ import annotations

import torch
from torch.nn import functional

from core.style.decoder import add_enlarged_convolution


def test_an_enlarged_map_is_convolved_as_if_it_had_been_enlarged_first() -> None:
    generator = torch.Generator().manual_seed(1)
    x, kernel = torch.randn(2, 5, 7, 9, generator=generator), torch.randn(3, 5, 3, 3, generator=generator)
    added_to = torch.randn(2, 3, 14, 18, generator=generator)
    plain = added_to + functional.conv2d(functional.interpolate(x, scale_factor=2), kernel, padding=1)
    assert torch.allclose(add_enlarged_convolution(added_to.clone(), x, kernel), plain, atol=1e-5)


def test_its_gradient_is_the_plain_one_too() -> None:
    generator = torch.Generator().manual_seed(2)
    x, kernel = torch.randn(1, 2, 4, 4, generator=generator), torch.randn(3, 2, 3, 3, generator=generator)
    found = []
    for convolve in (lambda x, k: add_enlarged_convolution(torch.zeros(1, 3, 8, 8), x, k),
                     lambda x, k: functional.conv2d(functional.interpolate(x, scale_factor=2), k, padding=1)):
        inputs = x.clone().requires_grad_(), kernel.clone().requires_grad_()
        found.append(torch.autograd.grad(convolve(*inputs).square().sum(), inputs))
    for ours, plain in zip(*found, strict=True):
        assert torch.allclose(ours, plain, rtol=1e-4, atol=1e-3)
