"""How far the painting of a strip is, in words and as a fraction, told by the engine's events.

The fast engine and the collage have no steps to tell of: their frames alone must be enough.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from ..core.events import Event, Frame, Looking, Progress, Started
from ..core.job import Job
from ..core.options import CollageOptions, StyleOptions

CAPTURE_SHARES = {"fast": 0.3}  # of the bar: Blender's part weighs more where painting takes little
CAPTURE_SHARE = 0.1
LATER_SHARE = 1 / 3  # of a first frame's time: what one takes that follows movement, by the README's measurements


def capture_share(options: StyleOptions | CollageOptions) -> float:
    """The part of the bar (0..1) that goes to capturing; the rest is painting."""
    return CAPTURE_SHARES.get(getattr(options, "engine", ""), CAPTURE_SHARE)


def progress_of(job: Job, frames: int) -> Painting:
    """The listener for a job of so many frames."""
    options = job.options
    if isinstance(options, CollageOptions):
        return Cutting(frames, capture_share(options))
    is_followed = options.engine == "optimize" and options.stability > 0
    return Painting(frames, capture_share(options), later_share=LATER_SHARE if is_followed else 1.0)


@dataclass
class Painting:
    """Hears the events of one strip's job. `frames` are in it, and the bar stands at `start` when it begins.

    In several passes there are more pictures to make than frames: the events count those. The first one takes longest:
    its time is not that of others, of which each is thought to take `later_share` of it until one is finished.
    """

    frames: int
    start: float
    text: str = "Starting the engine"
    later_share: float = 1.0
    _found: int = field(default=0, init=False)
    _work: float = field(default=0.0, init=False)
    _made: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    _seconds: float = field(default=0.0, init=False)
    _first: tuple[int, float] = field(default=(0, 0.0), init=False)

    @property
    def fraction(self) -> float:
        """Of all the work, 0..1."""
        done = (self._found + max(self.frames - self._found, 0) * self._work) / max(self.frames, 1)
        return self.start + (1 - self.start) * min(done, 1.0)

    def hear(self, event: Event) -> None:
        """Take in one event; those that do not move the painting on are ignored."""
        match event:
            case Looking():
                self.text = f"Looking at {_place(event)}"
            case Started(frames, todo):
                self._began = time.monotonic()
                self.text = (f"{frames - todo} of {frames} frames are there already" if frames > todo else
                             "Painting the first frame")
            case Progress(_, index, of, step, steps):
                share = step / max(steps, 1)
                self._finished(index - 1)
                self._work = (index - 1 + share) / of
                unknown = f", step {step} of {steps}"  # all there is to tell in the first one
                self.text = f"Painting {_place(event)}{self._time(of - index + 1 - share) or unknown}"
            case Frame(cached=True):
                self._found += 1
            case Frame(_, index, of):
                self._finished(index)
                self._work = index / of
                self.text = f"Painted {_place(event)}{self._time(of - index)}"

    def _finished(self, made: int) -> None:
        """So many pictures have been made by now."""
        if made > self._made:
            self._made, self._seconds = made, time.monotonic() - self._began
            if not self._first[0]:
                self._first = self._made, self._seconds

    def _time(self, left: float) -> str:
        """The time for so many pictures; unknown before the first one is finished."""
        if not self._made or left <= 0:
            return ""
        made, seconds = self._first
        if self._made > made:
            each = (self._seconds - seconds) / (self._made - made)
        else:
            each = seconds / made * (1.0 if self._found else self.later_share)
        return f", {in_words(each * left)} left"


@dataclass
class Cutting(Painting):
    """The same for a collage, whose engine counts what it knows of each frame's pieces beside the pictures."""

    _laid: int = field(default=0, init=False)

    def hear(self, event: Event) -> None:
        """Take in one event."""
        super().hear(event)
        match event:
            case Started():
                self.text = "Cutting the pieces of the first frame"
            case Progress(frame, index, of):
                self.text = f"Following the pieces into frame {frame}{self._time(of - index)}"
            case Frame(cached=True):
                self.text = f"{self._found} of {self.frames} frames are there already"
            case Frame(frame, index, of):
                self._laid += 1
                laid = self._found + self._laid
                self.text = f"Laid frame {frame} ({laid} of {self.frames}){self._time(of - index)}"


def _place(event: Looking | Progress | Frame) -> str:
    return f"frame {event.frame} ({event.index} of {event.of})"


def in_words(seconds: float) -> str:
    """A time to wait, rounded up: 40 s, 3 min, 2 h 5 min."""
    if seconds <= 90:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
