"""A source clip and its result side by side, frame by frame, and how the source moves between two of its frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..clips import Clip, Movie, chosen, open_clip
from ..errors import InputError
from ..frames import Picture
from ..motion.cuts import is_cut, thumbnail
from ..motion.flow import Dis, Estimator
from ..motion.links import Link, Motion, Seen
from ..motion.recorded import RecordedFlow
from ..sizes import Size, resize, size_of


@dataclass(frozen=True)
class Moment:
    """One frame of both clips: the source's (at the result's size) and the result's, 1,3,H,W in [0, 1].

    `place` counts the source's frames from 0, `shot` the scene cuts before this frame.
    """

    number: int
    place: int
    shot: int
    source: Seen
    result: Tensor


@dataclass(frozen=True)
class Footage:
    """Both clips; `matches` gives the result's frame number for each of the source's that has one, in order.

    `near` knows the movement between neighbors (recorded, where that is given: `exact`), `far` estimates that between
    others. A result that was painted along the same estimates is flattered by them.
    """

    source: Clip
    result: Clip
    matches: Mapping[int, int]
    near: Motion
    far: Motion
    exact: bool = False

    @property
    def numbers(self) -> list[int]:
        """The source's frames that have a result."""
        return list(self.matches)

    def moments(self, numbers: Sequence[int] | None = None) -> Iterator[Moment]:
        """The frames (or only some, in order), read one after the other. Raises InputError."""
        places = {number: place for place, number in enumerate(self.source.numbers)}
        shot, size = 0, None
        before: Tensor | None = None
        for number in self.numbers if numbers is None else numbers:
            result = _shown(self.result.read(self.matches[number]))
            size = size or size_of(result)
            if size_of(result) != size:
                raise InputError(f"Frame {number} of the result has another size than those before it.",
                                 "A clip is measured at one size: paint it again.")
            seen = self._seen(number, size)
            here = thumbnail(seen.rgb)
            shot += before is not None and is_cut(before, here)
            before = here
            yield Moment(number, places[number], shot, seen, result)

    def link(self, here: Moment, there: Moment) -> Link:
        """How the source moves from `here` to `there`, seen from `here`."""
        motion = self.near if abs(here.place - there.place) == 1 else self.far
        return motion.link(here.source, there.source)

    def _seen(self, number: int, size: Size) -> Seen:
        rgb = resize(_shown(self.source.read(number)), size)
        return Seen(number, rgb, f"{self.source.digest(number)}-{size[1]}x{size[0]}")


def open_footage(source: str, result: str, flow: Path | None = None, wanted: tuple[int, int] | None = None,
                 estimated: Estimator | None = None, cache: Path | None = None) -> Footage:
    """Both clips by their paths, as `clips.open_clip` takes them.

    `flow` is a folder with the source's recorded movement, `wanted` a range of its frames (all without one). What is
    not recorded is `estimated` (by DIS, if that is None) and kept in the folder `cache`. Frames
    belong together by number; with no number in common, or a movie for a result, by order if there are as many.
    Raises InputError.
    """
    first, second = open_clip(source), open_clip(result)
    estimated = estimated or Dis()
    recorded = None if flow is None else RecordedFlow(flow, first.numbers)
    return Footage(first, second, _matched(list(chosen(first, wanted)), second),
                   Motion(estimated, recorded, cache), Motion(estimated, None, cache), recorded is not None)


def _matched(source: list[int], result: Clip) -> dict[int, int]:
    both = [number for number in source if number in set(result.numbers)]
    # A movie's frames count from 1, whatever they were made from.
    if len(source) == len(result.numbers) and (not both or isinstance(result, Movie)):
        return dict(zip(source, result.numbers, strict=True))
    if both:
        return {number: number for number in both}
    raise InputError("The result's frames are not the source's: neither their numbers nor their count agree.",
                     f"The source has {len(source)} frames from {source[0]}, the result {len(result.numbers)} from "
                     f"{result.numbers[0]}.")


def _shown(picture: Picture) -> Tensor:
    """The picture on black: hidden colors are nobody's to judge."""
    return picture.rgb if picture.alpha is None else picture.rgb * picture.alpha
