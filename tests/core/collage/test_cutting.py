"""Cutting a frame into pieces: how many, of which colors, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.collage.cutting import NARROW, VIVID, WIDE, Cutter, birth_rule, hole_parts
from core.collage.follow import Follow
from core.collage.ground import Ground, ground_of, to_lab
from core.collage.materials import Materials
from core.collage.pieces import Floats, Pieces
from core.collage.visible import shown
from core.effects import Companions, Moment
from core.frames import Picture
from core.motion.links import Link
from core.options import CollageOptions

Moments = Callable[..., Moment]
Textures = Callable[..., Floats]
QUICK = CollageOptions(pieces=12, levels=2, regularity=1.0)


@pytest.fixture
def cut(sheets: Materials, moment: Moments) -> Callable[..., Pieces]:
    """cut(options, ...): the pieces of a shot's first frame."""
    def make(options: CollageOptions = QUICK, number: int = 1, **given: object) -> Pieces:
        return Follow(options, sheets)(moment(number, **given), None)
    return make


def test_the_same_seed_gives_the_same_pieces_another_one_others(cut: Callable[..., Pieces]) -> None:
    first = cut().to_bytes()
    assert cut().to_bytes() == first != cut(replace(QUICK, seed=2)).to_bytes()


def test_pieces_cover_the_frame_and_finer_ones_the_busy_parts(cut: Callable[..., Pieces], moment: Moments) -> None:
    pieces = cut()
    assert set(pieces.level) == {0, 1}
    first = pieces.kept(pieces.level == 0)
    ground = ground_of(moment(1).rgb, Companions())
    assert 8 <= len(first) <= 30
    assert (shown(pieces, ground) >= 0)[ground.inside].mean() > 0.98  # what finer ones hide is not laid below them
    finer = (shown(pieces.kept(pieces.level == 1), ground) >= 0)[ground.inside].mean()
    assert 0.2 < finer < 0.9
    assert np.median(pieces.area[pieces.level == 1]) < 0.6 * np.median(first.area)


@pytest.mark.parametrize(("detail", "least", "most"), [(0.0, 0, 0), (1.0, 0.95, 1.0)])
def test_detail_says_how_much_the_finer_levels_cover(cut: Callable[..., Pieces], moment: Moments, detail: float,
                                                     least: float, most: float) -> None:
    pieces = cut(replace(QUICK, detail=detail))
    ground = ground_of(moment(1).rgb, Companions())
    assert least <= (shown(pieces.kept(pieces.level == 1), ground) >= 0)[ground.inside].mean() <= most


def test_with_few_colors_every_piece_has_one_of_them(cut: Callable[..., Pieces]) -> None:
    pieces = cut(replace(QUICK, colors=3))
    assert pieces.palette.shape == (3, 3)
    targets = np.unique(pieces.tint[:, 6:9].round(3), axis=0)
    assert len(targets) <= 3
    for target in targets:
        assert np.abs(pieces.palette * (1, VIVID, VIVID) - target).sum(1).min() < 0.01


def test_the_palette_holds_the_colors_of_the_clip(sheets: Materials, moment: Moments) -> None:
    image = np.zeros((96, 128, 3), np.float32)
    colors = np.array([(0.8, 0.1, 0.1), (0.1, 0.2, 0.8)], np.float32)
    image[:, :60], image[:, 60:] = colors
    palette = Cutter(replace(QUICK, colors=2), sheets, 1).palette(ground_of(moment(1, image).rgb, Companions()))
    for lab in to_lab(colors[None])[0]:
        assert np.abs(palette - lab).sum(1).min() < 2


def test_no_outline_crosses_an_object_s_border(cut: Callable[..., Pieces]) -> None:
    """By more than half a pixel's diagonal: the mask is made of pixels."""
    y, x = np.mgrid[:96, :128]
    disk = torch.from_numpy(((x - 70) ** 2 + (y - 45) ** 2 < 25 ** 2).astype(np.float32)).expand(1, 3, 96, 128)
    pieces = cut(companions=Companions(objects=disk))
    assert set(pieces.object) == {0x000000, 0xFFFFFF}
    for i in range(len(pieces)):
        distance = np.hypot(*(pieces.placed(i, pieces.outline(i)) * 96 - 0.5 - (70, 45)).T)
        assert (distance < 25.75).all() if pieces.object[i] else (distance > 24.25).all()


def sliding(*by: float) -> Link:
    """The square of the shot's first frame moves by so much, all else stands still."""
    flow = torch.zeros(1, 2, 96, 128)
    flow[:, :, 30:66, 13:49] = torch.tensor(by).view(1, 2, 1, 1)
    return Link(flow, torch.ones(1, 1, 96, 128), torch.ones(1, 1, 96, 128))


