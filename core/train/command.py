"""The `train` command: the pictures, the teacher and the network in training put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import devices
from ..devices import Compute
from ..encoders import load_encoder
from ..options import EngineOptions
from .decoder import DecoderTrainee
from .encoder import EncoderTrainee
from .loop import Settings, Trainee, train
from .pictures import Pictures

__all__ = ["Settings", "run"]


def run(settings: Settings, folders: Sequence[Path], output: Path, engine: EngineOptions) -> int:
    """Train one network, or go on where it was stopped. Returns 0. Raises InputError, WeightsError, DeviceError."""
    compute = devices.choose(engine)
    pictures = Pictures(folders, settings.held_out)
    print(f"{len(pictures.files)} pictures to train with, {len(pictures.held_out_files)} held out, on {compute}")
    train(_trainee(settings, pictures, compute), settings, output)
    return 0


def _trainee(settings: Settings, pictures: Pictures, compute: Compute) -> Trainee:
    teacher = load_encoder(settings.teacher, compute.device, compute.precision)
    if settings.network == "encoder":
        return EncoderTrainee(teacher, pictures, settings, compute.device)
    encoder = load_encoder("lite", compute.device, compute.precision, taps=False)
    return DecoderTrainee(encoder, teacher, pictures, settings, compute.device)
