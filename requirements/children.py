"""Child processes that end with build.py, whichever thread waits for them.

Standard library only, Python 3.11 or newer.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

_running: set[subprocess.Popen[Any]] = set()
_lock = threading.RLock()               # a signal's handler may come while its own thread holds it
_ending = threading.Event()


def run(command: Sequence[str | Path], timeout: float | None = None, **options: Any) -> int:
    """Run a command to its end; returns its exit code. Once build.py is to end, none is started any more."""
    with _lock:
        if _ending.is_set():
            return -int(signal.SIGTERM)
        process = subprocess.Popen(command, **options)
        _running.add(process)
    with _ended_whatever_happens(process):
        return process.wait(timeout)


@contextlib.contextmanager
def _ended_whatever_happens(process: subprocess.Popen[Any]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        with _lock:
            _running.discard(process)


def ending() -> bool:
    """Whether build.py is to end, so that what waits for anything else may stop."""
    return _ending.is_set()


def end_all() -> None:
    """Have every child end: an exception would do that in the main thread only, which waits for the others."""
    with _lock:
        _ending.set()
        for process in _running:
            process.terminate()


def heed_signals() -> None:
    """Take the children along on SIGTERM and Ctrl+C. A background job that ignores Ctrl+C goes on ignoring it."""
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: FrameType | None) -> None:
    end_all()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
