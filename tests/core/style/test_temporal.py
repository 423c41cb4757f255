"""What finished frames say of a new one: the nearest first, where flow is reliable, and kept where nothing moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.effects import Neighbor
from core.frames import Picture
from core.motion.links import Link
from core.style.steady import Held, held_by, temporal_loss, temporal_weight

SIZE = (48, 64)


def gray(value: float) -> Tensor:
    return torch.full((1, 3, *SIZE), value)


def link(x: float = 0.0, reliable: slice = slice(None), consistent: float = 1.0) -> Link:
    """The same flow everywhere, reliable in some of the columns."""
    flow = torch.zeros(1, 2, *SIZE)
    flow[:, 0] = x
    reliability = torch.zeros(1, 1, *SIZE)
    reliability[..., reliable] = 1.0
    return Link(flow, reliability, torch.full((1, 1, *SIZE), consistent))


def test_without_neighbors_nothing_is_held() -> None:
    assert held_by((), gray(0.5)) is None


def hidden_from(column: int) -> Tensor:
    """A gray frame before which something else stood, from a column on."""
    content = gray(0.5)
    content[..., column:] = 0.9
    return content


def test_the_nearest_neighbor_counts_first_and_others_where_it_shows_something_else() -> None:
    near = Neighbor(hidden_from(20), gray(0.2), link(reliable=slice(0, 10)))
    far = Neighbor(hidden_from(40), gray(0.8), link(reliable=slice(0, 40)))
    held = held_by((near, far), gray(0.5))
    assert held is not None
    assert held.picture[..., :18].unique().tolist() == pytest.approx([0.2])
    assert held.picture[..., 22:38].unique().tolist() == pytest.approx([0.8])
    assert held.known[..., :38].min() == 1 and held.known[..., 42:].max() == 0


def test_an_origin_counts_in_part_where_flow_is_reliable() -> None:
    """What is handed on from frame to frame wanders; what comes from further back at once does not."""
    origin = Neighbor(gray(0.5), gray(0.8), link(reliable=slice(0, 30)), origin=True)
    held = held_by((origin, Neighbor(gray(0.5), gray(0.2), link())), gray(0.5))
    assert held is not None and held.known.min() == pytest.approx(1)
    assert held.picture[..., :24].unique().tolist() == pytest.approx([0.4])
    assert held.picture[..., 32:].unique().tolist() == pytest.approx([0.2])
    assert 0 < held.picture[0, 0, 0, 24:32].diff().abs().max() < 0.4 / 3, "one goes over into the other"


def test_an_origin_counts_in_whole_where_nothing_else_can_tell() -> None:
    """A part of it alone would be a picture that much darker."""
    origin = Neighbor(gray(0.5), gray(0.8), link(), origin=True, away=3)
    held = held_by((origin, Neighbor(hidden_from(40), gray(0.2), link())), gray(0.5))
    assert held is not None and held.known.min() == pytest.approx(1)
    assert held.picture[..., 43:].unique().tolist() == pytest.approx([0.8])
    assert held.picture[..., 24:36].unique().tolist() == pytest.approx([0.4])


def test_what_is_known_goes_over_into_what_is_not() -> None:
    """But where flow is reliable all of it stays."""
    for reliable, falls in ((slice(0, 0), True), (slice(0, 64), False)):
        held = held_by((Neighbor(hidden_from(40), gray(0.8), link(reliable=reliable)),), gray(0.5))
        assert held is not None
        begun = held.over(gray(0.0))[0, 0, 24]
        assert begun[:30].tolist() == pytest.approx([0.8] * 30) and begun[45:].max() == 0
        assert (begun.diff().abs().max() < 0.4) == falls


def test_what_comes_into_sight_takes_the_colors_around_it(picture: Callable[..., Picture]) -> None:
    """Forms stay; far from what can be trusted, all does."""
    held = held_by((Neighbor(hidden_from(36), gray(0.2), link(reliable=slice(0, 36))),), gray(0.5))
    pale = 0.65 + 0.1 * picture(1, *SIZE).rgb[:, :1].expand(-1, 3, -1, -1)
    assert held is not None
    colored = held.colored(pale)
    assert colored[..., 36:44].mean() == pytest.approx(0.2, abs=0.02)
    assert torch.allclose(colored[..., 37:40].diff(), pale[..., 37:40].diff(), atol=0.02)
    assert torch.equal(colored[..., 56:], pale[..., 56:])


def test_what_comes_into_sight_takes_no_colors_that_the_clip_does_not_have() -> None:
    """A blot of them would stay beside what moves: a gray painting's gets gray, one that has such colors keeps it."""
    blot = gray(0.5)
    blot[:, 1, :, 44:54] = 0.9
    inked, colorful = gray(0.5), gray(0.5)
    colorful[:, 1, ::3] = 0.9
    for painted, least, most in ((inked, 0.0, 0.02), (colorful, 0.4, 0.6)):
        held = held_by((Neighbor(hidden_from(40), painted, link(reliable=slice(0, 40))),), gray(0.5))
        assert held is not None
        begun = held.colored(blot)[..., 50]
        assert least <= (begun[:, 1] - begun[:, 0]).mean() < most


