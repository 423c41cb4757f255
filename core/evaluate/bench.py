"""`bench`: encoders, recipes, the fast engine, a very large picture and collages, timed on the CPU in one run.

Every recipe runs in a process of its own, with the seconds of its painting counted (reading, loading and writing left
out) and its peak memory. Pictures are measured by a judge that none of them was optimized or trained with
(`neutral.py`). The paper's recipe: VGG-19, one scale, float32, L-BFGS, lambda_os = 1e-3, started from the content.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from .. import frames, weights
from ..atomic import write_text
from ..encoders import ENCODERS
from ..errors import GouacheError, OptionError, WeightsError
from ..frames import Picture
from ..job import Job
from ..options import EngineOptions, StyleImage, StyleOptions
from ..sizes import Size, fitted, resize, size_of
from ..style.optimize import PLAIN
from . import bench_collage, processes, traces
from .neutral import neutral_judge
from .processes import Taken
from .report import verdict
from .sheets import write_sheet
from .traces import Trace

EVERY = 10
"""Steps between snapshots."""
PAIR_RECIPES = ("paper", "lite", "lite-mild", "lite-plain", "lite-long")
"""What is compared over several pairs: a style's strength asks for another setting, and chance has its part."""
TIMED_STEPS = 12
PRECISIONS = ("auto", "float32")
"""What is timed: the default, and what the default is on processors without bfloat16."""
INIT_STEPS = 120
"""At most so many from the fast start: twice the default's at the final size, to tell how late it is if it is late."""
LARGE: Size = (2304, 4096)
LARGE_STEPS = 4
FRAMES: tuple[Size, ...] = ((512, 512), (1080, 1920))
"""Sizes that the fast engine is timed at, (height, width)."""
FRAME_REPEATS = 5
PASTICHE_LAYERS = ("block1_relu2", "block2_relu2", "block3_relu4", "block4_relu4", "block5_relu4")


@dataclass(frozen=True)
class Bench:
    """One call's pictures (at the benchmark's size), settings and output folder.

    `others` are pairs of content and style image that only the sections over every pair see.
    """

    content: Path
    style: Path
    output: Path
    iterations: int
    pastiche: bool = False
    clip: Path | None = None
    others: Sequence[tuple[Path, Path]] = ()

    def each(self) -> Iterator[Bench]:
        """The same with each pair in turn, its output beside its pictures."""
        for content, style in [(self.content, self.style), *self.others]:
            yield replace(self, content=content, style=style, output=content.parent, others=())

    def paint(self, name: str, options: StyleOptions, precision: str = "auto", every: int = 0, times: int = 1,
              content: Path | None = None) -> Taken | None:
        """Run a recipe on the CPU at its picture's own size. None, and a line, where something it needs is missing."""
        if reason := lacking(options):
            print(f"{name}: SKIPPED, {reason}", flush=True)
            return None
        print(f"{name} ...", flush=True)
        options = replace(options, size=0, styles=(StyleImage(str(self.style)),))
        job = Job(str(content or self.content), str(self.output), options=options,
                  engine=EngineOptions(device="cpu", precision=precision))
        return processes.paint(job, self.output / name, every, times)


def run(content: Sequence[Path], style: Sequence[Path], output: Path, size: int, iterations: int,
        only: Sequence[str] = (), pastiche: bool = False, clip: Path | None = None) -> int:
    """Run every section (or `only` some), print the comparisons, write figures.json, sheet.png. Raises GouacheError.

    There are as many content as style images; each section but "pairs" and "init" takes the first two.
    """
    if len(content) != len(style):
        raise OptionError(f"There are {len(content)} content and {len(style)} style images.", "Give as many of both.")
    if unknown := [name for name in only if name not in SECTIONS]:
        raise OptionError(f"The benchmark has no section '{unknown[0]}'.", f"Sections: {', '.join(SECTIONS)}.")
    first, *others = (_prepare(*pair, output / f"pair{i}" if i else output, size)
                      for i, pair in enumerate(zip(content, style, strict=True)))
    bench = Bench(*first, output, iterations, pastiche, clip, others)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {size} px")
    figures: dict[str, Any] = {}
    failed = False
    for name, section in SECTIONS.items():
        if only and name not in only:
            continue
        print(f"\n== {name}: {(section.__doc__ or '').splitlines()[0]}", flush=True)
        try:
            figures[name] = section(bench)
        except GouacheError as error:
            failed = True
            print(f"{name}: FAILED: {error}")
        write_text(output / "figures.json", json.dumps(figures, indent=1) + "\n")
    print(f"\npictures and figures.json are in {output}")
    return int(failed)


