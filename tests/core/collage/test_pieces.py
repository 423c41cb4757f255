"""What is known of pieces: as bytes and back, where they lie, which are left, what new ones are called."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.collage.pieces import NO_OBJECT, Cut, Pieces, no_pieces
from core.errors import InputError


def cut(level: int = 0, order: float = 1.0, corners: int = 4, x: float = 0.5) -> Cut:
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    outline = (0.1 * np.column_stack([np.cos(turns), np.sin(turns)])).astype(np.float32)
    return Cut(level, order, (x, 0.25), outline, 0.02, NO_OBJECT, 3, np.array([500, 0, 20, 30], np.float32), -1,
               np.arange(12, dtype=np.float32))


def some(*cuts: Cut) -> Pieces:
    return no_pieces(np.zeros((2, 3), np.float32), 7).with_new(cuts, 7)


def test_there_and_back_as_the_same_bytes() -> None:
    pieces = some(cut(), cut(1, corners=7))
    back = Pieces.from_bytes(pieces.to_bytes())
    assert back.to_bytes() == pieces.to_bytes()
    for field in dataclasses.fields(Pieces):
        ours, theirs = getattr(pieces, field.name), getattr(back, field.name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("data", [b"", b"no pieces", some(cut()).to_bytes()[:-20]])
def test_damaged_bytes_say_what_to_delete(data: bytes) -> None:
    with pytest.raises(InputError, match="damaged") as error:
        Pieces.from_bytes(data)
    assert "tracks" in error.value.hint


def test_new_pieces_lie_unturned_around_their_centers() -> None:
    pieces = some(cut(x=0.75))
    np.testing.assert_allclose(pieces.placed(0, pieces.outline(0)).mean(0), [0.75, 0.25], atol=1e-6)
    assert pieces.born.tolist() == [7] and np.isnan(pieces.seen).all()


def test_pieces_are_laid_by_their_order() -> None:
    assert some(cut(1, 1005), cut(0, 900), cut(0, 2), cut(1, 1001)).laid() == [2, 1, 3, 0]


def test_numbers_are_never_given_twice_in_a_shot() -> None:
    pieces = some(cut(), cut(), cut())
    left = pieces.kept(np.array([True, False, False]))
    assert left.with_new([cut()], 9).number.tolist() == [0, 3]
    assert left.with_new([], 9) is left


def test_what_is_kept_keeps_its_outline() -> None:
    pieces = some(cut(corners=3), cut(corners=5), cut(corners=7))
    kept = pieces.kept(np.array([False, True, True]))
    assert len(kept) == 2 and [len(kept.outline(i)) for i in range(2)] == [5, 7]
    np.testing.assert_array_equal(kept.outline(1), pieces.outline(2))
    assert len(pieces.kept(np.zeros(3, bool)).outlines) == 0