def test_the_rim_of_what_uncovers_a_place_is_not_what_it_uncovers() -> None:
    """Its soft edge looks like that, but left a dot of its paint behind in every frame."""
    near = Neighbor(hidden_from(40), gray(0.2), link(reliable=slice(0, 0), consistent=0.0))
    steady = Neighbor(hidden_from(40), gray(0.2), link(reliable=slice(0, 0)))
    for neighbor, known in ((near, 36), (steady, 38)):
        held = held_by((neighbor,), gray(0.5))
        assert held is not None
        assert held.known[..., known - 1].min() == 1 and held.known[..., known].max() == 0


def test_an_origin_alone_counts_as_any_other_does(picture: Callable[..., Picture]) -> None:
    """The frames between cannot be read."""
    result = picture(1).rgb
    alone = held_by((Neighbor(gray(0.5), result, link(-3.0), origin=True, away=3),), gray(0.5))
    plain = held_by((Neighbor(gray(0.5), result, link(-3.0), away=3),), gray(0.5))
    assert alone is not None and plain is not None
    assert torch.equal(alone.picture, plain.picture) and torch.equal(alone.still, plain.still)
    assert alone.known[..., 16:-16].min() == 1 and alone.still.max() == 0


def test_what_moves_too_slowly_to_be_seen_at_once_moves_evenly(picture: Callable[..., Picture]) -> None:
    """Three frames back it lies three pixels away, though from frame to frame nothing seems to move."""
    first = picture(1).rgb
    origin = Neighbor(gray(0.5), first, link(-3.0), origin=True, away=3)
    held = held_by((origin, Neighbor(gray(0.5), first.roll(2, -1), link())), gray(0.5))
    assert held is not None
    assert torch.allclose(held.kept(gray(0.0))[..., 16:-16], first[..., 13:-19], atol=1e-3)


def test_fine_things_need_not_meet_where_the_flow_is_reliable() -> None:
    """Hair over hair: pixel by pixel all is different, but a stroke that lay there may stay."""
    stripes = gray(0.4)
    stripes[..., ::2] += 0.2
    held = held_by((Neighbor(stripes, gray(0.2), link(reliable=slice(0, 40))),), stripes.roll(1, -1))
    assert held is not None and held.known[..., 1:40].min() == 1 and held.known[..., 40:].max() == 0


def test_at_motion_boundaries_the_picture_is_known_but_not_held_to() -> None:
    held = held_by((Neighbor(gray(0.5), gray(0.2), link(reliable=slice(0, 20))),), gray(0.5))
    assert held is not None and held.known.min() == 1
    assert held.trust[..., :20].min() == 1 and held.trust[..., 20:].max() == 0


def test_results_come_along_with_the_motion(picture: Callable[..., Picture]) -> None:
    result = picture(1).rgb
    held = held_by((Neighbor(gray(0.5), result, link(-3.0)),), gray(0.5))
    assert held is not None
    assert torch.allclose(held.picture[..., 8:], result[..., 5:-3], atol=1e-3)


