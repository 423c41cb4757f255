"""The fast engine's decoder: from features of the small encoder at four depths back to a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import weights
from ..encoders import convolution
from ..weights import Layer, LayerWeights
from .statistics import Movement

DECODED = ("conv4_1", "conv3_4", "conv2_2", "conv1_2")
"""The encoder's layers that the decoder sees, from the deepest up; each is twice as large as the one before."""
WIDTHS = (96, 48, 32, 16)
"""Channels of the decoder at each of these depths."""
REACH = 24
"""How far the decoder sees around a pixel: a 3x3 convolution at 1/8 and two each at 1/4, 1/2 and the full size."""


class Decoder(nn.Module):
    """Per depth what the deeper one gives, enlarged, and the depth's features, joined by one layer and convolved.

    forward({layer: N,C,h,w}) gives N,3,H,W RGB, about 0..1, not clamped; with `moves` (of one picture) each layer's
    features are moved first, which costs nothing: the first thing that happens to them is linear, too. What is
    enlarged is enlarged before it is convolved: no checkerboard. Beyond the border are zeros, as there were in
    training. Raises RuntimeError unless each layer is twice as large as the one before.

    The features enter position by position (1x1) and so do colors leave: they have seen their surroundings in the
    encoder, and the convolution that follows sees them again. 3x3 kernels there would cost as much as all the others.
    """

    def __init__(self, layers: LayerWeights) -> None:
        super().__init__()
        self.layers = tuple(sorted((name.removesuffix("_skip") for name in layers if name.endswith("_skip")),
                                   reverse=True))
        self.convolutions = nn.ModuleDict()
        for name, (kernel, bias, _) in layers.items():
            self.convolutions[name] = convolution(kernel, bias)
        self.requires_grad_(False)

    def forward(self, features: Mapping[str, Tensor], moves: Mapping[str, Movement] | None = None) -> Tensor:
        x: Tensor | None = None
        for layer in self.layers:
            move = None if moves is None else moves[layer]
            x = functional.relu(self.joined(x, features[layer], layer, move), inplace=True)
            x = functional.relu(self.convolutions[f"{layer}_out"](x), inplace=True)
        image: Tensor = self.convolutions["image"](x)
        return image + 0.5

    def joined(self, deeper: Tensor | None, skip: Tensor, layer: str, move: Movement | None = None) -> Tensor:
        """What a depth begins with: its own features, and what the deeper one gave (None: this is the deepest)."""
        kernel, bias = self._of(f"{layer}_skip")
        if move is not None:
            matrix, offset = move.matrix[0].to(kernel), move.offset[0, :, 0].to(kernel)
            flat = kernel[:, :, 0, 0]
            kernel, bias = (flat @ matrix)[:, :, None, None], bias + flat @ offset
        x = functional.conv2d(skip, kernel, bias)
        return x if deeper is None else add_enlarged_convolution(x, deeper, *self._of(f"{layer}_deeper"))

    def _of(self, name: str) -> tuple[Tensor, Tensor]:
        layer = self.convolutions[name]
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        return layer.weight, layer.bias


def add_enlarged_convolution(sum_: Tensor, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """`sum_` (N,O,2h,2w), to which is added x (N,C,h,w), each value four times, convolved with O,C,3,3 (zeros around).

    Around a pixel the large map holds four different values, not nine. So four sums of the kernel, 2x2 each, go over
    the small map and make the four pixels of a value: the same result for four ninths of the work (measured: two
    fifths of the time).
    """
    height, width = x.shape[-2:]
    upper, lower = _halved(kernel, 2)
    parts = torch.cat([*_halved(upper, 3), *_halved(lower, 3)])
    found = functional.conv2d(x, parts.contiguous(memory_format=torch.channels_last), bias.repeat(4), padding=1)
    for part, (row, column) in zip(torch.split(found, len(kernel), 1), product((0, 1), (0, 1)), strict=True):
        sum_[..., row::2, column::2] += part[..., row:row + height, column:column + width]
    return sum_


def _halved(kernel: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The kernel along one side with what falls on the same value added: for the first pixel of a value, the second."""
    before, here, after = torch.split(kernel, 1, dim)
    return torch.cat([before, here + after], dim), torch.cat([before + here, after], dim)


def load_decoder(device: torch.device, precision: torch.dtype = torch.float32) -> Decoder:
    """The trained decoder, ready on a device. Raises WeightsError."""
    decoder = Decoder(weights.load(weights.DECODER)).to(device, precision).eval()
    return decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def untrained(channels: Mapping[str, int], seed: int, widths: Sequence[int] = WIDTHS) -> dict[str, Layer]:
    """A decoder's weights before training (He et al., ICCV 2015, eq. 10), for features of so many channels a layer."""
    generator = torch.Generator().manual_seed(seed)
    layers: dict[str, Layer] = {}
    before = 0
    for layer, width in zip(DECODED, widths, strict=True):
        layers[f"{layer}_skip"] = _random(channels[layer], width, 1, generator)
        if before:
            layers[f"{layer}_deeper"] = _random(before, width, 3, generator)
        layers[f"{layer}_out"] = _random(width, width, 3, generator)
        before = width
    layers["image"] = _random(before, 3, 1, generator, 0.1)
    return layers


def _random(inputs: int, outputs: int, side: int, generator: torch.Generator, gain: float = 1.0) -> Layer:
    spread = gain * (2.0 / (inputs * side * side)) ** 0.5
    return Layer(torch.randn(outputs, inputs, side, side, generator=generator) * spread, torch.zeros(outputs))
