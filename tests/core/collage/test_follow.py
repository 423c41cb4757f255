"""Pieces over time: they move with what is under them, stay where it stands still, die and are born."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.arrays import as_array
from core.collage.cutting import Cutter
from core.collage.follow import PATIENCE, Follow
from core.collage.ground import ground_of
from core.collage.materials import Materials
from core.collage.pieces import Cut, Floats, Pieces, no_pieces
from core.collage.visible import shown
from core.effects import Companions, Moment
from core.motion.flow import Dis
from core.motion.links import Link, Motion, Seen
from core.options import CollageOptions

Moments = Callable[..., Moment]
Shots = Callable[..., Floats]
Textures = Callable[..., Floats]
OPTIONS = CollageOptions(pieces=40, levels=1, regularity=1.0)
FLAT = np.full((96, 128, 3), 0.5, np.float32)


def linked(before: Moment, here: Moment) -> Moment:
    """The moment with its link from the one before, as the pipeline makes it."""
    motion = Motion(Dis(), None, None)
    return replace(here, came=motion.link(Seen(before.number, before.rgb, "a"), Seen(here.number, here.rgb, "b")))


def slid(x: float, y: float, trust: float = 1.0, size: tuple[int, int] = (96, 128)) -> Link:
    """Everything moves by so much."""
    flow = torch.tensor([x, y]).view(1, 2, 1, 1).expand(1, 2, *size).contiguous()
    return Link(flow, torch.full((1, 1, *size), trust), torch.full((1, 1, *size), trust))


def followed(follow: Follow, moments: list[Moment]) -> list[Pieces]:
    known: list[Pieces] = []
    for i, here in enumerate(moments):
        known.append(follow(linked(moments[i - 1], here) if i else here, known[-1] if known else None))
    return known


def at(pieces: Pieces, number: int) -> Floats | None:
    """Where a piece lies, in pixels; None if it is gone."""
    found = np.flatnonzero(pieces.number == number)
    return pieces.place[found[0], 2:] * 96 if len(found) else None


@pytest.fixture
def follow(sheets: Materials) -> Follow:
    return Follow(OPTIONS, sheets)


def test_what_moves_takes_its_pieces_along_to_a_pixel_and_what_stands_still_stays(
        follow: Follow, moment: Moments) -> None:
    known = followed(follow, [moment(n) for n in range(1, 6)])
    first, last = known[0], known[-1]
    centers = first.place[:, 2:] * 96
    on_square = (np.abs(centers[:, 1] - 48) < 12) & (np.abs(centers[:, 0] - (13 + 18)) < 12)
    far = (centers[:, 0] > 86) | (centers[:, 1] > 84)
    assert on_square.sum() >= 1 and far.sum() >= 5
    for i in np.flatnonzero(on_square):
        there = at(last, int(first.number[i]))
        assert there is not None and np.abs(there - centers[i] - (12, 0)).max() < 1.0
    for i in np.flatnonzero(far):
        there = at(last, int(first.number[i]))
        assert there is not None and (there == centers[i]).all()


def test_a_link_moves_turns_and_scales_pieces(follow: Follow, moment: Moments) -> None:
    first = follow(moment(1), None)
    y, x = (torch.from_numpy(v.astype(np.float32)) for v in np.mgrid[:96, :128])
    turn, grow = 0.02, 1.02
    around = torch.stack([x - 63.5, y - 47.5])
    a, b = grow * np.cos(turn), grow * np.sin(turn)
    to = torch.stack([a * around[0] - b * around[1], b * around[0] + a * around[1]])
    link = Link((to - around)[None], torch.ones(1, 1, 96, 128), torch.ones(1, 1, 96, 128))
    after = follow(moment(1, came=link), first)
    for i in range(len(first)):
        found = np.flatnonzero(after.number == first.number[i])
        center = first.place[i, 2:] * 96 - 0.5 - (63.5, 47.5)
        if not len(found) or np.abs(center).max() > 40:
            continue
        place = after.place[found[0]]
        np.testing.assert_allclose(place[:2], (a, b), atol=2e-3)
        np.testing.assert_allclose(place[2:] * 96 - 0.5 - (63.5, 47.5), np.array([[a, -b], [b, a]]) @ center, atol=0.2)


def test_less_than_a_hand_could_see_does_not_move_a_piece(follow: Follow, moment: Moments) -> None:
    first = follow(moment(1), None)
    still = follow(moment(1, came=slid(0.1, 0.0)), first)
    np.testing.assert_array_equal(still.place, first.place)
    assert (follow(moment(1, came=slid(0.3, 0.0)), first).place[:, 2] > first.place[:, 2]).all()


def changed_square(shot: Shots) -> Floats:
    image = shot(1).copy()
    image[20:80, 60:110] = 1 - image[20:80, 60:110].mean((0, 1)).round()
    return image


def test_a_piece_dies_when_something_else_lies_under_it_for_a_while(follow: Follow, moment: Moments,
                                                                    shot: Shots) -> None:
    before = follow(moment(1), None)
    centers = before.place[:, 2:] * 96
    there = (np.abs(centers[:, 0] - 85) < 18) & (np.abs(centers[:, 1] - 50) < 22)
    elsewhere = centers[:, 0] < 45
    assert there.sum() > 2
    known = before
    for number in range(2, 2 + PATIENCE):
        assert set(before.number[there]) <= set(known.number)
        known = follow(moment(number, changed_square(shot), came=slid(0, 0)), known)
    assert not set(before.number[there]) & set(known.number)
    assert set(before.number[elsewhere]) <= set(known.number)
    assert known.next_number[0] > before.next_number[0]  # and others were laid in their place


def test_a_piece_dies_when_nothing_good_is_known_of_its_motion(follow: Follow, moment: Moments) -> None:
    known = first = follow(moment(1), None)
    for number in range(2, 1 + PATIENCE):
        known = follow(moment(number, came=slid(0, 0, trust=0.0)), known)
    assert set(first.number) <= set(known.number)
    known = follow(moment(4, came=slid(0, 0, trust=0.0)), known)
    assert not set(first.number) & set(known.number)


def test_a_piece_that_is_covered_for_a_while_dies(follow: Follow, moment: Moments) -> None:
    """Everything is moved onto one spot: only what lies on top is left."""
    first = follow(moment(1, FLAT), None)
    heap = replace(first, place=np.concatenate([first.place[:, :2], np.full((len(first), 2), 0.5, np.float32)], 1))
    judged = heap
    for _ in range(PATIENCE):
        judged = follow(moment(1, FLAT, came=slid(0, 0)), judged)
    left = [n for n in first.number if n in judged.number]
    assert 1 <= len(left) < len(first) / 2
    assert int(first.number[first.laid()[-1]]) in judged.number


def test_a_piece_that_leaves_the_frame_is_gone(follow: Follow, moment: Moments) -> None:
    known = first = follow(moment(1, FLAT), None)
    for _ in range(5):
        known = follow(moment(1, FLAT, came=slid(12.0, 0.0)), known)
    right = first.place[:, 2] * 96 > 90
    assert not set(first.number[right]) & set(known.number)
    left = (first.place[:, 2] * 96 > 5) & (first.place[:, 2] * 96 < 40)
    assert len(set(first.number[left]) & set(known.number)) > 0.7 * left.sum()


@pytest.mark.parametrize(("lost", "births"), [(0, False), (1, True), (4, True)])
def test_a_hole_gets_pieces_when_it_is_large_enough(follow: Follow, moment: Moments, lost: int, births: bool) -> None:
    first = follow(moment(1, FLAT), None)
    middle = np.hypot(*(first.place[:, 2:] - (0.66, 0.5)).T).argsort()
    keep = np.ones(len(first), bool)
    keep[middle[:lost]] = False
    after = follow(moment(2, FLAT, came=slid(0, 0)), first.kept(keep))
    assert (after.next_number[0] > first.next_number[0]) == births
    assert births == bool((after.born == 2).any())


def moment_image(moment: Moments) -> Floats:
    return as_array(moment(1).rgb)


@pytest.mark.parametrize(("side", "filled"), [(20, False), (40, True)])
def test_a_hole_of_less_than_a_piece_waits_until_it_is_larger(follow: Follow, moment: Moments, side: int,
                                                              filled: bool) -> None:
    """In a quarter of the frame, 76 by 60 pixels with its margin, of which a square has been cut out."""
    some = follow(moment(1, FLAT), None)
    notched = [(0, side), (0, 60), (76, 60), (76, 0), (side, 0), (side, side)]
    corners = [notched, *([(0, 0), (0, y), (x, y), (x, 0)] for x, y in ((-76, 60), (76, -60), (-76, -60)))]
    cuts = [Cut(0, 1.0 + i, (64 / 96, 0.5), np.array(around, np.float32) / 96, 76 * 60 / 96 ** 2, -1, 0,
                some.window[0], -1, some.tint[0]) for i, around in enumerate(corners)]
    after = follow(moment(2, FLAT, came=slid(0, 0)), no_pieces(np.zeros((0, 3), np.float32), 1).with_new(cuts, 1))
    assert (len(after) > 4) == filled


def test_nothing_pops_up_in_the_second_frame_of_a_still_shot(follow: Follow, moment: Moments,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """Cutting may leave holes between pieces, as where a picture is busy."""
    every = Cutter.all
    monkeypatch.setattr(Cutter, "all", lambda *of: [cut for i, cut in enumerate(every(*of)) if i % 4])
    first = follow(moment(1), None)
    second = follow(moment(1, came=slid(0, 0)), first)
    assert list(second.number) == list(first.number)


def test_gaps_that_are_wanted_stay_open(sheets: Materials, moment: Moments) -> None:
    follow = Follow(replace(OPTIONS, overlap=-0.2), sheets)
    known = follow(moment(1), None)
    first = int(known.next_number[0])
    for number in range(2, 5):
        known = follow(moment(number, moment_image(moment), came=slid(0, 0)), known)
        assert int(known.next_number[0]) == first


def test_a_slit_is_left_open(follow: Follow, moment: Moments) -> None:
    """Where everything on the right moves away by two pixels, no piece is born as a sliver."""
    first = follow(moment(1), None)
    aside = first.place.copy()
    aside[first.place[:, 2] > 0.66, 2] += 4 / 96
    after = follow(moment(1, came=slid(0, 0)), replace(first, place=aside))
    assert after.next_number[0] == first.next_number[0]


def test_the_narrow_place_that_a_moving_thing_leaves_gets_paper_that_reaches_below_the_thing(
        sheets: Materials, moment: Moments) -> None:
    """What is on the right moves away, first by 15 pixels, a third of a piece, then by some more."""
    follow, ground = Follow(replace(OPTIONS, pieces=6), sheets), ground_of(moment(1, FLAT).rgb, Companions())
    first = follow(moment(1, FLAT), None)
    aside = first.place.copy()
    aside[first.place[:, 2] > 0.66, 2] += 15 / 96
    after = follow(moment(2, FLAT, came=slid(0, 0)), replace(first, place=aside))
    farther = after.place.copy()
    farther[(after.born == 1) & (after.place[:, 2] > 0.66), 2] += 5 / 96
    for pieces in (after, replace(after, place=farther)):
        assert (shown(pieces, ground)[ground.inside] < 0).mean() < 0.005


def test_pieces_born_later_lie_below_those_of_their_level(follow: Follow, moment: Moments) -> None:
    first = follow(moment(1), None)
    keep = np.hypot(*(first.place[:, 2:] - (0.66, 0.5)).T) > 0.25
    after = follow(moment(2, moment_image(moment), came=slid(0, 0)), first.kept(keep))
    new = after.born == 2
    assert new.any() and after.order[new].max() < after.order[~new].min()


def test_life_lays_pieces_anew_in_their_places_not_all_at_once(sheets: Materials, moment: Moments) -> None:
    follow = Follow(replace(OPTIONS, life=5), sheets)
    known = [follow(moment(1), None)]
    for number in range(2, 9):
        known.append(follow(moment(number, moment_image(moment), came=slid(0, 0)), known[-1]))
    anew = [int((pieces.born == number).sum()) for number, pieces in enumerate(known[1:], 2)]
    assert sum(anew) >= len(known[0]) and sum(n > 0 for n in anew) >= 3
    assert anew[0] == 0
    before = {tuple(p.round(4)) for p in known[0].place[:, 2:]}
    new = known[-1].place[known[-1].born > 1]
    near = [min(abs(x - a) + abs(y - b) for a, b in before) < 0.03 for x, y in new[:, 2:]]
    assert np.mean(near) > 0.8


def test_a_joiner_s_photographs_stay_in_place_and_are_renewed_when_the_scene_has_changed(
        moment: Moments, shot: Shots) -> None:
    class Clip:
        numbers = list(range(1, 9))

        def read(self, number: int) -> Any:
            from core.frames import Picture
            return Picture(moment(number).rgb)

    options = replace(CollageOptions.for_mode("joiner"), pieces=20, life=0)
    follow = Follow(options, Materials(versions=[Clip()]))  # type: ignore[list-item]
    first = follow(moment(1), None)
    after = follow(moment(2, came=slid(5, 0)), first)
    np.testing.assert_array_equal(after.place, first.place)
    known = first
    for number in range(2, 3 + PATIENCE):
        known = follow(moment(number, changed_square(shot), came=slid(0, 0)), known)
    renewed = known.born > 1
    assert renewed.any() and not renewed.all()
    assert (np.abs(known.place[renewed, 2] * 96 - 85) < 45).all()


def test_pieces_of_an_earlier_size_are_left_where_they_are(follow: Follow, moment: Moments) -> None:
    first = follow(moment(1), None)
    after = follow(moment(1, came=slid(5, 0, size=(48, 64))), first)
    np.testing.assert_array_equal(after.place[:len(first)], first.place)
