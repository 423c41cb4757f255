"""The optimizer goes downhill, survives bad steps, and gives back the best picture it has seen."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from core.style import lbfgs
from core.style.lbfgs import LBFGS
from core.style.optimize import FIRST_STEP, SETTLED_STEP, Adam, minimize


def quadratic(target: Tensor) -> object:
    def loss(image: Tensor) -> Tensor:
        return (torch.linspace(1, 50, image.numel()) * (image - target).flatten() ** 2).sum()
    return loss


def test_a_shorter_first_step_spares_what_is_nearly_done() -> None:
    target = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    last = {}
    for first_step in (FIRST_STEP, SETTLED_STEP):
        *_, last[first_step] = minimize(target + SETTLED_STEP, quadratic(target), "plain-lbfgs", 2, 0.0, first_step)
    assert last[SETTLED_STEP].loss < 0.1 * last[FIRST_STEP].loss


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


@pytest.mark.parametrize("optimizer", ["lbfgs", "plain-lbfgs", "adam"])
def test_no_picture_is_looked_at_twice_where_a_step_is_undone(optimizer: str) -> None:
    seen: list[Tensor] = []

    def treacherous(image: Tensor) -> Tensor:
        seen.append(image.detach().clone())
        return (image ** 2).sum() * (math.nan if len(seen) in (2, 5) else 1.0)

    *_, last = minimize(torch.ones(1, 3, 4, 4), treacherous, optimizer, 8)
    assert not any(torch.equal(a, b) for i, a in enumerate(seen) for b in seen[:i])
    assert last.loss == min(float((picture ** 2).sum()) for i, picture in enumerate(seen, 1) if i not in (2, 5))


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


def test_when_ten_steps_gain_too_little_the_scale_ends_at_its_last_step() -> None:
    target = torch.full((1, 3, 4, 4), 0.5)

    def with_a_floor(image: Tensor) -> Tensor:
        return 1.0 + ((image - target) ** 2).sum()

    whole = list(minimize(torch.zeros(1, 3, 4, 4), with_a_floor, "lbfgs", 60, tolerance=0.0))
    ended = list(minimize(torch.zeros(1, 3, 4, 4), with_a_floor, "lbfgs", 60, tolerance=0.01))
    assert len(whole) == 61
    assert 11 <= len(ended) < 40
    assert [step.step for step in ended[:-1]] == list(range(len(ended) - 1))
    assert ended[-1].step == ended[-1].steps == 60
    assert ended[-1].loss == pytest.approx(whole[-1].loss, rel=0.01)


def test_undone_steps_do_not_count_as_flat() -> None:
    calls = 0

    def treacherous(image: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return ((image - 0.5) ** 2).sum() * (math.nan if calls % 4 == 0 else 1.0)

    steps = list(minimize(torch.zeros(1, 3, 4, 4), treacherous, "adam", 30, tolerance=0.9))
    assert len(steps) == 31


def test_lbfgs_takes_the_steps_of_the_two_loop_recursion() -> None:
    generator = torch.Generator().manual_seed(4)
    target, weight = torch.rand(2, 600, generator=generator)
    weight = 10 ** (3 * weight)

    def loss(x: Tensor) -> Tensor:
        return (weight * (x - target).square()).sum() + torch.sin(5 * x).square().sum()

    ours, theirs = torch.zeros(600), torch.zeros(600, requires_grad=True)
    mover = LBFGS(ours)
    mover.restart(0.01)
    reference = torch.optim.LBFGS([theirs], lr=0.01 * 600, max_iter=1, history_size=lbfgs.HISTORY, tolerance_grad=0.0,
                                  tolerance_change=0.0)

    def closure() -> Tensor:
        reference.zero_grad()
        value = loss(theirs)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    for _ in range(30):  # past the point where the oldest pairs are dropped
        x = ours.clone().requires_grad_()
        mover.move(ours, torch.autograd.grad(loss(x), x)[0])
        reference.step(closure)
        reference.param_groups[0]["lr"] = 1.0
        assert torch.allclose(ours, theirs.detach(), atol=2e-3)


def test_the_history_is_bounded_by_the_size_of_the_picture() -> None:
    assert lbfgs.pairs_for(3 * 512 * 512) == lbfgs.HISTORY
    assert lbfgs.pairs_for(3 * 1920 * 1080) == lbfgs.HISTORY
    assert lbfgs.pairs_for(3 * 4096 * 2304) == 4
    assert lbfgs.pairs_for(3 * 16384 * 16384) == lbfgs.FEWEST


@pytest.mark.parametrize("pairs", [1, 3])
def test_a_short_history_still_finds_the_minimum(monkeypatch: pytest.MonkeyPatch, pairs: int) -> None:
    monkeypatch.setattr(lbfgs, "HISTORY_BYTES", 0)
    monkeypatch.setattr(lbfgs, "FEWEST", pairs)
    target = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    image = torch.zeros(1, 3, 4, 4)
    list(minimize(image, quadratic(target), "lbfgs", 100))  # type: ignore[arg-type]
    assert torch.allclose(image, target, atol=0.02)


@pytest.mark.parametrize("mover", [LBFGS, Adam])
def test_a_gradient_of_zero_moves_nothing(mover: type[LBFGS] | type[Adam]) -> None:
    image = torch.full((1, 3, 2, 2), 0.25)
    moving = mover(image)
    moving.restart(0.01)
    for _ in range(3):
        moving.move(image, torch.zeros_like(image))
    assert torch.equal(image, torch.full((1, 3, 2, 2), 0.25))


def test_a_channels_last_gradient_is_taken() -> None:
    target = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))

    def loss(image: Tensor) -> Tensor:
        return (image.contiguous(memory_format=torch.channels_last) * 1.0 - target).square().sum()

    image = torch.zeros(1, 3, 4, 4)
    list(minimize(image, loss, "lbfgs", 20))
    assert torch.allclose(image, target, atol=1e-3)
