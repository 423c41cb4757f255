"""What moves as one: how parts move in spite of what moves otherwise, parts of their own for that, what goes along."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.collage.ground import Ground
from core.collage.moving import APART, moving, parted
from core.collage.pieces import Floats, Ints
from core.collage.segment import Region, regions

SHAPE = (60, 90)
Y, X = np.mgrid[:60, :90].astype(np.float32)
DISK = (X - 45) ** 2 + (Y - 30) ** 2 < 12 ** 2
WHOLE = np.zeros(SHAPE, np.int32)


def of(motion: Floats, objects: Ints | None = None) -> Ground:
    return Ground(np.zeros((*SHAPE, 3), np.float32), SHAPE[0], 0, objects, None, motion.astype(np.float32))


def shifted(where: NDArray[np.bool_], *by: float) -> Floats:
    """Motion of what is there, all else standing still."""
    return where[..., None] * np.float32(by)


def thirds() -> Ints:
    """Three upright parts side by side."""
    return (X // 30).astype(np.int32)


def region(labels: Ints, number: int) -> Region:
    return next(one for one in regions(labels, None) if one.label == number)


def test_a_part_turns_and_grows_about_its_center() -> None:
    grow, turn = 0.02, -0.01
    motion = np.stack([grow * (X - 40) - turn * (Y - 20) + 3, turn * (X - 40) + grow * (Y - 20) - 1], -1)
    found = moving(thirds(), of(motion))
    np.testing.assert_allclose(found.steps[:, 2:4], [(grow, turn)] * 3, atol=1e-4)
    np.testing.assert_allclose(found.field, motion, atol=1e-3)


def test_what_moves_otherwise_does_not_change_how_a_part_moves() -> None:
    """The disk is a tenth of the part, and moves by four pixels."""
    found = moving(WHOLE, of(shifted(DISK, 4.0, 0.0)))
    assert np.abs(found.field).max() < 0.1


def test_what_moves_otherwise_gets_a_part_of_its_own() -> None:
    labels = parted(thirds(), of(shifted(DISK, 0.0, 3.0)))
    assert sorted(np.unique(labels)) == [0, 1, 2, 3]
    disk = labels == labels[30, 45]
    assert (disk ^ DISK).mean() < 0.02


@pytest.mark.parametrize("motion", [shifted(DISK, APART / 2, 0.0), shifted((X > 40) & (X < 43), 5.0, 0.0),
                                    shifted(np.hypot(X - 45, Y - 30) < 5, 5.0, 0.0)],
                         ids=["hardly otherwise", "a sliver", "a speck"])
def test_what_no_hand_would_cut_out_stays_with_its_part(motion: Floats) -> None:
    np.testing.assert_array_equal(parted(thirds(), of(motion)), thirds())


def test_what_moves_as_the_part_beside_it_goes_to_that() -> None:
    """The middle part was cut ten columns too wide."""
    labels = parted(thirds(), of(shifted(X >= 50, 0.0, 3.0)))
    np.testing.assert_array_equal(labels, np.where(X < 30, 0, np.where(X < 50, 1, 2)))


def test_parts_that_move_on_their_own_keep_to_their_object() -> None:
    objects = np.where(X < 45, 0x0000FF, 0xFF0000).astype(np.int32)
    labels = parted((X >= 45).astype(np.int32), of(shifted(DISK, 0.0, 3.0), objects))
    for one in regions(labels, objects):
        assert set(one.part(objects)[one.mask]) == {one.object}
    assert labels[30, 40] != labels[30, 50]


def test_parts_that_move_alike_go_together_and_others_do_not() -> None:
    labels = thirds()
    found = moving(labels, of(shifted(X >= 60, 2.0, 0.0)))
    left, right = found.together(region(labels, 0), 90), found.together(region(labels, 2), 90)
    np.testing.assert_array_equal(left, X < 60)
    np.testing.assert_array_equal(right, X >= 60)


def test_parts_of_one_turning_thing_go_together() -> None:
    """They move by different amounts, but where they meet by the same."""
    motion = np.stack([-0.05 * (Y - 30), 0.05 * (X - 45)], -1)
    labels = thirds()
    assert moving(labels, of(motion)).together(region(labels, 0), 90).all()


def test_further_off_than_asked_everything_goes_together() -> None:
    labels = thirds()
    alike = moving(labels, of(shifted(X >= 30, 2.0, 0.0))).together(region(labels, 0), 4)
    np.testing.assert_array_equal(alike, (X < 30) | (X >= 34))


def test_still_ground_stays_whole() -> None:
    still = of(np.zeros((*SHAPE, 2), np.float32))
    np.testing.assert_array_equal(parted(thirds(), still), thirds())
    assert not moving(thirds(), still).steps[:, :4].any()
