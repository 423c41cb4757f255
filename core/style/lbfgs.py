"""L-BFGS without a line search, in compact form: four passes over the history a step, all on the picture's device.

The product of the inverse Hessian estimate with a gradient needs, besides inner products, only S'g and Y'g and one
combination of S's and Y's columns (Byrd, Nocedal & Schnabel, Mathematical Programming 63, 1994, theorem 2.2). The
usual two loops pass over the history as often, but over the gradient forty times more.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

HISTORY = 20
"""Most pairs of steps and gradient changes kept; 100 gains nothing over 20 (measured)."""
HISTORY_BYTES = 10**9
"""Memory the pairs may take: fewer are kept above 2 megapixels (4 at 4096 x 2304), by the picture's size alone."""
FEWEST = 3
"""Pairs kept of however large a picture."""
LEAST_CURVATURE = 1e-10
"""A pair is kept where step and gradient change have at least this product (as torch's L-BFGS has it)."""


def pairs_for(values: int) -> int:
    """How many pairs are kept for a picture of this many float32 values."""
    return max(FEWEST, min(HISTORY, HISTORY_BYTES // (2 * 4 * values)))


Filter = Callable[[Tensor], Tensor]
"""A linear, symmetric map of pictures."""


class LBFGS:
    """Moves a picture, float32 and contiguous, one step per gradient.

    With a filter P the picture is P z and z is what moves: curvature is remembered of z (see `precondition.py`).
    """

    def __init__(self, image: Tensor, filtered: Filter | None = None) -> None:
        self._filtered = filtered or (lambda values: values)
        pairs = pairs_for(image.numel())
        self._steps = image.new_empty(pairs, image.numel())
        self._changes = torch.empty_like(self._steps)
        self.restart(0.0)

    def restart(self, first_step: float) -> None:
        """Forget the curvature; the next step's mean change of a value is `first_step`."""
        self._first_step = first_step
        self._slots: list[int] = []  # of the history's pairs, oldest first
        pairs = self._steps.shape[0]
        self._products = torch.zeros(2, pairs, dtype=torch.float64)  # S'g and Y'g of the last gradient
        self._inner = torch.zeros(2, pairs, pairs, dtype=torch.float64)  # S'Y and Y'Y by slots
        self._step: Tensor | None = None
        self._gradient: Tensor | None = None

    def move(self, image: Tensor, gradient: Tensor) -> None:
        """Take the next step, in place."""
        gradient = self._filtered(gradient).flatten()
        if self._gradient is None or self._step is None:
            step = self._first(gradient)
        else:
            added = self._remember(self._step, gradient - self._gradient)
            step = self._direction(gradient, added)
        image.add_(self._filtered(step.view_as(image)))
        self._step, self._gradient = step, gradient

    def _first(self, gradient: Tensor) -> Tensor:
        """Downhill, by the first step's length; less where the gradient vanishes."""
        return gradient * (-self._first_step * gradient.numel() / gradient.abs().sum().clamp_min(1.0))

    def _remember(self, step: Tensor, change: Tensor) -> int | None:
        """Keep a pair in place of the oldest; the slot, or None for a pair without curvature."""
        inner = torch.stack([step.dot(change), change.dot(change)]).cpu().double()
        if not inner[0] > LEAST_CURVATURE:
            return None
        pairs = self._steps.shape[0]
        slot = len(self._slots) if len(self._slots) < pairs else self._slots.pop(0)
        self._slots.append(slot)
        self._steps[slot], self._changes[slot] = step, change
        self._inner[:, slot, slot] = inner
        return slot

    def _direction(self, gradient: Tensor, added: int | None) -> Tensor:
        """Minus the inverse Hessian estimate times the gradient."""
        count = len(self._slots)
        steps, changes = self._steps[:count], self._changes[:count]
        products = torch.stack([steps @ gradient, changes @ gradient]).cpu().double()
        self._take_inner(products, added)
        if not count:
            return self._first(gradient)
        along_steps, along_changes, scale = self._weights()
        step = torch.addmv(gradient, steps.T, along_steps.to(gradient), beta=-scale, alpha=-1.0)
        return step.addmv_(changes.T, along_changes.to(gradient))

    def _take_inner(self, products: Tensor, added: int | None) -> None:
        """Inner products of the added change with all pairs: those of this gradient less those of the last."""
        count = products.shape[1]
        if added is not None:
            diagonal = self._inner[:, added, added].clone()
            column = products - self._products[:, :count]
            self._inner[:, :count, added] = column
            self._inner[1, added, :count] = column[1]
            self._inner[:, added, added] = diagonal
        self._products[:, :count] = products

    def _weights(self) -> tuple[Tensor, Tensor, float]:
        """Of H g = scale g + S a - Y b: a and b by slots, and the scale, the last pair's s'y / y'y."""
        order = self._slots
        across, changes = self._inner[:, order][:, :, order]
        s, y = self._products[:, order]
        last = order[-1]
        scale = float(self._inner[0, last, last] / self._inner[1, last, last])
        upper = across.triu()
        u = torch.linalg.solve_triangular(upper, s[:, None], upper=True)
        inside = across.diagonal()[:, None] * u + scale * (changes @ u - y[:, None])
        a = torch.linalg.solve_triangular(upper.T, inside, upper=False)
        by_slot = torch.zeros(2, len(order), dtype=torch.float64)
        by_slot[:, order] = torch.cat([a, scale * u], 1).T
        return by_slot[0], by_slot[1], scale