def over_the_edge(pieces: Pieces) -> list[float]:
    """For each piece, how far (pixels) it reaches over the edges of that square to the side where less of it lies."""
    far = []
    for i in range(len(pieces)):
        mask = np.zeros((96 * 4, 128 * 4), np.uint8)
        cv2.fillPoly(mask, [np.round(pieces.placed(i, pieces.outline(i)) * 96 * 4).astype(np.int32)], 1)
        inside = np.zeros(mask.shape, bool)
        inside[30 * 4:66 * 4, 13 * 4:49 * 4] = True
        less = mask.astype(bool) & (inside if (mask.astype(bool) & inside).sum() * 2 < mask.sum() else ~inside)
        depth = cv2.distanceTransform(np.pad(less, 1).astype(np.uint8), cv2.DIST_L2, 5)
        far.append(float(depth.max()) / 4)
    return far


def test_no_piece_of_a_first_frame_lies_on_two_motions(cut: Callable[..., Pieces]) -> None:
    """With its overlap: pieces lie over each other, but not over what goes another way."""
    known, unknown = (over_the_edge(cut(goes=goes)) for goes in (sliding(3.0, 0.0), None))
    assert max(known) < 1.5 < max(unknown)


def test_a_joiner_s_photographs_do_not_care_what_moves(moment: Moments) -> None:
    class Clip:
        numbers = [1, 2]

        def read(self, number: int) -> Picture:
            return Picture(moment(number).rgb)

    options = replace(CollageOptions.for_mode("joiner"), pieces=12)
    follow = Follow(options, Materials(versions=[Clip()]))  # type: ignore[list-item]
    assert follow(moment(1, goes=sliding(3.0, 0.0)), None).to_bytes() == follow(moment(1), None).to_bytes()


def test_nearer_pieces_lie_above(cut: Callable[..., Pieces]) -> None:
    depth = torch.zeros(1, 1, 96, 128)
    depth[..., 64:] = 1.0
    pieces = cut(replace(QUICK, levels=1), companions=Companions(depth=depth))
    order = {i: rank for rank, i in enumerate(pieces.laid())}
    far, near = ([order[i] for i in range(len(pieces)) if side(pieces.place[i, 2])] for side in (
        lambda x: x < 0.6, lambda x: x > 0.73))
    assert max(far) < min(near)


def test_a_joiner_s_photographs_are_rectangles_that_show_what_is_near(texture: Textures, moment: Moments) -> None:
    class Clip:
        numbers = [1]

        def read(self, number: int) -> object:
            from core.frames import Picture
            return Picture(moment(1).rgb)

    options = replace(CollageOptions.for_mode("joiner"), pieces=12)
    pieces = Follow(options, Materials(versions=[Clip()]))(moment(1), None)  # type: ignore[list-item]
    assert {len(pieces.outline(i)) for i in range(len(pieces))} == {4}
    assert (pieces.moment == 1).all()
    away = np.hypot(*((pieces.window[:, 2:] + 0.5) / 96 - pieces.place[:, 2:]).T)
    inside = (np.abs(pieces.place[:, 2] - 0.67) < 0.4) & (np.abs(pieces.place[:, 3] - 0.5) < 0.25)
    assert 0.005 < away[inside].mean() < 0.1


def test_narrow_holes_are_filled_where_tissue_would_show_and_no_gaps_are_wanted() -> None:
    options = CollageOptions()
    assert birth_rule(options) == birth_rule(replace(options, overlap=0.0)) == NARROW
    assert birth_rule(options, level=1) == birth_rule(replace(options, overlap=-0.01)) == WIDE


def with_hole(moment: Moments, rows: slice, columns: slice) -> tuple[Ground, np.ndarray]:
    """A ground and a hole in it."""
    ground = ground_of(moment(1).rgb, Companions())
    hole = np.zeros(ground.shape, bool)
    hole[rows, columns] = True
    return ground, hole


def test_a_long_and_narrow_hole_is_filled_by_several_pieces(moment: Moments) -> None:
    ground, hole = with_hole(moment, slice(20, 26), slice(10, 90))
    assert 3 <= len(hole_parts(hole, ground, 400.0, NARROW)) <= 5
    assert len(hole_parts(hole, ground, 400.0, WIDE)) == 1


def test_a_hole_is_filled_by_pieces_as_large_as_the_others(moment: Moments) -> None:
    ground, hole = with_hole(moment, slice(20, 60), slice(20, 80))
    assert 4 <= len(hole_parts(hole, ground, 400.0, NARROW)) <= 9
    assert len(hole_parts(hole, ground, 2400.0, NARROW)) == 1
    assert sum(region.area for region in hole_parts(hole, ground, 400.0, NARROW)) > 0.85 * hole.sum()
