"""The optimizer goes downhill, survives bad steps, and gives back the best picture it has seen."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from core.style.optimize import minimize


def quadratic(target: Tensor) -> object:
    def loss(image: Tensor) -> Tensor:
        return (torch.linspace(1, 50, image.numel()) * (image - target).flatten() ** 2).sum()
    return loss


@pytest.mark.parametrize(("optimizer", "steps"), [("lbfgs", 40), ("adam", 200)])
def test_finds_the_minimum(optimizer: str, steps: int) -> None:
    target = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    image = torch.zeros(1, 3, 4, 4)
    losses = [step.loss for step in minimize(image, quadratic(target), optimizer, steps)]
    assert len(losses) == steps + 1
    assert losses == sorted(losses, reverse=True)
    assert torch.allclose(image, target, atol=0.02)
    assert not image.requires_grad


def test_lbfgs_needs_fewer_steps_than_adam() -> None:
    target = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    final = {}
    for optimizer in ("lbfgs", "adam"):
        *_, last = minimize(torch.zeros(1, 3, 4, 4), quadratic(target), optimizer, 30)
        final[optimizer] = last.loss
    assert final["lbfgs"] < final["adam"]


def test_a_loss_that_is_not_a_number_is_stepped_back_from() -> None:
    target = torch.full((1, 3, 4, 4), 0.5)
    calls = 0

    def treacherous(image: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return ((image - target) ** 2).sum() * (math.nan if calls in (3, 4) else 1.0)

    image = torch.zeros(1, 3, 4, 4)
    *_, last = minimize(image, treacherous, "lbfgs", 30)
    assert math.isfinite(last.loss)
    assert torch.allclose(image, target, atol=0.05)


def test_stopping_early_leaves_the_best_picture() -> None:
    target = torch.full((1, 3, 4, 4), 0.5)
    image = torch.zeros(1, 3, 4, 4)
    seen = []
    steps = minimize(image, quadratic(target), "lbfgs", 50)
    for step in steps:
        seen.append(step.loss)
        if len(seen) == 8:
            steps.close()  # type: ignore[attr-defined]
    assert float(quadratic(target)(image)) == pytest.approx(min(seen), rel=1e-5)  # type: ignore[operator]
