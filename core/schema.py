"""How an option is described and how its values are checked; which options there are stands in `options.py`.

Standard library only: Blender imports this module through `options.py`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .errors import OptionError

Kind = Literal["float", "int", "bool", "choice", "file", "layers", "frames", "ranges", "chunk"]


@dataclass(frozen=True)
class OptionInfo:
    """What people and programs need to know of one option.

    `minimum`/`maximum` are the hard limits (inclusive) of every number; `soft_minimum`/`soft_maximum` bound a slider.
    `choices` maps each allowed value to its label, `meanings` those whose label does not tell all to a sentence.
    `animatable` options may change from frame to frame. `unread_by` are engines of a style transfer, or modes of a
    collage, to which it means nothing.
    """

    label: str
    help: str
    kind: Kind
    minimum: float = -math.inf
    maximum: float = math.inf
    soft_minimum: float | None = None
    soft_maximum: float | None = None
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    animatable: bool = False
    advanced: bool = False
    unread_by: Collection[str] = ()

    def allowed(self) -> str:
        """The allowed values, in words for an error message."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind in ("float", "int"):
            return f"{self.minimum:g} to {self.maximum:g}"
        return "true or false" if self.kind == "bool" else TEXTS[self.kind].allowed


def option(default: Any, label: str, help: str, kind: Kind, **info: Any) -> Any:
    """A dataclass field with the metadata every reader of an option needs."""
    return field(default=default, metadata={"option": OptionInfo(label, help, kind, **info)})


def describe(options: type) -> Iterator[tuple[str, OptionInfo, Any]]:
    """Each described option of a dataclass: its name, its information and its default."""
    for f in dataclasses.fields(options):
        if "option" in f.metadata:
            yield f.name, f.metadata["option"], f.default


def check(name: str, value: Any, info: OptionInfo) -> Any:
    """One value, checked and in its right type. Raises OptionError naming the field, the value and the range."""
    if not _fits(value, info):
        raise OptionError(f"Option '{name}' cannot be {value!r}.", f"Allowed: {info.allowed()}.")
    if info.kind in TEXTS:
        TEXTS[info.kind].read(name, value)
    return int(value) if info.kind == "int" else float(value) if info.kind == "float" else value


def _fits(value: Any, info: OptionInfo) -> bool:
    """Whether a value has the type that its kind asks for, and is in the range or among the choices."""
    if info.kind in ("float", "int"):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        # What is not a number lies in no range, and only what lies in it can be told to be whole
        return is_number and info.minimum <= value <= info.maximum and (info.kind == "float" or value == int(value))
    if info.kind == "bool":
        return isinstance(value, bool)
    return isinstance(value, str) and (info.kind != "choice" or value in info.choices)


def parse_layers(name: str, text: str) -> dict[str, float]:
    """Read `conv1_2=1,conv4_4=0.5` (a weight left out is 1); layers of weight 0 are left out. Raises OptionError."""
    layers: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        layer, _, weight = part.partition("=")
        try:
            value = float(weight or 1)
        except ValueError:
            value = math.nan
        if not re.fullmatch(r"conv[1-5]_[1-4]", layer.strip()) or not 0.0 <= value <= 1e12:
            raise OptionError(f"Option '{name}' cannot be {text!r}: {part!r} is no layer with a weight.",
                              "Allowed: a list such as conv1_2=1,conv4_4=0.5 (conv1_1 to conv5_4, weights from 0).")
        layers[layer.strip()] = value
    layers = {layer: weight for layer, weight in layers.items() if weight}
    if not layers:
        raise OptionError(f"Option '{name}' cannot be {text!r}.", "At least one layer needs a weight above 0.")
    return layers


def parse_frames(text: str, name: str = "frames") -> tuple[int, int] | None:
    """Read `A-B` or `A` as first and last frame number; empty means all. Raises OptionError, with the option's name."""
    if not text:
        return None
    found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    if not found:
        raise OptionError(f"Option '{name}' cannot be {text!r}.", "Allowed: A-B or A, such as 10-24.")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise OptionError(f"Option '{name}' cannot be {text!r}: it ends before it begins.",
                          "Write the first one first.")
    return first, last


def parse_ranges(text: str, name: str = "only") -> list[tuple[int, int]]:
    """Read `3-5,9` as first and last frame numbers of each part. Raises OptionError, with the option's name."""
    parts = (parse_frames(part, name) for part in text.split(",") if part.strip())
    return [part for part in parts if part]


def parse_chunk(text: str) -> tuple[int, int]:
    """Read `K/N`, part K of N; empty means 1/1. Raises OptionError."""
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text or "1/1")
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise OptionError(f"Option 'chunk' cannot be {text!r}.", "Allowed: K/N, such as 2/4: part 2 of 4.")
    return int(found[1]), int(found[2])


class Text(NamedTuple):
    """A kind of option that is written as text: what is allowed, what stands for it in a command line's help, and what
    reads it, by the option's name, and raises OptionError."""

    allowed: str
    metavar: str
    read: Callable[[str, str], object]


TEXTS: Mapping[str, Text] = {
    "layers": Text("a list such as conv1_2=1,conv4_4=0.5", "NAME=WEIGHT,...", parse_layers),
    "frames": Text("A-B or A", "A-B", lambda name, text: parse_frames(text, name)),
    "ranges": Text("a list such as 3-5,9", "A-B,C", lambda name, text: parse_ranges(text, name)),
    "chunk": Text("K/N, such as 2/4", "K/N", lambda _, text: parse_chunk(text)),
    "file": Text("a path", "PATH", lambda _, text: text),
}


def number(name: str, value: Any, minimum: float, maximum: float) -> float:
    """A number in a range (inclusive), checked as an option of that name is. Raises OptionError."""
    return float(check(name, value, OptionInfo(name, "", "float", minimum=minimum, maximum=maximum)))


def reject_unknown(what: str, data: Mapping[str, Any], cls: type) -> None:
    """Raises OptionError if a dictionary, `what` it is, has a key that is no field of the dataclass."""
    known = [f.name for f in dataclasses.fields(cls)]
    unknown = [key for key in data if key not in known]
    if unknown:
        raise OptionError(f"Unknown option {unknown[0]!r} in {what}.", f"Known: {', '.join(known)}.")
