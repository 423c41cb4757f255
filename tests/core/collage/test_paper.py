"""A piece of paper: its face and color, its cut or torn edge with the white, its shadow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.collage.ground import to_lab
from core.collage.materials import Sheet
from core.collage.noise import LINES, Noise
from core.collage.paper import SOFT, Paper, paper, tinted
from core.collage.pieces import Floats
from core.options import CollageOptions

Textures = Callable[..., Floats]
TURNS = np.linspace(0, 2 * np.pi, 90, endpoint=False)
DISK = (0.2 * np.column_stack([np.cos(TURNS), np.sin(TURNS)])).astype(np.float32)
AS_IS = np.zeros(12, np.float32)
PLAIN: dict[str, Any] = {"roughness": 0.0, "deckle": 0.0, "grain": 0.0, "color_match": 0.0, "shadow": 0.0}
SCALE = 400.0


def sheet_of(rgb: Floats | tuple[float, ...], alpha: Floats | None = None) -> Sheet:
    image = np.broadcast_to(np.asarray(rgb, np.float32), (100, 100, 3)) if np.ndim(rgb) == 1 else np.asarray(rgb)
    return Sheet("a", np.round(image * 255).astype(np.uint8), None if alpha is None else alpha.astype(np.uint8))


def made(sheet: Sheet | None = None, window: tuple[float, ...] = (200, 0, 50, 50), tint: Floats = AS_IS,
         number: int = 1, scale: float = SCALE, outline: Floats = DISK, **options: Any) -> Paper:
    return paper(outline, np.array(window, np.float32), tint, sheet or sheet_of((0.2, 0.4, 0.6)),
                 CollageOptions(**{**PLAIN, **options}), number, scale)


def radius(one: Paper, around: int = 0) -> Floats:
    """h,w: how far each pixel lies from the piece's center, in heights of the frame; with so many more on each side."""
    y, x = np.mgrid[:one.rgba.shape[0] + 2 * around, :one.rgba.shape[1] + 2 * around] - around
    return np.asarray(np.hypot(x + one.left, y + one.top) / one.scale)


def alpha(one: Paper) -> Floats:
    return np.asarray(one.rgba[..., 3] / 255)


def test_scissors_cut_along_the_outline_sharply_and_without_steps() -> None:
    """But for the blur that every piece gets at last."""
    one, wide = made(), (1.2 + 3 * SOFT) / SCALE
    outside, inside = radius(one) > 0.2 + wide, radius(one) < 0.2 - wide
    assert alpha(one)[outside].max() == 0 and alpha(one)[inside].min() == 1
    covered = np.clip((0.2 - radius(one)) * SCALE + 0.5, 0, 1)
    edge = (covered > 0) & (covered < 1)
    assert np.abs(alpha(one) - covered)[edge].mean() < 0.11 and len(np.unique(one.rgba[..., 3])) > 12
    assert alpha(one).sum() / SCALE ** 2 == pytest.approx(np.pi * 0.2 ** 2, rel=0.01)


def test_color_is_premultiplied_and_that_of_the_sheet() -> None:
    one = made()
    color = one.rgba[..., :3] / np.maximum(one.rgba[..., 3:], 1) * 255
    seen = one.rgba[..., 3] > 60  # on the edge too: no white where there is to be none
    np.testing.assert_allclose(color[seen], np.broadcast_to((51, 102, 153), (seen.sum(), 3)), atol=4)
    assert (one.rgba[..., :3] <= one.rgba[..., 3:]).all()


@pytest.mark.parametrize("roughness", [10.0, 25.0])
def test_a_torn_edge_strays_about_as_far_as_roughness_says(roughness: float) -> None:
    """Pixels are those of a frame of 1080 lines."""
    one = made(roughness=roughness)
    expected = roughness * SCALE / LINES
    strays = np.abs(radius(one) - 0.2)[(alpha(one) > 0.3) & (alpha(one) < 0.7)] * SCALE
    assert 0.25 * expected < strays.mean() < expected
    assert strays.max() < 3 * expected
    assert (alpha(made())[radius(made()) < 0.15] == 1).all()


def test_a_tear_bares_the_white_of_the_paper_along_the_edge_only() -> None:
    torn, cut = made(roughness=8.0, deckle=20.0), made(roughness=8.0)
    for one, least, most in ((torn, 0.1, 0.9), (cut, 0.0, 0.01)):
        seen = one.rgba[..., 3] > 250
        white = (one.rgba[..., :3].min(-1) > 200) & seen
        edge, middle = seen & (radius(one) > 0.185), seen & (radius(one) < 0.1)
        assert least <= white[edge].mean() <= most
        assert not white[middle].any()


def test_a_tear_bares_more_on_one_side_than_on_the_other() -> None:
    one = made(roughness=6.0, deckle=25.0)
    y, x = np.mgrid[:one.rgba.shape[0], :one.rgba.shape[1]]
    around = np.arctan2(y + one.top, x + one.left)
    white = (one.rgba[..., :3].min(-1) > 200) & (one.rgba[..., 3] > 250)
    edge = (one.rgba[..., 3] > 250) & (radius(one) > 0.17)
    shares = [white[edge & (np.abs(around - turn) < 0.4)].mean() for turn in np.linspace(-2.7, 2.7, 8)]
    assert max(shares) > 0.5 and max(shares) > 3 * min(shares)


def test_a_photograph_has_an_even_white_border() -> None:
    one = made(deckle=30.0)
    width = 30.0 / LINES
    white = one.rgba[..., :3].min(-1) > 200
    assert white[(radius(one) < 0.197) & (radius(one) > 0.2 - 0.8 * width)].all()
    assert not white[radius(one) < 0.2 - 1.3 * width].any()


