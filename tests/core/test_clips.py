"""Inputs: pictures, folders, patterns and movies become one numbered clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core import clips
from core.clips import Movie, open_clip
from core.errors import InputError


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


def test_a_folder_is_numbered_by_its_names(sequence: Path) -> None:
    touch(sequence, "notes.txt", ".hidden.png")
    clip = open_clip(str(sequence))
    assert clip.numbers == [7, 8, 9, 10]
    assert clip.stem(8) == "shot_0008"
    assert clip.folder == sequence


@pytest.mark.parametrize("pattern", ["shot_####.png", "shot_%04d.png", "shot_*.png"])
def test_a_pattern_chooses_one_sequence(sequence: Path, pattern: str) -> None:
    touch(sequence, "mask_0007.png", "shot_0007.txt")
    assert open_clip(str(sequence / pattern)).numbers == [7, 8, 9, 10]


def test_the_number_is_where_the_pattern_has_it(tmp_path: Path) -> None:
    touch(tmp_path, *(f"shot_{number}_v2.png" for number in (8, 9, 10)), "shot_11_v3.png")
    clip = open_clip(str(tmp_path / "shot_##_v2.png"))
    assert clip.numbers == [8, 9, 10] and clip.stem(9) == "shot_9_v2"
    touch(tmp_path, "shot_08_v2.png")
    with pytest.raises(InputError, match="have one number"):
        open_clip(str(tmp_path / "shot_##_v2.png"))


@pytest.mark.parametrize("text", [".", "shot_####.png", "shot_*.png"])
def test_negative_numbers_are_refused_and_neither_left_out_nor_played_in_the_wrong_order(sequence: Path,
                                                                                         text: str) -> None:
    touch(sequence, "shot_-0002.png", "shot_-0001.png", "shot_0000.png")
    with pytest.raises(InputError, match=r"shot_-000\d\.png.* negative number"):
        open_clip(str(sequence / text))


def test_a_hyphen_before_a_number_is_no_sign(tmp_path: Path) -> None:
    touch(tmp_path, "shot-0002.png", "shot-0010.png")
    for text in ("", "shot-####.png", "shot-*.png"):
        assert open_clip(str(tmp_path / text)).numbers == [2, 10]
    touch(tmp_path / "photos", "-1.png", "first -2.png", "last.png")
    assert len(open_clip(str(tmp_path / "photos")).numbers) == 3


def test_a_folder_of_unnumbered_pictures_goes_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "cat.png", "ant 10.jpg", "ant 9.jpg", "bee.tif")
    clip = open_clip(str(tmp_path))
    assert [clip.stem(n) for n in clip.numbers] == ["ant 9", "ant 10", "bee", "cat"]


def test_a_folder_says_that_it_holds_several_sequences_and_how_to_take_one(tmp_path: Path) -> None:
    touch(tmp_path, "a_0001.PNG", "a_0002.png", "b_2.png")
    assert not open_clip(str(tmp_path)).notes
    touch(tmp_path, "b_1.png", "c_v1.png")
    clip = open_clip(str(tmp_path))
    assert len(clip.numbers) == 5 and "2 sequences" in clip.notes[0] and "a_#.png or b_#.png" in clip.notes[0]
    assert open_clip(str(tmp_path / "b_#.png")).numbers == [1, 2]


def test_a_single_picture_keeps_its_number(sequence: Path) -> None:
    assert open_clip(str(sequence / "shot_0009.png")).numbers == [9]


def test_frames_outside_the_range_are_left_out(sequence: Path) -> None:
    clip = open_clip(str(sequence))
    assert list(clips.chosen(clip, (8, 20))) == [8, 9, 10]
    with pytest.raises(InputError, match="20-30") as error:
        list(clips.chosen(clip, (20, 30)))
    assert "7 to 10" in error.value.hint


def test_nothing_to_paint_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path / "empty")
    touch(tmp_path / "twice", "a.png", "a.jpg")
    for text in (tmp_path / "missing", tmp_path / "empty", tmp_path / "shot_####.png", tmp_path / "twice"):
        with pytest.raises(InputError) as error:
            open_clip(str(text))
        assert error.value.hint


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Six frames, each of one gray that tells its number."""
    return six_grays(tmp_path / "clip with späce.avi", "MJPG")


def six_grays(path: Path, codec: str) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 24, (64, 48))
    for number in range(1, 7):
        writer.write(np.full((48, 64, 3), number * 30, np.uint8))
    writer.release()
    return path


def say(movie: Path, count: int) -> None:
    """Write a frame count into both headers of an AVI file."""
    data = bytearray(movie.read_bytes())
    for header, place in ((b"avih", 24), (b"strh", 40)):
        at = data.find(header) + place
        data[at:at + 4] = count.to_bytes(4, "little")
    movie.write_bytes(data)


