"""The options of every effect: the one source of defaults, ranges, labels and help.

Standard library only: Blender's panels, the engine's command line and `job.json` are all built from this module.
Adding an option is one field in one dataclass. The job that carries them is in `job.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .errors import OptionError
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

__all__ = ["COLLAGE_MODES", "CollageOptions", "EngineOptions", "MotionOptions", "OptionInfo", "OutputOptions",
           "StyleImage", "StyleOptions", "as_read", "check", "describe", "options_from", "parse_chunk", "parse_frames",
           "parse_layers", "parse_ranges", "read_by"]

Options = TypeVar("Options")


PAPER_STYLE_LAYERS = "conv1_2=1,conv2_2=1,conv3_4=1,conv4_4=1,conv5_4=1"
PAPER_CONTENT_LAYERS = "conv4_2=1"
FAST = ("fast",)
"""The engine of a style transfer that knows nothing of steps."""
ALIGNED = ("joiner", "layers")
"""Modes of a collage whose pieces show a clip where they lie, so that no material is chosen."""
FROM_THE_CLIP = ("joiner",)
"""Modes of a collage that is cut from the clip itself, so that no material is read."""
NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(e[-+]?\d+)?|[-+]?(nan|inf)", re.IGNORECASE)
"""What is meant as a number, though it may be none that can be used."""


@dataclass(frozen=True)
class StyleImage:
    """One style image and its share in the blend (any positive number; shares are relative)."""

    path: str
    weight: float = 1.0

    @classmethod
    def parse(cls, text: str) -> StyleImage:
        """Read `IMAGE[:WEIGHT]`; a colon that no number follows belongs to the path."""
        if not text:
            raise OptionError("A style cannot be empty.", "Give the path of a picture.")
        path, _, weight = text.rpartition(":")
        if not path or not NUMBER.fullmatch(weight):
            return cls(text)
        try:
            share: Any = float(weight)
        except ValueError:
            share = weight
        return cls(path, number("style weight", share, 1e-6, 1e6))


@dataclass(frozen=True)
class StyleOptions:
    """Style transfer of one picture or clip (Choi & Kim, JBE 25(6), 2020, equations 3 to 14)."""

    styles: tuple[StyleImage, ...] = ()
    engine: str = option(
        "optimize", "Engine", "Optimize paints each frame in many small steps; Fast in one pass, for previews and "
        "long clips", "choice", choices={"optimize": "Optimize", "fast": "Fast"},
        meanings={"optimize": "The best picture, in many small steps: seconds to minutes a frame",
                  "fast": "Colors and strokes in one pass: for long clips"})
    strength: float = option(
        0.5, "Strength", "How strongly it is painted: 0 stays nearest to the frame, 1 is all style",
        "float", minimum=0.0, maximum=1.0, animatable=True)
    content_weight: float = option(
        0.0, "Content Weight", "0 follows Strength; for experts: how much the frame's content counts",
        "float", minimum=0.0, maximum=1e6, soft_maximum=1.0, advanced=True, unread_by=FAST)
    style_scale: float = option(
        1.0, "Stroke Size", "Size of the strokes: the style image is used at this multiple of the frame's size",
        "float", minimum=0.1, maximum=4.0, soft_minimum=0.25, soft_maximum=2.0)
    keep_color: str = option(
        "off", "Keep Color", "Keep the frame's own colors", "choice",
        choices={"off": "Off", "luminance": "Luminance Only", "histogram": "Match Style to Frame"},
        meanings={"off": "The style's colors", "luminance": "The frame's own colors with the painting's brightness",
                  "histogram": "The style is recolored first, to the colors of the clip's first frame"})
    mask: str = option(
        "", "Mask", "White is painted, black stays as it is, gray in part: a picture, or a sequence numbered like the "
        "input (in Blender: by timeline frames)", "file")
    size: int = option(
        512, "Size", "0 keeps every size; else the long side of what is painted, but smaller pictures keep theirs. "
        "Blender enlarges the painting again: HD looks soft at 512",
        "int", minimum=0, maximum=16384, soft_maximum=2048, unit="px")
    iterations: int = option(
        60, "Iterations", "Optimizer steps at the final size; coarser scales take as many",
        "int", minimum=1, maximum=10000, soft_maximum=600, unread_by=FAST)
    scales: int = option(
        3, "Scales", "Most coarse-to-fine levels, each half the size of the next; 1 works at the final size only",
        "int", minimum=1, maximum=6, advanced=True, unread_by=FAST)
    stability: float = option(
        0.5, "Stability", "0 paints every frame alone; higher holds a clip stiller where nothing moves, and lets "
        "strokes follow what does more closely", "float", minimum=0.0, maximum=1.0)
    passes: int = option(
        1, "Passes", "How often the clip is gone over, forward and backward by turns: more is steadier and takes "
        "longer", "int", minimum=1, maximum=16, soft_maximum=4, unread_by=FAST)
    hold: int = option(
        1, "Hold", "Frames that each painting stays: 2 is animation on twos", "int", minimum=1, maximum=1000,
        soft_maximum=4)
    anchor: int = option(
        0, "Anchor", "0 has none; else a new painting takes over after so many frames, begun 24 paintings earlier (a "
        "second at 24 fps and Hold 1): long shots do not wander off, and parts between anchors can be painted alone",
        "int", minimum=0, maximum=100000, soft_maximum=250, unit="frames", advanced=True)
    init: str = option(
        "auto", "Start From", "The picture the optimizer starts from; Automatic is the frame for a still, and for a "
        "clip the fast engine's painting, which changes less when things come into sight", "choice",
        choices={"auto": "Automatic", "content": "Frame", "noise": "Noise", "fast": "Fast Engine"},
        advanced=True, unread_by=FAST)
    loss: str = option(
        "normalized", "Loss", "Normalized (Choi & Kim 2020) suits every style with one setting; classic is Gatys 2016",
        "choice", choices={"normalized": "Normalized", "classic": "Classic"}, advanced=True, unread_by=FAST)
    style_layers: str = option(
        PAPER_STYLE_LAYERS, "Style Layers", "Layers of the style loss and their weights: low ones fine texture, "
        "high ones large structures", "layers", advanced=True, unread_by=FAST)
    content_layers: str = option(
        PAPER_CONTENT_LAYERS, "Content Layers", "Layers of the content loss and their weights", "layers",
        advanced=True, unread_by=FAST)
    encoder: str = option(
        "auto", "Encoder", "The network whose features are compared; Automatic is VGG-19 with a GPU, Lite without",
        "choice", choices={"auto": "Automatic", "lite": "Lite", "vgg19": "VGG-19"}, advanced=True,
        unread_by=FAST)
    optimizer: str = option(
        "lbfgs", "Optimizer", "L-BFGS needs the fewest steps, Adam three times as many but less memory. Plain L-BFGS, "
        "as published, takes longer over large forms",
        "choice", choices={"lbfgs": "L-BFGS", "adam": "Adam", "plain-lbfgs": "Plain L-BFGS"}, advanced=True,
        unread_by=FAST)
    tolerance: float = option(
        0.0, "Stop Early", "0 takes all steps; else a scale ends when ten steps gain less than this part of the loss: "
        "try 0.01", "float", minimum=0.0, maximum=1.0, soft_maximum=0.1, advanced=True, unread_by=FAST)
    tv: float = option(
        0.0, "Smoothness", "Weight of the total variation loss: higher is smoother", "float",
        minimum=0.0, maximum=1000.0, soft_maximum=10.0, advanced=True, unread_by=FAST)
    seed: int = option(
        1, "Seed", "Start of the random numbers, which only Start From: Noise uses", "int",
        minimum=0, maximum=2**31 - 1, advanced=True, unread_by=FAST)

    @property
    def content_loss_weight(self) -> float:
        """lambda_os: 10^(-4 x strength), unless there is an explicit content weight."""
        return self.content_weight or 10.0 ** (-4.0 * self.strength)


@dataclass(frozen=True)
class CollageOptions:
    """A clip rebuilt from pieces of paper that stick to what moves.

    Lengths in px are for a picture of 1080 lines and grow with the picture. The defaults are those of torn paper;
    `for_mode` has those of the others.
    """

    materials: tuple[str, ...] = ()
    mode: str = option(
        "torn", "Mode", "What the collage is made like: choosing one sets all in which modes differ", "choice",
        choices={"torn": "Torn Paper", "cutouts": "Scissors Cut-Outs", "montage": "Photomontage", "joiner": "Joiner",
                 "mosaic": "Mosaic", "layers": "Layered Styles"},
        meanings={"torn": "Papers with white, torn rims, in three layers: finer ones where the picture is busy",
                  "cutouts": "Large, smooth shapes in few bright colors, as cut by Matisse",
                  "montage": "Parts of photographs, cut out along the things in the picture",
                  "joiner": "Overlapping photographs of the clip itself, a little askew and a few frames apart",
                  "mosaic": "Small stones of nearly one size, with gaps between them",
                  "layers": "Pieces of painted versions of the clip, lying where they were painted"})
    pieces: int = option(
        60, "Pieces", "Pieces that the coarsest level covers a frame with", "int", minimum=1, maximum=3000,
        soft_maximum=500)
    levels: int = option(
        3, "Levels", "Layers of paper: each finer one has pieces of a third of the area, where the picture is busy",
        "int", minimum=1, maximum=4)
    detail: float = option(
        0.5, "Detail", "How much of the picture the finer levels cover: nothing, or all of it", "float", minimum=0.0,
        maximum=1.0)
    color_match: float = option(
        0.8, "Color Match", "How far a piece takes the color of what it stands for; 0 keeps the material's own",
        "float", minimum=0.0, maximum=1.0)
    colors: int = option(
        0, "Colors", "0 takes any; else pieces come in so many colors, chosen from the clip", "int", minimum=0,
        maximum=64, soft_maximum=24)
    roughness: float = option(
        7.0, "Roughness", "How far a torn edge strays, in pixels of a picture 1080 high; 0 is cut with scissors",
        "float", minimum=0.0, maximum=60.0, soft_maximum=20.0, unit="px")
    deckle: float = option(
        6.0, "Deckle", "Width of the white edge, where paper was torn or a photograph has its border, in pixels of a "
        "picture 1080 high", "float", minimum=0.0, maximum=60.0, soft_maximum=20.0, unit="px")
    shadow: float = option(
        0.5, "Shadow", "How dark the shadows are that pieces throw", "float", minimum=0.0, maximum=1.0)
    shadow_softness: float = option(
        7.0, "Shadow Softness", "How loosely the paper lies: how soft and how far the shadows are, in pixels of a "
        "picture 1080 high", "float", minimum=0.5, maximum=60.0, soft_maximum=30.0, unit="px", advanced=True)
    shadow_angle: float = option(
        -50.0, "Shadow Angle (°)", "Where the shadows fall: 0 to the right, -90 down, in degrees", "float",
        minimum=-180.0, maximum=180.0, advanced=True)
    grain: float = option(
        0.5, "Grain", "How much of the paper's tooth shows", "float", minimum=0.0, maximum=1.0)
    overlap: float = option(
        0.15, "Overlap", "How far pieces reach over their neighbors, in parts of their size; less than 0 leaves gaps",
        "float", minimum=-0.3, maximum=1.0, soft_maximum=0.5)
    smoothness: float = option(
        0.35, "Smooth Outlines", "How round the outlines are", "float", minimum=0.0, maximum=1.0, advanced=True,
        unread_by=("joiner",))
    regularity: float = option(
        0.3, "Regularity", "0 follows the picture's edges, 1 makes pieces of one size and shape", "float",
        minimum=0.0, maximum=1.0, advanced=True, unread_by=("cutouts", "montage", "joiner"))
    rotation: float = option(
        12.0, "Rotation (°)", "How far the material may be turned from the direction of what it stands for, in degrees",
        "float", minimum=0.0, maximum=180.0, soft_maximum=45.0, unit="deg", advanced=True, unread_by=("layers",))
    reuse: str = option(
        "avoid", "Reuse", "Whether one spot of a material may be used for several pieces", "choice",
        choices={"allow": "Allow", "avoid": "Avoid", "forbid": "Forbid"}, advanced=True, unread_by=ALIGNED,
        meanings={"allow": "As often as it fits best", "avoid": "Where nothing else fits nearly as well",
                  "forbid": "Once, as long as there are others"})
    match_color: float = option(
        1.0, "Match by Color", "How much color counts when materials are chosen; 0 not at all", "float", minimum=0.0,
        maximum=10.0, soft_maximum=2.0, advanced=True, unread_by=ALIGNED)
    match_texture: float = option(
        0.8, "Match by Texture", "How much texture and its direction count when materials are chosen; 0 not at all",
        "float", minimum=0.0, maximum=10.0, soft_maximum=2.0, advanced=True, unread_by=ALIGNED)
    match_shape: float = option(
        0.5, "Match by Shape", "How much the outline counts when cut-outs (materials with alpha) are chosen; 0 not at "
        "all", "float", minimum=0.0, maximum=10.0, soft_maximum=2.0, advanced=True, unread_by=ALIGNED)
    life: int = option(
        0, "Life", "0 leaves a piece as long as it fits; else it is laid anew after so many frames, not all at once",
        "int", minimum=0, maximum=10000, soft_maximum=100, unit="frames", advanced=True)
    hold: int = option(
        1, "Hold", "Frames that each picture stays: 2 is animation on twos", "int", minimum=1, maximum=1000,
        soft_maximum=4)
    size: int = option(
        1280, "Size", "0 keeps every size; else the long side of the frames made, but smaller pictures keep theirs. "
        "Blender enlarges the collage again", "int", minimum=0, maximum=16384, soft_maximum=4096, unit="px")
    mask: str = option(
        "", "Object Mask", "No piece crosses the borders between its colors: a mask, or an object pass such as "
        "Cryptomatte's Pick; a picture, or a sequence numbered like the input (in Blender: by timeline frames)",
        "file")
    depth: str = option(
        "", "Depth", "White is near: in each level what is nearer lies above, and borders of depth are borders of "
        "pieces; a picture, or a sequence numbered like the input (in Blender: by timeline frames)", "file",
        advanced=True)
    export_layers: bool = option(
        False, "Export Layers", "Also write each level as a sequence with alpha and, once the whole clip is made, "
        "every piece as a picture and where they go as pieces.json", "bool")
    seed: int = option(
        1, "Seed", "Start of the random numbers; the same seed gives the same collage", "int",
        minimum=0, maximum=2**31 - 1, advanced=True)

    @classmethod
    def for_mode(cls, mode: str) -> CollageOptions:
        """The settings a mode begins with."""
        return cls(mode=mode, **COLLAGE_MODES[mode])


COLLAGE_MODES: Mapping[str, Mapping[str, Any]] = {
    "torn": {},
    "cutouts": {"pieces": 40, "levels": 2, "detail": 0.35, "color_match": 1.0, "colors": 9, "roughness": 0.0,
                "deckle": 0.0, "shadow": 0.35, "shadow_softness": 4.0, "grain": 0.35, "overlap": 0.2,
                "smoothness": 0.6, "rotation": 90.0, "match_texture": 2.0},
    "montage": {"pieces": 22, "levels": 1, "color_match": 0.35, "roughness": 0.0, "deckle": 1.5, "shadow": 0.55,
                "overlap": 0.08, "smoothness": 0.5, "rotation": 25.0, "reuse": "forbid"},
    "joiner": {"pieces": 48, "levels": 1, "color_match": 0.0, "roughness": 0.0, "deckle": 7.0, "shadow": 0.5,
               "shadow_softness": 6.0, "grain": 0.1, "overlap": 0.35, "smoothness": 0.0, "regularity": 1.0,
               "rotation": 5.0, "life": 24},
    "mosaic": {"pieces": 1400, "levels": 1, "color_match": 0.9, "roughness": 1.2, "deckle": 0.0, "shadow": 0.45,
               "shadow_softness": 2.0, "overlap": -0.12, "smoothness": 0.1, "regularity": 0.75, "rotation": 180.0,
               "reuse": "allow", "match_texture": 2.0},
    "layers": {"pieces": 45, "color_match": 0.0, "roughness": 9.0, "deckle": 7.0, "overlap": 0.2},
}
"""What differs from torn paper in each mode of a collage."""


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
        "Vector pass, numbered like the input (in Blender: by timeline frames); empty estimates it", "file",
        advanced=True)
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
        0, "Tile", "0 chooses by the memory needed; else the side of the tiles a large picture is worked on in: "
        "changes memory and time, the result by rounding only", "int", minimum=0, maximum=16384, unit="px",
        advanced=True)
    threads: int = option(
        0, "Threads", "0 uses one per physical core; else so many CPU threads", "int", minimum=0, maximum=1024)


def read_by(reader: str) -> Iterator[tuple[str, OptionInfo]]:
    """The described options that an engine of the style transfer, or a mode of the collage, reads."""
    for name, info, _ in describe(CollageOptions if reader in COLLAGE_MODES else StyleOptions):
        if reader not in info.unread_by:
            yield name, info


def as_read(options: StyleOptions | CollageOptions) -> StyleOptions | CollageOptions:
    """The same options, but those that their engine or mode does not read as it begins with them."""
    begins: StyleOptions | CollageOptions
    if isinstance(options, CollageOptions):
        reader, begins = options.mode, CollageOptions.for_mode(options.mode)
    else:
        reader, begins = options.engine, StyleOptions()
    read = dict(read_by(reader))
    unread = [name for name, _, _ in describe(type(options)) if name not in read]
    if reader in FROM_THE_CLIP:
        unread.append("materials")
    return replace(options, **{name: getattr(begins, name) for name in unread})


def options_from(cls: type[Options], data: Any) -> Options:
    """Make one options dataclass from a dictionary, every value checked. Raises OptionError."""
    if not isinstance(data, Mapping):
        raise OptionError(f"{cls.__name__} must be a JSON object, not {type(data).__name__}.")
    reject_unknown(cls.__name__, data, cls)
    infos = {name: info for name, info, _ in describe(cls)}
    values = {name: check(name, value, infos[name]) for name, value in data.items() if name in infos}
    if "styles" in data:
        values["styles"] = tuple(_style_from(s) for s in _listed("styles", data))
    if "materials" in data:
        values["materials"] = tuple(_material_from(m) for m in _listed("materials", data))
    return cls(**values)


def _listed(name: str, data: Mapping[str, Any]) -> Sequence[Any]:
    values = data[name]
    if not isinstance(values, (list, tuple)):
        raise OptionError(f"Option '{name}' cannot be {values!r}.", "Allowed: a list.")
    return values


def _style_from(data: Any) -> StyleImage:
    if not isinstance(data, Mapping) or not isinstance(data.get("path"), str) or not data["path"]:
        raise OptionError(f"A style cannot be {data!r}.", 'Allowed: {"path": "picture.jpg", "weight": 1}.')
    reject_unknown("style", data, StyleImage)
    return StyleImage(data["path"], number("style weight", data.get("weight", 1.0), 1e-6, 1e6))


def _material_from(data: Any) -> str:
    if not isinstance(data, str) or not data:
        raise OptionError(f"A material cannot be {data!r}.", "Allowed: the path of a picture, folder or movie.")
    return data
