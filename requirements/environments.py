"""Makes the environments that the requirement files beside this file describe, and mends unfinished ones.

Standard library only, Python 3.11 or newer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import children

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parent / ".environments"
WINDOWS = sys.platform == "win32"


class BuildError(Exception):
    """Something a person can mend: the message says what happened and what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment made from requirement files; `version` is the Python it needs (None: any we run on).

    The files in `alone` are installed as they stand, without what their packages ask for.
    """

    name: str
    label: str
    version: str | None
    requirements: tuple[str, ...]
    alone: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return ENVIRONMENTS / self.name

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if WINDOWS else "bin/python")

    @property
    def stamp(self) -> Path:
        """Written last: an environment without it, or with another text in it, was never finished or is outdated."""
        return self.folder / "complete.txt"

    @property
    def former(self) -> Path:
        """Where the last finished one waits while a new one is installed: scripts hold paths, so the new one cannot."""
        return self.folder.with_name(f"{self.name}.former")

    def recipe(self) -> str:
        """A hash over the requirement files' bytes."""
        digest = hashlib.sha256()
        for name in self.requirements + self.alone:
            digest.update((HERE / f"{name}.txt").read_bytes())
        return digest.hexdigest()

    def is_ready(self) -> bool:
        """Whether it was finished from the present requirements and its Python, still the same one, runs."""
        try:
            stamp = self.stamp.read_text(encoding="utf-8")
        except OSError:
            return False
        return stamp == f"{self.recipe()} {python_version(self.python)}\n"


ENGINE = Environment("engine", "the engine", None, ("engine", "tests"))
CHECKS = Environment("checks", "the checks", None, ("checks", "tests"))
BLENDERS = {
    "4.5": Environment("blender-4.5", "Blender 4.5 LTS (bpy 4.5.15)", "3.11", ("blender-4.5", "tests")),
    "5.2": Environment("blender-5.2", "Blender 5.2 LTS (bpy 5.2.3)", "3.13", ("blender-5.2", "tests")),
}
ALL = (ENGINE, CHECKS, *BLENDERS.values())
MEASURE = Environment("measure", "the benchmark's rivals and judge", None, ("engine", "tests"), ("measure",))
"""Not among ALL: it is made when a measurement is asked for."""


def clean_environ(**extra: str) -> dict[str, str]:
    """This process's variables without those that would lead another Python to the wrong packages."""
    dropped = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return kept | {"PYTHONNOUSERSITE": "1"} | extra


def python_version(python: Path) -> str | None:
    """'3.11.7' for a Python that runs and can make environments, else None."""
    code = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, env=clean_environ())
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def python_candidates(version: str) -> Iterator[Path]:
    """Where a Python of a version such as '3.13' may be: this one, on the PATH, pyenv's, Windows' launcher."""
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder, f"python{version}.exe" if WINDOWS else f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if WINDOWS:
        pyenv = pyenv / "pyenv-win"
    inner = "python.exe" if WINDOWS else f"bin/python{version}"
    pattern = re.compile(re.escape(version) + r"\.(\d+)")
    found = [(pattern.fullmatch(folder.name), folder) for folder in pyenv.glob("versions/*")]
    newest_first = sorted(((int(match[1]), folder) for match, folder in found if match), reverse=True)
    yield from (folder / inner for _, folder in newest_first)
    if WINDOWS and (launcher := shutil.which("py")):
        asked = subprocess.run([launcher, f"-{version}", "-c", "import sys; print(sys.executable)"],
                               capture_output=True, text=True)
        yield Path(asked.stdout.strip() or "none")


def find_python(version: str | None) -> Path:
    """A Python of that version that can make environments. Raises BuildError."""
    wanted = version or ".".join(map(str, sys.version_info[:2]))
    bare = False
    for candidate in python_candidates(wanted):
        if not candidate.is_file():
            continue
        if (python_version(candidate) or "").startswith(wanted + "."):
            return candidate
        bare = bare or candidate.name.startswith(f"python{wanted}")
    hint = ("One was found without the modules venv and ensurepip, or it does not run; on Debian and Ubuntu install "
            f"python{wanted}-venv." if bare else "Install it, or put it on the PATH.")
    raise BuildError(f"No usable Python {wanted} was found. {hint}")


