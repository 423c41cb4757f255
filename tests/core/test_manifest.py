"""The records of a result folder: several writers at once, damage, folders of earlier versions, no leftovers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.atomic import LEFT_BEHIND
from core.digests import digest_of
from core.errors import OutputError
from core.manifest import Manifest, Record

ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
from pathlib import Path
from core.atomic import write_text
from core.digests import digest_of
from core.manifest import Manifest, Record
folder, name, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
manifest = Manifest(folder)
for number in range(first, last + 1):
    picture = folder / f"{number:05d}.png"
    write_text(picture, f"{name} painted {number} " * 500)
    manifest.add(number, Record(picture.name, f"input {number}", f"key {number}", 0.1, picture=digest_of(picture)))
"""


def write(folder: Path, *ranges: tuple[str, int, int]) -> None:
    """Let a process for each (name, first, last) write pictures and records of these frames, all at once."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name, str(first), str(last)], cwd=ROOT,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for name, first, last in ranges]
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=60)
        assert writer.returncode == 0


def record(picture: Path, number: int) -> Record:
    return Record(picture.name, f"input {number}", f"key {number}", 0.5, picture=digest_of(picture))


def test_two_processes_write_into_one_folder_and_nothing_is_lost(tmp_path: Path) -> None:
    write(tmp_path, ("left", 1, 150), ("right", 151, 300))
    manifest = Manifest(tmp_path)
    assert list(manifest.all()) == list(range(1, 301))
    assert all(manifest.has(number) for number in range(1, 301))
    others = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix not in (".png", ".json")]
    assert others == [] and not list(tmp_path.rglob("*.partial*"))


def test_two_processes_on_the_same_frames_never_leave_a_wrong_record(tmp_path: Path) -> None:
    write(tmp_path, ("left", 1, 150), ("right", 1, 150))
    manifest = Manifest(tmp_path)
    for number in range(1, 151):
        found, picture = manifest.get(number), tmp_path / f"{number:05d}.png"
        assert found is not None
        assert picture.read_text() in (f"left painted {number} " * 500, f"right painted {number} " * 500)
        assert manifest.has(number) == (found.picture == digest_of(picture))  # where they met, the frame is made again


def test_a_record_ends_with_its_picture(tmp_path: Path) -> None:
    picture, manifest = tmp_path / "00007.png", Manifest(tmp_path)
    picture.write_bytes(b"painted")
    manifest.add(7, record(picture, 7))
    assert manifest.has(7) and not manifest.has(8)
    for damage in (b"", b"pain", b"PAINTED"):
        picture.write_bytes(damage)
        assert not manifest.has(7)
    picture.unlink()
    assert not manifest.has(7)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"file": "00007.png"}', '{"file": 1, "input": "", '
                                  '"key": "", "seconds": 0}', '{"surprise": 1}', "\xff"])
def test_a_damaged_record_is_no_record(tmp_path: Path, text: str) -> None:
    picture, manifest = tmp_path / "00007.png", Manifest(tmp_path)
    picture.write_bytes(b"painted")
    for number in (7, 8):
        manifest.add(number, record(picture, number))
    (tmp_path / "records" / "7.json").write_bytes(text.encode("latin1"))
    assert manifest.get(7) is None and list(manifest.all()) == [8]
    manifest.add(7, record(picture, 7))
    assert manifest.has(7)


def test_a_folder_of_an_earlier_version(tmp_path: Path) -> None:
    picture = tmp_path / "00007.png"
    picture.write_bytes(b"painted")
    old = {"file": picture.name, "input": "input", "key": "old", "seconds": 1.5, "engine": "0.1.0"}
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1, "frames": {"7": old, "8": old}}))
    manifest = Manifest(tmp_path)
    assert manifest.has(7) and list(manifest.all()) == [7, 8]
    manifest.add(7, record(picture, 7))
    again = Manifest(tmp_path).all()
    assert again[7].key == "key 7" and again[8].key == "old"


def test_a_damaged_file_of_an_earlier_version(tmp_path: Path) -> None:
    for text in ("", '{"frames": {"7": 3', '{"frames": {"7": 3}}', "[]"):
        (tmp_path / "manifest.json").write_text(text)
        assert Manifest(tmp_path).all() == {}


def test_a_folder_that_cannot_be_written_shows_at_once(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Manifest(tmp_path / "in the way").check_writable()
    manifest = Manifest(tmp_path / "new")
    manifest.check_writable()
    assert list((tmp_path / "new").iterdir()) == []


def test_what_killed_runs_left_half_written_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    """Not what another machine writes at this moment, nor another program's file."""
    (tmp_path / "tracks").mkdir()
    old, deep, fresh, foreign = (tmp_path / ".001.0123456789ab.partial.png",
                                 tmp_path / "tracks" / ".00001.ba9876543210.partial.safetensors",
                                 tmp_path / ".002.0123456789ab.partial.png", tmp_path / ".download.partial")
    for path in (old, deep, fresh, foreign):
        path.write_bytes(b"half")
        if path != fresh:
            os.utime(path, (time.time() - 2 * LEFT_BEHIND,) * 2)
    Manifest(tmp_path).check_writable()
    assert [path.exists() for path in (old, deep, fresh, foreign)] == [False, False, True, True]
