"""The job: one order to the engine, as it goes to `job.json` and comes back checked.

Standard library only: Blender writes jobs, the engine reads them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import manifest
from .digests import key_of
from .errors import InputError, OptionError
from .options import CollageOptions, EngineOptions, MotionOptions, OutputOptions, StyleOptions, as_read, options_from
from .patterns import pattern_of
from .schema import check, describe, reject_unknown

JOB_VERSION = 1
AnyOptions = StyleOptions | CollageOptions
EFFECTS: Mapping[str, type[AnyOptions]] = {"style": StyleOptions, "collage": CollageOptions}
"""The options of each effect that a job may name."""
BESIDE = ("mask", "depth")
"""The options that name pictures which come along with the frames."""
BESIDE_PICTURES = (manifest.OLD_NAME, "Thumbs.db", "desktop.ini")
"""Files that lie in folders of pictures and are none, beside hidden ones."""


@dataclass(frozen=True)
class Job:
    """One order to the engine: an input, an effect with its options, and where the result goes.

    `input` is a picture, a folder or pattern of an image sequence, or a movie; `output` is a folder.
    `animation` holds, for animatable options, a value per frame number: {"strength": {12: 0.5}}.
    """

    input: str
    output: str
    effect: str = "style"
    options: AnyOptions = field(default_factory=StyleOptions)
    files: OutputOptions = field(default_factory=OutputOptions)
    engine: EngineOptions = field(default_factory=EngineOptions)
    animation: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    motion: MotionOptions = field(default_factory=MotionOptions)

    def to_json(self, folder: Path | None = None) -> dict[str, Any]:
        """As a plain dictionary; paths inside `folder` are written relative to it, with forward slashes."""
        data: dict[str, Any] = {"version": JOB_VERSION, **dataclasses.asdict(self)}
        for holder, key in _paths(data):
            holder[key] = _relative(holder[key], folder)
        return data

    @classmethod
    def from_json(cls, data: Any, folder: Path | None = None) -> Job:
        """Check a dictionary and make a job of it; relative paths count from `folder`. Raises OptionError."""
        if not isinstance(data, Mapping):
            raise OptionError("The job is not a JSON object.", "Write it with Job.to_json.")
        data = dict(data)
        version = data.pop("version", JOB_VERSION)
        if version != JOB_VERSION:
            raise OptionError(f"The job has version {version!r}, this engine reads version {JOB_VERSION}.",
                              "Use the engine that belongs to the add-on.")
        reject_unknown("job", data, cls)
        for key in ("input", "output"):
            if not isinstance(data.get(key), str) or not data[key] or "\0" in data[key]:
                raise OptionError(f"The job's '{key}' is missing or cannot be a path.", "It must be a path.")
        effect = data.get("effect", "style")
        if not isinstance(effect, str) or effect not in EFFECTS:
            raise OptionError(f"Unknown effect {effect!r}.", f"Allowed: one of {', '.join(EFFECTS)}.")
        job = cls(data["input"], data["output"], effect,
                  options_from(EFFECTS[effect], data.get("options", {})),
                  options_from(OutputOptions, data.get("files", {})),
                  options_from(EngineOptions, data.get("engine", {})),
                  _animation_from(EFFECTS[effect], data.get("animation", {})),
                  options_from(MotionOptions, data.get("motion", {})))
        return job.rooted(folder) if folder else job

    def rooted(self, folder: Path) -> Job:
        """The same job with every relative path made absolute from `folder`."""
        def root(path: str) -> str:
            return os.path.normpath(folder / path) if path else path
        return dataclasses.replace(
            self, input=root(self.input), output=root(self.output), options=_rooted_options(self.options, root),
            motion=dataclasses.replace(self.motion, flow=root(self.motion.flow),
                                       raft_weights=root(self.motion.raft_weights)))

    def look(self) -> str:
        """The hash (hex) of all that changes every frame's pixels: options, and the bytes of all they name.

        What belongs to single frames is left out (their pixels, what comes along with them (`BESIDE`), recorded
        motion, animated values: see pipeline.py), and so are threads, file names and options that the engine or mode
        does not read: a moved picture or one more frame makes no finished frame stale. So is the frame that all may
        refer to. Raises InputError if a picture cannot be read.
        """
        options = dataclasses.asdict(as_read(self.options))
        options |= {name: "" for name in BESIDE if name in options}
        for holder, key in _option_paths(options):
            holder[key] = _digest(holder[key]) if holder[key] else ""
        weights = self.motion.raft_weights if self.motion.flow_method == "raft" else ""
        motion = [self.motion.flow_method, "", _digest(weights) if weights else ""] if self.follows_motion else []
        kept = [options, motion, self.effect, self.files.format, self.files.restore_size,
                self.engine.device, self.engine.precision]
        return key_of(*kept)

    def named(self) -> Iterator[Path]:
        """Every file and folder that the job reads, with patterns as they stand."""
        data = self.to_json()
        yield from (Path(holder[key]) for holder, key in _paths(data) if key != "output" and holder[key])

    @property
    def follows_motion(self) -> bool:
        """Whether frames depend on those around them: not if each is to be painted alone."""
        return not isinstance(self.options, StyleOptions) or self.options.stability > 0

    @property
    def refers_to_first(self) -> bool:
        """Whether every frame depends on one of the clip's, mostly the first, whose colors the styles take."""
        return isinstance(self.options, StyleOptions) and self.options.keep_color != "off"

    def at(self, number: int, name: str) -> Any:
        """The value of an animatable option at one frame; None if the effect has no such option."""
        return self.animation.get(name, {}).get(number, getattr(self.options, name, None))


