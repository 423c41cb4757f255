"""The engine process: where its Python is, starting it, sending it jobs, hearing its events, ending it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from ..core import events
from ..core.errors import Cancelled, GouacheError
from ..core.events import Event

START_SECONDS = 180.0   # importing torch from a slow disk takes long, more than this is a hang
LOG_BYTES = 2**20       # a longer log begins anew
GRACE_SECONDS = 10.0    # between asking to cancel and ending the process
FINAL = (events.Done, events.Cancelled, events.Error, events.Doctor)
"""The events that answer an order: nothing more of it comes."""
INSTALLED = "Install Engine"  # the origin of an engine that the add-on installed itself
OUTDATED = "The engine was installed for another version of Gouache."
INSTALL = "Press Install Engine in Gouache's preferences, or set Engine Python there, under Expert."
UPDATE = "Press Update Engine in Gouache's preferences."
HOME = Path(__file__).resolve().parent.parent  # the folder that holds `core`


class EngineError(GouacheError):
    """The engine is missing, does not start, or ended in the middle of its work."""


@dataclass(frozen=True)
class Found:
    """An engine's Python and where its path was found."""

    python: Path
    origin: str
    outdated: bool = False  # installed for another version of the add-on: it may lack what this one needs

    @property
    def advice(self) -> str:
        """What an artist should do about it; empty if all is well."""
        return f"{OUTDATED} {UPDATE}" if self.outdated else ""


