"""The preconditioner gives large forms longer steps than fine ones, and leads to the same picture."""

from __future__ import annotations

import torch
from torch import Tensor

from core.style.optimize import minimize
from core.style.precondition import Preconditioner


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_it_is_symmetric() -> None:
    apply = Preconditioner((17, 24))
    a, b = noise(1, 3, 17, 24), noise(1, 3, 17, 24).flip(-1)
    assert torch.allclose((apply(a) * b).sum(), (a * apply(b)).sum(), rtol=1e-4)


def test_large_forms_are_raised_over_fine_ones() -> None:
    x = torch.arange(64.0)
    large, fine = (torch.sin(2 * torch.pi * x * f).expand(1, 3, 64, 64) for f in (1 / 32, 1 / 4))
    apply = Preconditioner((64, 64))
    raised = [float(apply(wave).norm() / wave.norm()) for wave in (large, fine)]
    assert abs(raised[0] / raised[1] - 8 ** 0.5) < 0.01


def test_even_color_stays_finite_at_every_size() -> None:
    for size in ((1, 1), (1, 9), (16, 16)):
        even = torch.ones(1, 3, *size)
        raised = Preconditioner(size)(even)
        assert raised.isfinite().all()
        assert torch.allclose(raised, raised[..., :1, :1].expand_as(raised), atol=1e-5)


def test_what_bends_like_features_is_minimized_in_fewer_steps() -> None:
    target = noise(1, 3, 32, 32)
    frequency = torch.hypot(torch.fft.fftfreq(32)[:, None], torch.fft.rfftfreq(32)) + 1 / 32

    def loss(image: Tensor) -> Tensor:
        apart = torch.fft.rfft2(image - target).abs().square()
        return (frequency * apart).sum()

    final = {}
    for optimizer in ("lbfgs", "plain-lbfgs"):
        image = torch.zeros(1, 3, 32, 32)
        *_, last = minimize(image, loss, optimizer, 12)
        final[optimizer] = last.loss
        assert (image - target).square().mean() < 0.2
    assert final["lbfgs"] < 0.5 * final["plain-lbfgs"]
