"""Laying pieces: what covers what, shadows on what lies below, masks, what shows in holes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.arrays import as_array
from core.collage import compose
from core.collage.compose import Composer
from core.collage.cutting import snapped
from core.collage.follow import Follow
from core.collage.ground import object_map, to_lab
from core.collage.materials import Materials, Sheet
from core.collage.pieces import Cut, Floats, Pieces, no_pieces
from core.collage.tissue import underpainting
from core.effects import Companions, Moment
from core.motion.links import Link
from core.options import CollageOptions

Moments = Callable[..., Moment]
Shots = Callable[..., Floats]
QUICK = CollageOptions(pieces=12, levels=2, roughness=10.0)
FLAT = CollageOptions(roughness=0.0, deckle=0.0, grain=0.0, color_match=0.0, shadow=0.0)
SQUARE = 0.2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)
GRAY = torch.full((1, 3, 100, 150), 0.5)
ANY = np.zeros((0, 3), np.float32)


def plain(*colors: tuple[float, float, float]) -> Materials:
    return Materials([Sheet(str(i), np.full((40, 40, 3), np.round(np.multiply(c, 255)), np.uint8), None)
                      for i, c in enumerate(colors)])


def square(x: float, y: float, rank: float = 1.0, material: int = 0, object_: int = -1) -> Cut:
    return Cut(0, rank, (x, y), SQUARE, 0.16, object_, material, np.array([50, 0, 20, 20], np.float32), -1,
               np.zeros(12, np.float32))


def laid(materials: Materials, options: CollageOptions, *cuts: Cut, **along: Any) -> Floats:
    pieces = no_pieces(np.zeros((0, 3), np.float32), 1).with_new(cuts, 1)
    return as_array(Composer(options, materials).paint(pieces, GRAY, Companions(**along)).rgb)


def test_a_piece_lies_where_its_place_is_and_the_higher_one_on_top() -> None:
    colors = plain((1, 0, 0), (0, 0, 1))
    image = laid(colors, FLAT, square(0.5, 0.5, 2, 0), square(0.6, 0.5, 1, 1))
    np.testing.assert_allclose(image[50, 32:68], np.broadcast_to((1, 0, 0), (36, 3)), atol=0.01)
    np.testing.assert_allclose(image[50, 72:78], np.broadcast_to((0, 0, 1), (6, 3)), atol=0.01)
    np.testing.assert_allclose(image[:28], underpainting(GRAY, ANY, torn=False)[:28], atol=0.01)
    other = laid(colors, FLAT, square(0.5, 0.5, 1, 0), square(0.6, 0.5, 2, 1))
    np.testing.assert_allclose(other[50, 42:78], np.broadcast_to((0, 0, 1), (36, 3)), atol=0.01)


def test_a_piece_that_is_turned_scaled_and_partly_outside() -> None:
    pieces = no_pieces(np.zeros((0, 3), np.float32), 1).with_new([square(0.0, 0.0)], 1)
    turned = 1.5 * np.cos(np.pi / 4)
    pieces = replace(pieces, place=np.array([[turned, turned, 0.0, 0.5]], np.float32))
    image = as_array(Composer(FLAT, plain((1, 0, 0))).paint(pieces, GRAY, Companions()).rgb)
    red = image[..., 0] - image[..., 2] > 0.8
    reach = 100 * 0.2 * 1.5 * np.sqrt(2)
    assert red.sum() == pytest.approx(reach ** 2, rel=0.05)  # the right half of a square on its corner
    assert red[50, :40].all() and not red[50, 45:].any() and not red[:5].any() and red[12, 0]


def test_a_shadow_darkens_what_lies_below_on_its_side() -> None:
    def image(strength: float) -> Floats:
        options = replace(FLAT, shadow=strength, shadow_angle=-90.0, shadow_softness=20.0)
        return laid(plain((0.5, 0.5, 0.5)), options, square(0.75, 0.5))

    dark = (image(0.0) - image(1.0)).mean(-1)
    below, above = dark[71:74, 65:85].mean(), dark[26:29, 65:85].mean()
    assert below > 0.04 and below > 2 * above
    assert np.abs(dark[:, :40]).max() < 0.01


def test_layers_hold_what_the_picture_is_made_of(sheets: Materials, moment: Moments) -> None:
    options = replace(QUICK, export_layers=True)
    here = moment(1)
    painted = Composer(options, sheets).paint(Follow(options, sheets)(here, None), here.rgb, Companions())
    assert sorted(painted.layers) == ["layers/level_1", "layers/level_2", "layers/underpainting"]
    canvas = painted.layers["layers/underpainting"].rgb
    for name in ("layers/level_1", "layers/level_2"):
        layer = painted.layers[name]
        canvas = torch.lerp(canvas, layer.rgb, layer.alpha)
    assert (canvas - painted.rgb).abs().max() < 1 / 255


def test_a_frame_is_painted_from_its_pieces_alone(sheets: Materials, moment: Moments) -> None:
    """Whether papers are kept from other frames or not."""
    follow, composer = Follow(QUICK, sheets), Composer(QUICK, sheets)
    here = moment(1)
    pieces = follow(here, None)
    composer.paint(follow(moment(9, as_array(moment(3).rgb)), None), here.rgb, Companions())
    one, other = (c.paint(pieces, here.rgb, Companions()).rgb for c in (composer, Composer(QUICK, sheets)))
    assert torch.equal(one, other)


def test_papers_that_are_kept_do_not_fill_the_memory(sheets: Materials, moment: Moments,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.collage.compose.KEPT_BYTES", 20_000)
    here = moment(1)
    pieces, composer = Follow(QUICK, sheets)(here, None), Composer(QUICK, sheets)
    image = composer.paint(pieces, here.rgb, Companions()).rgb
    assert sum(p.rgba.nbytes + p.shadow.nbytes for p in composer._papers.values()) <= 20_000
    assert torch.equal(image, composer.paint(pieces, here.rgb, Companions()).rgb)


def test_papers_that_no_piece_of_a_frame_needs_are_dropped(sheets: Materials, moment: Moments) -> None:
    """And made again, the same, if their frame comes back."""
    here, composer = moment(1), Composer(QUICK, sheets)
    pieces = Follow(QUICK, sheets)(here, None)
    whole = composer.paint(pieces, here.rgb, Companions()).rgb
    some = pieces.kept(pieces.number % 2 == 0)
    composer.paint(some, here.rgb, Companions())
    assert sorted(key[1] for key in composer._papers) == sorted(some.number)
    assert composer._bytes == sum(p.rgba.nbytes + p.shadow.nbytes for p in composer._papers.values())
    assert torch.equal(whole, composer.paint(pieces, here.rgb, Companions()).rgb)


def test_memory_is_given_back_every_few_frames(sheets: Materials, moment: Moments,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(compose, "release_freed", lambda: given.append(1))
    here, composer = moment(1), Composer(QUICK, sheets)
    for number in range(1, 2 * compose.RELEASED_EVERY + 1):
        composer.paint(no_pieces(np.zeros((0, 3), np.float32), 1), here.rgb, Companions())
        assert len(given) == number // compose.RELEASED_EVERY


@pytest.mark.parametrize(("soft", "least", "most"), [(None, 0.0, 0.2), (0.01, 0.4, 0.6)])
def test_the_finest_detail_shimmers_little_when_moved_by_parts_of_a_pixel(
        soft: float | None, least: float, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contrast of stripes a pixel wide swings by a third of what it would if pieces were not blurred."""
    if soft is not None:
        monkeypatch.setattr("core.collage.paper.SOFT", soft)
    stripes = np.zeros((100, 100, 3), np.uint8)
    stripes[:, ::2] = 255
    window = np.array([100, 0, 50, 50], np.float32)
    contrasts = [float(laid(Materials([Sheet("stripes", stripes, None)]), FLAT,
                            replace(square(0.5 + off / 100, 0.5), window=window))[40:60, 40:60].std())
                 for off in (0.0, 0.25, 0.5)]
    assert least <= max(contrasts) - min(contrasts) <= most


