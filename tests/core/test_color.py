"""Color conversions against known values, and what an artist expects of keeping colors."""

from __future__ import annotations

import pytest
import torch

from core import color


def test_srgb_round_trip_and_known_values() -> None:
    values = torch.linspace(0, 1, 1001).view(1, 1, 1, -1).expand(1, 3, -1, -1)
    assert torch.allclose(color.linear_to_srgb(color.srgb_to_linear(values)), values, atol=2e-6)
    assert color.srgb_to_linear(torch.tensor(0.5)).item() == pytest.approx(0.21404, abs=1e-5)
    assert color.linear_to_srgb(torch.tensor(0.18)).item() == pytest.approx(0.46135, abs=1e-5)


def test_with_luminance_takes_the_luma_and_keeps_the_hue() -> None:
    orange = torch.tensor([0.9, 0.5, 0.1]).view(1, 3, 1, 1)
    for luma in (0.1, 0.5, 0.95):
        result = color.with_luminance(orange, torch.full((1, 1, 1, 1), luma))
        assert result.min() >= 0 and result.max() <= 1
        assert color.luminance(result).item() == pytest.approx(luma, abs=1e-5)
        chroma, before = result - luma, orange - color.luminance(orange)
        assert torch.allclose(chroma / chroma.norm(), before / before.norm(), atol=1e-4)


def test_match_color_gives_the_reference_mean_and_covariance() -> None:
    generator = torch.Generator().manual_seed(2)
    ours = torch.rand(1, 3, 50, 50, generator=generator)
    gray = torch.randn(1, 1, 40, 60, generator=generator)
    theirs = 0.5 + 0.1 * torch.randn(1, 3, 40, 60, generator=generator) + 0.05 * gray
    matched = color.match_color(ours, theirs)
    assert torch.allclose(matched.mean((2, 3)), theirs.mean((2, 3)), atol=0.01)
    assert torch.allclose(torch.cov(matched[0].flatten(1)), torch.cov(theirs[0].flatten(1)), atol=2e-3)


def test_match_color_of_a_flat_picture_stays_finite() -> None:
    flat = torch.full((1, 3, 8, 8), 0.5)
    assert torch.isfinite(color.match_color(flat, torch.rand(1, 3, 8, 8))).all()


def test_transparent_pixels_take_the_color_of_their_neighbors() -> None:
    image = torch.zeros(1, 3, 32, 32)
    image[:, 0, :, :8] = 1.0
    alpha = torch.zeros(1, 1, 32, 32)
    alpha[..., :8] = 1.0
    filled = color.fill_transparent(image, alpha)
    assert torch.equal(filled[..., :8], image[..., :8])
    assert torch.allclose(filled[:, 0], torch.ones(1, 32, 32), atol=1e-3)
    assert filled[:, 1:].abs().max() < 1e-3