def lacking(options: StyleOptions) -> str | None:
    """What these options need and is not installed, in words."""
    files = [ENCODERS[options.encoder].weights]
    if "fast" in (options.engine, options.init):
        files += [weights.LITE, weights.DECODER]
    for file in files:
        try:
            file.path()
        except WeightsError as error:
            return error.message
    return None


def _prepare(content: Path, style: Path, output: Path, size: int) -> tuple[Path, Path]:
    """Both pictures as PNG at the benchmark's size, so that every recipe reads the same bytes."""
    paths = []
    for name, source in (("content", content), ("style", style)):
        picture = frames.read(source).rgb
        path = output / f"{name}.png"
        frames.write(path, Picture(resize(picture, fitted(size_of(picture), size, enlarge=True))), "png")
        paths.append(path)
    return paths[0], paths[1]


# ------------------------------------------------------------------------------------------------ one step


def steps(bench: Bench) -> dict[str, Any]:
    """seconds per step and peak memory of both encoders, in the default precision and in float32"""
    found: dict[tuple[str, str], Taken] = {}
    for precision in PRECISIONS:
        for encoder in ("vgg19", "lite"):
            options = StyleOptions(encoder=encoder, scales=1, iterations=TIMED_STEPS, tolerance=0.0)
            if taken := bench.paint(f"steps-{encoder}-{precision}", options, precision):
                found[encoder, precision] = taken
    for line in _step_lines(found):
        print(line)
    return {f"{encoder} {precision}": {"precision": taken.precision, "seconds_per_step": taken.seconds_per_step,
                                       "peak_mib": taken.peak_mib}
            for (encoder, precision), taken in found.items()}


def _step_lines(found: dict[tuple[str, str], Taken]) -> Iterator[str]:
    yield f"{'encoder':9}{'asked':9}{'precision':11}{'s a step':>10}{'peak MiB':>10}"
    for (encoder, precision), taken in found.items():
        peak = f"{taken.peak_mib:.0f}" if taken.peak_mib else "n/a"
        yield f"{encoder:9}{precision:9}{taken.precision:11}{taken.seconds_per_step:10.4f}{peak:>10}"
    for precision in PRECISIONS:
        pair = [found.get((encoder, precision)) for encoder in ("vgg19", "lite")]
        if pair[0] and pair[1]:
            ratio = pair[0].seconds_per_step / pair[1].seconds_per_step
            memory = (f", memory 1/{pair[0].peak_mib / pair[1].peak_mib:.2f}"
                      if pair[0].peak_mib and pair[1].peak_mib else "")
            yield f"{precision}: a step of lite costs 1/{ratio:.2f} of vgg19's ({verdict(ratio >= 6)} 1/6){memory}"


# ------------------------------------------------------------------------------------------------ whole pictures


