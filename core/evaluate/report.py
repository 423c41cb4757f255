"""How what was measured is told: figures as JSON, tables in Markdown, and whether a limit is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..atomic import write_text

FIGURES = "figures.json"

NOTHING = "n/a"
"""In place of a number that there is none of."""


class Row(Protocol):
    """What was measured of one thing."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        ...


AnyRow = TypeVar("AnyRow", bound=Row)


def report(measured: Iterable[AnyRow], headings: Sequence[str], cells: Callable[[AnyRow], Iterable[str]], output: Path,
           as_json: bool = False) -> None:
    """Print what is measured as a table, or as JSON; keep the table as table.md, and figures.json after every row.

    `cells` are a row's in the table. Raises OutputError.
    """
    rows: list[AnyRow] = []
    for row in measured:
        rows.append(row)
        write_figures(output, [row.to_json() for row in rows])
    text = "\n".join(table(headings, map(cells, rows)))
    write_text(output / "table.md", text + "\n")
    print(json.dumps([row.to_json() for row in rows]) if as_json else text)


def write_figures(output: Path, figures: Any) -> None:
    """Keep figures, plain values, in the output folder. Raises OutputError."""
    write_text(output / FIGURES, json.dumps(figures, indent=1) + "\n")


def read_figures(output: Path) -> dict[str, Any]:
    """The figures that an earlier call kept there; none if there are none, or they cannot be read."""
    try:
        found = json.loads((output / FIGURES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def table(headings: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield "| " + " | ".join(headings) + " |"
    yield "|---" * len(headings) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def verdict(reached: bool) -> str:
    """Whether a limit, which is told after it, is kept."""
    return "within" if reached else "NOT within"