def damage(movie: Path, number: int) -> None:
    """Blot out a frame of an AVI file."""
    data = bytearray(movie.read_bytes())
    at = data.find(b"movi")
    for _ in range(number):
        at = data.find(b"00dc", at + 1)
    size = int.from_bytes(data[at + 4:at + 8], "little")
    data[at + 8:at + 8 + size] = bytes(size)
    movie.write_bytes(data)


def test_a_movie_is_numbered_from_one_and_read_in_any_order(movie: Path) -> None:
    clip = open_clip(str(movie))
    assert clip.numbers == [1, 2, 3, 4, 5, 6]
    for number in (3, 4, 1, 6, 2):
        assert clip.read(number).rgb.mean().item() * 255 == pytest.approx(number * 30, abs=3)
    assert clip.stem(3) == "00003"
    assert len({clip.digest(n) for n in clip.numbers}) == 6


@pytest.mark.parametrize("said", [0, 4, 6, 9])
def test_a_movie_has_the_frames_that_are_in_it_whatever_its_header_says(movie: Path, said: int) -> None:
    say(movie, said)
    clip = open_clip(str(movie))
    assert clip.numbers == [1, 2, 3, 4, 5, 6]
    assert clip.read(6).rgb.mean().item() * 255 == pytest.approx(180, abs=3)
    assert ["says it has 9 frames" in note for note in clip.notes] == [True] * (said == 9)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".mts", ".m2ts", ".flv", ".3gp"])
def test_every_file_that_the_decoder_takes_is_a_movie(tmp_path: Path, suffix: str) -> None:
    clip = open_clip(str(six_grays(tmp_path / f"clip{suffix}", "FLV1" if suffix == ".flv" else "mp4v")))
    assert clip.numbers == [1, 2, 3, 4, 5, 6]
    assert clip.read(6).rgb.mean().item() * 255 == pytest.approx(180, abs=6)


@pytest.mark.parametrize(("kept", "openings"), [(6, 1), (2, 3)])
def test_a_movie_read_backward_is_not_decoded_anew_for_every_frame(movie: Path, monkeypatch: pytest.MonkeyPatch,
                                                                   kept: int, openings: int) -> None:
    clip, opened = Movie(movie), []
    monkeypatch.setattr(clips, "BLOCK", kept * 64 * 48 * 3)
    monkeypatch.setattr(Movie, "_open", lambda clip, real=Movie._open: (opened.append(clip), real(clip)))
    clip.read(6)
    for number in (6, 5, 4, 3, 2, 1):
        assert clip.read(number).rgb.mean().item() * 255 == pytest.approx(number * 30, abs=3)
    assert len(opened) == openings


def test_a_movie_that_was_cut_short_says_so(movie: Path) -> None:
    movie.write_bytes(movie.read_bytes()[: movie.stat().st_size * 2 // 3])
    try:
        clip = open_clip(str(movie))
    except InputError as error:  # some builds of the decoder refuse the file as a whole
        assert "clip with" in error.message
        return
    assert 1 <= len(clip.numbers) < 6
    assert "clip with" in clip.notes[0]


def test_a_movie_that_decodes_less_than_it_has_names_the_frame(movie: Path) -> None:
    clip = Movie(movie)
    clip._count = 9
    assert clip.read(6).size == (48, 64)
    for number in (7, 9, 8):
        with pytest.raises(InputError, match=f"Frame {number} of the movie .* cannot be decoded"):
            clip.read(number)
    assert clip.read(2).size == (48, 64)


@pytest.mark.parametrize("said", [6, 0])
def test_only_the_damaged_frames_of_a_movie_are_lost(movie: Path, monkeypatch: pytest.MonkeyPatch, said: int) -> None:
    say(movie, said)
    damage(movie, 3)
    clip, opened = open_clip(str(movie)), []
    monkeypatch.setattr(Movie, "_open", lambda clip, real=Movie._open: (opened.append(clip), real(clip)))
    assert clip.numbers == [1, 2, 3, 4, 5, 6]
    for number in (1, 2, 3, 4, 5, 6, 3, 2, 3, 5, 1):
        if number == 3:
            with pytest.raises(InputError, match="Frame 3 of the movie"):
                clip.read(3)
        else:
            assert clip.read(number).rgb.mean().item() * 255 == pytest.approx(number * 30, abs=3)
    assert len(opened) == 1, "a frame that is lost is not looked for again"


def test_a_movie_says_that_its_alpha_is_not_read(movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = cv2.VideoCapture

    class Transparent:
        def __init__(self, path: str) -> None:
            self._decoder = decoder(path)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._decoder, name)

        def get(self, what: int) -> float:
            return int.from_bytes(b"ARGB", "little") if what == cv2.CAP_PROP_CODEC_PIXEL_FORMAT else decoder.get(
                self._decoder, what)

    assert not open_clip(str(movie)).notes
    monkeypatch.setattr(cv2, "VideoCapture", Transparent)
    assert "alpha" in open_clip(str(movie)).notes[0]


def test_no_movie_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "noise.mp4")
    with pytest.raises(InputError, match=r"noise\.mp4"):
        open_clip(str(tmp_path / "noise.mp4"))
