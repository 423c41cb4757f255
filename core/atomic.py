"""Files that appear whole or not at all: written under a temporary name beside their place, then moved there.

Standard library only: Blender writes files so too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from .digests import digest_of
from .errors import OutputError

LEFT_BEHIND = 3600.0
"""Seconds after which a temporary file is nobody's: another machine's, in a shared folder, is seconds old."""

TEMPORARY = re.compile(r"\.(.*\.)?[0-9a-f]{12}\.partial(\.\w+)?")
"""The names of temporary files, so that no other program's are taken for them."""


def temporary_beside(path: Path) -> Path:
    """A name with the same ending, for what is to take a file's place when it is whole."""
    # By chance, not by process number: on two machines that write into one folder those may be the same. Without the
    # file's own name, which may be as long as names can be.
    return path.with_name(f".{secrets.token_hex(6)}.partial{path.suffix}")


@contextlib.contextmanager
def in_place(path: Path) -> Iterator[Path]:
    """A temporary path with the same ending; what was written there takes the path's place when all went well.

    Makes the folder if it is missing. An OSError on the way becomes an OutputError; the old file then stays.
    """
    temporary = temporary_beside(path)
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):  # it is gone, or its folder never was
            temporary.unlink()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError while a file or folder is written into an OutputError that says what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"'{path.name}' could not be written into '{path.parent.name}'.",
                          "Check that the folder is writable and the disk has room, then run again: "
                          "finished frames are kept.", f"{path}: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8. Raises OutputError."""
    with in_place(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_bytes(path: Path, data: bytes) -> str:
    """Write a binary file, and return its sha256 (hex). Raises OutputError."""
    with in_place(path) as temporary:
        temporary.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def share(source: Path, path: Path) -> str:
    """Let a finished file lie in a second place too, and return its sha256 (hex). Raises OutputError.

    It takes no room of its own where the disk can (hard links): such a file is never written into, but replaced.
    """
    with in_place(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:  # a disk that cannot
            shutil.copyfile(source, temporary)
        return digest_of(temporary)


def same_folder(folder: Path, other: Path) -> bool:
    """Whether a folder for results is another one, by whatever name. Raises OutputError if it cannot be looked at."""
    try:
        return folder.exists() and folder.samefile(other)
    except OSError as error:
        raise OutputError(f"The folder '{folder.name}' cannot be written to.",
                          "Change its permissions or its name, or choose another one.", str(error)) from error


def check_writable(folder: Path) -> None:
    """Make a folder and see that files can be written there. Raises OutputError."""
    probe = temporary_beside(folder / "probe")
    try:
        str(folder).encode()  # the library that writes pictures takes no other names
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"?")
        probe.unlink()
    except (OSError, UnicodeEncodeError) as error:
        raise OutputError(f"The folder '{folder}' cannot be written to.",
                          "Change its permissions or its name (it must be UTF-8), free some space, or choose another "
                          "one (in Blender: Cache Folder in Gouache's preferences).", str(error)) from error


def clear_left_behind(folder: Path) -> None:
    """Remove, in a folder and those in it, temporary files whose writers were killed before they could."""
    oldest = time.time() - LEFT_BEHIND
    for path in folder.rglob(".*.partial*"):
        with contextlib.suppress(OSError):  # somebody else was quicker, or it may not be removed
            if TEMPORARY.fullmatch(path.name) and path.stat().st_mtime < oldest:
                path.unlink()
