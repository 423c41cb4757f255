"""`python -m core serve`: the engine as a worker. Commands in on stdin, events out on stdout, one JSON object a line.

Commands (caller -> engine)
    {"command": "run", "job": "/path/to/job.json"}   paths in the job count from the job file's folder
    {"command": "cancel"}                            ends the runs sent before it, within one optimizer step
    {"command": "doctor"}
    {"command": "quit"}                              so does closing stdin: the engine never outlives its caller

Events (engine -> caller), each with "event" and these keys
    ready      version, device (empty: a library is missing, which doctor names)
    looking    frame (its number), index (1..of), of: before started, what is looked at to find out what there is to do
    started    frames (in the job), todo (of those, not yet done), output (folder)
    progress   frame (its number), index (1..of among todo), of, step, steps, loss, seconds (since started)
    frame      frame (its number), index, of, path, seconds (this frame), cached (true: was already there)
    warning    message, hint, detail
    error      message, hint, detail                 ends the job; frames already written stay
    cancelled  frames (written in this run)          ends the job
    done       frames, seconds, output               ends the job
    doctor     ok, checks: [{name, ok, value, hint}]
stdout carries nothing else; the log goes to stderr.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from . import __version__, doctor, events
from .errors import OptionError
from .job import Job
from .options import EngineOptions

MOST_SHOWN = 80
"""Letters of a line that is no command, in the answer to it."""


def serve(commands: TextIO = sys.stdin, answers: TextIO = sys.stdout) -> int:
    """Answer commands until `commands` ends or says quit; returns the exit code."""
    inbox = _Inbox(commands)
    worker = _Worker(answers)
    worker.say(events.Ready(__version__, _device()))
    for command, stop in inbox.commands():
        worker.obey(command, stop)
        _release_memory()
    return 0


# Libraries are loaded where they are needed: a worker that lacks one must still be there to say so.

def _device() -> str:
    """The device that jobs get by default, with its precision; empty if a library is missing."""
    with suppress(ImportError):
        from . import devices
        return str(devices.choose(EngineOptions()))
    return ""


def _release_memory() -> None:
    """Release memory that was freed: Blender needs it more than an idle worker."""
    with suppress(ImportError):
        from . import devices, memory
        memory.release_freed()
        devices.release_cache()


class _Inbox:
    """Reads commands in a thread of its own, so that cancel and the caller's death are seen while a job runs."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._queue: queue.Queue[tuple[Any, threading.Event] | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def commands(self) -> Iterator[tuple[Any, threading.Event]]:
        """Every command but cancel, with what is set when it is to stop, until the caller quits or is gone."""
        while (command := self._queue.get()) is not None:
            yield command

    def _listen(self) -> None:
        stop = threading.Event()  # of all commands since the last cancel, which was for those before it
        try:
            for line in self._source:
                command = _read_command(line)
                name = command.get("command") if isinstance(command, Mapping) else None
                if name == "quit":
                    break
                if name == "cancel":
                    stop.set()
                    stop = threading.Event()
                elif line.strip():
                    self._queue.put((command, stop))
        finally:  # whatever happens here: without a listener nobody could end the worker any more
            stop.set()
            self._queue.put(None)


def _read_command(line: str) -> Any:
    """What a line says; one that is no JSON is a command of an unknown name."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return {"command": line.strip()[:MOST_SHOWN]}


class _Worker:
    """Carries out commands, one after the other."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers

    def say(self, event: events.Event) -> None:
        """One event on one line."""
        print(json.dumps(events.to_json(event)), file=self._answers, flush=True)

    def obey(self, command: Any, stop: threading.Event) -> None:
        """Carry out one command until `stop` is set; what goes wrong is an error event, never the end of the worker."""
        try:
            name = command.get("command") if isinstance(command, Mapping) else None
            if name == "run":
                self._run(_read_job(command.get("job")), stop)
            elif name == "doctor":
                self.say(doctor.report())
            else:
                raise OptionError(f"Unknown command {name!r}.", "Known: run, cancel, doctor, quit.", str(command))
        except BrokenPipeError:
            raise
        except Exception as error:
            self.say(events.Error.of(error))

    def _run(self, job: Job, stop: threading.Event) -> None:
        from . import pipeline
        written = 0
        run = pipeline.run(job)
        for event in run:
            written += isinstance(event, events.Frame) and not event.cached
            self.say(event)
            if stop.is_set() and not isinstance(event, events.Done):
                run.close()  # type: ignore[attr-defined]
                self.say(events.Cancelled(written))
                return


def _read_job(path: Any) -> Job:
    """The job in a file. Raises OptionError."""
    if not isinstance(path, str):
        raise OptionError("The command 'run' has no job.", "Give the path of a job.json.")
    try:
        data = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError("The job cannot be read.", "Write it again.", f"{path}: {error}") from error
    return Job.from_json(data, Path(path).parent)