@pytest.mark.parametrize(("angle", "x", "y"), [(0.0, 1, 0), (-90.0, 0, 1), (90.0, 0, -1), (180.0, -1, 0)])
def test_shadows_fall_where_the_angle_says(angle: float, x: int, y: int) -> None:
    one = made(shadow=1.0, shadow_angle=angle)
    far = np.hypot(*one.thrown)
    np.testing.assert_allclose(np.divide(one.thrown, far), (x, y), atol=1e-6)
    assert 2 / LINES < far < 15 / LINES
    assert np.hypot(*made(shadow=1.0, shadow_softness=20.0).thrown) > 2 * far


def test_a_shadow_is_soft_dark_below_and_light_beyond_the_edge() -> None:
    soft, hard = made(shadow=1.0, shadow_softness=25.0), made(shadow=1.0, shadow_softness=1.0)
    for one in (soft, hard):
        assert one.shadow[radius(one, one.around) < 0.1].min() > 150
    beyond = [one.shadow[np.abs(radius(one, one.around) - 0.2125) < 0.0025].mean() for one in (soft, hard)]
    assert beyond[0] > 5 > 1 > beyond[1]


def test_a_piece_has_the_color_of_what_it_stands_for_as_far_as_color_match_says(texture: Textures) -> None:
    image = 0.3 + 0.2 * texture(1, 100, 100)
    lab = to_lab(image).reshape(-1, 3)
    target = np.array([70, 15, 10], np.float32)
    tint = np.concatenate([lab.mean(0), lab.std(0), target, lab.std(0)]).astype(np.float32)

    def mean(strength: float) -> Floats:
        return np.asarray(to_lab(tinted(image, tint, strength)).reshape(-1, 3).mean(0))

    np.testing.assert_allclose(mean(1.0), target, atol=1.5)
    np.testing.assert_allclose(mean(0.5), (target + lab.mean(0)) / 2, atol=1.5)
    np.testing.assert_array_equal(tinted(image, tint, 0.0), image)


def test_the_contrast_of_a_material_changes_within_limits(texture: Textures) -> None:
    """A flat paper has none to stretch, a loud one keeps some."""
    image = 0.4 + 0.1 * texture(1, 100, 100)
    lab = to_lab(image).reshape(-1, 3)
    for wanted, least, most in ((100.0, 1.3, 1.75), (0.0, 0.4, 0.5)):
        tint = np.concatenate([lab.mean(0), lab.std(0), lab.mean(0), np.full(3, wanted)]).astype(np.float32)
        factor = to_lab(tinted(image, tint, 1.0))[..., 0].std() / lab[:, 0].std()
        assert least < factor < most


def test_the_window_says_what_of_the_sheet_is_shown() -> None:
    """Turned by a quarter and ten pixels to the right of the middle."""
    image = np.zeros((100, 100, 3), np.float32)
    image[:, 60:, 0] = 1.0
    image[50:, :, 2] = 1.0
    one = made(sheet_of(image), window=(0.0, 200.0, 60.0, 50.0))
    middle_y, middle_x = -one.top, -one.left

    def at(x: int, y: int) -> tuple[bool, bool]:
        red, _, blue, _ = one.rgba[middle_y + y, middle_x + x]
        return bool(red > 128), bool(blue > 128)

    assert [at(30, 30), at(30, -30), at(-30, 30), at(-30, -30)] == [
        (False, True), (True, True), (False, False), (True, False)]


def test_a_cut_out_is_open_where_its_material_is() -> None:
    opaque = np.zeros((100, 100), np.float32)
    opaque[:, :50] = 255
    one = made(sheet_of((0.5, 0.5, 0.5), opaque))
    middle_y, middle_x = -one.top, -one.left
    assert one.rgba[middle_y, middle_x - 20, 3] == 255 and one.rgba[middle_y, middle_x + 20, 3] == 0


def test_no_two_pieces_are_torn_alike_and_each_is_always_the_same() -> None:
    first, again, other = (made(number=n, roughness=10.0, deckle=6.0, grain=0.5, shadow=0.5) for n in (1, 1, 2))
    assert first.rgba.tobytes() == again.rgba.tobytes() and first.shadow.tobytes() == again.shadow.tobytes()
    assert first.rgba.tobytes() != other.rgba.tobytes()
    assert made(number=1, seed=2, roughness=10.0).rgba.tobytes() != made(number=1, roughness=10.0).rgba.tobytes()


def test_one_piece_looks_alike_at_every_size() -> None:
    small, large = (made(scale=s, roughness=12.0, deckle=0.0) for s in (200.0, 400.0))
    areas = [alpha(one).sum() / one.scale ** 2 for one in (small, large)]
    assert areas[0] == pytest.approx(areas[1], rel=0.05)


def test_grain_shows_the_tooth_of_the_paper() -> None:
    rough, smooth = (made(grain=g).rgba[60:100, 60:100, 1].std() for g in (1.0, 0.0))
    assert rough > 1.0 > smooth


def test_noise_is_about_one_and_repeats_without_a_seam() -> None:
    noise = Noise(1080, np.random.default_rng(1), (1024, 1024)).rough()
    assert 0.4 < noise.std() < 0.9 and abs(noise.mean()) < 0.1
    step = np.abs(np.diff(np.concatenate([noise, noise[:1]]), axis=0)).mean(1)
    assert step[-1] < 2 * step.mean()
