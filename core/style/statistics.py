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
ITERATIONS = 32
"""Of a square root by products. Each makes what is small 2.25 times as large, until all is 1. With C channels nothing
is smaller than (RIDGE / C)^2: of 512, 27 make that 1, and five more make it accurate to all digits."""


@dataclass(frozen=True)
class Statistics:
    """First and second moments of features, float32: `mean` N,C,1 and `covariance` N,C,C, where `sums` gave them."""

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

    Totals are float64, so that many tiles lose nothing: the covariance is a small difference of large sums. Those of a
    device without float64 (Apple's) are on the CPU.
    """
    rows = features.flatten(2).float()
    if mask is None:
        count, weighted = rows.new_tensor(rows.shape[2]), rows
    else:
        share = mask.flatten(2).to(rows)
        count, weighted = share.sum().clamp_min(1e-6), rows * share
    return _exact(count), _exact(weighted.sum(2, keepdim=True)), _exact(weighted @ rows.transpose(1, 2))


def _exact(totals: Tensor) -> Tensor:
    return (totals.cpu() if totals.device.type == "mps" else totals).double()


@dataclass(frozen=True)
class Movement:
    """An affine map of features: `matrix` N,C,C and `offset` N,C,1, float32, where the statistics are."""

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
    square = upper @ theirs @ lower
    root = root_by_products(square) if square.is_cuda else root_by_eigenvalues(square)
    half = torch.linalg.solve_triangular(upper, root, upper=True)
    matrix: Tensor = torch.linalg.solve_triangular(upper, half.transpose(1, 2), upper=True)
    return matrix.float()


def root_by_eigenvalues(square: Tensor) -> Tensor:
    """The symmetric square roots of N,C,C, symmetric and, but for rounding, without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(square)
    root: Tensor = (vectors * values.clamp_min(0).sqrt()[:, None]) @ vectors.transpose(1, 2)
    return root


def root_by_products(square: Tensor) -> Tensor:
    """The symmetric square roots of N,C,C, float64, positive definite: Newton's iteration, coupled, without inverses.

    (Higham, "Functions of Matrices", 2008, eq. 6.35.) A GPU decomposes matrices of this size one after the other but
    multiplies them all at once (measured, the movement of 16 times 160 channels: 3 ms for 21; a CPU takes 40).
    """
    size = square.square().sum((1, 2), keepdim=True).sqrt()
    identity = torch.eye(square.shape[-1]).to(square)
    root: Tensor = square / size
    inverse = identity.expand_as(square)
    for _ in range(ITERATIONS):
        change = (3 * identity - inverse @ root) / 2
        root, inverse = root @ change, change @ inverse
    root *= size.sqrt()
    return root


def _ridged(statistics: Statistics) -> Tensor:
    """The covariance, float64, with a ridge that does not vanish where a picture is flat."""
    wide = statistics.covariance.double()
    ridge = RIDGE * wide.diagonal(dim1=1, dim2=2).mean(1).clamp_min(0)
    ridge = ridge + FLAT * statistics.mean.double().square().mean((1, 2)) + 1e-12
    return wide + torch.diag_embed(ridge[:, None].expand(-1, wide.shape[-1]))
