"""Which spot of which material a piece gets: color, texture, shape, and what has been used before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from core.collage import match
from core.collage.ground import to_lab
from core.collage.match import Choice, Matcher
from core.collage.materials import Materials, Sheet
from core.collage.pieces import Cut, Floats, no_pieces
from core.options import CollageOptions

Textures = Callable[..., Floats]
NONE = no_pieces(np.zeros((0, 3), np.float32), 1)
SQUARE = 0.1 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)


def plain(name: str, rgb: tuple[float, float, float], side: int = 40) -> Sheet:
    return Sheet(name, np.full((side, side, 3), np.round(np.multiply(rgb, 255)), np.uint8), None)


def choose(matcher: Matcher, rgb: Floats | tuple[float, ...], at: tuple[float, float] = (0.5, 0.5), seed: int = 1,
           outline: Floats = SQUARE) -> Choice:
    image = np.broadcast_to(np.asarray(rgb, np.float32), (16, 16, 3)) if np.ndim(rgb) == 1 else np.asarray(rgb)
    return matcher.choose(to_lab(np.array(image)), np.ones(image.shape[:2], np.float32), outline,
                          np.array(at, np.float32), 0.28, np.random.default_rng(seed))


def test_a_piece_is_cut_from_the_sheet_of_its_color() -> None:
    colors = [(0.9, 0.1, 0.1), (0.1, 0.8, 0.2), (0.1, 0.2, 0.9)]
    matcher = Matcher(Materials([plain(str(i), c) for i, c in enumerate(colors)]), CollageOptions(reuse="allow"), NONE)
    assert [choose(matcher, np.multiply(c, 0.9)).material for c in colors] == [0, 1, 2]


def test_or_from_one_of_its_texture_if_that_counts_more(texture: Textures) -> None:
    x = np.mgrid[:40, :40][1]
    striped = np.repeat((127 + 120 * np.sin(x * 1.5))[..., None], 3, -1).astype(np.uint8)
    mottled = np.full((16, 16, 3), (0.9, 0.5, 0.5), np.float32) * (0.6 + 0.4 * np.sin(np.arange(16) * 1.5))[:, None]
    for weights, expected in (((1.0, 0.0), 0), ((0.0, 1.0), 1)):
        materials = Materials([plain("red", (0.6, 0.35, 0.35)), Sheet("striped", striped, None)], weights=weights)
        options = CollageOptions(reuse="allow", match_color=weights[0], match_texture=weights[1])
        assert choose(Matcher(materials, options, NONE), mottled).material == expected


def test_a_texture_is_turned_into_the_direction_of_what_it_stands_for() -> None:
    x = np.mgrid[:40, :40][1]
    striped = Sheet("striped", np.repeat((127 + 120 * np.sin(x * 1.5))[..., None], 3, -1).astype(np.uint8), None)
    upright = np.repeat((0.5 + 0.4 * np.sin(np.mgrid[:16, :16][0] * 1.5))[..., None], 3, -1).astype(np.float32)
    for picture, expected in ((upright, np.pi / 2), (upright.swapaxes(0, 1), 0.0)):
        a, b, *_ = choose(Matcher(Materials([striped]), CollageOptions(rotation=0.0), NONE), picture).window
        turned = abs((np.arctan2(b, a) - expected + np.pi / 2) % np.pi - np.pi / 2)
        assert turned < 0.1


def spots(reuse: str, count: int, sheets: Materials, texture: Textures) -> list[tuple[float, ...]]:
    """Where pieces that stand for the same thing, far from each other, are cut."""
    matcher = Matcher(sheets, CollageOptions(reuse=reuse), NONE)
    made = [choose(matcher, texture(201, 60, 80)[10:26, 10:26], (3.0 * i, 0.5), seed=i) for i in range(count)]
    return [(choice.material, *(float(v) for v in choice.window[2:])) for choice in made]


def test_a_spot_is_used_again_only_if_that_is_allowed(sheets: Materials, texture: Textures) -> None:
    """Forbidden, no two pieces are cut from windows that overlap, as long as there are others."""
    used = {reuse: spots(reuse, 8, sheets, texture) for reuse in ("allow", "avoid", "forbid")}
    assert len(set(used["allow"])) <= len(set(used["avoid"])) <= len(set(used["forbid"])) == 8
    assert len(set(used["allow"])) < 8


def test_forbidden_reuse_goes_on_to_what_is_less_like_it() -> None:
    """Even if many spots are more like it, and all of them are used."""
    materials = Materials([plain("gray", (0.5, 0.5, 0.5)), plain("red", (0.9, 0.1, 0.1))])
    assert (materials.windows.sheet == 0).sum() > match.NEAREST
    for reuse, used in (("forbid", {0, 1}), ("avoid", {0})):
        matcher = Matcher(materials, CollageOptions(reuse=reuse), NONE)
        assert {choose(matcher, (0.5, 0.5, 0.5), (3.0 * i, 0.5)).material for i in range(60)} == used


def test_when_every_spot_is_used_pieces_are_cut_all_the_same() -> None:
    matcher = Matcher(Materials([plain("one", (0.5, 0.5, 0.5), 8)]), CollageOptions(reuse="forbid"), NONE)
    assert {choose(matcher, (0.5, 0.5, 0.5), (i / 50, 0.5)).material for i in range(50)} == {0}


@pytest.fixture
def alike(texture: Textures) -> Callable[[float], list[int]]:
    """alike(step): which of five sheets that look the same are chosen for pieces so far from each other."""
    same = [Sheet(str(i), np.round(texture(1, 60, 60) * (250 + i)).astype(np.uint8), None) for i in range(5)]

    def make(step: float) -> list[int]:
        matcher = Matcher(Materials(same), CollageOptions(reuse="allow"), NONE)
        return [choose(matcher, texture(1, 60, 60)[20:44, 20:44], (0.5 + step * i, 0.5), seed=i).material
                for i in range(12)]
    return make


def test_a_neighbor_s_sheet_is_avoided(alike: Callable[[float], list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "EVEN", 0.0)
    assert all(one != other for one, other in pairwise(alike(0.15)))
    assert not all(one != other for one, other in pairwise(alike(5.0)))


def test_sheets_are_used_evenly(alike: Callable[[float], list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert np.bincount(alike(5.0), minlength=5).min() >= 2
    monkeypatch.setattr(match, "EVEN", 0.0)
    assert np.bincount(alike(5.0), minlength=5).min() < 2


def test_pieces_that_lie_there_already_count(sheets: Materials, texture: Textures) -> None:
    options = CollageOptions(reuse="forbid")
    picture = texture(201, 60, 80)[10:26, 10:26]
    first = choose(Matcher(sheets, options, NONE), picture)
    laid = NONE.with_new([Cut(0, 1.0, (9.0, 9.0), SQUARE, 0.04, -1, first.material, first.window, -1, first.tint)], 1)
    again = choose(Matcher(sheets, options, laid), picture)
    assert (again.material, *again.window[2:]) != (first.material, *first.window[2:])


def test_cut_outs_are_chosen_by_shape() -> None:
    """A tall piece is not cut from a wide cut-out, which would leave it open, unless shape does not count."""
    wide, tall = (np.zeros((60, 60), np.uint8) for _ in range(2))
    wide[24:36], tall[:, 24:36] = 255, 255
    gray = plain("", (0.5, 0.5, 0.5), 60).rgb
    for sheets_, expected in (((wide, tall), 1), ((tall, wide), 0)):
        materials = Materials([Sheet(str(i), gray, alpha) for i, alpha in enumerate(sheets_)])
        options = CollageOptions(reuse="allow", rotation=0.0, match_shape=2.0)
        outline = SQUARE * np.array([0.15, 1.0], np.float32)
        assert choose(Matcher(materials, options, NONE), (0.5, 0.5, 0.5), outline=outline).material == expected


def test_the_same_seed_chooses_the_same(sheets: Materials, texture: Textures) -> None:
    one, other = (choose(Matcher(sheets, CollageOptions(), NONE), texture(5, 16, 16), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.window, other.window)
    assert one.material == other.material


def test_the_tint_tells_what_the_spot_is_like_and_what_it_is_to_be() -> None:
    matcher = Matcher(Materials([plain("gray", (0.5, 0.5, 0.5))]), CollageOptions(), NONE)
    tint = choose(matcher, (0.9, 0.1, 0.1)).tint
    np.testing.assert_allclose(tint[:3], to_lab(np.full((1, 1, 3), 128 / 255, np.float32))[0, 0], atol=1.0)
    np.testing.assert_allclose(tint[6:9], to_lab(np.array([[(0.9, 0.1, 0.1)]], np.float32))[0, 0], atol=1.0)
