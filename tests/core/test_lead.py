"""Leading over from one painting to another: crisp all the way, and nothing changes where both agree."""

from __future__ import annotations

import torch
from torch import Tensor

from core.lead import led_over


def strokes(seed: int) -> Tensor:
    """A picture of coarse grain, 1,3,96,96."""
    grain = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 0.4 + 0.3
    return torch.nn.functional.interpolate(grain, scale_factor=3, mode="bilinear").clamp(0, 1)


def test_it_begins_with_the_one_and_ends_with_the_other() -> None:
    one, other = strokes(1), strokes(2)
    assert torch.allclose(led_over(one, other, 0.0), one, atol=1e-5)
    assert torch.allclose(led_over(one, other, 1.0), other, atol=1e-5)


def test_halfway_it_is_nearly_as_crisp_as_both() -> None:
    one, other = strokes(1), strokes(2)
    halfway = led_over(one, other, 0.5)
    assert torch.lerp(one, other, 0.5).std() < 0.8 * one.std()
    assert 0.88 * one.std() < halfway.std() < 1.05 * one.std()
    assert torch.allclose(halfway.mean(), (one.mean() + other.mean()) / 2, atol=0.005)


def test_where_both_agree_nothing_changes() -> None:
    one = strokes(1)
    other = torch.cat([one[..., :48], strokes(2)[..., 48:]], -1)
    assert torch.allclose(led_over(one, other, 0.5)[..., :30], one[..., :30], atol=1e-5)
    assert torch.allclose(led_over(one, one, 0.3), one, atol=1e-5)


def test_opposites_and_flat_pictures_stay_pictures() -> None:
    black, white = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    assert torch.allclose(led_over(black, white, 0.5), torch.full_like(black, 0.5))
    one = strokes(1)
    between = led_over(one, 1 - one, 0.5)
    assert between.isfinite().all() and between.min() >= 0 and between.max() <= 1
