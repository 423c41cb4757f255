"""What pieces are cut from: the bundled papers, folders, movies, cut-outs, clips; and what their spots look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core import clips
from core.collage.materials import MOST, MOVIE_FRAMES, PAPERS, Materials, Sheet, look_of, open_materials
from core.collage.pieces import Floats
from core.errors import InputError
from core.frames import Picture
from core.options import CollageOptions

Save = Callable[..., Path]
Textures = Callable[..., Floats]


def opened(*paths: Path, **options: object) -> Materials:
    texts = tuple(str(path) for path in paths)
    return open_materials(CollageOptions(materials=texts, **options), lambda: pytest.fail("not asked for"))


def stripes(turn: float) -> Floats:
    """64,64,3 in Lab: stripes whose gradient has this direction, radians."""
    y, x = np.mgrid[:64, :64]
    lab = np.zeros((64, 64, 3), np.float32)
    lab[..., 0] = 50 + 30 * np.sin((x * np.cos(turn) + y * np.sin(turn)) / 2)
    return lab


@pytest.fixture(scope="session")
def bundled() -> Materials:
    return opened()


def test_the_bundled_papers_are_there_when_nothing_is_given(bundled: Materials) -> None:
    assert len(bundled.sheets) == len(list(PAPERS.glob("*.jpg"))) >= 12
    assert not bundled.notes and all(sheet.alpha is None for sheet in bundled.sheets)
    assert all(400 <= max(sheet.size) <= 1024 for sheet in bundled.sheets)


def test_the_bundled_papers_differ(bundled: Materials) -> None:
    """In lightness from nearly black to nearly white, in color, in texture; none is another's copy."""
    tints = np.array([bundled.windows.tint[bundled.windows.sheet == i].mean(0) for i in range(len(bundled.sheets))])
    assert tints[:, 0].min() < 35 and tints[:, 0].max() > 85
    assert np.ptp(tints[:, 1]) > 40 and np.ptp(tints[:, 2]) > 40
    assert len({sheet.rgb.tobytes() for sheet in bundled.sheets}) == len(bundled.sheets)


