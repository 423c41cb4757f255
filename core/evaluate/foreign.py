"""Networks that others trained, made into encoders: for judging and for comparing with, not for painting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..encoders import LAYERS, Encoder
from ..errors import WeightsError
from ..weights import Layer

DEEPEST_DISTILLED = "conv5_1"


def shaped(layers: Mapping[str, Layer], prepare: Callable[[Tensor], Tensor], padding: str = "zeros") -> Encoder:
    """An encoder of these convolutions; those of VGG-19 that are not among them pass on what they are given."""
    nothing = Layer(torch.zeros(1, 1, 1, 1), torch.zeros(1))
    encoder = Encoder({name: layers.get(name, nothing) for name in LAYERS}, prepare)
    for name in LAYERS:
        convolution = encoder.convolutions[name]
        if name not in layers:
            encoder.convolutions[name] = nn.Identity()
        elif isinstance(convolution, nn.Conv2d):
            convolution.padding_mode = padding  # type: ignore[assignment]
    encoder = encoder.eval()
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def distilled_encoder(path: Path) -> Encoder:
    """The public 16 times smaller VGG-19 of Collaborative Distillation (Wang et al., CVPR 2020), up to conv5_1.

    Its file (5SE.safetensors) holds `conv11.weight`, `conv11.bias` ... and `conv0`, a 1x1 convolution of RGB in [0, 1];
    every 3x3 convolution reflects its input at the borders. Its `_aux` layers serve its training only. Raises
    WeightsError.
    """
    try:
        tensors = load_file(path)
        layers = {name: Layer(tensors[f"{old}.weight"].float(), tensors[f"{old}.bias"].float())
                  for name, old in ((name, name.replace("_", "")) for name in LAYERS) if f"{old}.weight" in tensors}
        first, offset = tensors["conv0.weight"].float(), tensors["conv0.bias"].float()
    except (OSError, SafetensorError, KeyError) as error:
        raise WeightsError(f"'{path.name}' is not an encoder that can be compared with.",
                           "Give the file 5SE.safetensors of Collaborative Distillation.", repr(error)) from error
    if DEEPEST_DISTILLED not in layers:
        raise WeightsError(f"The encoder '{path.name}' ends before {DEEPEST_DISTILLED}.", "Give the deepest one, 5SE.")
    return shaped(layers, lambda image: functional.conv2d(image, first, offset), "reflect")