def _rooted_options(options: AnyOptions, root: Callable[[str], str]) -> AnyOptions:
    files: dict[str, Any] = {name: root(getattr(options, name)) for name in _file_fields(type(options))}
    if isinstance(options, CollageOptions):
        return dataclasses.replace(options, **files, materials=tuple(root(path) for path in options.materials))
    styles = tuple(dataclasses.replace(style, path=root(style.path)) for style in options.styles)
    return dataclasses.replace(options, **files, styles=styles)


def _file_fields(options: type) -> Iterator[str]:
    return (name for name, info, _ in describe(options) if info.kind == "file")


def _animation_from(options: type, data: Any) -> dict[str, dict[int, float]]:
    infos = {name: info for name, info, _ in describe(options) if info.animatable}
    if not isinstance(data, Mapping) or any(not isinstance(v, Mapping) for v in data.values()):
        raise OptionError("The job's 'animation' must map option names to a value per frame number.")
    for name in data:
        if name not in infos:
            raise OptionError(f"Option {name!r} cannot be animated.", f"Allowed: {', '.join(infos) or 'none'}.")
    try:
        return {name: {int(frame): check(name, value, infos[name]) for frame, value in values.items()}
                for name, values in data.items()}
    except ValueError as error:
        raise OptionError("The job's 'animation' has a frame that is not a number.", detail=str(error)) from error


def _paths(data: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where a job's dictionary holds a path: (dictionary or list, key)."""
    yield data, "input"
    yield data, "output"
    yield from ((data["motion"], name) for name in _file_fields(MotionOptions))
    yield from _option_paths(data["options"])


def _option_paths(options: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where an effect's options, as a dictionary, hold a path."""
    kind = CollageOptions if "materials" in options else StyleOptions
    yield from ((options, name) for name in _file_fields(kind))
    yield from ((style, "path") for style in options.get("styles", ()))
    if "materials" in options:
        options["materials"] = list(options["materials"])
        yield from ((options["materials"], i) for i in range(len(options["materials"])))


def _relative(path: str, folder: Path | None) -> str:
    if not path or folder is None or not Path(path).is_absolute():
        return path
    try:
        inner = Path(path).relative_to(folder)
    except ValueError:
        return path
    return inner.as_posix()


def _digest(path: str) -> str:
    """sha256 (hex) of a file, or of the names and bytes of a folder's files, or of those that a pattern means.

    What a job left in its folder of results beside them is left out, and what file managers do. Raises InputError.
    """
    root = Path(path)
    digest = hashlib.sha256()
    try:
        for file in _files_of(root):
            digest.update(os.fsencode(file.name) if file != root else b"")
            with file.open("rb") as data:
                while block := data.read(2**20):
                    digest.update(block)
    except OSError as error:
        raise InputError(f"The picture '{root.name}' cannot be read.", "Check that the file exists and is readable.",
                         f"{path}: {error}") from error
    return digest.hexdigest()


def _files_of(root: Path) -> list[Path]:
    """The files whose bytes count, by name: those in a folder or of a pattern, else the file itself. Raises OSError."""
    pattern = None if root.exists() else pattern_of(root.name)
    if pattern is None and not root.is_dir():
        return [root]
    folder = root if pattern is None else root.parent
    return sorted(file for file in folder.iterdir() if (pattern is None or pattern.fullmatch(file.name))
                  and file.is_file() and file.name not in BESIDE_PICTURES and not file.name.startswith("."))
