"""Minimize a loss over the pixels of one picture, one step at a time, without ever losing the best picture so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..effects import Step

HISTORY = 20
"""L-BFGS pairs kept; 100 gains nothing over 20 (measured)."""
FIRST_STEP = 0.01
"""Mean change of a pixel (of 0..1) in the first L-BFGS step."""
WORSE = 1.5
"""A loss this many times the best one means that the curvature estimate is wrong: restart from the best picture."""
ADAM_RATE = 0.02


Objective = Callable[[Tensor], Tensor]
"""The loss of a picture: a scalar that carries the gradient."""


def minimize(image: Tensor, objective: Objective, optimizer: str, steps: int) -> Iterator[Step]:
    """Move `image` (float32, contiguous, changed in place) downhill; yields after every evaluation.

    `optimizer` is "lbfgs" or "adam". There are steps + 1 evaluations; at the end, and whenever the caller stops
    early, `image` is the best of all pictures evaluated. Each evaluation costs one forward and one backward pass:
    L-BFGS runs without a line search, which costs a quarter more evaluations. In its place a step that made
    things clearly worse, or not a number, is undone, the curvature forgotten and the first step made shorter.
    """
    image.requires_grad_(True)
    best, best_loss = image.detach().clone(), math.inf
    first_step = FIRST_STEP
    mover = _start(image, optimizer, first_step)
    try:
        for step in range(steps + 1):
            loss = _evaluate_and_move(image, objective, mover, best, best_loss, last=step == steps)
            if not loss <= WORSE * best_loss:  # also true for a loss that is not a number
                first_step /= 4
                with torch.no_grad():
                    image.copy_(best)
                mover = _start(image, optimizer, first_step)
            elif optimizer == "lbfgs":
                mover.param_groups[0]["lr"] = 1.0  # from the second step on, the curvature sets the length
            best_loss = min(best_loss, loss)
            yield Step(step, steps, best_loss, best)
    finally:
        image.requires_grad_(False)
        image.grad = None
        image.copy_(best)


def _start(image: Tensor, optimizer: str, first_step: float) -> torch.optim.Optimizer:
    if optimizer == "adam":
        return torch.optim.Adam([image], lr=ADAM_RATE * first_step / FIRST_STEP, betas=(0.9, 0.99))
    # torch scales the first step by lr / |gradient|_1: this rate makes its mean change per pixel `first_step`.
    return torch.optim.LBFGS([image], lr=first_step * image.numel(), max_iter=1, history_size=HISTORY,
                             tolerance_grad=0.0, tolerance_change=0.0)


def _evaluate_and_move(image: Tensor, objective: Objective, optimizer: torch.optim.Optimizer, best: Tensor,
                       best_loss: float, last: bool) -> float:
    """Evaluate the picture, remember it in `best` if it is the best, take the step. The last one only evaluates."""
    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective(image)
        if not last:
            loss.backward()  # type: ignore[no-untyped-call]
            assert image.grad is not None
            image.grad = image.grad.contiguous()  # torch's L-BFGS flattens it with view()
        if loss.item() < best_loss:
            best.copy_(image.detach())
        return loss.detach()

    if last:
        with torch.no_grad():
            return float(closure())
    return float(optimizer.step(closure))  # type: ignore[arg-type]
