"""Statistics of features and their transfer: what was moved has the other picture's moments."""

from __future__ import annotations

import math

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from core.style.statistics import RIDGE, Statistics, movement, root_by_products


def features(seed: int, channels: int = 5, height: int = 30, width: int = 40) -> torch.Tensor:
    """Correlated channels with a mean that is not 0."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(channels, channels, generator=generator)
    flat = mixing @ torch.randn(channels, height * width, generator=generator) + torch.randn(
        channels, 1, generator=generator)
    return flat.view(1, channels, height, width)


def test_moments_are_numpy_s() -> None:
    x = features(0)
    found = Statistics.of(x)
    assert torch.allclose(found.mean[0, :, 0], x[0].flatten(1).mean(1), atol=1e-5)
    assert torch.allclose(found.covariance[0], torch.cov(x[0].flatten(1), correction=0), atol=1e-3)


def test_under_a_mask_only_what_it_shows_counts() -> None:
    x, mask = features(1), torch.zeros(1, 1, 30, 40)
    mask[..., :20] = 1
    masked, left = Statistics.of(x, mask), Statistics.of(x[..., :20])
    assert torch.allclose(masked.mean, left.mean, atol=1e-5)
    assert torch.allclose(masked.covariance, left.covariance, atol=1e-4)


def test_blended_moments_are_those_of_both_pictures_side_by_side() -> None:
    x, y = features(2), features(3)
    blended = Statistics.blended([(Statistics.of(x), 2.0), (Statistics.of(y), 1.0)])
    together = Statistics.of(torch.cat([x, x, y], 3))
    assert torch.allclose(blended.mean, together.mean, atol=1e-5)
    assert torch.allclose(blended.covariance, together.covariance, atol=1e-3)


def test_moved_features_have_the_other_s_covariance_but_for_the_ridge() -> None:
    x, y = features(4), features(5)
    moved = Statistics.of(movement(Statistics.of(x), Statistics.of(y))(x))
    target = Statistics.of(y)
    assert torch.allclose(moved.mean, target.mean, atol=1e-4)
    assert (moved.covariance - target.covariance).norm() / target.covariance.norm() < 0.1


def test_features_that_hardly_vary_are_not_blown_up() -> None:
    flat = torch.ones(1, 5, 30, 40) + 1e-4 * features(10)
    moved = movement(Statistics.of(flat), Statistics.of(features(11)))(flat)
    assert moved.isfinite().all()
    assert moved.std(dim=(2, 3)).max() < 5 * features(11).std(dim=(2, 3)).max()


def test_moments_are_taken_on_the_cpu_for_a_device_without_float64() -> None:
    with FakeTensorMode():  # type: ignore[no-untyped-call]  # a GPU's tensors, without values
        x = torch.empty(2, 5, 30, 40, device="mps")
        ours = Statistics.of(x, torch.empty(1, 1, 30, 40, device="mps"))
        assert ours.mean.device.type == ours.covariance.device.type == "cpu"
        assert movement(ours, ours)(x).device.type == "mps"


@pytest.mark.parametrize("channels", [3, 160, 512])
def test_square_roots_by_products_are_those_of_the_eigenvalues(channels: int) -> None:
    generator = torch.Generator().manual_seed(12)
    vectors = torch.linalg.qr(torch.randn(2, channels, channels, generator=generator, dtype=torch.float64)).Q
    values = torch.logspace(math.log10((RIDGE / channels) ** 2), 0, channels, dtype=torch.float64)  # as far as they go
    squares, roots = (vectors @ torch.diag(diagonal) @ vectors.transpose(1, 2) for diagonal in (values, values.sqrt()))
    assert torch.allclose(root_by_products(squares), roots, rtol=0, atol=1e-9)
