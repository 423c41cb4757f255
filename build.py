#!/usr/bin/env python3
"""The one entry point for people: runs Gouache's demo, tests, packaging, engine and bench, and makes what they need.

Standard library only, Python 3.11 or newer. `python3 build.py --help` lists the commands.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import package
from requirements import children
from requirements.environments import (
    ALL,
    BLENDERS,
    CHECKS,
    ENGINE,
    MEASURE,
    BuildError,
    Environment,
    clean_environ,
    in_words,
    make,
    make_all,
    say,
    write_atomically,
)

ROOT = Path(__file__).resolve().parent
DEMO = ROOT / "demo_output"
DEMO_SMALLEST = 29      # pixels: the height of a frame, 9/16 of it, must be 16
STEP_SECONDS = 1200     # a check that takes longer hangs
SIDE_BY_SIDE = 3        # checks at once: each waits now and then, for a window, an engine or a disk
ADDON_PARTS = {"add-on": "not nodes", "add-on's nodes": "nodes"}  # by names of tests: no part is left over at last

# ---------------------------------------------------------------------------------------------- the package


def package_and_validate(blenders: list[Environment]) -> None:
    archive = package.make()
    say(f"{archive} ({archive.stat().st_size / 1024:.0f} KiB)")
    errors = make_all(blenders)
    for blender in blenders:
        if blender.name in errors:
            say(f"not validated by {blender.label}: {errors[blender.name]}")
        else:
            package.validate(archive, blender)
            say(f"validated by {blender.label}")


# ---------------------------------------------------------------------------------------------- the tests


@dataclass(frozen=True)
class Step:
    """One check: `run` writes to the file it is given, returns None or raises BuildError; `needs` must be ready."""

    name: str
    needs: tuple[Environment, ...]
    run: Callable[[Path], None]


def check(log: Path, env: Environment, *arguments: str | Path, cwd: Path = ROOT,
          extra: Mapping[str, str] | None = None) -> None:
    """Run a Python module of an environment into a log. Raises BuildError if it fails or hangs."""
    with log.open("ab") as file:
        try:
            code = children.run([env.python, "-m", *arguments], STEP_SECONDS, cwd=cwd, stdout=file,
                                stderr=subprocess.STDOUT, env=clean_environ(**(extra or {})))
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"stopped after {STEP_SECONDS} s") from error
    if code:
        raise BuildError(f"exit code {code}")


def check_addon_types(log: Path) -> None:
    """The add-on lies beside `core` in one package only when staged, so its types are checked there."""
    with tempfile.TemporaryDirectory() as name:
        package.stage(Path(name) / "gouache")
        check(log, CHECKS, "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache/addon",
              "-p", "gouache.blender_addon", cwd=Path(name))


def log_line(log: Path, text: str) -> None:
    log.write_text(text, encoding="utf-8")


def pytest(log: Path, env: Environment, *paths: str, **extra: str) -> None:
    check(log, env, "pytest", "-q", "-rsfE", "-p", "no:cacheprovider", *paths, extra=extra)


def steps() -> list[list[Step]]:
    """The checks in order; those of one group run side by side."""
    archive = package.archive()

    def addon(env: Environment, names: str) -> Callable[[Path], None]:
        return lambda log: pytest(log, env, "tests/addon", "-k", names, GOUACHE_ZIP=str(archive),
                                  GOUACHE_TEST_ENGINE_PYTHON=str(ENGINE.python))
    return [
        [Step("ruff", (CHECKS,), lambda log: check(log, CHECKS, "ruff", "check", "."))],
        [Step("package", (), lambda log: log_line(log, f"{package.make()}\n"))],
        [Step("types: core", (CHECKS, ENGINE), lambda log: check(
            log, CHECKS, "mypy", "--cache-dir", ".mypy_cache/core", "--python-executable", ENGINE.python,
            "core", "build.py")),
         Step("types: add-on", (CHECKS,), check_addon_types)],
        [Step("tests: core", (ENGINE,), lambda log: pytest(
            log, ENGINE, "tests/core", "tests/demo", PYTHONPATH=str(ROOT))),  # while those of the add-on wait
         *(Step(f"tests: {part} in {env.label}", (env, ENGINE), addon(env, names))
           for part, names in ADDON_PARTS.items() for env in BLENDERS.values())],
        [Step("tests: build and package", (CHECKS,), lambda log: pytest(
            log, CHECKS, "tests/test_build.py", "tests/packaging", GOUACHE_ZIP=str(archive)))],
    ]


def run_step(step: Step, missing: Mapping[str, BuildError]) -> tuple[str, str, float, str]:
    """Run one check and print what it wrote. Returns its name, result, seconds and a note."""
    lacking = [missing[env.name] for env in step.needs if env.name in missing]
    if lacking:
        # Only another Blender may be absent: without the engine or the checkers nothing would be checked at all.
        optional = all(env.name not in missing or env in BLENDERS.values() for env in step.needs)
        return step.name, "SKIPPED" if optional else "FAILED", 0.0, str(lacking[0]).splitlines()[0]
    start, result, note = time.monotonic(), "passed", ""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        log.touch()
        try:
            step.run(log)
        except (BuildError, OSError) as error:
            result, note = "FAILED", in_words(error)
        seconds = time.monotonic() - start
        text = log.read_text(encoding="utf-8", errors="replace").strip()
    say(f"\n--- {step.name} ---\n{text}")
    return step.name, result, seconds, note


def test(options: argparse.Namespace) -> int:
    start = time.monotonic()
    chosen = [[step for step in group if not options.only or any(word in step.name for word in options.only)]
              for group in steps()]
    if not any(chosen):
        raise BuildError("No check has that in its name. The checks: "
                         + "; ".join(step.name for group in steps() for step in group))
    wanted = {env for group in chosen for step in group for env in step.needs}
    if any(step.name == "tests: build and package" for group in chosen for step in group):
        wanted |= set(BLENDERS.values())
    missing = make_all([env for env in ALL if env in wanted])
    rows = [("environments", "FAILED" if {"engine", "checks"} & set(missing) else "passed",
             time.monotonic() - start, ", ".join(missing) and f"without {', '.join(missing)}")]
    for group in chosen:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            rows += pool.map(lambda step: run_step(step, missing), group)
    say("\n" + "\n".join(f"{name:<52} {result:<8} {seconds:6.1f} s  {note}".rstrip()
                         for name, result, seconds, note in rows))
    say(f"{'all of it':<52} {'':<8} {time.monotonic() - start:6.1f} s")
    return int(any(result == "FAILED" for _, result, _, _ in rows))


# ---------------------------------------------------------------------------------------------- the demo


def demo_blender() -> Environment:
    """The newest Blender that can be had here; says which, and why not the newer one."""
    for env in reversed(BLENDERS.values()):
        error = make_all([env]).get(env.name)
        if error is None:
            say(f"demo: using {env.label}")
            return env
        say(f"demo: {env.label} cannot be had: {error}")
    raise BuildError("The demo needs one of these Blender versions.")


def run_demo(env: Environment, script: str | Path, *arguments: str | Path, **extra: str) -> None:
    if code := children.run([env.python, ROOT / "demo" / script, *arguments], env=clean_environ(**extra)):
        raise BuildError(f"demo/{script} failed with exit code {code}; its reason stands above.")


def render_clip(blender: Environment, folder: Path) -> None:
    """Render the clip, unless these very frames are there: the stamp, written last, says what they came from."""
    stamp = folder / "made-from.txt"
    source = hashlib.sha256((ROOT / "demo" / "clip.py").read_bytes()).hexdigest() + f" {blender.label}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == source:
        say(f"demo: the clip is there already, in {folder}")
        return
    start = time.monotonic()
    say("demo: rendering the clip")
    shutil.rmtree(folder, ignore_errors=True)
    run_demo(blender, "clip.py", "--output", folder)
    write_atomically(stamp, source)
    say(f"demo: rendered in {time.monotonic() - start:.0f} s")


def check_demo(options: argparse.Namespace) -> None:
    """Refuse what the painting would refuse only after minutes of installing and rendering. Raises BuildError."""
    from core.errors import OptionError  # here, as an older Python cannot read it
    from core.options import StyleOptions, options_from

    if not Path(options.style).is_file():
        raise BuildError(f"There is no style picture {options.style}.")
    try:
        options_from(StyleOptions, {"size": options.size, "iterations": options.iterations})
    except OptionError as error:
        raise BuildError(str(error)) from error
    if 0 < options.size < DEMO_SMALLEST:
        raise BuildError(f"--size {options.size} is too small: it needs at least {DEMO_SMALLEST}, "
                         "as frames under 16 pixels in height cannot be painted; 0 keeps the clip's size.")


def demo(options: argparse.Namespace) -> int:
    start = time.monotonic()
    check_demo(options)
    if errors := make_all([ENGINE]):
        raise errors["engine"]
    blender = demo_blender()
    archive = package.make()
    package.validate(archive, blender)
    work = DEMO / "work"
    work.mkdir(parents=True, exist_ok=True)
    clip, style = DEMO / "clip", Path(options.style).resolve()
    extra = {"BLENDER_USER_RESOURCES": str(work / "blender"), "GOUACHE_ENGINE_PYTHON": str(ENGINE.python)}
    paint = [str(value) for value in ("--size", options.size, "--iterations", options.iterations)]
    render_clip(blender, clip)
    scripts: tuple[tuple[Environment, list[str | Path]], ...] = (
        (blender, ["paint.py", "--zip", archive, "--clip", clip, "--style", style, "--output", DEMO, *paint]),
        (ENGINE, ["sheet.py", "--clip", clip, "--style", style, "--output", DEMO]))
    for env, (script, *arguments) in scripts:
        run_demo(env, script, *arguments, **extra)
    report = json.loads((work / "report.json").read_text(encoding="utf-8"))
    say(f"\nThe demo is in {DEMO}:")
    for name, what in (("frames", "the painted image sequence"), (report["movie"], "the movie, from the sequencer"),
                       ("demo.blend", "the timeline"), ("before_after.png", "before and after")):
        say(f"  {name:<18} {what}")
    say(f"{report['frames']} frames painted in {report['seconds']:.1f} s: "
        f"{report['seconds'] / report['frames']:.1f} s per frame. All of it: {time.monotonic() - start:.0f} s.")
    return 0


# ---------------------------------------------------------------------------------------------- the engine


BENCH_PICTURES = ("--content", str(ROOT / "docs" / "clip_frame.jpg"),
                  "--style", str(ROOT / "blender_addon" / "styles" / "swirling_night.jpg"))


def engine(arguments: list[str], env: Environment = ENGINE) -> int:
    """Run `python -m core` from the caller's own folder, so that relative paths mean what they say."""
    python = make(env)
    command = [str(python), "-m", "core", *arguments]
    environ = clean_environ(PYTHONPATH=str(ROOT))
    if sys.platform != "win32":
        sys.stdout.flush()
        os.execve(python, command, environ)     # noqa: S606 -- takes this process's place: signals, exit code
    process = subprocess.Popen(command, env=environ)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:               # the console sent it to the engine as well, which ends by itself
            continue