def user_data() -> Path:
    """The folder where programs of this user keep their data; build.py notes its engine there."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def venv_python(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def candidates(preference: str, installed: Path | None) -> Iterator[Found]:
    """Where an engine may be, in the order of preference; a source that names nothing is left out."""
    if preference:
        yield Found(Path(preference), "the preferences")
    if os.environ.get("GOUACHE_ENGINE_PYTHON"):
        yield Found(Path(os.environ["GOUACHE_ENGINE_PYTHON"]), "GOUACHE_ENGINE_PYTHON")
    note = user_data() / "gouache" / "engine-python.txt"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if (text := note.read_text(encoding="utf-8").strip()) and Path(text).exists():
            yield Found(Path(text), "build.py")
    if installed and installed.exists():
        yield Found(installed, INSTALLED)


def find_python(preference: str, installed: Path | None = None) -> Found:
    """The first engine Python there is. One that was asked for by name and is not there is an EngineError."""
    for named in candidates(preference, installed):
        found = replace(named, python=Path.cwd() / named.python.expanduser())  # not resolved: a link has its packages
        if not found.python.is_file():
            what_to_do = ("Correct it in Gouache's preferences, under Expert." if preference else
                          "Correct it there, or set Engine Python in Gouache's preferences, under Expert.")
            raise EngineError(f"The engine's Python is not there: {found.python}",
                              f"It comes from {found.origin}. {what_to_do}")
        return found
    raise EngineError("No painting engine is installed.", INSTALL)


def clean_environment() -> dict[str, str]:
    """The environment for another Python: Blender's own PYTHON variables would lead it to the wrong modules."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def no_window() -> dict[str, Any]:
    """Arguments that keep Windows from opening a console for a process."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {}


class Engine:
    """One engine process. Its events are read by a thread, so that asking for them never blocks."""

    def __init__(self, python: Path, log: Path) -> None:
        """Start the process with its log (stderr) written to a file. Raises EngineError."""
        self.python, self.log = python, log
        self.busy = False
        """Whether an answer to the last order is still to come."""
        self._ready = False
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._ended = False
        self._started = time.monotonic()
        self._cancel_until: float | None = None
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            if log.is_file() and log.stat().st_size > LOG_BYTES:
                log.unlink(missing_ok=True)
            with log.open("ab") as stderr:  # another Blender's engine may write there too
                self._process = subprocess.Popen(
                    [str(python), "-m", "core", "serve"], cwd=HOME, env=clean_environment(), stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=stderr, **no_window())
        except OSError as error:
            raise EngineError(f"The engine could not be started: {python}",
                              "Check Engine Python in Gouache's preferences.", str(error)) from error
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    def _listen(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            with contextlib.suppress(ValueError):  # anything but an event is a library's chatter
                self._events.put(events.from_json(json.loads(line)))
        self._events.put(None)

    def run(self, job: Path) -> None:
        """Order a job; `events` then tells how it goes until it is done."""
        self._order({"command": "run", "job": str(job)})

    def doctor(self) -> None:
        """Order a check of the engine; `events` then brings what it found."""
        self._order({"command": "doctor"})

    def _order(self, command: dict[str, Any]) -> None:
        self._cancel_until, self.busy = None, True
        self._send(command)

    def cancel(self) -> None:
        """Ask to stop the job; an engine that does not answer in GRACE_SECONDS is ended."""
        if self.busy and self._cancel_until is None:
            self._cancel_until = time.monotonic() + GRACE_SECONDS
            self._send({"command": "cancel"})

    def events(self, wait: float = 0.0) -> Iterator[Event]:
        """The events that are there now, waiting up to `wait` seconds for the first.

        Raises GouacheError if the order failed, EngineError if the process ended or does not start, Cancelled if it
        stopped as it was asked to, or was ended because it did not.
        """
        while True:
            try:
                event = self._events.get(timeout=wait) if wait else self._events.get_nowait()
            except queue.Empty:
                self._check_time()
                return
            wait = 0.0
            if isinstance(event, FINAL):
                self.busy = False
            match event:
                case None:
                    self._fail()
                case events.Ready():
                    self._ready = True
                case events.Cancelled():
                    raise Cancelled
                case events.Error():
                    raise GouacheError(event.message, event.hint, event.detail)
                case _:
                    yield event

    def _check_time(self) -> None:
        now = time.monotonic()
        if self._cancel_until is not None and now > self._cancel_until and self.busy:
            self.stop()
            raise Cancelled
        if not self._ready and now - self._started > START_SECONDS:
            self.stop()
            raise EngineError("The engine does not start.", "See the log, or press Check Engine.", self.log_tail())

    def _fail(self) -> None:
        """The process closed its end: it is over."""
        self._ended = True
        cancelled = self._cancel_until is not None
        self.busy = False
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        code = self._process.returncode
        self.stop()
        if cancelled:
            raise Cancelled
        if not self._ready:
            raise EngineError("The engine did not start.", "Press Check Engine or Install Engine in the preferences.",
                              f"{self.log_tail()}\nIt ended with code {code}.".lstrip())
        reason = f"was ended by signal {-code}" if code is not None and code < 0 else f"stopped with code {code}"
        raise EngineError(f"The engine {reason} in the middle of its work.",
                          "Finished frames are kept: begin again to go on. If it happens again, lower Size or Threads.",
                          self.log_tail())

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the engine's log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""

    def _send(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            # `events` finds the end of the process and reports it with its log
            return

    def stop(self) -> None:
        """End the process: close its stdin, and if it does not go by itself, make it."""
        self._ended = True
        self.busy = False
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        for end in (self._process.terminate, self._process.kill):
            if self._process.poll() is not None:
                return
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(3.0)


_kept: Engine | None = None
_in_use = False     # from `acquire` to `release`, also while it waits for frames to be captured
_idle_since = 0.0


def acquire(python: Path, log: Path) -> Engine:
    """The engine that still runs from the last job, if it is the same and free; else a new one. Raises EngineError."""
    global _kept, _in_use
    if _kept is None or not _kept.alive or _kept.busy or _kept.python != python:
        stop_kept()
        _kept = Engine(python, log)
    _in_use = True
    return _kept


def release(idle_minutes: float) -> None:
    """Say that a job is over: the engine is kept for the next one for so long, or ended at once for 0."""
    global _idle_since, _in_use
    _idle_since, _in_use = time.monotonic(), False
    if idle_minutes <= 0 or (_kept is not None and _kept.busy):
        stop_kept()


def stop_if_idle(idle_minutes: float) -> bool:
    """End an engine nobody used for that long, to give its memory back; True while one is kept."""
    if _kept is not None and not _in_use and time.monotonic() - _idle_since > idle_minutes * 60:
        stop_kept()
    return _kept is not None


def stop_kept() -> None:
    """End the kept engine, if there is one."""
    global _kept, _in_use
    engine, _kept, _in_use = _kept, None, False
    if engine is not None:
        engine.stop()


def register() -> None:
    atexit.register(stop_kept)


def unregister() -> None:
    atexit.unregister(stop_kept)
    stop_kept()
