"""The `evaluate` command: its measurements' arguments and calls. What they load is loaded when one is called."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..arguments import Parser, add_options, choices_of
from ..options import CollageOptions, MotionOptions, StyleOptions

if TYPE_CHECKING:
    from ..motion.flow import Estimator

JUDGE = ("flow_method", "raft_weights")
"""The options of motion that also say by what movement clips are measured."""


def add_measurements(parser: argparse.ArgumentParser) -> None:
    """The measurements, each a command of its own with what it takes."""
    kinds = parser.add_subparsers(title="measurements", metavar="WHAT", required=True, parser_class=Parser)
    _add_clip(kinds.add_parser("clip", help="a painted clip against its source"))
    _add_steady(kinds.add_parser("steady", help="paint clips frame by frame and steadily, and compare"))
    _add_collage(kinds.add_parser("collage", help="make collages tracked and with every frame cut afresh, and compare"))
    _add_modes(kinds.add_parser("modes", help="every mode of collage on the same pictures, as a contact sheet"))


def _add_clip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, metavar="CLIP",
                        help="a folder, a pattern (shot_####.png) or a movie")
    parser.add_argument("--result", required=True, metavar="CLIP", help="what was made of it, likewise")
    parser.add_argument("--flow", type=Path, metavar="DIR",
                        help="the source's exact motion; left out, it is estimated")
    parser.add_argument("--style", type=Path, metavar="IMAGE", help="the style image; left out, style is not measured")
    parser.add_argument("--gap", action="append", default=[], type=int, metavar="INT",
                        help="frames apart at which to take warp errors (repeatable; default 1 and 10)")
    parser.add_argument("--seam", action="append", default=[], type=int, metavar="N",
                        help="compare the step to frame N with the clip's others (repeatable)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="a PNG with frames and what changed beyond motion")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_options(parser, MotionOptions, JUDGE)
    parser.set_defaults(run=_clip)


def _clip(options: argparse.Namespace) -> int:
    from . import clip
    return clip.run(options.source, options.result, options.flow, options.style, options.gap, options.seam,
                    options.sheet, options.json, _judge(options))


def _add_steady(parser: argparse.ArgumentParser) -> None:
    _add_clips(parser)
    parser.add_argument("--style", type=Path, required=True, metavar="IMAGE", help="the style image")
    parser.add_argument("--engine", nargs="+", choices=choices_of(StyleOptions, "engine"),
                        default=[StyleOptions.engine], help=f"which engines paint (default {StyleOptions.engine})")
    parser.add_argument("--size", type=int, default=512, metavar="INT", help="long side in pixels (default 512)")
    parser.add_argument("--iterations", type=int, metavar="INT", help="optimizer steps; left out, the default")
    flows = choices_of(MotionOptions, "flow_method")
    parser.add_argument("--paint-along", choices=flows, default=MotionOptions.flow_method, metavar="FLOW",
                        help=f"the movement that is painted along, {' or '.join(flows)}; the judge's flatters it "
                        f"(default {MotionOptions.flow_method})")
    parser.add_argument("--output", type=Path, default=Path("steady_output"), metavar="DIR",
                        help="painted clips, sheets, table.md and figures.json")
    add_options(parser, MotionOptions, JUDGE)
    parser.set_defaults(run=_steady)


def _steady(options: argparse.Namespace) -> int:
    from . import steady
    motion = MotionOptions(flow_method=options.paint_along, raft_weights=options.raft_weights or "")
    settings = steady.Settings(options.style, options.size, options.frames, options.iterations, motion)
    return steady.run(options.clip, options.engine, settings, options.output, _judge(options))


def _add_collage(parser: argparse.ArgumentParser) -> None:
    _add_clips(parser)
    parser.add_argument("--mode", nargs="+", choices=choices_of(CollageOptions, "mode"), default=[CollageOptions.mode],
                        help=f"which modes (default {CollageOptions.mode})")
    parser.add_argument("--materials", nargs="+", default=[], metavar="PATH",
                        help="what to cut from, as for collage; left out, the bundled papers")
    parser.add_argument("--size", type=int, default=640, metavar="INT", help="long side in pixels (default 640)")
    parser.add_argument("--output", type=Path, default=Path("collage_output"), metavar="DIR",
                        help="collages, sheets, table.md and figures.json")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout in place of the table")
    add_options(parser, MotionOptions, JUDGE)
    parser.set_defaults(run=_collage)


def _collage(options: argparse.Namespace) -> int:
    from . import collage
    settings = collage.Settings(options.size, options.frames, tuple(options.materials))
    return collage.run(options.clip, options.mode, settings, options.output, options.json, _judge(options))


def _add_modes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--picture", action="extend", nargs="+", required=True, type=Path, metavar="IMAGE",
                        help="pictures")
    parser.add_argument("--style", action="extend", nargs="+", default=[], type=Path, metavar="IMAGE",
                        help="style images for layered styles")
    parser.add_argument("--mode", action="extend", nargs="+", default=[], metavar="MODE", help="left out, all of them")
    parser.add_argument("--size", type=int, default=1080, metavar="INT", help="long side in pixels (default 1080)")
    parser.add_argument("--cell", type=int, default=320, metavar="INT", help="long side on the sheet (default 320)")
    parser.add_argument("--output", type=Path, default=Path("modes_output"), metavar="DIR", help="pictures, modes.png")
    parser.set_defaults(run=_modes)


def _modes(options: argparse.Namespace) -> int:
    from . import modes
    return modes.run(options.picture, options.style, options.mode, options.output, options.size, options.cell)


def _add_clips(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clip", action="extend", nargs="+", required=True, metavar="CLIP",
                        help="folders, patterns or movies; .flo files beside the frames are their exact motion")
    parser.add_argument("--frames", default="", metavar="A-B", help="the frames of every clip; left out, all")


def _judge(options: argparse.Namespace) -> Estimator:
    """The estimator of the movement that clips are measured by."""
    import torch

    from ..motion.flow import estimator
    method, weights = (getattr(options, name) or getattr(MotionOptions, name) for name in JUDGE)
    return estimator(method, weights, torch.device("cpu"))
