"""Making the engine's environment for an artist: a virtual environment with the packages of requirements/engine.txt."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import Cancelled
from . import engine

REQUIREMENTS = engine.HOME / "requirements" / "engine.txt"
FOLDER = "engine"
STAMP = "complete.txt"  # written last: an environment without it was interrupted and is mended


def finished_python(folder: Path) -> Path | None:
    """The Python of a completed environment below the extension's own folder, or None."""
    environment = folder / FOLDER
    return engine.venv_python(environment) if (environment / STAMP).is_file() else None


def recipe() -> str:
    """What a complete environment was made from."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def is_outdated(folder: Path) -> bool:
    """Whether the completed environment was made from other packages than this version of the add-on asks for."""
    try:
        return (folder / FOLDER / STAMP).read_text(encoding="utf-8") != recipe()
    except (OSError, UnicodeDecodeError):
        return False


@dataclass
class Install:
    """One installation. Iterate over it to make it work; each step gives the last line that was said."""

    folder: Path
    text: str = "Starting"
    fraction: float = 0.0
    cancelled: bool = False
    _process: subprocess.Popen[str] | None = None
    _lines: list[str] = field(default_factory=list)

    def cancel(self) -> None:
        """Stop; the next installation goes on from what is there."""
        self.cancelled = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def __iter__(self) -> Iterator[str]:
        """Work. Raises EngineError with the installer's last lines."""
        if not REQUIREMENTS.is_file():
            raise engine.EngineError("The list of the engine's packages is missing from the extension.",
                                     "Install Gouache's zip again.", str(REQUIREMENTS))
        engine.stop_if_idle(0.0)  # it would go on with the packages that it has, and Windows keeps their files locked
        environment = self.folder / FOLDER
        stamp = environment / STAMP
        python = str(engine.venv_python(environment))
        if not (yield from self._works(python)):  # `venv` alone would keep a link to a Python that is gone
            yield from self._run("Making the environment", [sys.executable, "-m", "venv", "--clear", str(environment)])
        before = stamp.read_text(encoding="utf-8", errors="replace") if stamp.is_file() else ""
        with contextlib.suppress(OSError):
            stamp.unlink()
        try:
            yield from self._run("Installing packages", [
                python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off",
                "-r", str(REQUIREMENTS)])
        finally:
            if before and not self._has_changed:
                stamp.write_text(before, encoding="utf-8")
        try:
            stamp.write_text(recipe(), encoding="utf-8")
        except OSError as error:
            raise engine.EngineError("The installation could not be finished.",
                                     "Check the free space on the disk, then retry.", str(error)) from error
        self.text, self.fraction = "The engine is installed", 1.0

    @property
    def _has_changed(self) -> bool:
        """Whether pip has begun to change packages: before that it only fetches."""
        return any(line.startswith("Installing collected packages") for line in self._lines)

    def _works(self, python: str) -> Generator[str, None, bool]:
        """Whether the environment's Python runs and can install; not if the Blender that it came from is gone."""
        try:
            yield from self._run("Looking for an environment", [python, "-m", "pip", "--version"])
        except engine.EngineError:
            return False
        return True

    def _run(self, what: str, command: list[str]) -> Iterator[str]:
        self.text = what
        self._lines.clear()  # what an earlier step said does not explain this one's failure
        try:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                encoding="utf-8", errors="replace", env=engine.clean_environment(), **engine.no_window())
        except OSError as error:
            raise engine.EngineError(f"{what} did not start.", "See the detail.", str(error)) from error
        reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        reader.start()
        while reader.is_alive():
            reader.join(0.02)
            if self._lines:
                self.text = f"{what}: {self._lines[-1][:70]}"
                self.fraction = self._share()
            yield self.text
        if self._process.wait() != 0 and not self.cancelled:
            raise engine.EngineError(f"{what} failed.", "Check the network and the free space on the disk, then retry.",
                                     "\n".join(self._lines[-15:]))
        if self.cancelled:
            raise Cancelled

    def _share(self) -> float:
        """How much is done, by the packages that pip has begun to fetch; writing them out takes the last tenth."""
        wanted = sum(1 for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line)
        begun = sum(1 for line in self._lines if line.startswith(("Collecting", "Requirement already satisfied")))
        return 0.9 * min(begun / max(wanted, 1), 1.0)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                self._lines.append(line.strip())


current: Install | None = None  # the installation that runs, for the panel
