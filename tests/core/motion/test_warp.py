"""Warping: exact where nothing moves, sharp and in place after many small moves, calm at the border."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.frames import Picture
from core.motion.warp import inside, interpolate, warp

Pictures = Callable[..., Picture]


def moving(x: float, y: float, height: int = 48, width: int = 64) -> Tensor:
    return torch.tensor([x, y]).view(1, 2, 1, 1).expand(1, 2, height, width).clone()


def test_standing_still_changes_no_bit() -> None:
    image = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    assert torch.equal(warp(image, torch.zeros(1, 2, 20, 30)), image)


def test_a_flow_says_where_a_point_lies_in_the_other_picture(picture: Pictures) -> None:
    image = picture(1).rgb
    assert torch.allclose(warp(image, moving(3, -2))[..., 2:, :-3], image[..., :-2, 3:], atol=1e-6)


def test_fifty_small_moves_end_where_they_should_and_stay_sharp() -> None:
    wave = 0.5 + 0.4 * torch.sin(torch.arange(96) * 0.8)  # a period of eight pixels
    image = wave.expand(1, 3, 24, 96).contiguous()
    moved = image
    for _ in range(50):
        moved = warp(moved, moving(0.2, 0, 24, 96))
    middle = moved[..., 30:60] - image[..., 40:70]
    assert middle.abs().max() < 0.05


def test_nothing_gets_brighter_or_darker_than_it_was() -> None:
    image = (torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    moved = warp(image, moving(0.4, 0.3, 20, 30))
    assert moved.min() >= 0 and moved.max() <= 1


def test_the_border_goes_on_outside() -> None:
    image = torch.arange(8.0).expand(1, 3, 8, 8).contiguous() / 8
    assert torch.equal(warp(image, moving(100000, 0, 8, 8)), torch.full_like(image, 7 / 8))


@pytest.mark.parametrize("function", [warp, interpolate])
def test_any_number_of_channels_and_pictures(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    data = torch.rand(2, 7, 9, 11, generator=torch.Generator().manual_seed(0))
    flow = torch.cat([moving(1, 0, 9, 11), moving(0, 1, 9, 11)])
    moved = function(data, flow)
    assert moved.shape == data.shape
    assert torch.allclose(moved[0, :, :, :-1], data[0, :, :, 1:], atol=1e-6)
    assert torch.allclose(moved[1, :, :-1], data[1, :, 1:], atol=1e-6)


def test_what_left_the_picture_is_told() -> None:
    assert inside(moving(2, 0, 4, 6))[0, 0].tolist() == [[1, 1, 1, 1, 0, 0]] * 4
    assert inside(moving(0, -1.5, 4, 6))[0, 0, :, 0].tolist() == [0, 0, 1, 1]
