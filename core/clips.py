"""The input of a job: a picture, the frames of an image sequence, or a movie, as one numbered clip."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from . import frames
from .digests import digest_of
from .errors import InputError
from .frames import Picture
from .patterns import MINUS, pattern_of

MOVIE_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".ogv", ".mxf", ".wmv",
                            ".ts", ".mts", ".m2ts", ".flv", ".3gp"})
WITH_ALPHA = frozenset({b"RGBA", b"ARGB", b"BGRA", b"ABGR"})
"""Pixels of movies as FFmpeg calls them; those of luma, chroma and alpha begin with Y4."""
BLOCK = 2**28
"""Bytes of a movie's pictures that are kept when it is read backward."""
LOST = 1000
"""Frames: where so many one after the other cannot be decoded, a movie has ended."""
NO_FRAMES = "Give a picture, a folder of numbered pictures, a pattern such as shot_####.png, or a movie."


class Clip(Protocol):
    """Frames by number, in order."""

    @property
    def numbers(self) -> list[int]:
        """The number of every frame there is, rising."""
        ...

    @property
    def folder(self) -> Path:
        """The folder that holds the input."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not painted as one might expect, in words for a person."""
        ...

    def stem(self, number: int) -> str:
        """The name of a frame's result, without its ending."""
        ...

    def digest(self, number: int) -> str:
        """sha256 (hex) that changes when the frame does. Raises InputError."""
        ...

    def read(self, number: int) -> Picture:
        """The frame. Raises InputError."""
        ...


@dataclass(frozen=True)
class Sequence:
    """Picture files by frame number."""

    files: Mapping[int, Path]
    notes: tuple[str, ...] = ()

    @cached_property
    def numbers(self) -> list[int]:
        return sorted(self.files)

    @property
    def folder(self) -> Path:
        return next(iter(self.files.values())).parent

    def stem(self, number: int) -> str:
        return self.files[number].stem

    def digest(self, number: int) -> str:
        try:
            return digest_of(self.files[number])
        except OSError as error:
            raise InputError(f"The picture '{self.files[number].name}' cannot be read.",
                             "Check that the file exists and is readable.", str(error)) from error

    def read(self, number: int) -> Picture:
        return frames.read(self.files[number])


@dataclass
class Movie:
    """The frames of a movie, numbered from 1, decoded in order; one that cannot be decoded keeps its number.

    A step back starts again from the beginning; then the frames before the one asked for are kept, for the next steps.
    """

    path: Path
    notes: tuple[str, ...] = field(init=False, repr=False)
    _capture: cv2.VideoCapture = field(init=False, repr=False)
    _position: int = field(init=False, default=0)
    _block: dict[int, NDArray[np.uint8]] = field(init=False, repr=False, default_factory=dict)
    _lost: set[int] = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        self._open()
        self._hash = digest_of(self.path)
        code = int(self._capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)).to_bytes(8, "little", signed=True)[:4]
        said = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._count = _frames_of(self.path, said, self._hash)
        if not self._count:
            raise InputError(f"The movie '{self.path.name}' has no frames.", "It is damaged: copy or export it again.",
                             str(self.path))
        self.notes = tuple(self._told(code in WITH_ALPHA or code.startswith(b"Y4"), said))

    @property
    def numbers(self) -> list[int]:
        return list(range(1, self._count + 1))

    @property
    def folder(self) -> Path:
        return self.path.parent

    def stem(self, number: int) -> str:
        return f"{number:05d}"

    def digest(self, number: int) -> str:
        return f"{self._hash}-{number}"

    def read(self, number: int) -> Picture:
        if number <= self._position and number not in self._block and number not in self._lost:
            self._step_back(number)
        pixels = self._block[number] if number in self._block else self._decoded(number)
        rgb = torch.from_numpy(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)).permute(2, 0, 1)[None]
        return Picture(rgb.float() / 255.0)

    def _told(self, has_alpha: bool, said: int) -> Iterator[str]:
        """What of the movie is not in its frames; `said` is how many its header says it has."""
        if has_alpha:
            yield (f"The alpha of '{self.path.name}' is not read, and what it hides is seen: export the movie as "
                   "PNG or EXR pictures to keep it.")
        if self._count < said:
            yield f"The movie '{self.path.name}' says it has {said} frames; it ends after frame {self._count}."

    def _step_back(self, number: int) -> None:
        """Begin again, and keep a block of frames that ends with this one. Raises InputError."""
        self._open()
        self._block.clear()
        frame = 3 * self._capture.get(cv2.CAP_PROP_FRAME_WIDTH) * self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        most = max(1, int(BLOCK / max(1.0, frame)))
        for before in range(max(1, number + 1 - most), number + 1):
            with suppress(InputError):  # told of when it is asked for
                self._block[before] = self._decoded(before)

    def _decoded(self, number: int) -> NDArray[np.uint8]:
        """H,W,3 (blue, green, red): a frame after the last one decoded. Raises InputError."""
        pixels = None
        if number not in self._lost:
            for _ in range(self._position, number - 1):
                self._capture.grab()
            _, pixels = self._capture.read()
            self._position = number
        if pixels is None:
            self._lost.add(number)
            raise InputError(f"Frame {number} of the movie '{self.path.name}' cannot be decoded.",
                             "It is damaged or cut short: export it again.", str(self.path))
        return np.asarray(pixels, np.uint8)

    def _open(self) -> None:
        self._capture = cv2.VideoCapture(str(self.path))
        self._position = 0
        if not self._capture.isOpened():
            raise InputError(f"The movie '{self.path.name}' cannot be read.",
                             "It is damaged or in an unknown format: export it as MP4 or as an image sequence.",
                             str(self.path))


