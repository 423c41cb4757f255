"""Nothing that a job reads, and nobody else's file, is written over."""

from __future__ import annotations

from pathlib import Path

from .atomic import same_folder
from .clips import Clip
from .errors import OutputError
from .job import Job
from .manifest import Manifest
from .patterns import pattern_of
from .plan import Plan

HINT = "Choose another output folder: nothing is overwritten."


def refuse_own(output: Path, clip: Clip) -> None:
    """Raises OutputError where results would lie between the input's own frames."""
    if same_folder(output, clip.folder):
        raise OutputError("The output folder is the input's own folder.", HINT)


def refuse(job: Job, planned: Plan, manifest: Manifest) -> None:
    """Raises OutputError where a result would take the place of what the job reads, or of anybody else's file."""
    read = [path for named in job.named() for path in _meant_by(named)]
    folders = {layer.partition("/")[0] for task in planned.tasks for layer in task.layers}
    for folder in (manifest.folder / name for name in folders):
        if any(folder.resolve() in (path.resolve(), *path.resolve().parents) for path in read):
            raise OutputError(f"The job reads from the folder '{folder.name}', which its layers go to.", HINT)
        if folder.exists() and not manifest.is_begun:
            raise OutputError(f"The output folder has a '{folder.name}' already that Gouache did not make.", HINT)
    if inside := [path for path in read if path.is_dir() and path.samefile(manifest.folder)]:
        raise OutputError(f"The output folder is '{inside[0].name}', which the job reads.", HINT)
    taken = {_file_of(path) for path in read}
    for path in (task.path for task in planned.tasks):
        file = _file_of(path)
        if file is None:
            continue
        if file in taken:
            raise OutputError(f"The result '{path.name}' would take the place of a file that the job reads.", HINT)
        if not manifest.is_begun:
            raise OutputError(f"The output folder has a '{path.name}' already that Gouache did not make.", HINT)


def _meant_by(named: Path) -> list[Path]:
    """The file or folder that a job names, or the files of a pattern; none if there is nothing."""
    if named.exists():
        return [named]
    pattern = pattern_of(named.name)
    if pattern is None or not named.parent.is_dir():
        return []
    return [file for file in named.parent.iterdir() if pattern.fullmatch(file.name)]


def _file_of(path: Path) -> tuple[int, int] | None:
    """What is the same for all names of a file or folder; None if there is none."""
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino
