"""What a small painting changed, carried over to the large picture: it ends at edges, halos there are weakened."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from core.frames import Picture
from core.sizes import resize, size_of
from core.style.carry import carried
from core.style.fast import coarse


def dark_square(side: int, first: int, end: int) -> Tensor:
    """A dark thing on a light ground."""
    content = torch.full((1, 3, side, side), 0.9)
    content[..., first:end, first:end] = 0.1
    return content


def around(small: Tensor, reach: int) -> Tensor:
    """1,1,h,w: the ground beside the dark thing, within so many pixels."""
    thing = (small[:, :1] < 0.5).float()
    return (max_pool2d(thing, 2 * reach + 1, 1, reach) > 0) & (thing == 0)


def test_what_the_first_pass_changed_ends_where_the_content_has_an_edge() -> None:
    """A dark thing on a light ground is made red in small: beside it the ground stays as it was."""
    content = dark_square(96, 30, 71)
    small = resize(content, coarse(size_of(content)))
    painted = small.clone()
    painted[:, 0] = torch.where(small[:, 0] < 0.5, 0.6, painted[:, 0])
    change = (carried(content, small, painted) - content)[0, 0]
    assert change[34:67, 34:67].min() > 0.35
    ground = torch.ones(96, 96, dtype=torch.bool)
    ground[30:71, 30:71] = False
    assert change[ground].abs().max() < 0.1


def test_where_the_first_pass_changed_nothing_the_content_stays(picture: Callable[..., Picture]) -> None:
    content = picture(4).rgb
    small = resize(content, coarse(size_of(content)))
    assert torch.allclose(carried(content, small, small), content, atol=1e-6)


def test_a_rim_that_the_first_pass_paints_around_things_is_weakened() -> None:
    """Three small pixels of yellow around the thing: nine large ones would be a halo; about half of it goes."""
    content = dark_square(288, 108, 180)
    small = resize(content, coarse(size_of(content)))
    painted = small.clone()
    painted[:, 2:] = torch.where(around(small, 3), 0.2, painted[:, 2:])
    change = (carried(content, small, painted) - content)[:, 2:]
    enlarged = (resize(painted, size_of(content)) - content)[:, 2:]
    beside = around(content, 12)
    assert change[beside].abs().mean() < 0.6 * enlarged[beside].abs().mean()


def test_forms_on_even_ground_are_carried_over() -> None:
    content = torch.full((1, 3, 288, 288), 0.6)
    small = resize(content, coarse(size_of(content)))
    wave = 0.2 * torch.sin(torch.arange(small.shape[-1]) * 0.4)
    change = (carried(content, small, small + wave) - content)[..., 1::3, 1::3]  # the middles of small pixels
    assert (change - wave)[..., 8:-8].abs().max() < 0.06
