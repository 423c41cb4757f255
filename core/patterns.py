"""Names of image sequences with a place for the number: `#` runs, `%04d` or `*`.

Standard library only: Blender asks whether a sequence is there, the engine reads it.
"""

from __future__ import annotations

import re

MINUS = r"(?<![^\W_])-"
"""What makes the number behind it negative; behind a letter or digit it is a hyphen."""


def pattern_of(name: str) -> re.Pattern[str] | None:
    """A name with one place for the number as a regular expression, the number its group 1; None for a plain name."""
    place = re.search(r"#+|%0?\d*d|\*", name)
    if not place:
        return None
    return re.compile(re.escape(name[:place.start()]) + rf"((?:{MINUS})?\d+)" + re.escape(name[place.end():]))