@lru_cache(64)
def _frames_of(path: Path, said: int, hash: str) -> int:
    """How many frames a movie has; `said` is what its header says, `hash` that of its bytes, by which it is kept.

    Where sound outlasts the picture, after a lossless cut or in a stream the header is wrong: then they are counted,
    with those between them that cannot be decoded.
    """
    capture = cv2.VideoCapture(str(path))
    if said > 0 and capture.set(cv2.CAP_PROP_POS_FRAMES, said - 1) and capture.grab() and not capture.grab():
        return said
    capture.open(str(path))
    count = passed = 0
    while passed - count <= LOST:
        passed += 1
        if capture.grab():
            count = passed
    return count


def open_clip(text: str) -> Clip:
    """The clip at a path: picture, folder, pattern (`#` runs, `%04d` or `*` for the number) or movie.

    Raises InputError if there is nothing that can be painted.
    """
    if not text:
        raise InputError("There is no input.", NO_FRAMES)
    try:
        text.encode()  # a name that is not UTF-8 crashes the decoder
        return _opened(Path(text), text)
    except (OSError, UnicodeEncodeError) as error:
        raise InputError(f"'{text}' cannot be read.", frames.CANNOT_READ, str(error)) from error


def _opened(path: Path, text: str) -> Clip:
    """Raises InputError, OSError."""
    if path.is_dir():
        files = frames.files_in(path)
        return Sequence(_numbered(files, text), tuple(_several(files, text)))
    if path.is_file():
        return Movie(path) if path.suffix.lower() in MOVIE_SUFFIXES else Sequence({_or_one(number_of(path)): path})
    pattern = pattern_of(path.name)
    if pattern and path.parent.is_dir():
        return Sequence(_matching(path.parent, pattern, text))
    raise InputError(f"There is no '{text}'.", NO_FRAMES)


def _matching(folder: Path, pattern: re.Pattern[str], text: str) -> dict[int, Path]:
    """A folder's files by the number that stands in the pattern's place. Raises InputError."""
    found = [(int(match[1]), p) for p in folder.iterdir() if (match := pattern.fullmatch(p.name))]
    if not found:
        raise InputError(f"There are no pictures in '{text}'.", NO_FRAMES)
    _refuse_negative(file for number, file in found if number < 0)
    files = dict(sorted(found))
    if twice := [p.name for number, p in found if files[number] != p]:
        raise InputError(f"Two pictures of '{text}' have one number: '{twice[0]}'.",
                         "Move one of them away.")
    return files


