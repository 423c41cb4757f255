"""The order of pieces: by level, the first ones of a shot over those born later, small over large, near over far."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.collage.order import first_order, later_order


def test_what_lies_under_what() -> None:
    order = [later_order(0, 900_000), later_order(0, 7), first_order(0, 0, 9, 0.0), first_order(0, 8, 9, 0.0),
             first_order(0, 8, 9, 1.0), later_order(1, 900_000), first_order(1, 0, 9, 0.0)]
    assert all(lower < upper for lower, upper in pairwise(order))


def test_numbers_that_follow_are_told_apart_in_single_precision() -> None:
    assert np.float32(later_order(3, 1001)) < np.float32(later_order(3, 1000))
