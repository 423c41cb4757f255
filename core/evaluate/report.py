"""How what was measured is told: tables in Markdown, and whether a limit is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

NOTHING = "n/a"
"""In place of a number that there is none of."""


def table(headings: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield "| " + " | ".join(headings) + " |"
    yield "|---" * len(headings) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def verdict(reached: bool) -> str:
    """Whether a limit, which is told after it, is kept."""
    return "within" if reached else "NOT within"
