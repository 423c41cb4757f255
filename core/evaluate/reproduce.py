"""`reproduce normalized-loss`: the experiments of Choi & Kim (JBE 25(6), 2020) for the classic and their loss.

Figure 2/6 (a) the weight of the content, (b) one style layer raised 100-fold, (c) three sizes; figure 3 the initial
part losses. All start from the content image and take the same L-BFGS steps at one scale, as the paper does.

Deviations: fewer steps than the paper's 600 unless asked for; the sizes are half, once and twice `--size` (the
paper's 256, 512, 1024 with --size 512); the classic loss's lambda_os in (b) and (c) is one value for all styles,
where the paper chose one per style by eye.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from tqdm import tqdm

from .. import devices, frames
from ..digests import digest_of
from ..effects import Step
from ..encoders import Encoder, load_encoder
from ..errors import InputError
from ..frames import Picture
from ..options import EngineOptions, StyleOptions, parse_layers
from ..sizes import fitted, resize, size_of
from ..style.optimize import PLAIN
from ..style.transfer import StyleTargets, paint
from .measure import STYLE_LAYERS, Judge
from .report import read_figures, write_figures
from .sheets import write_sheet

LOSSES = ("classic", "normalized")
SWEEP = {"classic": (1e-2, 1e-3, 1e-4, 1e-5, 1e-6), "normalized": (1.0, 1e-1, 1e-2, 1e-3, 1e-4)}
"""lambda_os from weak to strong style; the classic loss needs smaller ones."""
CHOSEN = {"classic": 1e-4, "normalized": 1e-3}
EMPHASIS = 100.0
LAYER_WEIGHT = 0.2
"""Weight of every style layer (the paper's, its footnote 4)."""


@dataclass(frozen=True)
class Cell:
    """One run: its experiment, loss, style, lambda_os, raised layer ("" for none) and size."""

    experiment: str
    loss: str
    style: str
    content_weight: float
    raised: str
    size: int

    @property
    def name(self) -> str:
        """Its file name; equal runs of different experiments share it."""
        raised = f"-{self.raised}" if self.raised else ""
        return f"{self.style}-{self.loss}-{self.content_weight:g}{raised}-{self.size}"

    def options(self, iterations: int) -> StyleOptions:
        """The paper's recipe for this cell."""
        weights = ",".join(f"{j}={LAYER_WEIGHT * (EMPHASIS if j == self.raised else 1):g}" for j in STYLE_LAYERS)
        return StyleOptions(loss=self.loss, style_layers=weights, content_weight=self.content_weight, scales=1,
                            iterations=iterations, optimizer=PLAIN)


def run(content: Path, styles: Sequence[Path], output: Path, size: int, iterations: int) -> None:
    """All experiments; writes lambda.png, layers.png, sizes.png, figures.json and every picture.

    Finished runs with the same settings are kept, so a stopped call goes on. Raises InputError, OutputError.
    """
    bench = _Bench(content, styles, output, iterations)
    cells = list(_cells([s.stem for s in styles], size))
    for cell in tqdm({cell.name: cell for cell in cells}.values(), unit="run", desc="reproduce"):
        bench.make(cell)
    bench.write_parts(size)
    for experiment in ("lambda", "layers", "sizes"):
        _write_sheet(bench, experiment, [c for c in cells if c.experiment == experiment])
    for line in _findings(bench.figures, cells):
        print(line)
    print(f"sheets and figures.json are in {output}")


def _cells(styles: Sequence[str], size: int) -> Iterator[Cell]:
    for loss in LOSSES:
        for style in styles:
            for weight in SWEEP[loss]:
                yield Cell("lambda", loss, style, weight, "", size)
            for layer in STYLE_LAYERS:
                yield Cell("layers", loss, style, CHOSEN[loss], layer, size)
            for each in (size // 2, size, 2 * size):
                yield Cell("sizes", loss, style, CHOSEN[loss], "", each)


class _Bench:
    """Pictures, networks and figures of one call."""

    def __init__(self, content: Path, styles: Sequence[Path], output: Path, iterations: int) -> None:
        self.output, self.iterations = output, iterations
        self.compute = devices.choose(EngineOptions())
        self.content = frames.read(content).rgb.to(self.compute.device)
        self.styles = {path.stem: frames.read(path).rgb.to(self.compute.device) for path in styles}
        if len(self.styles) < len(styles):
            raise InputError("Two style images have one name.", "Rename one of them.")
        self.digests = {path.stem: digest_of(path) for path in styles}
        self.encoder: Encoder = load_encoder("vgg19", self.compute.device, self.compute.precision)
        self._judges: dict[tuple[str, int], Judge] = {}
        self.settings = {"content": digest_of(content), "iterations": iterations,
                         "precision": str(self.compute.precision).removeprefix("torch.")}
        self.figures: dict[str, Any] = self._load()

    def make(self, cell: Cell) -> None:
        """Paint and measure one cell unless that is done."""
        done = self.figures["cells"].get(cell.name, {})
        if done.get("style_image") == self.digests[cell.style] and frames.readable(self.path(cell)):
            return
        content = self._at(cell.size)
        options = cell.options(self.iterations)
        targets = StyleTargets(self.encoder, [(self.styles[cell.style], 1.0)],
                               list(parse_layers("style_layers", options.style_layers)))
        first = last = 0.0
        picture = content
        for result in paint(self.encoder, content, targets, options):
            if isinstance(result, Step):
                first, last = first or result.loss, result.loss
            else:
                picture = result
        figures = self._judge(cell.style, cell.size)(picture)
        frames.write(self.path(cell), Picture(picture.cpu()), "png")
        self.figures["cells"][cell.name] = {
            **asdict(cell), "style_image": self.digests[cell.style],
            "relative_style_loss": figures.style, "content_error": figures.content,
            "loss_first": first, "loss_last": last, "mean_change": float((picture - content).abs().mean())}
        write_figures(self.output, self.figures)

    def write_parts(self, size: int) -> None:
        """The initial part losses of each style, and their spread."""
        content = self._at(size)
        for style in self.styles:
            parts = self._judge(style, size).parts(content)
            spread = {loss: max(p.values()) / min(p.values()) for loss, p in parts.items()}
            self.figures["initial_part_losses"][style] = {**parts, "spread": spread}
        write_figures(self.output, self.figures)

    def path(self, cell: Cell) -> Path:
        return self.output / "pictures" / f"{cell.name}.png"

    def _at(self, size: int) -> Tensor:
        return resize(self.content, fitted(size_of(self.content), size, enlarge=True))

    def _judge(self, style: str, size: int) -> Judge:
        if (style, size) not in self._judges:
            self._judges[style, size] = Judge(self._at(size), self.styles[style])
        return self._judges[style, size]

    def _load(self) -> dict[str, Any]:
        """Figures of an earlier call with the same settings."""
        empty = {"settings": self.settings, "cells": {}, "initial_part_losses": {}}
        found = read_figures(self.output)
        return found if found.get("settings") == self.settings else empty


def _write_sheet(bench: _Bench, experiment: str, cells: Sequence[Cell]) -> None:
    rows = []
    for style, image in bench.styles.items():
        for loss in LOSSES:
            row = [("style", image)]
            for cell in (c for c in cells if (c.style, c.loss) == (style, loss)):
                what = {"lambda": f"lambda {cell.content_weight:g}", "layers": f"{cell.raised} x {EMPHASIS:g}",
                        "sizes": f"{cell.size} px"}[experiment]
                figures = bench.figures["cells"][cell.name]
                label = f"{what}: style {figures['relative_style_loss']:.2f} content {figures['content_error']:.2f}"
                row.append((label, frames.read(bench.path(cell)).rgb))
            rows.append((f"{style}, {loss} loss", row))
    write_sheet(bench.output / f"{experiment}.png", rows, cell=320)


def _findings(figures: dict[str, Any], cells: Sequence[Cell]) -> Iterator[str]:
    """The paper's claims, with the numbers found."""
    sweep = [figures["cells"][c.name] for c in cells if c.experiment == "lambda"]
    for weight in SWEEP["normalized"]:
        errors = [f["content_error"] for f in sweep if (f["loss"], f["content_weight"]) == ("normalized", weight)]
        yield (f"normalized, lambda {weight:g}: content errors {min(errors):.3f} to {max(errors):.3f}, "
               f"factor {max(errors) / max(min(errors), 1e-9):.2f}")
    for ours in (f for f in sweep if (f["loss"], f["content_weight"]) == ("normalized", CHOSEN["normalized"])):
        rivals = [f["relative_style_loss"] for f in sweep if f["style"] == ours["style"] and f["loss"] == "classic"
                  and f["content_error"] <= ours["content_error"]]
        best = f"{min(rivals):.3f}" if rivals else "none"
        yield (f"{ours['style']}: relative style loss {ours['relative_style_loss']:.3f} normalized, best classic "
               f"with no more content error {best}")
    for style, parts in figures["initial_part_losses"].items():
        yield (f"{style}: initial part losses spread {parts['spread']['classic']:.3g} classic, "
               f"{parts['spread']['normalized']:.3g} normalized")
    for cell in cells:
        figure = figures["cells"][cell.name]
        if figure["mean_change"] < 1 / 255:
            yield f"stalled or unchanged: {cell.name} (mean change {figure['mean_change'] * 255:.2f}/255)"