def _try_lock(file: IO[str]) -> bool:
    """Lock an open file unless another process has. It does not wait: in a thread no signal would end that."""
    try:
        if sys.platform == "win32":
            import msvcrt
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):              # what Linux and macOS say, and Windows
        return False
    return True


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, which the system lets go when the process ends. Raises BuildError if this one is to end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        while not _try_lock(file):
            if children.ending():
                raise BuildError("Ended while another build.py was at work.")
            time.sleep(0.1)
        yield


def make(env: Environment) -> Path:
    """Make an environment unless it is ready; what an interrupted run left is replaced. Returns its Python."""
    with locked(ENVIRONMENTS / f"{env.name}.lock"):
        settle(env)
        if not env.is_ready():
            _make_anew(env)
            if env is ENGINE:
                remember_engine(env.python)
    return env.python


def _make_anew(env: Environment) -> None:
    """Install an environment; if that fails or is interrupted, the one that was there comes back."""
    base, start = find_python(env.version), time.monotonic()
    say(f"{env.name}: installing {env.label} with Python {python_version(base)}")
    if env.stamp.is_file():
        env.folder.rename(env.former)
    elif env.folder.exists():
        shutil.rmtree(env.folder)
    try:
        install(env, base)
    finally:
        settle(env)
    say(f"{env.name}: ready after {time.monotonic() - start:.0f} s")


def settle(env: Environment) -> None:
    """Leave one environment of two: the new one if it was finished, else the former, which works as it did."""
    if not env.former.exists():
        return
    if env.stamp.is_file():
        shutil.rmtree(env.former, ignore_errors=True)       # a file in use on Windows goes the next time
        return
    if env.folder.exists():
        shutil.rmtree(env.folder)
    env.former.rename(env.folder)
    say(f"{env.name}: the former one is back in its place")


def install(env: Environment, base: Path) -> None:
    """Make an environment in its place with the Python `base`; the stamp comes last. Raises BuildError."""
    log = ENVIRONMENTS / f"{env.name}.log"
    pip: list[str | Path] = [env.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
                             "--progress-bar", "off"]
    commands: list[list[str | Path]] = [[base, "-m", "venv", env.folder], [*pip, *files(env.requirements)]]
    if env.alone:
        commands.append([*pip, "--no-deps", *files(env.alone)])
    with log.open("w", encoding="utf-8") as file:
        for command in commands:
            if children.run(command, stdout=file, stderr=subprocess.STDOUT, env=clean_environ()):
                tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
                raise BuildError(f"{env.label} could not be installed. Is the network up, and the disk not full? "
                                 f"The end of {log}:\n{tail}")
    write_atomically(env.stamp, f"{env.recipe()} {python_version(env.python)}\n")


def files(names: tuple[str, ...]) -> list[str]:
    """Requirement files as pip takes them."""
    return [part for name in names for part in ("-r", str(HERE / f"{name}.txt"))]


def make_all(envs: list[Environment]) -> dict[str, BuildError]:
    """Make environments, two at a time (pip keeps one core busy). Returns the errors by environment name."""
    errors: dict[str, BuildError] = {}

    def attempt(env: Environment) -> None:
        try:
            make(env)
        except (BuildError, OSError) as error:
            errors[env.name] = BuildError(in_words(error))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, envs))
    return errors


def user_data() -> Path:
    """The folder where programs of this user keep their data."""
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def remember_engine(python: Path) -> None:
    """Leave a note where the installed add-on looks for the engine's Python."""
    try:
        write_atomically(user_data() / "gouache" / "engine-python.txt", f"{python}\n")
    except OSError as error:
        say(f"engine: Blender will not find it by itself ({error}); choose {python} in the add-on's preferences.")


def in_words(error: BuildError | OSError) -> str:
    """What happened, for a person: an error of the system names the file and, where it can, what to do."""
    if isinstance(error, BuildError):
        return str(error)
    if isinstance(error, (FileExistsError, NotADirectoryError)) and error.filename:
        return f"{error.filename}: a file is where a folder must be. Move or rename it, then run this again."
    return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)


def write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def say(text: str) -> None:
    print(text, flush=True)
