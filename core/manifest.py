"""What each frame of a result folder was made from, so that only missing or changed ones are made.

Every frame has a small file of its own in `records/`. So any number of machines may write into one folder, over a
network share too, without locks: who writes a frame replaces its record at once and touches no other. A record names
its picture's bytes; where two met on one frame, or a file was damaged, the two do not agree and it is made again.

Standard library only: Blender reads records to see whether a painting is fresh.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import __version__
from .atomic import check_writable, clear_left_behind, write_text
from .digests import digest_of

log = logging.getLogger(__name__)
FOLDER = "records"
OLD_NAME = "manifest.json"
"""All records in one file, as earlier versions wrote them: still read for frames that have no file in `records/`."""

COLLAGE = "collage 5"
"""Counts up when collages come out otherwise with the same settings: those that were made before are stale then."""


def engine_of(effect: str) -> str:
    """What makes an effect's pictures, as their records name it: this version, and of collages theirs."""
    return f"{__version__} {COLLAGE}" if effect == "collage" else __version__


@dataclass(frozen=True)
class Record:
    """One finished frame: its file, the hash of its input, the hash of everything, how long it took.

    `picture` is the hash of the finished file's bytes; records of earlier versions do not have it.
    """

    file: str
    input: str
    key: str
    seconds: float
    engine: str = __version__
    picture: str = ""


@dataclass
class Manifest:
    """The records of a result folder by frame number, read when they are asked for."""

    folder: Path
    _old: dict[int, Record] | None = field(default=None, repr=False)

    def get(self, number: int) -> Record | None:
        """A frame's record; None if there is none or it is damaged (the frame is then made again)."""
        path = self._path(number)
        try:
            return _record(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return self._old_records().get(number)
        except (OSError, ValueError, TypeError) as error:
            log.warning("The record %s is damaged; its frame is made again: %s", path, error)
            return None

    def all(self) -> dict[int, Record]:
        """Every frame's record, in the order of the frames."""
        names = (path.stem for path in (self.folder / FOLDER).glob("*.json"))
        numbers = {int(name) for name in names if name.isdecimal()} | set(self._old_records())
        found = {number: self.get(number) for number in sorted(numbers)}
        return {number: record for number, record in found.items() if record}

    def add(self, number: int, record: Record) -> None:
        """Remember a finished frame. Raises OutputError."""
        write_text(self._path(number), json.dumps(asdict(record), indent=1) + "\n")

    def has(self, number: int) -> bool:
        """Whether a frame's picture is there, with the bytes it was finished with."""
        record = self.get(number)
        return record is not None and self.holds(record)

    def holds(self, record: Record) -> bool:
        """Whether the picture of a record is there and whole, as far as the record can tell."""
        try:
            path = self.folder / record.file
            return path.stat().st_size > 0 and record.picture in ("", digest_of(path))
        except OSError:
            return False

    def check_writable(self) -> None:
        """Find out now, not after the first painted frame, that the folder is read-only. Raises OutputError.

        What earlier runs left half written when they were killed is cleared away.
        """
        check_writable(self.folder)
        clear_left_behind(self.folder)

    @property
    def is_begun(self) -> bool:
        """Whether results were made into this folder before."""
        return (self.folder / FOLDER).is_dir() or (self.folder / OLD_NAME).is_file()

    def begin(self) -> None:
        """Make it a folder of results, before there are any. Raises OutputError."""
        check_writable(self.folder / FOLDER)

    def _path(self, number: int) -> Path:
        return self.folder / FOLDER / f"{number}.json"

    def _old_records(self) -> dict[int, Record]:
        if self._old is None:
            self._old = _read_old(self.folder / OLD_NAME)
        return self._old


def _record(data: Any) -> Record:
    """A record from JSON, every field of its type. Raises TypeError, ValueError."""
    record = Record(**data)
    if not all(isinstance(getattr(record, name), str) for name in ("file", "input", "key", "engine", "picture")):
        raise TypeError("a text is missing")
    float(record.seconds)
    return record


def _read_old(path: Path) -> dict[int, Record]:
    try:
        data = json.loads(path.read_text("utf-8"))
        return {int(number): _record(record) for number, record in data["frames"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s is damaged and not used: %s", path, error)
        return {}
