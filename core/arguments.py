"""Described options as arguments of a command line, and back."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from .errors import OptionError
from .options import OptionInfo, describe, options_from
from .schema import TEXTS

Chosen = TypeVar("Chosen")


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line like every other error: what happened, what to do."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help")


def add_options(parser: Any, options: type, only: Iterable[str] = ()) -> None:
    """Each described option of a dataclass, or of it only these, as an argument; left out, it stays at its default."""
    names = set(only)
    for name, info, default in describe(options):
        if not names or name in names:
            _add_option(parser, name, info, default)


def given_options(options: type, arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of a dataclass that were given."""
    values = {name: getattr(arguments, name) for name, _, _ in describe(options)}
    return {name: value for name, value in values.items() if value is not None}


def chosen_options(options: type[Chosen], arguments: argparse.Namespace) -> Chosen:
    """The options of a dataclass out of the arguments that were given, checked. Raises OptionError."""
    return options_from(options, given_options(options, arguments))


def choices_of(options: type, name: str) -> list[str]:
    """What may be chosen for one option."""
    return next(list(info.choices) for each, info, _ in describe(options) if each == name)


def _add_option(parser: Any, name: str, info: OptionInfo, default: Any) -> None:
    flag = "--" + name.replace("_", "-")
    text = info.help.replace("%", "%%")
    if info.kind == "bool":
        parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=None, help=text)
        return
    metavar = "|".join(info.choices) or (TEXTS[info.kind].metavar if info.kind in TEXTS else info.kind.upper())
    shown = f" (default {default})" if default != "" else ""
    parser.add_argument(flag, dest=name, default=None, metavar=metavar, type=_value(info), help=text + shown)


def _value(info: OptionInfo) -> Any:
    """What turns an argument's text into the option's type; what does not convert is left to `check` to refuse."""
    def convert(text: str) -> Any:
        if info.kind not in ("float", "int"):
            return text
        try:
            return float(text)
        except ValueError:
            return text
    return convert
