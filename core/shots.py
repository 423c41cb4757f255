"""Where the shots of a clip begin: every frame is looked at once, and what was found is kept for later runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping
from itertools import pairwise, zip_longest
from pathlib import Path

from torch import Tensor

from .atomic import write_text
from .clips import Clip
from .errors import InputError
from .events import Looking
from .memory import release_freed
from .motion.cuts import is_cut, thumbnail

log = logging.getLogger(__name__)
NAME = "shots.json"
RELEASED_EVERY = 8
"""Frames after which memory is released: each leaves a gap that the next, a little larger, does not fit into."""


def beginnings(clip: Clip, inputs: Mapping[int, str], folder: Path) -> Generator[Looking, None, set[int]]:
    """The numbers of the frames, among those in `inputs` (number: hash of its pixels), that begin a shot.

    Yields what is looked at, and returns what was found. The first one always begins a shot, one that cannot be read
    never. `folder` keeps the findings by the two frames' hashes. Raises OutputError if they cannot be written.
    """
    numbers = sorted(inputs)
    pairs = {number: f"{inputs[before]} {inputs[number]}" for before, number in pairwise(numbers)}
    known = _load(folder / NAME)
    if any(pair not in known for pair in pairs.values()):
        known |= yield from _look(clip, {number: pair for number, pair in pairs.items() if pair not in known}, numbers)
        write_text(folder / NAME, json.dumps(known, indent=0) + "\n")
    return {numbers[0], *(number for number, pair in pairs.items() if known[pair])} if numbers else set()


def _look(clip: Clip, pairs: Mapping[int, str], numbers: list[int]) -> Generator[Looking, None, dict[str, bool]]:
    """What is found of these pairs, by the second one's number; only their frames are read."""
    found: dict[str, bool] = {}
    before: Tensor | None = None
    asked = [number for number, after in zip_longest(numbers, numbers[1:]) if number in pairs or after in pairs]
    for place, number in enumerate(asked, 1):
        if place % RELEASED_EVERY == 0:
            release_freed()
        try:
            here: Tensor | None = thumbnail(clip.read(number).rgb)
        except InputError:  # reported when it is painted
            here = None
        if number in pairs:
            found[pairs[number]] = before is not None and here is not None and is_cut(before, here)
        before = here
        yield Looking(number, place, len(asked))
    return found


def _load(path: Path) -> dict[str, bool]:
    try:
        data = json.loads(path.read_text("utf-8"))
        return {str(pair): bool(cut) for pair, cut in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.warning("%s is damaged and made again: %s", path, error)
        return {}
