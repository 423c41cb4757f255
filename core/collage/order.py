"""The order in which pieces are laid, one number for each: the lowest first, by level, then by age, then by size.

A level has LEVEL numbers. A shot's first pieces have the upper half: smaller ones lie over larger ones, and nearer ones
over those farther off. Pieces born later have the lower half, the later the lower: a new one slips under its neighbors
and shows in the hole that it was made for.
"""

from __future__ import annotations

LEVEL = 1000.0
FIRST = LEVEL / 2
"""Where a level's upper half begins."""
SIZE, NEARNESS = 200, 250
"""What being smallest and being nearest add: together less than the half."""
NUMBER = FIRST / 1e6
"""What each number adds, of a million pieces that a shot has room for; single precision still tells them apart."""


def first_order(level: int, i: int, count: int, nearness: float) -> float:
    """The order of a piece that a shot begins with, the i-th largest (from 0) of so many; `nearness` is 0..1."""
    return LEVEL * level + (FIRST + 1 + SIZE * i / count + NEARNESS * nearness)


def later_order(level: int, number: int) -> float:
    """The order of a piece that is born later, by its number in the shot."""
    return LEVEL * level + (FIRST - NUMBER * number)