# ---------------------------------------------------------------------------------------------- the command line


PASSED_ON = {"engine": "run the engine", "bench": "time the engine", "compare": "compare it with rivals",
             "evaluate": "measure clips"}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="build.py", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("demo", help="paint a small clip in a headless Blender, into demo_output/")
    styles = ROOT / "blender_addon" / "styles"
    add.add_argument("--style", default=styles / "swirling_night.jpg", help="the style picture (default: %(default)s)")
    add.add_argument("--size", type=int, default=384, help="long side of the painted frames (default: %(default)s)")
    add.add_argument("--iterations", type=int, default=40, help="optimizer steps per scale (default: %(default)s)")
    add = commands.add_parser("test", help="run every check; exit code 1 if one fails")
    add.add_argument("--only", action="append", metavar="WORD", help="only checks with WORD in their name; repeatable")
    add = commands.add_parser("package", help="build the extension's zip in dist/ and have Blender validate it")
    add.add_argument("--no-validation", action="store_true", help="do not install a Blender to validate it with")
    commands.add_parser("environments", help="only make (or mend) every environment, in .environments/")
    for name, what in PASSED_ON.items():
        text = f"{what}: build.py {name} -- ARGS is python -m core {'' if name == 'engine' else name + ' '}ARGS"
        commands.add_parser(name, help=text, description=text, usage=f"build.py {name} [--] ARGS",
                            epilog=f"build.py {name} -- --help lists what ARGS can be.")
    return top


