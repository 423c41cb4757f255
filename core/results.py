"""The folders that pictures go to: what is finished there, and what a clip that was moved has under other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import frames
from .atomic import share
from .manifest import Manifest, Record
from .plan import Task


class Results:
    """The folders that pictures go to, each with a manifest; records name the `engine` that made them."""

    def __init__(self, output: Path, engine: str) -> None:
        self.output, self.engine = output, engine
        self._manifests: dict[Path, Manifest] = {}

    def manifest(self, folder: Path) -> Manifest:
        """A folder's manifest."""
        if folder not in self._manifests:
            self._manifests[folder] = Manifest(folder)
        return self._manifests[folder]

    def has(self, task: Task) -> bool:
        """Whether what a task makes is there, made from what it would be made from now."""
        manifest = self.manifest(task.path.parent)
        record = manifest.get(task.number)
        return (record is not None and (record.key, record.file) == (task.key, task.path.name)
                and manifest.holds(record) and (task.is_track or frames.readable(task.path))
                and all(frames.readable(task.path.parent / layer / task.path.name) for layer in task.layers))

    def take_over(self, unfinished: Sequence[Task]) -> set[Task]:
        """Give tasks the pictures that were made for their keys under other numbers; returns those that have one now.

        A clip that was moved in time is painted already. Its pictures stay under their old numbers too, and those that
        go furthest go first: where all moved one way, none takes the place of one that is still to be taken, wherever
        this is stopped. Where frames changed places, as in a clip that was reversed, one of two does: the other is
        painted again. Raises OutputError.
        """
        moves = []
        for folder in {task.path.parent for task in unfinished}:
            known = {record.key: number for number, record in self.manifest(folder).all().items()}
            moves += [(known[task.key], task) for task in unfinished
                      if task.path.parent == folder and task.key in known and not task.layers]
        moves.sort(key=lambda move: -move[1].number if move[0] < move[1].number else move[1].number)
        return {task for number, task in moves if self._taken(task, number)}

    def _taken(self, task: Task, number: int) -> bool:
        """Let a task have the picture of another number, if that is still there."""
        manifest = self.manifest(task.path.parent)
        record = manifest.get(number)
        if record is None or record.key != task.key or not manifest.holds(record):
            return False
        picture = share(manifest.folder / record.file, task.path)
        if record.picture in ("", picture):  # another machine may have replaced it meanwhile
            manifest.add(task.number, replace(record, file=task.path.name, input=task.input, picture=picture))
        return self.has(task)

    def confirm(self, task: Task) -> None:
        """Remember that this version would make no other picture, which stands there. Raises OutputError."""
        manifest = self.manifest(task.path.parent)
        record = manifest.get(task.number)
        if record is not None and record.engine != self.engine:
            manifest.add(task.number, replace(record, engine=self.engine))

    def enter(self, task: Task, picture: str, seconds: float) -> None:
        """Remember a task's picture, by the hash of what was written, as finished. Raises OutputError."""
        record = Record(task.path.name, task.input, task.key, round(seconds, 3), self.engine, picture)
        self.manifest(task.path.parent).add(task.number, record)
