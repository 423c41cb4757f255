"""One recipe of the benchmark in a process of its own: `python -m core.evaluate.recipe NAME CONTENT STYLE DIR STEPS`.

Leaves a snapshot NNNNN.png for every tenth optimizer step at the final size and seconds.json with the time each took,
counted from the first step; the time for snapshots is left out.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

from torch import Tensor

from .. import devices, frames
from ..atomic import write_text
from ..effects import Step
from ..encoders import load_encoder
from ..frames import Picture
from ..options import EngineOptions, StyleOptions, parse_layers
from ..style.transfer import StyleTargets, paint

EVERY = 10
"""Steps between snapshots."""
RECIPES = {
    "paper": (StyleOptions(scales=1, strength=0.75), EngineOptions(precision="float32")),
    "default": (StyleOptions(), EngineOptions()),
}


def main(name: str, content: str, style: str, folder: str, steps: str) -> None:
    """Run a recipe; `steps` are the paper's, the default keeps its own."""
    options, engine = RECIPES[name]
    if name == "paper":
        options = dataclasses.replace(options, iterations=int(steps))
    compute = devices.choose(engine)
    picture, style_picture = (frames.read(Path(p)).rgb.to(compute.device) for p in (content, style))
    encoder = load_encoder(options.encoder, compute.device, compute.precision)
    targets = StyleTargets(encoder, [(style_picture, 1.0)], list(parse_layers("style_layers", options.style_layers)))
    seconds: dict[str, float] = {}
    paused, began = 0.0, time.perf_counter()
    for result in paint(encoder, picture, targets, options, options.content_weight_at()):
        now = time.perf_counter()
        if shown := _shown(result, picture):
            key, snapshot = shown
            frames.write(Path(folder) / f"{key}.png", Picture(snapshot.detach().clamp(0.0, 1.0).cpu()), "png")
            seconds[key] = now - began - paused
        paused += time.perf_counter() - now
    write_text(Path(folder) / "seconds.json", json.dumps(seconds))


def _shown(result: Step | Tensor, picture: Tensor) -> tuple[str, Tensor] | None:
    """The snapshot's name and picture, if this result is one to keep."""
    if isinstance(result, Tensor):
        return "99999", result
    if result.picture.shape != picture.shape or result.step % EVERY:
        return None
    return f"{result.step:05d}", result.picture


if __name__ == "__main__":
    main(*sys.argv[1:])
