"""What the engine tells its listeners: the events of the worker protocol (`worker.py` explains each).

Standard library only: Blender reads them too.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from .checks import Check
from .errors import GouacheError

log = logging.getLogger(__name__)
HIGHLIGHTS = "has values above 1"
"""What the warning about them says: who adds them to the painting again need not pass it on."""


@dataclass(frozen=True)
class Ready:
    """The worker takes commands. `device` is what jobs get by default; empty if a library is missing."""

    version: str
    device: str


@dataclass(frozen=True)
class Looking:
    """A frame, the `index`th (from 1) `of` so many, is looked at to find out what there is to do."""

    frame: int
    index: int
    of: int


@dataclass(frozen=True)
class Started:
    """`frames` are in the job, `todo` of them are not yet done; results go to `output`."""

    frames: int
    todo: int
    output: str


@dataclass(frozen=True)
class Progress:
    """One optimizer step of one frame; `index` counts from 1 among the `of` frames to do.

    Or, without loss, all that there was to find out about a frame before it is made; or a step of what is written of
    the whole clip at last, counted to the last of the frames.
    """

    frame: int
    index: int
    of: int
    step: int
    steps: int
    loss: float
    seconds: float


@dataclass(frozen=True)
class Frame:
    """A frame stands in `path`; `cached` if it already did. `seconds` are this frame's."""

    frame: int
    index: int
    of: int
    path: str
    seconds: float
    cached: bool


@dataclass(frozen=True)
class Warning:
    """Something a person should know that does not stop the job."""

    message: str
    hint: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Error:
    """Why a job ended; frames already written stay."""

    message: str
    hint: str = ""
    detail: str = ""

    @classmethod
    def of(cls, error: Exception) -> Error:
        """From an exception; one that nobody foresaw goes to the log with its traceback."""
        if isinstance(error, GouacheError):
            return cls(error.message, error.hint, error.detail)
        if isinstance(error, ImportError) and error.name:
            return cls(f"The engine cannot load its library '{error.name}'.", "Install the engine again.", str(error))
        log.error("The engine failed", exc_info=error)
        return cls(f"The engine failed: {type(error).__name__}.", "The log tells more; please report it.", str(error))


@dataclass(frozen=True)
class Cancelled:
    """The job ended because the caller asked for it; `frames` were written in this run."""

    frames: int


@dataclass(frozen=True)
class Done:
    """The job is complete: `frames` stand in `output`."""

    frames: int
    seconds: float
    output: str


@dataclass(frozen=True)
class Doctor:
    """What the engine found when it looked after itself; `ok` if all of it is well."""

    ok: bool
    checks: Sequence[Check]


Event = Ready | Looking | Started | Progress | Frame | Warning | Error | Cancelled | Done | Doctor
KINDS: dict[str, type[Event]] = {kind.__name__.lower(): kind for kind in get_args(Event)}


def to_json(event: Event) -> dict[str, Any]:
    """{"event": "progress", ...}"""
    return {"event": type(event).__name__.lower(), **dataclasses.asdict(event)}


def from_json(data: Any) -> Event:
    """The event that `to_json` gave. Raises ValueError if it is none."""
    try:
        facts = {**data}
        kind = KINDS[facts.pop("event")]
        if kind is Doctor:
            facts["checks"] = [Check(**check) for check in facts["checks"]]
        return kind(**facts)
    except (TypeError, LookupError) as error:
        raise ValueError(f"This is no event: {data!r}") from error
