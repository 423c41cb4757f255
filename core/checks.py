"""One finding of `doctor`: what it says, and how trying something makes one. Standard library only, as `doctor` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .errors import GouacheError

INSTALL_AGAIN = "Install the engine again."


@dataclass(frozen=True)
class Check:
    """One finding: its name, whether it is well, what was found, and what to do if not."""

    name: str
    ok: bool
    value: str
    hint: str = ""


def tried(name: str, work: Callable[[], str]) -> Check:
    """A check that is well if work can be done; its value is what the work returns, or why it could not."""
    try:
        return Check(name, True, work())
    except GouacheError as error:
        return Check(name, False, f"{error.message} {error.detail}".strip(), error.hint)
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}", INSTALL_AGAIN)