def test_what_stands_still_is_kept_bit_for_bit_though_it_is_noisy(picture: Callable[..., Picture]) -> None:
    content, result = picture(1).rgb, picture(2).rgb
    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(3)) / 255
    held = held_by((Neighbor(content, result, link()),), content + noise)
    assert held is not None
    assert torch.equal(held.kept(gray(0.5))[held.still.expand(-1, 3, -1, -1) == 1], result[held.still.expand(
        -1, 3, -1, -1) == 1])
    assert held.still.mean() > 0.9


def test_noise_lets_go_neither_of_borders_nor_of_what_lies_beside_movement(picture: Callable[..., Picture]) -> None:
    """At the border, and where something passes by, only a part of a square tells of what stands still."""
    content, result, flow = picture(1).rgb, picture(2).rgb, link()
    flow.flow[:, :, :, 40:] = 3.0
    now = content + 1.5 / 255 * torch.randn(content.shape, generator=torch.Generator().manual_seed(3))
    now[..., 40:] = 1.0
    held = held_by((Neighbor(content, result, flow),), now)
    assert held is not None
    assert held.still[..., :30].mean() > 0.99 and held.still[..., 40:].max() == 0


@pytest.mark.parametrize("change", ["motion", "brightness"])
def test_what_moves_or_changes_color_is_not_kept(picture: Callable[..., Picture], change: str) -> None:
    content = picture(1).rgb
    flow = link(0.4) if change == "motion" else link()
    now = content if change == "motion" else content + 1.5 / 255
    held = held_by((Neighbor(content, picture(2).rgb, flow),), now)
    assert held is not None and held.still.max() == 0 and held.trust.mean() > 0.9


def held_to(picture: Tensor) -> Held:
    ones = torch.ones(1, 1, *SIZE)
    return Held(picture, ones, ones, ones * 0)


def test_the_temporal_loss_is_relative_to_the_picture_and_to_its_size(picture: Callable[..., Picture]) -> None:
    held = picture(1).rgb
    departure = picture(2).rgb - picture(3).rgb
    assert temporal_loss(held, held_to(held)) == 0
    loss = temporal_loss(held + 0.1 * departure, held_to(held))
    faint = 0.5 + 0.2 * (held - 0.5)
    assert temporal_loss(faint + 0.02 * departure, held_to(faint)) == pytest.approx(float(loss), rel=1e-3)
    assert temporal_loss(held + 0.2 * departure, held_to(held)) == pytest.approx(4 * float(loss), rel=1e-3)
    plain = held.mean((-2, -1), keepdim=True).expand_as(held)
    assert temporal_loss(plain, held_to(held)) == pytest.approx(SIZE[0] * SIZE[1], rel=1e-3)


@pytest.mark.parametrize("share", [0.8, 0.5, 0.1])
def test_what_was_painted_with_another_strength_holds_less(picture: Callable[..., Picture], share: float) -> None:
    """A loss relative to what is trusted would hold it the more, the less it is trusted."""
    losses = []
    for strength in (0.5, 0.4 + 0.1 * share):
        held = held_by((Neighbor(gray(0.5), picture(1).rgb, link(), strength=strength),), gray(0.5), 0.5)
        assert held is not None
        losses.append(float(held.weight * temporal_loss(picture(2).rgb, held)))
    assert losses[1] == pytest.approx(share * losses[0], rel=1e-3)


def test_a_plain_picture_does_not_outweigh_all_else() -> None:
    """Rounded to 8 bits, a black bar that is held differs from the one before it by a step or none."""
    held = held_by((Neighbor(gray(0.0), gray(0.0), link()),), gray(0.0))
    assert held is not None
    height, width = held.picture.shape[-2:]
    assert temporal_loss(gray(1 / 255), held) < 0.02 * height * width


def test_where_nothing_is_trusted_nothing_is_asked(picture: Callable[..., Picture]) -> None:
    none = torch.zeros(1, 1, *SIZE)
    assert temporal_loss(picture(1).rgb, Held(picture(2).rgb, none, none, none)) == 0


def test_more_stability_weighs_more_and_none_nothing() -> None:
    weights = [temporal_weight(s) for s in (0.0, 0.01, 0.25, 0.5, 1.0)]
    assert weights == sorted(weights) and weights[0] == 0 and temporal_weight(0.5) == pytest.approx(0.1 ** 0.5)
