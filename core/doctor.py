"""`doctor`: whether this engine can work on this machine, shown as a table of checks with what to do about each."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from . import __version__, devices, weights
from .encoders import ENCODERS
from .errors import GouacheError
from .options import EngineOptions, StyleOptions

LIBRARIES = ("torch", "numpy", "opencv-python-headless", "OpenImageIO", "safetensors")
SMOKE_STEPS = 3


@dataclass(frozen=True)
class Check:
    """One finding: its name, whether it is well, what was found, and what to do if not."""

    name: str
    ok: bool
    value: str
    hint: str = ""


def examine() -> Iterator[Check]:
    """Every check, cheap ones first; the last paints a small picture."""
    yield Check("Gouache", True, __version__)
    yield Check("Python", sys.version_info >= (3, 11), f"{platform.python_version()} ({sys.executable})",
                "Use Python 3.11 or newer.")
    yield from map(_library, LIBRARIES)
    yield Check("Devices", True, ", ".join(name for name, there in devices.available().items() if there))
    compute = devices.choose(EngineOptions())
    yield Check("Chosen", True, f"{compute}, {torch.get_num_threads()} threads")
    yield Check("Memory", True, _memory(compute.device))
    networks = {name: kind.weights for name, kind in ENCODERS.items()} | {"decoder": weights.DECODER}
    for name, file in networks.items():
        yield _tried(f"Weights {name}", lambda file=file: _weights(file))  # type: ignore[misc]
    yield _tried("Smoke run", lambda: _smoke_run(compute))


def to_json(checks: Sequence[Check]) -> dict[str, Any]:
    """{"ok": ..., "checks": [...]}"""
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}


def print_table(checks: Sequence[Check]) -> None:
    """The checks on stdout, the hint under each that failed."""
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{'ok ' if check.ok else 'BAD'}  {check.name:{width}}  {check.value}")
        if not check.ok and check.hint:
            print(f"     {'':{width}}  -> {check.hint}")


def _library(name: str) -> Check:
    try:
        return Check(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "missing", "Install the engine's environment again.")


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


def _weights(file: Any) -> str:
    file.load()
    return f"{file.path()} sha256 {file.sha256}"


def _smoke_run(compute: devices.Compute) -> str:
    """Paint noise with noise: the whole way through encoder, losses and optimizer."""
    from .effects import Frame, Painted
    from .frames import Picture
    from .style.video import StyleEffect
    noise = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    content, style = Picture(noise[:1]), Picture(noise[1:])
    began = time.monotonic()
    effect = StyleEffect(StyleOptions(iterations=SMOKE_STEPS, scales=1), [(style, 1.0)], compute, lambda: content)
    loaded = time.monotonic()
    *_, painted = effect.paint(Frame(1, content, 0.75))
    if not isinstance(painted, Painted) or not painted.rgb.isfinite().all() or torch.equal(painted.rgb, noise[:1]):
        raise GouacheError("The painted picture is wrong.")
    return (f"networks loaded in {loaded - began:.1f} s, "
            f"{(time.monotonic() - loaded) / SMOKE_STEPS:.3f} s per step at 128 x 96")


def _tried(name: str, work: Callable[[], str]) -> Check:
    try:
        return Check(name, True, work())
    except GouacheError as error:
        return Check(name, False, f"{error.message} {error.detail}".strip(), error.hint)
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}", "Install the engine's environment again.")
