"""Scene cuts: another scene is one, fast motion, noise and light are none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.clips import open_clip
from core.frames import Picture
from core.motion.cuts import is_cut, thumbnail
from core.sizes import resize

Pictures = Callable[..., Picture]
SHARED = Path(__file__).parents[4] / "shared"
CLIPS = SHARED / "data" / "clips"


def test_another_scene_is_a_cut_at_any_size(picture: Pictures) -> None:
    for height, width in ((48, 64), (270, 480), (120, 90), (8, 8)):
        before, after = picture(1, height, width).rgb, picture(2, height, width).rgb
        assert is_cut(before, after)
        assert not is_cut(before, before)


def test_a_cut_is_one_in_either_direction_and_between_thumbnails(picture: Pictures) -> None:
    before, after = picture(1, 180, 320).rgb, picture(2, 180, 320).rgb
    assert is_cut(before, after) == is_cut(after, before) == is_cut(thumbnail(before), thumbnail(after))
    assert thumbnail(before).shape == (1, 3, 36, 64)


def test_a_fast_pan_is_no_cut(picture: Pictures) -> None:
    wide = picture(3, 180, 360).rgb
    assert not is_cut(wide[..., :320], wide[..., 40:])


def test_noise_on_a_flat_picture_is_no_cut() -> None:
    generator = torch.Generator().manual_seed(0)
    before, after = (0.4 + 0.05 * torch.randn(1, 3, 90, 160, generator=generator) for _ in range(2))
    assert not is_cut(before.clamp(0, 1), after.clamp(0, 1))


def test_dimming_light_is_no_cut(picture: Pictures) -> None:
    image = picture(4, 90, 160).rgb
    assert not is_cut(image, image * 0.9)


def test_another_size_is_a_cut(picture: Pictures) -> None:
    assert is_cut(picture(1, 90, 160).rgb, picture(1, 90, 120).rgb)


@pytest.fixture(scope="module")
def films() -> dict[str, list[Tensor]]:
    """Thumbnails of real clips, all of the fastest one's."""
    if not CLIPS.is_dir():
        pytest.skip("the clips (shared/data/clips) are not on this machine")
    names = {"sintel_ambush_4": slice(None), "sintel_alley_1": slice(3), "davis_parkour_noncommercial": slice(6)}
    found = {}
    for name, part in names.items():
        clip = open_clip(str(CLIPS / name / ("frame_####.png" if "sintel" in name else "")))
        found[name] = [thumbnail(clip.read(number).rgb) for number in clip.numbers[part]]
    return found


def test_the_fastest_films_are_whole(films: dict[str, list[Tensor]]) -> None:
    for name, frames in films.items():
        for place, (before, after) in enumerate(pairwise(frames)):
            assert not is_cut(before, after), f"{name}, after its frame {place}"


def test_joins_of_films_are_cuts(films: dict[str, list[Tensor]]) -> None:
    for name, before in films.items():
        for other, after in films.items():
            if name != other:
                assert is_cut(before[-1], resize(after[0], (before[-1].shape[-2], before[-1].shape[-1])))


def test_the_cut_of_a_movie_is_found() -> None:
    movie = CLIPS / "cutBunny.mp4"
    if not movie.is_file():
        pytest.skip("the movie shared/data/clips/cutBunny.mp4 is not on this machine")
    clip = open_clip(str(movie))
    frames = {number: thumbnail(clip.read(number).rgb) for number in range(230, 241)}
    assert [after for before, after in pairwise(frames) if is_cut(frames[before], frames[after])] == [236]