def _recipes(iterations: int) -> dict[str, tuple[StyleOptions, str]]:
    """Options and precision by name; the paper's first.

    "lite-long" is what reached the paper's loss soonest at no more content error on the town in Starry Night's style
    (measured: strengths 0.65 to 0.75, 70 to 100 steps), "lite-mild" on three other pairs (0.25 to 0.5, 60 steps),
    "lite-plain" the same by the paper's L-BFGS, "lite-fast" the paper's strength from the fast engine's painting.
    """
    return {
        "paper": (StyleOptions(encoder="vgg19", scales=1, strength=0.75, iterations=iterations, tolerance=0.0,
                               optimizer=PLAIN), "float32"),
        "vgg19": (StyleOptions(encoder="vgg19"), "auto"),
        "lite": (StyleOptions(encoder="lite"), "auto"),
        "lite-mild": (StyleOptions(encoder="lite", strength=0.35), "auto"),
        "lite-plain": (StyleOptions(encoder="lite", strength=0.35, optimizer=PLAIN), "auto"),
        "lite-long": (StyleOptions(encoder="lite", strength=0.7, iterations=max(1, iterations * 4 // 5)), "auto"),
        "lite-fast": (StyleOptions(encoder="lite", strength=0.75, init="fast"), "auto"),
        "fast": (StyleOptions(encoder="lite", engine="fast"), "auto"),
    }


def recipes(bench: Bench) -> dict[str, Any]:
    """the paper's recipe, the default with vgg19 and with lite, the fast engine, measured by the neutral judge"""
    found = _compared(bench, _recipes(bench.iterations))
    content, style = (frames.read(path).rgb for path in (bench.content, bench.style))
    pictures = [(trace.name, frames.read(trace.picture).rgb) for trace in found]
    write_sheet(bench.output / "sheet.png",
                [("the last picture of each", [("content", content), ("style", style), *pictures])], cell=512)
    return {trace.name: {"peak_mib": trace.peak_mib, "snapshots": [asdict(s) for s in trace.snapshots]}
            for trace in found}


def pairs(bench: Bench) -> dict[str, Any]:
    """over every pair given: when lite has the neutral style loss of the paper's recipe, at no more content error"""
    if not bench.others:
        print("pairs: SKIPPED, one pair was given (several images after --content and --style)")
        return {}
    if reason := lacking(_recipes(bench.iterations)["paper"][0]):
        print(f"pairs: SKIPPED, {reason}")
        return {}
    found = {each.output.name: _compared(replace(each, pastiche=False), PAIR_RECIPES) for each in bench.each()}
    for line in traces.soonest(list(found.values())):
        print(line)
    return {name: {trace.name: [asdict(s) for s in trace.snapshots] for trace in each} for name, each in found.items()}


def _compared(bench: Bench, names: Collection[str]) -> list[Trace]:
    """What these recipes did with one pair of pictures, the paper's first; prints how they compare."""
    # The judge first, so that a missing one shows before the work and not after it
    judge = neutral_judge(*(frames.read(path).rgb for path in (bench.content, bench.style)))
    taken = {name: bench.paint(name, *recipe, EVERY)
             for name, recipe in _recipes(bench.iterations).items() if name in names}
    if bench.pastiche:
        taken["pastiche"] = _pastiche(bench)
    found = [traces.measured(name, each, bench.content, judge) for name, each in taken.items() if each]
    print(f"the paper's recipe takes {bench.iterations} steps")
    for line in traces.report(found):
        print(line, flush=True)
    return found


def _pastiche(bench: Bench) -> Taken | None:
    """The PyPI package with the paper's layers and steps, its own loss, its defaults otherwise."""
    if importlib.util.find_spec("pastiche") is None:
        print("pastiche: SKIPPED, not installed")
        return None
    print("pastiche ...", flush=True)
    folder = bench.output / "pastiche"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    size = str(max(frames.size(bench.content)))
    began = time.time()
    peak = processes.run(
        [sys.executable, "-m", "pastiche", "--content", str(bench.content), "--styles", str(bench.style), "--output",
         str(folder / "99999.png"), "--size", size, "--style-size", size, "--num-steps", str(bench.iterations),
         "--workspace", str(folder), "--workspace-step", str(EVERY * 3), "--style-layers", *PASTICHE_LAYERS],
        folder / "log.txt")
    times = {path.stem: path.stat().st_mtime - began for path in folder.glob("*.png")}
    return Taken(folder, times, peak_mib=peak)


# ------------------------------------------------------------------------------------------------ --init fast


def init(bench: Bench) -> dict[str, Any]:
    """over every pair given: steps with lite until the plain start's final loss, started by the fast engine"""
    return {each.output.name: found for each in bench.each() if (found := _started(each))}


def _started(bench: Bench) -> dict[str, Any]:
    """One pair from the content and from the fast engine's painting; prints how they compare."""
    height, width = frames.size(bench.content)
    print(f"{bench.output.name}: {width} x {height} pixels")
    plain = bench.paint("init-content", StyleOptions(encoder="lite", tolerance=0.0))
    fast = bench.paint("init-fast", StyleOptions(encoder="lite", init="fast", iterations=INIT_STEPS, scales=1,
                                                 tolerance=0.0))
    half = bench.paint("init-half", StyleOptions(encoder="lite", init="fast", tolerance=0.0,
                                                 iterations=StyleOptions.iterations // 2))
    if not plain or not fast or not half:
        return {}
    loss = plain.steps[-1][1]
    at = next((i for i, (final, value, _) in enumerate(fast.steps) if final and value <= loss), None)
    for line in _init_lines(plain, fast, at):
        print(line)
    reached = half.steps[-1][1] / loss
    print(f"fast start, coarse to fine with half the steps: final loss {reached:.3f} of the plain start's "
          f"({verdict(reached <= 1)} it), in {half.steps[-1][2] / plain.steps[-1][2]:.2f} of the seconds")
    return {"plain": plain.steps, "fast": fast.steps, "half": half.steps,
            "steps_to_reach": None if at is None else at + 1}


def _init_lines(plain: Taken, fast: Taken, at: int | None) -> Iterator[str]:
    _, loss, seconds = plain.steps[-1]
    yield (f"plain start: {len(plain.steps)} steps, {_final(plain)} of them at the final size, {seconds:.1f} s, "
           f"final loss {loss:.6g}")
    if at is None:
        yield f"fast start: NOT reached in {len(fast.steps)} steps; final loss {fast.steps[-1][1]:.6g}"
        return
    reached = replace(fast, steps=fast.steps[:at + 1])
    yield f"fast start: that loss after {at + 1} steps, {_final(reached)} of them at the final size"
    for what, share in (("of all steps", (at + 1) / len(plain.steps)),
                        ("of the steps at the final size", _final(reached) / _final(plain))):
        yield f"fast start: {share:.2f} {what} ({verdict(share <= 0.5)} 1/2)"
    yield f"fast start: {reached.steps[-1][2] / seconds:.2f} of the seconds"


def _final(taken: Taken) -> int:
    return sum(final for final, _, _ in taken.steps)


# ------------------------------------------------------------------------------------------------ the fast engine


def fast(bench: Bench) -> dict[str, Any]:
    """seconds a frame of the fast engine in both precisions, after loading: the first frame, the others' median"""
    found = {}
    picture = frames.read(bench.content).rgb
    for size, limit in zip(FRAMES, (0.3, 3.0), strict=True):
        name = f"fast-{size[1]}x{size[0]}"
        content = bench.output / f"{name}.png"
        frames.write(content, Picture(resize(picture, size)), "png")
        for precision in PRECISIONS:
            taken = bench.paint(f"{name}-{precision}", StyleOptions(encoder="lite", engine="fast"), precision,
                                times=FRAME_REPEATS, content=content)
            if taken:
                median = statistics.median(taken.repeats[1:])
                found[f"{name}-{precision}"] = {"precision": taken.precision, "first": taken.repeats[0],
                                                "median": median, "peak_mib": taken.peak_mib}
                print(f"{name}-{precision}: {taken.precision}, first frame {taken.repeats[0]:.3f} s, then {median:.3f} "
                      f"s ({verdict(median <= limit)} {limit} s), peak {taken.peak_mib or float('nan'):.0f} MiB")
    return found


# ------------------------------------------------------------------------------------------------ a large picture


def large(bench: Bench) -> dict[str, Any]:
    """4096 x 2304 with lite through the whole pipeline: peak memory of the process, seconds per step"""
    if reason := lacking(StyleOptions(encoder="lite")):
        print(f"large: SKIPPED, {reason}")
        return {}
    folder = bench.output / "large"
    shutil.rmtree(folder, ignore_errors=True)
    content = folder / "content.png"
    frames.write(content, Picture(resize(frames.read(bench.content).rgb, LARGE)), "png")
    log = folder / "log.txt"
    peak = processes.run(
        [sys.executable, "-m", (__package__ or "").rpartition(".")[0], "stylize", str(content), "--style",
         str(bench.style), "--output", str(folder / "result"), "--size", "0", "--encoder", "lite", "--device", "cpu",
         "--iterations", str(LARGE_STEPS), "--tolerance", "0", "--json"], log)
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    times = [event["seconds"] for event in events if event.get("event") == "progress"]
    last = times[-LARGE_STEPS:-1]  # the very last step only looks at the loss
    step = statistics.mean(b - a for a, b in pairwise(last))
    whole = next(event["seconds"] for event in events if event.get("event") == "done")
    memory = f"{peak:.0f} MiB ({verdict(peak <= 6 * 1024)} 6 GiB)" if peak else "n/a"
    print(f"{LARGE[1]} x {LARGE[0]}: {step:.1f} s a step at the full size, {whole:.0f} s for {len(times)} steps on all "
          f"scales with reading and writing, peak {memory}")
    return {"seconds_per_step": step, "seconds": whole, "steps": len(times), "peak_mib": peak}


# ------------------------------------------------------------------------------------------------ collages


def collage(bench: Bench) -> dict[str, Any]:
    """a clip made of paper at 960 px: seconds a frame, peak memory of a short and a long one, beside cutting afresh"""
    if bench.clip is None:
        print("collage: SKIPPED, no clip was given (--clip)")
        return {}
    return bench_collage.section(bench.clip, bench.output)


SECTIONS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "steps": steps, "recipes": recipes, "pairs": pairs, "init": init, "fast": fast, "large": large,
    "collage": collage}
