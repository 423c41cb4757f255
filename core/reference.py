"""The frame whose colors the styles of a whole clip take: the first, unless it has none to give."""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from .clips import Clip
from .color import luminance
from .errors import InputError
from .events import Looking
from .frames import Picture

LEAST = 0.03
"""Standard deviation of luma, 0..1: a frame with less is black, white or plain, or fades in from there."""
MORE = 1.1
"""Times as much spread: with less between them, one frame is as good a reference as another."""
AHEAD = 24
"""Frames for which none may have more: a fade seldom rests for a second."""


def find_reference(clip: Clip) -> Generator[Looking, None, int]:
    """Returns the number of the frame to match colors to, and yields what is looked at to find it.

    If the first frame cannot be read or has no colors, it is where those of the first picture are fully faded in; in a
    clip that never has any it is the first frame that can be read.
    """
    numbers = clip.numbers
    found, most, since = numbers[0], -1.0, 0
    for place, number in enumerate(numbers, 1):
        spread = _spread(clip, number)
        if place == 1 and spread >= LEAST:
            return number
        yield Looking(number, place, len(numbers))
        if most < 0 <= spread or spread >= max(LEAST, MORE * most):
            found, most, since = number, spread, 0
        since += 1
        if most >= LEAST and since > AHEAD:
            break
    return found


def shown(picture: Picture) -> Tensor:
    """1,3,1,N: the colors of a picture that are seen; of one that is transparent all over, all of them."""
    colors = picture.rgb.flatten(2)
    if picture.alpha is not None and int((visible := picture.alpha.flatten() > 0).sum()) > 1:
        colors = colors[..., visible]
    return colors[:, :, None]


def _spread(clip: Clip, number: int) -> float:
    """The standard deviation of a frame's luma where it is seen; less than 0 if the frame cannot be read."""
    try:
        picture = clip.read(number)
    except InputError:  # reported when it is painted
        return -1.0
    if picture.alpha is not None and not bool((picture.alpha > 0).any()):
        return 0.0
    return float(luminance(shown(picture)).std(correction=0))
