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
from .evaluate.command import add_bench, add_compare, add_measurements, add_reproduce
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
from .train.command import add_networks

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
        return int(options.run(options) or 0)
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
    add_reproduce(commands.add_parser("reproduce", help="repeat a paper's experiments"))
    add_bench(commands.add_parser("bench", help="measure speed and memory against baselines"))
    add_compare(commands.add_parser("compare", help="measure the encoder and the fast engine against rivals"))
    add_measurements(commands.add_parser("evaluate", help="measure clips and collages, show every mode of collage"))
    add_networks(commands.add_parser("train", help="train the networks that Gouache brings along"))
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


def _stylize(options: argparse.Namespace) -> None:
    styles = tuple(StyleImage.parse(text) for text in options.style)
    _run(options, "style", dataclasses.replace(chosen_options(StyleOptions, options), styles=styles))


def _collage(options: argparse.Namespace) -> None:
    given = given_options(CollageOptions, options)
    mode = dataclasses.asdict(CollageOptions.for_mode(options_from(CollageOptions, given).mode))
    _run(options, "collage", options_from(CollageOptions, {**mode, **given, "materials": options.materials}))


def _run(options: argparse.Namespace, effect: str, chosen: StyleOptions | CollageOptions) -> None:
    from . import pipeline, progress
    if not options.output:
        raise OptionError("The output folder is missing.", "Give one with --output.")
    job = Job(options.input, options.output, effect, chosen, chosen_options(OutputOptions, options),
              chosen_options(EngineOptions, options), motion=chosen_options(MotionOptions, options)).rooted(Path.cwd())
    listener = progress.JsonLines() if options.json else progress.for_terminal()
    with listener:
        for event in pipeline.run(job):
            listener.hear(event)


def _doctor(options: argparse.Namespace) -> int:
    from . import doctor
    report = doctor.report()
    if options.json:
        print(json.dumps(events.to_json(report)))
    else:
        doctor.print_table(report.checks)
    return 0 if report.ok else 1


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
