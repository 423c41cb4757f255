"""Where and how exactly the engine computes: device, precision, threads."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import torch

from . import memory
from .errors import DeviceError
from .options import EngineOptions

STARTING_THREADS = torch.get_num_threads()
"""torch starts with one thread per physical core, or as many as OMP_NUM_THREADS says."""


@dataclass(frozen=True)
class Compute:
    """A chosen device, the precision of the encoder on it, and the side of tiles in pixels (0: automatic)."""

    device: torch.device
    precision: torch.dtype
    tile: int = 0

    def __str__(self) -> str:
        return f"{self.device.type}, {str(self.precision).removeprefix('torch.')}"


def choose(options: EngineOptions) -> Compute:
    """The device, precision and tiles for these options. Raises DeviceError.

    Sets the process up for computing: torch's and OpenCV's thread counts, and that freed memory is kept.
    """
    torch.set_num_threads(options.threads or STARTING_THREADS)
    cv2.setNumThreads(options.threads or -1)  # -1: as many as it would by itself
    memory.keep_freed()
    device = torch.device(_device(options.device))
    return Compute(device, _precision(options.precision, device), options.tile)


def available() -> dict[str, bool]:
    """Which devices this machine has."""
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


def release_cache() -> None:
    """Release what a GPU's memory keeps free for the next job, to other programs."""
    torch.cuda.empty_cache()  # without one this does nothing
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware (elsewhere it is slower than float32)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def _device(name: str) -> str:
    there = available()
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[name]:
        raise DeviceError(f"This machine has no device '{name}' that torch can use.",
                          f"Choose {', '.join(d for d, ok in there.items() if ok)} or auto.")
    return name


def _precision(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        return torch.bfloat16 if fast_bfloat16(device) else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32