def test_the_place_that_a_moving_thing_leaves_has_the_ground_s_color_and_no_mixture(moment: Moments) -> None:
    """A red square moves over a blue ground, by four pixels in each frame."""
    options = replace(CollageOptions.for_mode("cutouts"), pieces=6, levels=1, colors=2, grain=0.0, shadow=0.0)
    sheets = plain((0.5, 0.5, 0.5))
    image, came, known = np.full((96, 128, 3), (0.2, 0.3, 0.6), np.float32), None, None
    for left in (30, 34, 38, 42):
        image[:] = (0.2, 0.3, 0.6)
        image[30:66, left:left + 36] = (0.6, 0.2, 0.1)
        here = moment(left, image, came=came)
        known = Follow(options, sheets)(here, known)
        flow, sure = torch.zeros(1, 2, 96, 128), torch.ones(1, 1, 96, 128)
        flow[:, 0, 30:66, left:left + 36] = 4
        came = Link(flow, sure, sure)
    place = as_array(Composer(options, sheets).paint(known, here.rgb, Companions()).rgb)[34:62, 28:36]
    ground = snapped(to_lab(np.array([[(0.2, 0.3, 0.6)]], np.float32)), known.palette)
    assert (np.linalg.norm(to_lab(place) - ground, axis=-1) < 10).mean() > 0.97


