"""How far the painting of a strip is, in words and as a fraction, told by the engine's events.

The fast engine has no steps to tell of: its frames alone must be enough.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from ..core.options import StyleOptions

CAPTURE_SHARES = {"fast": 0.3}  # of the bar: Blender's part weighs more where painting takes little
CAPTURE_SHARE = 0.1


def capture_share(options: StyleOptions) -> float:
    """The part of the bar (0..1) that goes to capturing; the rest is painting."""
    return CAPTURE_SHARES.get(options.engine, CAPTURE_SHARE)


@dataclass
class Painting:
    """Hears the events of one strip's job. `frames` are in it, and the bar stands at `start` when it begins."""

    frames: int
    start: float
    text: str = "Starting the engine"
    _finished: int = field(default=0, init=False)
    _made: int = field(default=0, init=False)
    _share: float = field(default=0.0, init=False)
    _began: float = field(default=0.0, init=False)
    _seconds: float = field(default=0.0, init=False)

    @property
    def fraction(self) -> float:
        """Of all the work, 0..1."""
        return self.start + (1 - self.start) * min((self._finished + self._share) / max(self.frames, 1), 1.0)

    def hear(self, event: dict[str, Any]) -> None:
        """Take in one event; those that do not move the painting on are ignored."""
        match event["event"]:
            case "started":
                self._began = time.monotonic()
                frames, found = event["frames"], event["frames"] - event["todo"]
                self.text = f"{found} of {frames} frames are there already" if found else "Painting the first frame"
            case "progress":
                self._share = event["step"] / max(event["steps"], 1)
                left = event["of"] - event["index"] + 1 - self._share
                self.text = f"Painting {_place(event)}{self._time(left)}, step {event['step']} of {event['steps']}"
            case "frame":
                self._finished, self._share = self._finished + 1, 0.0
                if not event.get("cached"):
                    self._made += 1
                    self._seconds = time.monotonic() - self._began
                    self.text = f"Painted {_place(event)}{self._time(event['of'] - event['index'])}"

    def _time(self, left: float) -> str:
        """The time for so many frames; unknown before the first one is finished."""
        return f", {in_words(self._seconds / self._made * left)} left" if self._made and left > 0 else ""


def _place(event: dict[str, Any]) -> str:
    return f"frame {event['frame']} ({event['index']} of {event['of']})"


def in_words(seconds: float) -> str:
    """A time to wait, rounded up: 40 s, 3 min, 2 h 5 min."""
    if seconds <= 90:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
