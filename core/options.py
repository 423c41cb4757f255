"""The options of every effect and the job that carries them: the one source of defaults, ranges, labels and help.

Standard library only: Blender's panels, the engine's command line and `job.json` are all built from this module.
Adding an option is one field in one dataclass.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .errors import InputError, OptionError
from .schema import (
    OptionInfo,
    check,
    describe,
    number,
    option,
    parse_chunk,
    parse_frames,
    parse_layers,
    parse_ranges,
    reject_unknown,
)

__all__ = ["EngineOptions", "Job", "MotionOptions", "OptionInfo", "OutputOptions", "StyleImage", "StyleOptions",
           "check", "describe", "options_from", "parse_chunk", "parse_frames", "parse_layers", "parse_ranges"]

JOB_VERSION = 1
EFFECTS = ("style",)
Options = TypeVar("Options")


PAPER_STYLE_LAYERS = "conv1_2=1,conv2_2=1,conv3_4=1,conv4_4=1,conv5_4=1"
PAPER_CONTENT_LAYERS = "conv4_2=1"


@dataclass(frozen=True)
class StyleImage:
    """One style image and its share in the blend (any positive number; shares are relative)."""

    path: str
    weight: float = 1.0

    @classmethod
    def parse(cls, text: str) -> StyleImage:
        """Read `IMAGE[:WEIGHT]`; a colon that no number follows belongs to the path."""
        path, colon, weight = text.rpartition(":")
        if colon and path and re.fullmatch(r"\d*\.?\d+(?:[eE][+-]?\d+)?", weight):
            return cls(path, number("style weight", float(weight), 1e-6, 1e6))
        return cls(text)


@dataclass(frozen=True)
class StyleOptions:
    """Style transfer of one picture or clip (Choi & Kim, JBE 25(6), 2020, equations 3 to 14)."""

    styles: tuple[StyleImage, ...] = ()
    engine: str = option(
        "optimize", "Engine", "Optimize paints each frame in many small steps; Fast in one pass, for previews and "
        "long clips", "choice", choices={"optimize": "Optimize", "fast": "Fast"})
    strength: float = option(
        0.5, "Strength", "How far the picture becomes the style: content weight 10^(-4 x strength)",
        "float", minimum=0.0, maximum=1.0, animatable=True)
    content_weight: float = option(
        0.0, "Content Weight", "Weight of the content loss itself (lambda_os); 0 follows Strength",
        "float", minimum=0.0, maximum=1e6, soft_maximum=1.0, advanced=True, optimizer_only=True)
    style_scale: float = option(
        1.0, "Stroke Size", "Size of the strokes: the style image is used at this multiple of the frame's size",
        "float", minimum=0.1, maximum=4.0, soft_minimum=0.25, soft_maximum=2.0)
    keep_color: str = option(
        "off", "Keep Color", "Keep the frame's own colors", "choice",
        choices={"off": "Off", "luminance": "Luminance Only", "histogram": "Match Style to Frame"})
    mask: str = option(
        "", "Mask", "White is painted, black stays as it is: a picture, or a sequence numbered like the input", "file")
    size: int = option(
        512, "Size", "Long side of the painted frames; smaller pictures keep their size, 0 keeps every size",
        "int", minimum=0, maximum=16384, soft_maximum=2048, unit="px")
    iterations: int = option(
        60, "Iterations", "Optimizer steps at the final size; coarser scales take as many",
        "int", minimum=1, maximum=10000, soft_maximum=600, optimizer_only=True)
    scales: int = option(
        3, "Scales", "Most coarse-to-fine levels, each half the size of the next; 1 works at the final size only",
        "int", minimum=1, maximum=6, advanced=True, optimizer_only=True)
    stability: float = option(
        0.5, "Stability", "How still a clip holds where nothing moves, and how closely strokes follow what does; "
        "0 paints every frame alone", "float", minimum=0.0, maximum=1.0)
    passes: int = option(
        1, "Passes", "Times the clip is gone through, forward and backward by turns: each evens out what earlier "
        "ones could not know", "int", minimum=1, maximum=16, soft_maximum=4, optimizer_only=True)
    hold: int = option(
        1, "Hold", "Frames that each painting stays: 2 is animation on twos", "int", minimum=1, maximum=1000,
        soft_maximum=4)
    anchor: int = option(
        0, "Anchor", "A frame painted anew, after so many, to which its neighbors lead over: long shots do not wander "
        "off, and what lies between two anchors can be painted alone; 0 has none", "int", minimum=0, maximum=100000,
        soft_maximum=250, unit="frames", advanced=True)
    init: str = option(
        "auto", "Start From", "The picture the optimizer starts from; Automatic is the frame for a still, and for a "
        "clip the fast engine's painting, which changes less when things come into sight", "choice",
        choices={"auto": "Automatic", "content": "Frame", "noise": "Noise", "fast": "Fast Engine"},
        advanced=True, optimizer_only=True)
    loss: str = option(
        "normalized", "Loss", "Normalized (Choi & Kim 2020) suits every style with one setting; classic is Gatys 2016",
        "choice", choices={"normalized": "Normalized", "classic": "Classic"}, advanced=True, optimizer_only=True)
    style_layers: str = option(
        PAPER_STYLE_LAYERS, "Style Layers", "Layers of the style loss and their weights: low ones fine texture, "
        "high ones large structures", "layers", advanced=True, optimizer_only=True)
    content_layers: str = option(
        PAPER_CONTENT_LAYERS, "Content Layers", "Layers of the content loss and their weights", "layers",
        advanced=True, optimizer_only=True)
    encoder: str = option(
        "auto", "Encoder", "The network whose features are compared; Automatic is VGG-19 with a GPU, Lite without",
        "choice", choices={"auto": "Automatic", "lite": "Lite", "vgg19": "VGG-19"}, advanced=True, optimizer_only=True)
    optimizer: str = option(
        "lbfgs", "Optimizer", "L-BFGS needs a third of Adam's steps; Adam needs less memory", "choice",
        choices={"lbfgs": "L-BFGS", "adam": "Adam"}, advanced=True, optimizer_only=True)
    tolerance: float = option(
        0.0, "Stop Early", "End a scale when ten steps lower the loss by less than this part of it; 0 takes every step",
        "float", minimum=0.0, maximum=1.0, soft_maximum=0.1, advanced=True, optimizer_only=True)
    tv: float = option(
        0.0, "Smoothness", "Weight of the total variation loss: higher is smoother", "float",
        minimum=0.0, maximum=1000.0, soft_maximum=10.0, advanced=True, optimizer_only=True)
    seed: int = option(
        1, "Seed", "Start of the random numbers; the same seed gives the same picture", "int",
        minimum=0, maximum=2**31 - 1, advanced=True, optimizer_only=True)

    def content_weight_at(self, strength: float | None = None) -> float:
        """lambda_os for a strength in 0..1 (this object's own when None); an explicit content weight wins."""
        return self.content_weight or 10.0 ** (-4.0 * (self.strength if strength is None else strength))


@dataclass(frozen=True)
class OutputOptions:
    """Which frames are made and how the files are written."""

    frames: str = option("", "Frames", "The frames to paint, A-B or A, by their numbers; empty paints all", "frames")
    only: str = option(
        "", "Only", "Of these frames make only some, A-B,C, as they would be in the whole clip (frames of a steady "
        "clip need those before them in their shot, back to an anchor); empty makes all", "ranges", advanced=True)
    format: str = option(
        "png", "File Format", "File format of the result", "choice",
        choices={"png": "PNG 8 bit", "png16": "PNG 16 bit", "tiff": "TIFF 16 bit", "exr": "EXR Half",
                 "exr32": "EXR Float"})
    chunk: str = option(
        "", "Chunk", "Paint only part K of N of the clip, as K/N: the parts may be made on "
        "different machines and fit together", "chunk", advanced=True)
    restore_size: bool = option(
        False, "Restore Size", "Enlarge painted frames to the input's own size", "bool", advanced=True)


@dataclass(frozen=True)
class MotionOptions:
    """How the movement between frames is found out."""

    flow: str = option(
        "", "Exact Motion", "A folder with the movement from frame to frame: .flo files, or EXR files with Blender's "
        "Vector pass, numbered like the input; left empty, it is estimated", "file", advanced=True)
    flow_method: str = option(
        "dis", "Optical Flow", "DIS is quick; RAFT finds large movements better and takes seconds a frame", "choice",
        choices={"dis": "DIS", "raft": "RAFT"}, advanced=True)
    raft_weights: str = option(
        "", "RAFT Weights", "A .safetensors file of RAFT-small; left empty, the one in torchvision's cache", "file",
        advanced=True)


@dataclass(frozen=True)
class EngineOptions:
    """Where and how exactly the engine computes."""

    device: str = option(
        "auto", "Device", "Where the engine computes", "choice",
        choices={"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA", "mps": "Metal (MPS)"})
    precision: str = option(
        "auto", "Precision", "Precision of the encoder; losses are always float32", "choice",
        choices={"auto": "Automatic", "float32": "Float 32", "bfloat16": "BFloat 16"}, advanced=True)
    tile: int = option(
        0, "Tile", "Side of the tiles a large picture is worked on in, which changes memory and time but not the "
        "result; 0 chooses by the memory needed", "int", minimum=0, maximum=16384, unit="px", advanced=True)
    threads: int = option(
        0, "Threads", "CPU threads; 0 uses one per physical core", "int", minimum=0, maximum=1024)


@dataclass(frozen=True)
class Job:
    """One order to the engine: an input, an effect with its options, and where the result goes.

    `input` is a picture, a folder or pattern of an image sequence, or a movie; `output` is a folder.
    `animation` holds, for animatable options, a value per frame number: {"strength": {12: 0.5}}.
    """

    input: str
    output: str
    effect: str = "style"
    options: StyleOptions = StyleOptions()
    files: OutputOptions = OutputOptions()
    engine: EngineOptions = EngineOptions()
    animation: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    motion: MotionOptions = MotionOptions()

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
            raise OptionError(f"The job has version {version}, this engine reads version {JOB_VERSION}.",
                              "Use the engine that belongs to the add-on.")
        reject_unknown("job", data, cls)
        for key in ("input", "output"):
            if not isinstance(data.get(key), str) or not data[key]:
                raise OptionError(f"The job's '{key}' is missing.", "It must be a path.")
        effect = data.get("effect", "style")
        if effect not in EFFECTS:
            raise OptionError(f"Unknown effect {effect!r}.", f"Allowed: one of {', '.join(EFFECTS)}.")
        job = cls(data["input"], data["output"], effect,
                  options_from(StyleOptions, data.get("options", {})),
                  options_from(OutputOptions, data.get("files", {})),
                  options_from(EngineOptions, data.get("engine", {})),
                  _animation_from(data.get("animation", {})),
                  options_from(MotionOptions, data.get("motion", {})))
        return job.rooted(folder) if folder else job

    def rooted(self, folder: Path) -> Job:
        """The same job with every relative path made absolute from `folder`."""
        def root(path: str) -> str:
            return os.path.normpath(folder / path) if path else path
        styles = tuple(dataclasses.replace(s, path=root(s.path)) for s in self.options.styles)
        return dataclasses.replace(
            self, input=root(self.input), output=root(self.output),
            options=dataclasses.replace(self.options, styles=styles, mask=root(self.options.mask)),
            motion=dataclasses.replace(self.motion, flow=root(self.motion.flow),
                                       raft_weights=root(self.motion.raft_weights)))

    def look(self) -> str:
        """The hash (hex) of all that changes every frame's pixels: options, and the bytes of styles.

        What belongs to single frames is left out (their pixels, masks, recorded motion, animated values: see
        pipeline.py), and so are threads and file names: a moved picture or one more frame makes no finished frame
        stale. Raises InputError if a picture cannot be read.
        """
        options = dataclasses.asdict(self.options)
        options["styles"] = [[_digest(s.path), s.weight] for s in self.options.styles]
        options["mask"] = ""
        weights = self.motion.raft_weights
        motion = [self.motion.flow_method, "", _digest(weights) if weights else ""] if self.options.stability else []
        kept = [options, motion, self.effect, self.files.format, self.files.restore_size,
                self.engine.device, self.engine.precision]
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

    def at(self, number: int, name: str) -> Any:
        """The value of an animatable option at one frame."""
        return self.animation.get(name, {}).get(number, getattr(self.options, name))


def options_from(cls: type[Options], data: Any) -> Options:
    """Make one options dataclass from a dictionary, every value checked. Raises OptionError."""
    if not isinstance(data, Mapping):
        raise OptionError(f"{cls.__name__} must be a JSON object, not {type(data).__name__}.")
    reject_unknown(cls.__name__, data, cls)
    infos = {name: info for name, info, _ in describe(cls)}
    values = {name: check(name, value, infos[name]) for name, value in data.items() if name in infos}
    if "styles" in data:
        values["styles"] = tuple(_style_from(s) for s in data["styles"])
    return cls(**values)


def _style_from(data: Any) -> StyleImage:
    if not isinstance(data, Mapping) or not isinstance(data.get("path"), str) or not data["path"]:
        raise OptionError(f"A style cannot be {data!r}.", 'Allowed: {"path": "picture.jpg", "weight": 1}.')
    reject_unknown("style", data, StyleImage)
    return StyleImage(data["path"], number("style weight", data.get("weight", 1.0), 1e-6, 1e6))


def _animation_from(data: Any) -> dict[str, dict[int, float]]:
    infos = {name: info for name, info, _ in describe(StyleOptions) if info.animatable}
    if not isinstance(data, Mapping) or any(not isinstance(v, Mapping) for v in data.values()):
        raise OptionError("The job's 'animation' must map option names to a value per frame number.")
    for name in data:
        if name not in infos:
            raise OptionError(f"Option {name!r} cannot be animated.", f"Allowed: {', '.join(infos)}.")
    try:
        return {name: {int(frame): check(name, value, infos[name]) for frame, value in values.items()}
                for name, values in data.items()}
    except ValueError as error:
        raise OptionError("The job's 'animation' has a frame that is not a number.", detail=str(error)) from error


def _paths(data: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a job's dictionary holds a path: (dictionary, key)."""
    yield data, "input"
    yield data, "output"
    yield data["options"], "mask"
    yield data["motion"], "flow"
    yield data["motion"], "raft_weights"
    for style in data["options"]["styles"]:
        yield style, "path"


def _relative(path: str, folder: Path | None) -> str:
    if not path or folder is None or not Path(path).is_absolute():
        return path
    try:
        inner = Path(path).relative_to(folder)
    except ValueError:
        return path
    return inner.as_posix()


def _digest(path: str) -> str:
    """sha256 (hex) of a file. Raises InputError."""
    file = Path(path)
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"The picture '{file.name}' cannot be read.", "Check that the file exists and is readable.",
                         f"{path}: {error}") from error


