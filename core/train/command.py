"""The `train` command: its arguments and its call. What it loads is loaded when it is called."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..arguments import Parser, add_options, chosen_options
from ..options import EngineOptions


def add_networks(parser: argparse.ArgumentParser) -> None:
    """The networks that can be trained, each a command of its own with what it takes."""
    networks = parser.add_subparsers(title="networks", metavar="NETWORK", required=True, parser_class=Parser)
    for name, teacher, steps, rate, what in (
            ("encoder", "vgg19", 1650, 3e-4, "the small encoder, which learns VGG-19's features"),
            ("decoder", "lite", 4000, 1e-3, "the fast engine's decoder, which learns to paint")):
        network = networks.add_parser(name, help=what)
        network.add_argument("--data", nargs="+", required=True, type=Path, metavar="DIR",
                             help="folders with pictures")
        network.add_argument("--held-out", nargs="+", default=[], metavar="PATTERN",
                             help="files kept to measure with (kodim0*); left out, every eighth")
        network.add_argument("--output", required=True, type=Path, metavar="FILE",
                             help="weights (.safetensors); a .json beside them tells how they came about")
        network.add_argument("--steps", type=int, default=steps, metavar="INT", help=f"(default {steps})")
        network.add_argument("--batch", type=int, default=8, metavar="INT", help="pictures a step (default 8)")
        network.add_argument("--side", type=int, default=192, metavar="INT", help="their side in pixels (default 192)")
        network.add_argument("--rate", type=float, default=rate, metavar="FLOAT",
                             help=f"learning rate (default {rate})")
        network.add_argument("--teacher", choices=["vgg19", "lite"], default=teacher,
                             help=f"the encoder that measures its errors (default {teacher})")
        network.add_argument("--seed", type=int, default=1, metavar="INT", help="of all random numbers (default 1)")
        add_options(network, EngineOptions)
        network.add_argument("--start", type=Path, metavar="FILE",
                             help="weights of an earlier training to begin with; their .json lies beside them")
        network.set_defaults(run=_train, network=name, styles=[])
    networks.choices["decoder"].add_argument("--styles", nargs="+", default=[], type=Path, metavar="DIR",
                                             help="folders with pictures to paint like (default: those of --data)")


def _train(options: argparse.Namespace) -> None:
    from . import training
    from .loop import Settings
    settings = Settings(options.network, options.teacher, tuple(folder.name for folder in options.data),
                        tuple(folder.name for folder in options.styles), tuple(options.held_out), options.steps,
                        options.batch, options.side, options.rate, options.seed)
    training.run(settings, options.data, options.styles, options.output, chosen_options(EngineOptions, options),
                 options.start)
