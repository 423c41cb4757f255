"""Training a network: its pictures, its teacher and the network itself put together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from .. import devices, weights
from ..devices import Compute
from ..encoders import load_encoder
from ..errors import InputError
from ..options import EngineOptions
from ..weights import LayerWeights
from .decoder import DecoderTrainee
from .encoder import EncoderTrainee
from .loop import Settings, Trainee, train
from .pictures import Pictures


def run(settings: Settings, folders: Sequence[Path], styles: Sequence[Path], output: Path, engine: EngineOptions,
        start: Path | None = None) -> None:
    """Train one network, or go on where it was stopped.

    `styles` are the folders of a decoder's style images (empty: those of `folders`), `start` are weights that training
    begins with.

    Raises InputError, WeightsError, DeviceError.
    """
    compute = devices.choose(engine)
    torch.backends.cudnn.benchmark = True  # all steps have the same sizes
    pictures = Pictures(folders, settings.held_out)
    painted_like = Pictures(styles, settings.held_out) if styles else pictures
    print(f"{len(pictures.files)} pictures to train with, {len(pictures.held_out_files)} held out, on {compute}")
    begun: LayerWeights | None = None
    if start is not None:
        begun, settings = weights.read_safetensors(start), replace(settings, start=_history(start))
    train(_trainee(settings, pictures, painted_like, compute, begun), settings, output)


def _history(start: Path) -> Any:
    """What stands in the .json beside weights."""
    try:
        return json.loads(start.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"Beside '{start.name}' there is no .json that says how it was trained.",
                         "Give weights that this command wrote.", str(error)) from error


def _trainee(settings: Settings, pictures: Pictures, styles: Pictures, compute: Compute,
             begun: LayerWeights | None) -> Trainee:
    teacher = load_encoder(settings.teacher, compute.device, compute.precision)
    if settings.network == "encoder":
        return EncoderTrainee(teacher, pictures, settings, compute.device, begun)
    encoder = load_encoder("lite", compute.device, compute.precision, taps=False)
    return DecoderTrainee(encoder, teacher, pictures, styles, settings, compute.device, begun)
