"""`manifest.json` beside the results: what each frame was made from, so that only missing or changed ones are made."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import __version__
from .atomic import write_text

log = logging.getLogger(__name__)
NAME = "manifest.json"


@dataclass(frozen=True)
class Record:
    """One finished frame: its file, the hash of its input, the hash of everything, how long it took."""

    file: str
    input: str
    key: str
    seconds: float
    engine: str = __version__


@dataclass
class Manifest:
    """The records of a result folder by frame number; every change is written at once and atomically."""

    folder: Path
    records: dict[int, Record] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """The folder's manifest; an empty one if there is none or it is damaged (frames are then made again)."""
        path = folder / NAME
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(folder, {int(number): Record(**record) for number, record in data["frames"].items()})
        except FileNotFoundError:
            return cls(folder)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("The manifest %s is damaged and starts afresh: %s", path, error)
            return cls(folder)

    def add(self, number: int, record: Record) -> None:
        """Remember a finished frame. Raises OutputError."""
        self.records[number] = record
        self.save()

    def save(self) -> None:
        """Write the manifest under a temporary name and put it in place at once. Raises OutputError."""
        frames = {str(number): asdict(self.records[number]) for number in sorted(self.records)}
        write_text(self.folder / NAME, json.dumps({"version": 1, "frames": frames}, indent=1) + "\n")


def key_of(*parts: object) -> str:
    """One hash (hex) of everything that decides a frame's pixels."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
