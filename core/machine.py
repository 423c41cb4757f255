"""What of the machine the engine works with, and whether it does: devices, memory, networks, a picture painted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import torch

from . import devices, weights
from .checks import Check, tried
from .effects import Frame, last
from .encoders import ENCODERS
from .errors import GouacheError
from .frames import Picture
from .options import EngineOptions, StyleOptions
from .style.effect import StyleEffect
from .weights import WeightFile

SMOKE_STEPS = 3
NAMES = {"cpu": "CPU (no GPU found)", "cuda": "GPU (CUDA)", "mps": "GPU (Metal)"}


def examine() -> Iterator[Check]:
    """The checks of `doctor` that need the engine's libraries."""
    yield Check("Devices", True, ", ".join(name for name, there in devices.available().items() if there))
    compute = devices.choose(EngineOptions())
    how = str(compute).partition(", ")[2]
    yield Check("Computes on", True, f"{NAMES[compute.device.type]}, {how}, {torch.get_num_threads()} threads")
    yield Check("Memory", True, _memory(compute.device))
    networks = {name: kind.weights for name, kind in ENCODERS.items()} | {"decoder": weights.DECODER}
    for name, file in networks.items():
        yield tried(f"Weights {name}", lambda file=file: _weights(file))  # type: ignore[misc]
    yield tried("Test painting", lambda: _smoke_run(compute))


def _memory(device: torch.device) -> str:
    """Free and whole memory in GiB: the machine's where the system tells, and the GPU's."""
    parts = []
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        free, whole = os.sysconf("SC_AVPHYS_PAGES") * page, os.sysconf("SC_PHYS_PAGES") * page
        parts.append(f"{free / 2**30:.1f} of {whole / 2**30:.1f} GiB free")
    except (AttributeError, OSError, ValueError):
        parts.append("not told by this system")
    if device.type == "cuda":
        free, whole = torch.cuda.mem_get_info(device)
        parts.append(f"GPU {free / 2**30:.1f} of {whole / 2**30:.1f} GiB free")
    return ", ".join(parts)


def _weights(file: WeightFile) -> str:
    file.load()
    return f"{file.path()} sha256 {file.sha256}"


def _smoke_run(compute: devices.Compute) -> str:
    """Paint noise with noise: the whole way through encoder, losses and optimizer."""
    noise = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    content, style = Picture(noise[:1]), Picture(noise[1:])
    began = time.monotonic()
    effect = StyleEffect(StyleOptions(iterations=SMOKE_STEPS, scales=1), [(style, 1.0)], compute, lambda: content)
    loaded = time.monotonic()
    painted = last(effect.paint(Frame(1, content, 0.75))).rgb
    if not painted.isfinite().all() or torch.equal(painted, noise[:1]):
        raise GouacheError("The painted picture is wrong.")
    return (f"works: networks loaded in {loaded - began:.1f} s, "
            f"{(time.monotonic() - loaded) / SMOKE_STEPS:.3f} s per step at 128 x 96")