def _numbered(files: list[Path], text: str) -> dict[int, Path]:
    """Files by frame number: the last number in their names if all belong to one sequence, else their order."""
    if not files:
        raise InputError(f"There are no pictures in '{text}'.", NO_FRAMES)
    numbers = [number_of(p) for p in files]
    one_sequence = len({_sequence_of(p) for p in files}) == 1
    if one_sequence:
        _refuse_negative(p for p in files if re.search(rf"{MINUS}\d+\D*$", p.stem))
    if one_sequence and None not in numbers and len(set(numbers)) == len(numbers):
        return dict(sorted((n, p) for n, p in zip(numbers, files, strict=True) if n is not None))
    stems = [p.stem for p in files]
    if len(set(stems)) < len(stems):
        twice = next(s for s in sorted(stems) if stems.count(s) > 1)
        raise InputError(f"Several pictures in '{text}' are called '{twice}'.",
                         "Give a pattern such as shot_####.png to choose one sequence.")
    return dict(enumerate(sorted(files, key=_by_numbers), 1))


def _several(files: list[Path], text: str) -> Iterator[str]:
    """What is to be told of a folder that holds more than one sequence; a picture for itself is none."""
    counts = Counter(_sequence_of(p) for p in files)
    patterns = {_sequence_of(p): _without_number(p) for p in files if counts[_sequence_of(p)] > 1}
    if len(patterns) > 1:
        first, second, *_ = patterns.values()
        yield (f"'{text}' holds {len(patterns)} sequences, and all are taken as one clip. To take one of them, give "
               f"its pattern, such as {first} or {second}.")


def _refuse_negative(files: Iterable[Path]) -> None:
    """Raises InputError if there are frames with negative numbers: what is kept of a frame goes by its digits."""
    for file in files:
        raise InputError(f"The frame '{file.name}' has a negative number.",
                         "Number the frames from 0 on, or move those before it away.")


def _by_numbers(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts names as people do: "page 9" comes before "page 10"."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts], path.name


def serving(clip: Clip, number: int) -> int | None:
    """The frame of a clip that comes along with another for that one's frame; None if it has none.

    A single picture serves every frame.
    """
    numbers = clip.numbers
    if len(numbers) == 1:
        return numbers[0]
    return number if number in numbers else None


def needed(clip: Clip, number: int, what: str, hint: str) -> int:
    """The frame of a clip, `what` it is, that must come along with another. Raises InputError if it has none."""
    found = serving(clip, number)
    if found is None:
        numbers = clip.numbers
        raise InputError(f"{what} has no frame {number}.",
                         f"It has {len(numbers)} frames, from {numbers[0]} to {numbers[-1]}: {hint}")
    return found


def number_of(path: Path) -> int | None:
    """The frame number in a file's name, the last number there; None if it has none."""
    found = re.findall(r"\d+", path.stem)
    return int(found[-1]) if found else None


def _or_one(number: int | None) -> int:
    return 1 if number is None else number


def _without_number(path: Path) -> str:
    return re.sub(rf"(?:{MINUS})?\d+(?=\D*$)", "#", path.stem) + path.suffix


def _sequence_of(path: Path) -> str:
    """What files of one sequence have in common."""
    return _without_number(path.with_suffix(path.suffix.lower()))


def chosen(clip: Clip, wanted: tuple[int, int] | None) -> Iterator[int]:
    """The numbers of the clip's frames inside a range (first, last); all without one. Raises InputError if none."""
    inside = [n for n in clip.numbers if wanted is None or wanted[0] <= n <= wanted[1]]
    if not inside:
        first, last = clip.numbers[0], clip.numbers[-1]
        raise InputError(f"No frame of the input lies in {wanted[0]}-{wanted[1]}." if wanted else "There is no frame.",
                         f"It has the frames {first} to {last}.")
    yield from inside