def parse(given: list[str]) -> argparse.Namespace:
    """Read the command line; argparse would take options meant for the engine as its own."""
    if given and given[0] in PASSED_ON and given[1:] not in (["-h"], ["--help"]):
        return argparse.Namespace(command=given[0], arguments=given[1:])
    return parser().parse_args(given)


def dispatch(options: argparse.Namespace) -> int:
    match options.command:
        case "demo":
            return demo(options)
        case "test":
            return test(options)
        case "package":
            package_and_validate([] if options.no_validation else list(BLENDERS.values()))
        case "environments":
            for error in (errors := make_all(list(ALL))).values():
                say(str(error))
            return int(bool(errors))
        case _:
            given = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
            if options.command == "engine":
                return engine(given)
            own = BENCH_PICTURES if options.command == "bench" else ()
            return engine([options.command, *own, *given], MEASURE)
    return 0


def main() -> int:
    if sys.version_info < (3, 11):      # noqa: UP036 -- it is the older Python that must be told
        print("build.py needs Python 3.11 or newer.", file=sys.stderr)
        return 1
    children.heed_signals()             # Blender's end is the engine's
    try:
        return dispatch(parse(sys.argv[1:]))
    except (BuildError, OSError) as error:
        print(f"build.py: {in_words(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbuild.py: interrupted; run it again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