def disk(x: float) -> torch.Tensor:
    """1,3,96,128: an object mask."""
    rows, columns = np.mgrid[:96, :128]
    return torch.from_numpy(((columns - x) ** 2 + (rows - 48) ** 2 < 28 ** 2).astype(np.float32)).expand(1, 3, 96, 128)


def crossing(pieces: Pieces, options: CollageOptions, sheets: Materials, along: Companions) -> list[float]:
    """For each piece, the part of its pixels that lies on another object than its own.

    Each is laid alone: its pixels are those in which the picture is not the underpainting.
    """
    objects = object_map(along.objects, (96, 128))
    composer, frame = Composer(options, sheets), torch.zeros(1, 3, 96, 128)
    under = underpainting(frame, ANY, torn=True)
    shares = []
    for number in pieces.number:
        alone = pieces.kept(pieces.number == number)
        changed = np.abs(as_array(composer.paint(alone, frame, along).rgb) - under).max(-1) > 2 / 255
        own = objects == alone.object[0]
        shares.append(float((changed & ~own).sum() / max(changed.sum(), 1)))
    return shares


@pytest.mark.parametrize("number", [1, 2])
def test_of_a_torn_piece_at_most_one_percent_crosses_an_object_s_border(sheets: Materials, moment: Moments,
                                                                         number: int) -> None:
    """Where it was cut, and where the object has moved on and its piece has not followed exactly."""
    options = replace(QUICK, roughness=40.0, deckle=10.0, shadow=0.5)
    pieces = Follow(options, sheets)(moment(1, companions=Companions(objects=disk(60))), None)
    assert set(pieces.object) == {0, 0xFFFFFF}
    along = Companions(objects=disk(60 if number == 1 else 66))
    assert max(crossing(pieces, options, sheets, along)) <= 0.01


def test_pieces_of_an_object_that_is_gone_do_not_show(sheets: Materials, moment: Moments) -> None:
    pieces = Follow(QUICK, sheets)(moment(1, companions=Companions(objects=disk(60))), None)
    on_it = pieces.kept(pieces.object == 0xFFFFFF)
    here = moment(1)
    painted = Composer(QUICK, sheets).paint(on_it, here.rgb, Companions(objects=torch.zeros(1, 3, 96, 128))).rgb
    np.testing.assert_allclose(as_array(painted), underpainting(here.rgb, ANY, torn=True), atol=1e-6)


def test_depth_orders_the_pieces(sheets: Materials, moment: Moments) -> None:
    """Torn pieces of what is near lie over those of what is far, along the whole border."""
    depth = torch.zeros(1, 1, 96, 128)
    depth[..., 64:] = 1.0
    pieces = Follow(replace(QUICK, levels=1), sheets)(moment(1, companions=Companions(depth=depth)), None)
    order = np.argsort(pieces.laid())
    near = pieces.place[:, 2] * 96 > 66
    assert order[near].min() > order[pieces.place[:, 2] * 96 < 62].max()


def test_papers_made_side_by_side_are_those_made_alone() -> None:
    """Each has random numbers of its own; more pieces than are made at once."""
    options, materials = CollageOptions(roughness=8.0, deckle=4.0), plain((1, 0, 0), (0, 0, 1))
    cuts = [square(0.1 + 0.07 * (i % 12), 0.2 + 0.3 * (i // 12), float(i), i % 2) for i in range(20)]
    pieces = no_pieces(np.zeros((0, 3), np.float32), 1).with_new(cuts, 1)
    together = Composer(options, materials).papers(pieces, range(20), 100)
    for i in range(20):
        alone, = Composer(options, materials).papers(pieces, [i], 100)
        assert np.array_equal(together[i].rgba, alone.rgba) and np.array_equal(together[i].shadow, alone.shadow)
