"""Minimize a loss over the pixels of one picture, one step at a time, without ever losing the best picture so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from ..effects import Step
from ..sizes import size_of
from .lbfgs import LBFGS
from .precondition import Preconditioner

FIRST_STEP = 0.01
"""Mean change of a pixel (of 0..1) in the first L-BFGS step."""
SETTLED_STEP = FIRST_STEP / 16
"""The same where a picture is nearly done: a longer one is undone up to three times (measured on frames of clips)."""
WORSE = 1.5
"""A loss this many times the best one means that the curvature estimate is wrong: restart from the best picture."""
ADAM_RATE = 0.02
FLAT_AFTER = 10
"""Steps over which the loss must fall by the tolerance."""


Objective = Callable[[Tensor], Tensor]
"""The loss of a picture: a scalar that carries the gradient."""


class Mover(Protocol):
    """Moves a picture by its gradients, one step each."""

    def move(self, image: Tensor, gradient: Tensor) -> None:
        """Take the next step, in place; the gradient is contiguous."""
        ...

    def restart(self, first_step: float) -> None:
        """Forget all gradients; the next step changes a value by about `first_step`."""
        ...


class Adam:
    """torch's Adam as a `Mover`."""

    def __init__(self, image: Tensor) -> None:
        self._image = image
        self.restart(FIRST_STEP)

    def restart(self, first_step: float) -> None:
        self._optimizer = torch.optim.Adam([self._image], lr=ADAM_RATE * first_step / FIRST_STEP, betas=(0.9, 0.99))

    def move(self, image: Tensor, gradient: Tensor) -> None:
        image.grad = gradient
        self._optimizer.step()
        image.grad = None


def _preconditioned(image: Tensor) -> Mover:
    return LBFGS(image, Preconditioner(size_of(image), image.device))


PLAIN = "plain-lbfgs"
"""L-BFGS as published, on the picture itself."""
MOVERS: dict[str, Callable[[Tensor], Mover]] = {"lbfgs": _preconditioned, PLAIN: LBFGS, "adam": Adam}


def minimize(image: Tensor, objective: Objective, optimizer: str, steps: int, tolerance: float = 0.0,
             first_step: float = FIRST_STEP) -> Iterator[Step]:
    """Move `image` (float32, contiguous, changed in place) downhill; yields after every evaluation.

    `optimizer` is one of `MOVERS`, `first_step` as for `Mover.restart`. There are at most steps + 1 evaluations; when
    the last ten steps lowered the best loss by less than `tolerance` of it, there are no more and the last one yielded
    counts as step `steps`. At the end, and whenever the caller stops early, `image` is the best of all pictures
    evaluated. Each evaluation costs one forward and one backward pass: L-BFGS runs without a line search, which costs
    a quarter more evaluations. In its place a step that made things clearly worse, or not a number, is undone, the
    curvature forgotten and a shorter first step made from the best picture, whose gradient is known.
    """
    best, best_loss = image.clone(), math.inf
    downhill: Tensor | None = None  # the gradient of the best picture
    mover = MOVERS[optimizer](image)
    mover.restart(first_step)
    lowest: list[float] = []  # the best loss after each evaluation since the last restart
    try:
        for step in range(steps + 1):
            loss, gradient = _evaluate(image, objective, last=step == steps)
            if loss < best_loss:
                best.copy_(image)
                downhill = gradient
            if not loss <= WORSE * best_loss:  # also true for a loss that is not a number
                first_step /= 4
                image.copy_(best)
                mover.restart(first_step)
                lowest.clear()
                gradient = downhill
            if gradient is not None:
                mover.move(image, gradient)
            del gradient  # of a large picture, 100 MB beside the next evaluation
            best_loss = min(best_loss, loss)
            lowest.append(best_loss)
            flat = len(lowest) > FLAT_AFTER and lowest[-1 - FLAT_AFTER] - best_loss < tolerance * best_loss
            yield Step(steps if flat else step, steps, best_loss, best)
            if flat:
                return
    finally:
        image.copy_(best)


def _evaluate(image: Tensor, objective: Objective, last: bool) -> tuple[float, Tensor | None]:
    """The loss and its gradient, contiguous; the last evaluation needs none."""
    if last:
        with torch.no_grad():
            return objective(image).item(), None
    seen = image.detach().requires_grad_()  # shares the pixels
    loss = objective(seen)
    gradient, = torch.autograd.grad(loss, seen)
    return loss.item(), gradient.contiguous()
