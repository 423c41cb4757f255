"""Encoders: pre-trained networks whose layers, tapped by name, say what a picture shows and how it is painted.

Layer names are VGG's: `conv4_2` is the second convolution of the fourth block, after its ReLU (Gatys et al. tap
there; Choi & Kim, figure 1, leave the ReLU out of their drawing but not out of the network).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import weights
from .errors import OptionError
from .weights import Layer, LayerWeights, WeightFile

VGG19_BLOCKS = (2, 2, 4, 4, 4)
LAYERS = tuple(f"conv{block}_{i}" for block, n in enumerate(VGG19_BLOCKS, 1) for i in range(1, n + 1))
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


def caffe_input(image: Tensor) -> Tensor:
    """RGB [0, 1] to what the Caffe VGG networks were trained on: BGR, 0..255, minus the mean of ImageNet."""
    mean = image.new_tensor(CAFFE_MEAN_BGR).view(1, 3, 1, 1)
    return image.flip(1) * 255.0 - mean


def centered_input(image: Tensor) -> Tensor:
    """RGB [0, 1] to [-1, 1]: what the networks trained here see."""
    return image * 2.0 - 1.0


class Encoder(nn.Module):
    """A VGG-19-shaped network (any widths): 3x3 convolutions with ReLU, five blocks, 2x2 max pooling between.

    forward(image, layers) takes float32 NCHW RGB [0, 1] and returns {layer: NCHW features}, computed no deeper
    than the deepest layer asked for. Features come in the encoder's own precision.

    A small encoder's layer may have a tap T (C x C): its features are T times the layer's output. A teacher's
    features are matched by A times the output, and T'T = A'A, so that distances between features, and between Gram
    matrices, are the teacher's, though the features have fewer channels (they may be negative). A Gram matrix needs no
    tapped features: layers in `untapped` are given without, and `tapped_gram` makes up for it at its few values.
    """

    def __init__(self, layers: LayerWeights, prepare: Callable[[Tensor], Tensor] = caffe_input) -> None:
        super().__init__()
        self.prepare = prepare
        self.convolutions, self.taps = nn.ModuleDict(), nn.ModuleDict()
        for name in LAYERS:
            kernel, bias, tap = layers[name]
            self.convolutions[name] = convolution(kernel, bias)
            if tap is not None:
                self.taps[name] = convolution(tap[:, :, None, None])
        self.requires_grad_(False)

    @property
    def dtype(self) -> torch.dtype:
        """The precision the convolutions run in."""
        return next(self.parameters()).dtype

    def forward(self, image: Tensor, layers: Iterable[str], untapped: Collection[str] = ()) -> dict[str, Tensor]:
        wanted = set(layers)
        features: dict[str, Tensor] = {}
        x = self.prepare(image).to(self.dtype, memory_format=torch.channels_last)
        for name in LAYERS[:depth(wanted)]:
            if name.endswith("_1") and name != "conv1_1":
                x = functional.max_pool2d(x, 2)
            x = functional.relu(self.convolutions[name](x), inplace=True)
            if name in wanted:
                features[name] = self.taps[name](x) if name in self.taps and name not in untapped else x
        return features

    def tapped_gram(self, layer: str, gram: Tensor) -> Tensor:
        """T G T', the Gram matrix (C,C) of a layer's features, from that of its untapped ones."""
        if layer not in self.taps:
            return gram
        tap = self.taps[layer].weight[:, :, 0, 0].to(gram.dtype)  # type: ignore[index]
        return tap @ gram @ tap.T


def convolution(kernel: Tensor, bias: Tensor | None = None) -> nn.Conv2d:
    """A convolution with these weights (OIHW and O), zeros around its input, which keeps the input's size."""
    outputs, inputs, side = kernel.shape[:3]
    made: nn.Conv2d = nn.utils.skip_init(  # type: ignore[no-untyped-call]  # random weights would take as long as these
        nn.Conv2d, inputs, outputs, side, padding=side // 2, bias=bias is not None)
    with torch.no_grad():
        made.weight.copy_(kernel)
        if bias is not None and made.bias is not None:
            made.bias.copy_(bias)
    return made


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
    "lite": EncoderKind(weights.LITE, centered_input),
}


def chosen(name: str, device: torch.device) -> str:
    """The encoder that "auto" stands for on a device: the small one where there is no GPU; other names stay."""
    if name != "auto":
        return name
    return "lite" if device.type == "cpu" else "vgg19"


def load_encoder(name: str, device: torch.device, precision: torch.dtype = torch.float32,
                 taps: bool = True) -> Encoder:
    """The encoder of that name (or "auto"), ready on a device. Raises WeightsError.

    Without its taps a small encoder gives its plain outputs, each channel of about the same strength.
    """
    kind = ENCODERS[chosen(name, device)]
    layers = weights.load(kind.weights)
    if not taps:
        layers = {name: Layer(layer.kernel, layer.bias) for name, layer in layers.items()}
    encoder = Encoder(layers, kind.prepare).to(device, precision).eval()
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