def test_folders_pictures_and_movies(tmp_path: Path, papers: Path, save: Save, texture: Textures) -> None:
    single = save(tmp_path / "single.png", texture(1, 30, 40))
    writer = cv2.VideoWriter(str(tmp_path / "movie.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for seed in range(20):
        writer.write((texture(seed, 48, 64) * 255).astype(np.uint8))
    writer.release()
    (papers / "readme.txt").write_text("no picture")
    (papers / ".hidden.png").write_text("no picture")
    found = opened(papers, single, tmp_path / "movie.avi")
    names = [sheet.name for sheet in found.sheets]
    assert names[:5] == ["paper0", "paper1", "paper2", "paper3", "single"]
    assert len(names) == 5 + MOVIE_FRAMES and names[5] == "movie 1" and names[-1] == "movie 20"
    assert not found.notes


def test_a_frame_of_a_movie_that_cannot_be_decoded_costs_no_other(tmp_path: Path, papers: Path, texture: Textures,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "movie.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for seed in range(3):
        writer.write((texture(seed, 48, 64) * 255).astype(np.uint8))
    writer.release()
    read = clips.Movie.read

    def unless_second(movie: clips.Movie, number: int) -> Picture:
        if number == 2:
            raise InputError("lost")
        return read(movie, number)

    monkeypatch.setattr(clips.Movie, "read", unless_second)
    found = opened(tmp_path / "movie.avi")
    assert [sheet.name for sheet in found.sheets] == ["movie 1", "movie 3"] and not found.notes


def test_materials_that_cannot_be_looked_into_are_named() -> None:
    with pytest.raises(InputError, match=r"material 'too long .* cannot be read"):
        opened(Path("too long " * 50))


def test_large_pictures_are_reduced(tmp_path: Path, save: Save) -> None:
    wide = save(tmp_path / "wide.png", np.full((100, 2048, 3), 0.5, np.float32))
    assert opened(wide).sheets[0].size == (50, 1024)


def test_of_more_than_enough_materials_as_many_are_taken_evenly(tmp_path: Path, save: Save) -> None:
    for i in range(MOST + 30):
        save(tmp_path / "many" / f"{i:03d}.png", np.full((4, 4, 3), 0.5, np.float32))
    names = [sheet.name for sheet in opened(tmp_path / "many").sheets]
    assert len(names) == MOST and (names[0], names[-1]) == ("000", f"{MOST + 29:03d}")
    assert max(np.diff([int(name) for name in names])) <= 2


def test_a_cut_out_has_its_alpha_and_no_spots_where_it_is_transparent(tmp_path: Path, save: Save) -> None:
    image = np.zeros((60, 60, 4), np.float32)
    image[:30, :30] = (1, 0, 0, 1)
    cut_out = opened(save(tmp_path / "corner.png", image))
    alpha = cut_out.sheets[0].alpha
    assert alpha is not None and (alpha[5, 5], alpha[50, 50]) == (255, 0)
    windows = cut_out.windows
    assert (windows.center - windows.side[:, None] / 2).max() < 25
    assert windows.tint[:, 1].min() > 50  # all are red: the black that cannot be seen does not count


def test_a_picture_whose_alpha_hides_nothing_is_no_cut_out(tmp_path: Path, save: Save) -> None:
    assert opened(save(tmp_path / "whole.png", np.ones((20, 20, 4), np.float32))).sheets[0].alpha is None


def test_windows_lie_inside_their_sheets_and_are_all_over_them(sheets: Materials) -> None:
    windows = sheets.windows
    for i, sheet in enumerate(sheets.sheets):
        mine = windows.sheet == i
        height, width = sheet.size
        low = windows.center[mine] - windows.side[mine][:, None] / 2
        high = windows.center[mine] + windows.side[mine][:, None] / 2
        assert low.min() >= 0 and (high <= (width, height)).all()
        assert low.min(0).max() < 2 and high[:, 0].max() > width - 2 and high[:, 1].max() > height - 2


@pytest.mark.parametrize("turn", [0.0, 0.6, 1.4])
def test_a_look_knows_the_direction_of_a_texture(turn: float) -> None:
    look, angle, _ = look_of(stripes(turn), None)
    assert abs((angle - turn + np.pi / 2) % np.pi - np.pi / 2) < 0.1
    assert look[6] > 0.8


def test_a_look_knows_color_and_busyness_where_the_weight_is() -> None:
    lab = np.zeros((64, 64, 3), np.float32)
    lab[:, :32] = (70, 20, -10)
    lab[:, 32:] = stripes(0.0)[:, 32:]
    weight = np.zeros((64, 64), np.float32)
    weight[:, :28] = 1.0
    calm, _, tint = look_of(lab, weight)
    busy, _, _ = look_of(lab, 1 - weight)
    np.testing.assert_allclose(tint[:3], (70, 20, -10), atol=0.1)
    np.testing.assert_allclose(tint[3:], 0, atol=0.5)
    assert busy[5] > 5 * calm[5]


def test_a_sheet_read_at_a_distance_is_halved_and_no_smaller(texture: Textures) -> None:
    sheet = Sheet("a", np.round(texture(1, 64, 96) * 255).astype(np.uint8), np.full((64, 96), 255, np.uint8))
    assert sheet.reduced(1.0) is sheet
    assert sheet.reduced(2.0).size == (32, 48) and sheet.reduced(2.0).alpha is not None
    assert sheet.reduced(1000.0).size == (8, 12)
    assert abs(float(sheet.reduced(4.0).rgb.mean()) - float(sheet.rgb.mean())) < 2


def test_a_joiner_cuts_from_the_clip_and_layers_from_its_versions(tmp_path: Path, papers: Path) -> None:
    joiner = open_materials(CollageOptions(mode="joiner"), lambda: clips.open_clip(str(papers)))
    assert joiner.sheet(0, 2).size == (60, 80) and not joiner.sheets
    layers = opened(papers, papers, mode="layers")
    assert len(layers.versions) == 2
    np.testing.assert_array_equal(layers.sheet(1, 3).rgb, joiner.sheet(0, 3).rgb)


def test_a_version_that_lacks_a_frame_says_what_it_has_and_a_still_serves_every_frame(papers: Path) -> None:
    (papers / "paper2.png").unlink()
    layers = opened(papers, papers / "paper1.png", mode="layers")
    assert (layers.moment(0, 3), layers.moment(1, 3)) == (3, 1)
    with pytest.raises(InputError, match="no frame 2") as error:
        layers.moment(0, 2)
    assert "3 frames, from 0 to 3" in error.value.hint


def test_few_frames_of_a_version_are_kept_in_memory(papers: Path, save: Save, texture: Textures) -> None:
    for i in range(4, 20):
        save(papers / f"paper{i}.png", texture(i, 8, 8))
    layers = opened(papers, mode="layers")
    for number in range(20):
        layers.sheet(0, number)
    assert len(layers._moments) <= 8


def test_a_photograph_is_of_the_first_frame_that_can_be_read(papers: Path) -> None:
    (papers / "paper1.png").write_text("no picture")
    clip = open_materials(CollageOptions(mode="joiner"), lambda: clips.open_clip(str(papers)))
    assert [clip.taken(wanted, 3) for wanted in (0, 1, 2, 3)] == [0, 2, 2, 3]
    with pytest.raises(InputError):
        clip.sheet(0, 1)


def test_a_spot_of_a_large_sheet_looks_as_the_sheet_does_there() -> None:
    """It is looked at in a smaller copy of the sheet."""
    y, x = np.mgrid[:600, :900].astype(np.float32)
    left_red = np.where(x[..., None] < 450, (0.8, 0.2, 0.2), (0.2, 0.2, 0.8)) + 0.1 * np.sin(y / 20)[..., None]
    windows = Materials([Sheet("sheet", np.round(left_red.clip(0, 1) * 255).astype(np.uint8), None)]).windows
    reds = windows.center[:, 0] + windows.side / 2 < 450
    blues = windows.center[:, 0] - windows.side / 2 > 450
    assert reds.any() and blues.any()
    assert (windows.tint[reds, 1] > 40).all() and (windows.tint[reds, 2] > 15).all()
    assert (windows.tint[blues, 2] < -50).all()
    assert np.abs(np.cos(windows.angle[reds | blues])).max() < 0.1  # across the waves, which go downward
