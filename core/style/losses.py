"""Content, style and smoothness losses as pure functions: classic (Gatys et al., CVPR 2016) and normalized.

The normalized losses are Choi & Kim, "A Normalized Loss Function of Style Transfer Network for More Diverse and
More Stable Transfer Results", JBE 25(6), 2020, equations 11 to 14; the classic ones their equations 3 and 4.

Features are {layer: N,C,H,W} of one picture (N = 1), layer weights {layer: weight}. Sums run in float32 whatever
the features' precision, because Gram sums overflow half precision.

Deviation: a Gram matrix is divided by its number of positions H*W, so that a style image may have another size
than the content image (the paper's share one). In the normalized loss the factor cancels for equal sizes; in the
classic loss it replaces the 1/(H W) of equation 4, which for equal sizes is the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..sizes import Size, size_of

Features = Mapping[str, Tensor]
Weights = Mapping[str, float]


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrix per position, G = F^T F / (H W), float32 C x C, of features 1 x C x H x W (eq. 5)."""
    return gram_sum(features) / positions(size_of(features))


def gram_sum(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """F^T F, float32 C x C: a Gram matrix before the division. The sums of a picture's tiles add up to its own.

    With a mask (1 x 1 x H x W, 0..1) each position counts by its mask value, and `positions` is the mask's sum
    (guided Gram matrix; Gatys et al., CVPR 2017, "Controlling perceptual factors", section 4).
    """
    total: Tensor = _GramSum.apply(features, mask)  # type: ignore[no-untyped-call]
    return total


class _GramSum(torch.autograd.Function):
    """F^T F, whose gradient is one product in the features' own precision and order in memory.

    F^T F is symmetric, so both its factors have the same gradient: autograd would compute it twice, and in float32, of
    copies. Positions are rows here, as channels-last features lie in memory.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, mask: Tensor | None) -> Tensor:
        ctx.save_for_backward(features, mask)
        rows = _wide(_rows(features))
        total = rows.T @ (rows if mask is None else rows * _rows(mask).to(rows.dtype))
        return (total + total.T) / 2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        features, mask = ctx.saved_tensors
        rows = _rows(features) @ (gradient + gradient.T).to(features.dtype)
        if mask is not None:
            rows = rows * _rows(mask).to(rows.dtype)
        return rows.T.view(features.shape), None


def _rows(features: Tensor) -> Tensor:
    """1 x C x H x W as H W x C."""
    return features.squeeze(0).flatten(1).T


def positions(size: Size, mask: Tensor | None = None) -> float | Tensor:
    """How many positions a Gram sum has: H W, or the sum of the mask."""
    return size[0] * size[1] if mask is None else mask.sum().clamp_min(1e-6)


def relative(weights: Weights) -> dict[str, float]:
    """Layer weights divided by their sum (eq. 14)."""
    total = sum(weights.values())
    return {layer: weight / total for layer, weight in weights.items()}


def distance(values: Features, target: Features, weights: Mapping[str, float | Tensor]) -> Tensor:
    """sum_j weights_j |values_j - target_j|^2, a float32 scalar: what all four losses are, by their weights.

    Content losses compare features and add up over tiles; style losses compare Gram matrices per position.
    """
    return torch.stack([weight * (_wide(values[j]) - _wide(target[j])).square().sum()
                        for j, weight in weights.items()]).sum()


def classic_content_weights(weights: Weights) -> dict[str, float]:
    """1/2 lambda_o(j), so that L_o = sum_j 1/2 lambda_o(j) |phi_j(o) - phi_j(x)|^2 (eq. 3)."""
    return {j: 0.5 * weight for j, weight in weights.items()}


def classic_style_weights(target: Features, weights: Weights) -> dict[str, float]:
    """(1 / (2 C_j))^2 lambda_s(j) for Gram matrices per position (eq. 4)."""
    return {j: (0.5 / target[j].shape[0]) ** 2 * weight for j, weight in weights.items()}


def normalized_weights(target: Features, weights: Weights, pixels: int) -> dict[str, Tensor]:
    """w lambda^R(j) / E_j, E_j = |target_j|^2, for features (eq. 11, 13) and Gram matrices (eq. 12, 13).

    w = `pixels`, the number of pixels of the content image.
    """
    return {j: pixels * share / energy(target[j]) for j, share in relative(weights).items()}


def classic_style_loss(grams: Features, target: Features, weights: Weights) -> Tensor:
    """L_s = sum_j (1 / (2 C_j))^2 lambda_s(j) |G_j(s) - G_j(x)|_F^2 with Gram matrices per position (eq. 4)."""
    return distance(grams, target, classic_style_weights(target, weights))


def normalized_content_loss(features: Features, target: Features, weights: Weights, pixels: int) -> Tensor:
    """L_o = w sum_j lambda_o^R(j) |phi_j(o) - phi_j(x)|^2 / E_j^o (eq. 11). Scalar, float32."""
    return distance(features, target, normalized_weights(target, weights, pixels))


def normalized_style_loss(grams: Features, target: Features, weights: Weights, pixels: int) -> Tensor:
    """L_s = w sum_j lambda_s^R(j) |G_j(s) - G_j(x)|_F^2 / E_j^G (eq. 12). Scalar, float32."""
    return distance(grams, target, normalized_weights(target, weights, pixels))


def total_variation(image: Tensor) -> Tensor:
    """Sum of squared differences between neighboring pixels of N,C,H,W (Mahendran & Vedaldi, CVPR 2015, beta 2)."""
    return (image[..., 1:, :] - image[..., :-1, :]).square().sum() + (
        image[..., :, 1:] - image[..., :, :-1]).square().sum()


def energy(x: Tensor) -> Tensor:
    """Sum of squares, never 0, so that a black picture divides by something."""
    return _wide(x).square().sum().clamp_min(1e-12)


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
