"""Color: sRGB and scene linear, and the two ways to keep a frame's own colors (Gatys et al. 2016).

Pictures are float32 N,3,H,W; display-referred sRGB in [0, 1] unless a name says linear.
Source of the color-keeping: Gatys, Bethge, Hertzmann & Shechtman, "Preserving Color in Neural Artistic Style
Transfer", arXiv:1606.05897.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

REC709_LUMA = (0.2126, 0.7152, 0.0722)
TINTS = 2.0
"""Standard deviations within which a picture's tints are taken for its own: six sevenths of a normal distribution's."""


def srgb_to_linear(image: Tensor) -> Tensor:
    """Decode sRGB (IEC 61966-2-1)."""
    return torch.where(image <= 0.04045, image / 12.92, ((image.clamp_min(0.0) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(image: Tensor) -> Tensor:
    """Encode to sRGB (IEC 61966-2-1), not clipped; negative values keep the linear piece."""
    return torch.where(image <= 0.0031308, image * 12.92, 1.055 * image.clamp_min(0.0031308) ** (1 / 2.4) - 0.055)


def luminance(image: Tensor) -> Tensor:
    """N,1,H,W: Rec. 709 luma of display-referred values."""
    weights = image.new_tensor(REC709_LUMA).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def gray(image: Tensor) -> Tensor:
    """N,3,H,W: the luma of a picture in all three channels."""
    return luminance(image).expand(-1, 3, -1, -1).contiguous()


def with_luminance(image: Tensor, new_luminance: Tensor) -> Tensor:
    """The picture with another luma (N,1,H,W) and its own chroma; colors out of range are desaturated, not clipped.

    Plain clipping would shift the hue; moving toward gray keeps hue and luma.
    """
    luma = new_luminance.clamp(0.0, 1.0)
    chroma = image - luminance(image)
    room = torch.where(chroma > 0, 1.0 - luma, luma) / chroma.abs().clamp_min(1e-6)
    return luma + chroma * room.amin(1, keepdim=True).clamp(max=1.0)


def match_luminance(image: Tensor, reference: Tensor) -> Tensor:
    """A gray version of the picture whose luma has the mean and standard deviation of the reference's (eq. 10)."""
    ours, theirs = luminance(image), luminance(reference)
    matched = (ours - ours.mean()) * (theirs.std() / ours.std().clamp_min(1e-4)) + theirs.mean()
    return matched.clamp(0.0, 1.0).expand(-1, 3, -1, -1)


def match_color(image: Tensor, reference: Tensor) -> Tensor:
    """The picture with the mean and covariance of the reference's colors, by a linear map (section 5.2 there).

    The map is the symmetric one, C_r^1/2 C_i^-1/2 of the 3x3 color covariances ("image analogies" color
    transfer), clipped to [0, 1].
    """
    ours, theirs = image[0].flatten(1).double(), reference[0].flatten(1).double()
    our_mean, their_mean = ours.mean(1, keepdim=True), theirs.mean(1, keepdim=True)
    transform = _matrix_power(torch.cov(theirs), 0.5) @ _matrix_power(torch.cov(ours), -0.5)
    matched = transform @ (ours - our_mean) + their_mean
    return matched.view(1, *image.shape[1:]).clamp(0.0, 1.0).to(image.dtype)


def within_tints(image: Tensor, reference: Tensor, weight: Tensor) -> Tensor:
    """The picture, its tints (what a color has beyond the mean of its channels) within those of a reference.

    `image` and `reference` 1,3,H,W, `weight` 1,1,H,W in 0..1: how much of the reference counts where. A tint further
    from their weighted mean than `TINTS` standard deviations that way is drawn in to that; light stays.
    """
    light, theirs = image.mean(1, keepdim=True), reference - reference.mean(1, keepdim=True)
    counts, tints = weight.flatten(), theirs[0].flatten(1)
    total = counts.sum().clamp_min(1e-6)
    mean = (tints * counts).sum(1, keepdim=True) / total
    covariance = ((tints - mean) * counts) @ (tints - mean).T / total
    apart = (image - light)[0].flatten(1) - mean
    distance = (_matrix_power(covariance.cpu(), -0.5).to(image) @ apart).norm(dim=0)
    drawn_in: Tensor = mean + apart * (TINTS / distance.clamp_min(1e-6)).clamp_max(1.0)
    return (light + drawn_in.view_as(image)).clamp(0.0, 1.0)


def fill_transparent(image: Tensor, alpha: Tensor) -> Tensor:
    """The picture with the color of transparent pixels grown from their opaque neighbors (push-pull pyramid).

    `image` 1,3,H,W, `alpha` 1,1,H,W in 0..1. Networks see transparent pixels too: black ones would darken the edge.
    """
    if min(image.shape[-2:]) < 2:
        average = (image * alpha).sum((-2, -1), keepdim=True) / alpha.sum((-2, -1), keepdim=True).clamp_min(1e-6)
        return image * alpha + average * (1 - alpha)
    weight = avg_pool2d(alpha, 2, ceil_mode=True)
    smaller = avg_pool2d(image * alpha, 2, ceil_mode=True) / weight.clamp_min(1e-6)
    grown = fill_transparent(smaller, (weight * 4).clamp(max=1.0))
    return image * alpha + interpolate(grown, image.shape[-2:], mode="bilinear") * (1 - alpha)


def _matrix_power(covariance: Tensor, power: float) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    power_of: Tensor = vectors @ torch.diag(values.clamp_min(1e-5) ** power) @ vectors.T
    return power_of
