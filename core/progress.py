"""Listeners of a running job: a bar on a terminal, lines in a log, JSON lines for a program."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Protocol, Self

from tqdm import tqdm

from . import events
from .events import Event


class Listener(Protocol):
    """Hears a job's events; used as a context manager so that a bar is put away."""

    def hear(self, event: Event) -> None:
        """Called for every event, in order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None: ...


class _Quiet:
    """Nothing to put away."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class JsonLines(_Quiet):
    """Each event as one JSON object a line on stdout."""

    def hear(self, event: Event) -> None:
        print(json.dumps(events.to_json(event)), flush=True)


class LogLines(_Quiet):
    """One line per frame on stdout: for logs and farms."""

    def hear(self, event: Event) -> None:
        if isinstance(event, events.Started):
            print(f"{_frames(event.frames)}, {event.todo} steps to go, into {event.output}", flush=True)
        elif isinstance(event, events.Frame) and not event.cached:
            print(f"frame {event.frame} ({event.index} of {event.of}) {event.seconds:.1f} s {event.path}", flush=True)
        elif isinstance(event, events.Warning):
            print(f"warning: {event.message} {event.hint}".rstrip(), file=sys.stderr, flush=True)
        elif isinstance(event, events.Done):
            print(f"done: {_frames(event.frames)} in {event.seconds:.1f} s in {event.output}", flush=True)


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


class Bar:
    """A bar over all frames, which moves with every step of each, on stderr."""

    def __enter__(self) -> Self:
        self._bar = tqdm(total=0, unit="frame", dynamic_ncols=True, leave=False,
                         bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")
        self._lines = LogLines()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def hear(self, event: Event) -> None:
        if isinstance(event, events.Looking):
            self._show(event.index, event.of)
            self._bar.set_postfix_str(f"looking at frame {event.frame}", refresh=False)
        elif isinstance(event, events.Progress):
            self._show(event.index - 1 + event.step / event.steps, event.of)
            loss = f", loss {event.loss:.4g}" if event.loss else ""
            self._bar.set_postfix_str(f"frame {event.frame}{loss}", refresh=False)
        else:
            if isinstance(event, events.Frame):
                self._show(event.index, event.of)
            with self._bar.external_write_mode(file=sys.stdout):
                self._lines.hear(event)

    def _show(self, done: float, of: int) -> None:
        self._bar.total, self._bar.n = of, done
        self._bar.update(0)


def for_terminal() -> Listener:
    """A bar where a person watches, else lines."""
    return Bar() if sys.stderr.isatty() else LogLines()
