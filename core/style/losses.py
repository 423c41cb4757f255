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

import torch
from torch import Tensor

Features = Mapping[str, Tensor]
Weights = Mapping[str, float]


def gram_matrix(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """Gram matrix per position, G = F^T F / (H W), float32 C x C, of features 1 x C x H x W (eq. 5).

    With a mask (1 x 1 x H x W, 0..1) each position counts by its mask value and the mask's sum takes the place of
    H W (guided Gram matrix; Gatys et al., CVPR 2017, "Controlling perceptual factors", section 4).
    """
    rows = features[0].flatten(1).to(torch.promote_types(features.dtype, torch.float32))
    if mask is None:
        return rows @ rows.T / rows.shape[1]
    share = mask[0, 0].flatten().to(rows.dtype)
    return (rows * share) @ rows.T / share.sum().clamp_min(1e-6)


def relative(weights: Weights) -> dict[str, float]:
    """Layer weights divided by their sum (eq. 14); layers of weight 0 are left out."""
    total = sum(weights.values())
    return {layer: weight / total for layer, weight in weights.items() if weight > 0}


def classic_content_loss(features: Features, target: Features, weights: Weights) -> Tensor:
    """L_o = sum_j 1/2 lambda_o(j) |phi_j(o) - phi_j(x)|^2 (eq. 3). Scalar, float32."""
    return _sum(0.5 * weights[j] * _squares(features[j], target[j]) for j in weights)


def classic_style_loss(grams: Features, target: Features, weights: Weights) -> Tensor:
    """L_s = sum_j (1 / (2 C_j))^2 lambda_s(j) |G_j(s) - G_j(x)|_F^2 with Gram matrices per position (eq. 4)."""
    return _sum(weights[j] * (0.5 / grams[j].shape[0]) ** 2 * _squares(grams[j], target[j]) for j in weights)


def normalized_content_loss(features: Features, target: Features, weights: Weights, pixels: int) -> Tensor:
    """L_o = w sum_j lambda_o^R(j) |phi_j(o) - phi_j(x)|^2 / E_j^o, E_j^o = |phi_j(o)|^2 (eq. 11, 13).

    w = `pixels`, the number of pixels of the content image. Scalar, float32.
    """
    return pixels * _sum(share * _squares(features[j], target[j]) / energy(target[j])
                         for j, share in relative(weights).items())


def normalized_style_loss(grams: Features, target: Features, weights: Weights, pixels: int) -> Tensor:
    """L_s = w sum_j lambda_s^R(j) |G_j(s) - G_j(x)|_F^2 / E_j^G, E_j^G = |G_j(s)|_F^2 (eq. 12, 13).

    w = `pixels`, the number of pixels of the content image. Scalar, float32.
    """
    return pixels * _sum(share * _squares(grams[j], target[j]) / energy(target[j])
                         for j, share in relative(weights).items())


def total_variation(image: Tensor) -> Tensor:
    """Sum of squared differences between neighboring pixels of N,C,H,W (Mahendran & Vedaldi, CVPR 2015, beta 2)."""
    return (image[..., 1:, :] - image[..., :-1, :]).square().sum() + (
        image[..., :, 1:] - image[..., :, :-1]).square().sum()


def energy(x: Tensor) -> Tensor:
    """Sum of squares, never 0, so that a black picture divides by something."""
    return _wide(x).square().sum().clamp_min(1e-12)


def _squares(a: Tensor, b: Tensor) -> Tensor:
    return (_wide(a) - _wide(b)).square().sum()


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _sum(parts: object) -> Tensor:
    return torch.stack(list(parts)).sum()  # type: ignore[call-overload]
