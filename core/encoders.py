"""Encoders: pre-trained networks whose layers, tapped by name, say what a picture shows and how it is painted.

Layer names are VGG's: `conv4_2` is the second convolution of the fourth block, after its ReLU (Gatys et al. tap
there; Choi & Kim, figure 1, leave the ReLU out of their drawing but not out of the network).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import weights
from .errors import OptionError
from .weights import LayerWeights, WeightFile

VGG19_BLOCKS = (2, 2, 4, 4, 4)
LAYERS = tuple(f"conv{block}_{i}" for block, n in enumerate(VGG19_BLOCKS, 1) for i in range(1, n + 1))
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def caffe_input(image: Tensor) -> Tensor:
    """RGB [0, 1] to what the Caffe VGG networks were trained on: BGR, 0..255, minus the mean of ImageNet."""
    mean = image.new_tensor(CAFFE_MEAN_BGR).view(1, 3, 1, 1)
    return image.flip(1) * 255.0 - mean


class Encoder(nn.Module):
    """A VGG-19-shaped network (any widths): 3x3 convolutions with ReLU, five blocks, 2x2 max pooling between.

    forward(image, layers) takes float32 NCHW RGB [0, 1] and returns {layer: NCHW features}, computed no deeper
    than the deepest layer asked for. Features come in the encoder's own precision.
    """

    def __init__(self, layers: LayerWeights, prepare: Callable[[Tensor], Tensor] = caffe_input) -> None:
        super().__init__()
        self.prepare = prepare
        self.convolutions = nn.ModuleDict()
        for name in LAYERS:
            kernel, bias = layers[name]
            convolution = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
            with torch.no_grad():
                convolution.weight.copy_(kernel)
                if convolution.bias is not None:
                    convolution.bias.copy_(bias)
            self.convolutions[name] = convolution
        self.requires_grad_(False)

    @property
    def dtype(self) -> torch.dtype:
        """The precision the convolutions run in."""
        return next(self.parameters()).dtype

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        wanted = set(layers)
        features: dict[str, Tensor] = {}
        x = self.prepare(image).to(self.dtype, memory_format=torch.channels_last)
        for name in LAYERS[:depth(wanted)]:
            if name.endswith("_1") and name != "conv1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(self.convolutions[name](x))
            if name in wanted:
                features[name] = x
        return features


def depth(layers: Iterable[str]) -> int:
    """How many convolutions the deepest of these layers needs. Raises OptionError for a layer VGG-19 has not."""
    unknown = [name for name in layers if name not in LAYERS]
    if unknown:
        raise OptionError(f"The encoder has no layer '{unknown[0]}'.", f"Layers: {', '.join(LAYERS)}.")
    return 1 + max(LAYERS.index(name) for name in layers)


def smallest_side(layers: Iterable[str]) -> int:
    """The shortest side in pixels at which the deepest of these layers still has a position."""
    return int(2 ** (max(int(name[4]) for name in layers) - 1))


@dataclass(frozen=True)
class EncoderKind:
    """An encoder that can be chosen by name: its weights and its input convention."""

    weights: WeightFile
    prepare: Callable[[Tensor], Tensor]


ENCODERS: Mapping[str, EncoderKind] = {
    "vgg19": EncoderKind(weights.VGG19, caffe_input),
}


def load_encoder(name: str, device: torch.device, precision: torch.dtype = torch.float32) -> Encoder:
    """The encoder of that name, ready on a device. Raises WeightsError."""
    kind = ENCODERS[name]
    encoder = Encoder(weights.load(kind.weights), kind.prepare)
    encoder = encoder.to(device, precision).eval()
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
