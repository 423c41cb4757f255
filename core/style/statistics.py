"""Means and covariances of feature maps, and the linear map that gives one picture's features another's statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d

RIDGE = 1e-2
"""Added to a covariance's diagonal, relative to its mean: what hardly varies in a picture must not be blown up."""
FLAT = 1e-5
"""The same relative to the mean square of the mean features: a flat picture's rounding errors are no texture."""


@dataclass(frozen=True)
class Statistics:
    """First and second moments of features, float32, on the CPU: `mean` N,C,1 and `covariance` N,C,C."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, features: Tensor, mask: Tensor | None = None) -> Statistics:
        """Of N,C,H,W; with a mask (1,1,H,W in 0..1) each position counts by its value."""
        return cls.from_sums(*sums(features, mask))

    @classmethod
    def from_sums(cls, count: Tensor, first: Tensor, second: Tensor) -> Statistics:
        """Of what `sums` gave for a picture, or for its parts together."""
        mean = first / count
        return cls(mean.float(), (second / count - mean @ mean.transpose(1, 2)).float())

    @classmethod
    def blended(cls, parts: Iterable[tuple[Statistics, float]]) -> Statistics:
        """Of several pictures together, each counting by its weight (relative), as if they were one picture."""
        parts = list(parts)
        total = sum(weight for _, weight in parts)
        mean = sum((part.mean * (weight / total) for part, weight in parts), torch.zeros(()))
        second = sum(((part.covariance + part.mean @ part.mean.transpose(1, 2)) * (weight / total)
                      for part, weight in parts), torch.zeros(()))
        return cls(mean, second - mean @ mean.transpose(1, 2))


def sums(features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The number of positions, the sum of N,C,H,W features (N,C,1) and of their products (N,C,C), by the mask's values.

    Totals are float64, so that many tiles lose nothing: the covariance is a small difference of large sums. They are on
    the CPU, for not every device has float64 (Apple's have none).
    """
    rows = features.flatten(2).float()
    if mask is None:
        count, weighted = rows.new_tensor(rows.shape[2]), rows
    else:
        share = mask.flatten(2).to(rows)
        count, weighted = share.sum().clamp_min(1e-6), rows * share
    first, second = weighted.sum(2, keepdim=True), weighted @ rows.transpose(1, 2)
    return count.cpu().double(), first.cpu().double(), second.cpu().double()


@dataclass(frozen=True)
class Movement:
    """An affine map of features: `matrix` N,C,C and `offset` N,C,1, float32, on the CPU."""

    matrix: Tensor
    offset: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """N,C,H,W features, moved, in their own precision."""
        matrix, offset = self.matrix.to(features), self.offset.to(features)
        if len(features) == 1:  # keeps the memory format, which the product below would change
            return conv2d(features, matrix[0, :, :, None, None], offset[0, :, 0])
        return torch.baddbmm(offset, matrix, features.flatten(2)).view(features.shape)


def movement(ours: Statistics, theirs: Statistics) -> Movement:
    """What moves features from our statistics to theirs.

    It is the linear map that gets there with the least change of the features (optimal transport between normal
    distributions; Lu et al., "A Closed-form Solution to Universal Style Transfer", ICCV 2019, eq. 9). Matching each
    channel by itself (adaptive instance normalization) gave the same style loss with more content error (measured).
    """
    matrix = _transport(_ridged(ours), _ridged(theirs))
    return Movement(matrix, theirs.mean - matrix @ ours.mean)  # x -> A (x - our mean) + their mean


def _transport(ours: Tensor, theirs: Tensor) -> Tensor:
    """N,C,C: A symmetric with A ours A = theirs; with ours = L L', A = L'^-1 (L' theirs L)^1/2 L^-1.

    Lu et al. have the symmetric root of ours in place of L: the same map, for one decomposition more.
    """
    lower = torch.linalg.cholesky(ours)
    upper = lower.transpose(1, 2)
    values, vectors = torch.linalg.eigh(upper @ theirs @ lower)
    root = (vectors * values.clamp_min(0).sqrt()[:, None]) @ vectors.transpose(1, 2)
    half = torch.linalg.solve_triangular(upper, root, upper=True)
    matrix: Tensor = torch.linalg.solve_triangular(upper, half.transpose(1, 2), upper=True)
    return matrix.float()


def _ridged(statistics: Statistics) -> Tensor:
    """The covariance, float64, with a ridge that does not vanish where a picture is flat."""
    wide = statistics.covariance.double()
    ridge = RIDGE * wide.diagonal(dim1=1, dim2=2).mean(1).clamp_min(0)
    ridge = ridge + FLAT * statistics.mean.double().square().mean((1, 2)) + 1e-12
    return wide + torch.diag_embed(ridge[:, None].expand(-1, wide.shape[-1]))
