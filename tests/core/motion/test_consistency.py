"""Which motion can be trusted, and how motions are chained and turned round."""

from __future__ import annotations

import torch
from torch import Tensor

from core.motion.consistency import chained, inverted, reliability


def square(x: float, left: int = 20, height: int = 32, width: int = 48) -> Tensor:
    """A still scene with a square of 10 x 10 pixels that moves to the right."""
    flow = torch.zeros(1, 2, height, width)
    flow[:, 0, 10:20, left:left + 10] = x
    return flow


def test_a_still_scene_is_trusted_everywhere() -> None:
    still = torch.zeros(1, 2, 16, 16)
    assert reliability(still, still).min() == 1


def test_a_scene_that_moves_as_a_whole_is_trusted_but_for_what_left() -> None:
    flow = torch.zeros(1, 2, 16, 16)
    flow[:, 0] = 3
    assert reliability(flow, -flow)[0, 0, 5].tolist() == [1] * 13 + [0] * 3


def test_what_the_square_uncovered_and_its_edge_are_not_trusted() -> None:
    # Seen from the later frame the square stands at 26 and came from 20; behind it 20..25 were hidden.
    trusted = reliability(square(-6.0, left=26), square(6.0, left=20))[0, 0]
    assert trusted[12:18, 20:25].max() == 0
    assert trusted[12:18, 28:34].min() == 1
    assert trusted[:, :18].min() == 1 and trusted[:8].min() == 1
    assert trusted[15, 26] == 0 and trusted[15, 36] == 0


def test_two_motions_make_one() -> None:
    first, second = torch.zeros(1, 2, 8, 12), torch.zeros(1, 2, 8, 12)
    first[:, 0] = 2
    second[:, 1, :, 6:] = 1
    whole = chained(first, second)
    assert whole[0, :, 4, 5].tolist() == [2, 1]
    assert whole[0, :, 4, 2].tolist() == [2, 0]


def test_no_motion_turned_round_is_no_motion() -> None:
    flow, known = inverted(torch.zeros(1, 2, 8, 12))
    assert torch.equal(flow, torch.zeros(1, 2, 8, 12)) and not torch.signbit(flow).any()
    assert known.min() == 1


def test_the_square_turned_round_covers_what_it_moved_over() -> None:
    flow, known = inverted(square(6.0))
    assert torch.equal(flow[0, 0, 10:20, 26:36], torch.full((10, 10), -6.0))
    assert known[0, 0, 10:20, 20:26].max() == 0, "nobody knows what the square uncovered"
    assert known.sum() == 32 * 48 - 60


def test_growing_leaves_no_cracks() -> None:
    x = torch.arange(40.0).expand(30, 40)
    flow, known = inverted(torch.stack([(x - 20) * 0.3, torch.zeros(30, 40)])[None])
    assert known.min() == 1
    expected = (x - 20) / 1.3 + 20 - x
    assert (flow[0, 0] - expected).abs().max() < 0.25


def test_unknown_motion_is_left_out() -> None:
    given = torch.zeros(1, 2, 6, 8)
    given[..., 3, 4] = torch.nan
    flow, known = inverted(given)
    assert torch.isfinite(flow).all()
    assert known[0, 0, 3, 4] == 0 and known.sum() == 47
