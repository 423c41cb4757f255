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
REACH = 32
"""How far the decoder sees around a pixel: two 3x3 convolutions at 1/8, 1/4, 1/2 and the full size, and the last."""


class Decoder(nn.Module):
    """Two 3x3 convolutions per depth, nearest enlargement between them, each depth's features joined on the way.

    forward({layer: N,C,h,w}) gives N,3,H,W RGB, about 0..1, not clamped. What is enlarged is enlarged before it is
    convolved: no checkerboard. Beyond the border are zeros, as there were in training. Raises RuntimeError unless each
    layer is twice as large as the one before.
    """

    def __init__(self, layers: LayerWeights) -> None:
        super().__init__()
        self.layers = tuple(sorted((name[:-1] for name in layers if name.endswith("a")), reverse=True))
        self.convolutions = nn.ModuleDict()
        for name, (kernel, bias, _) in layers.items():
            self.convolutions[name] = convolution(kernel, bias)
        self.requires_grad_(False)

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        x: Tensor | None = None
        for layer in self.layers:
            x = functional.relu(self.joined(x, features[layer], layer), inplace=True)
            x = functional.relu(self.convolutions[f"{layer}b"](x), inplace=True)
        image: Tensor = self.convolutions["image"](x)
        return image + 0.5

    def after(self, moves: Mapping[str, Movement]) -> Decoder:
        """A decoder for features that are yet to be moved, each layer's by its movement (of one picture).

        Kernel and movement are linear in one another, so one convolution does for both. Only beside the border it is
        another map: zeros lie beyond the features before they are moved.
        """
        layers = {name: Layer(*(part.float() for part in found.parameters()))
                  for name, found in self.convolutions.items()}
        for layer in self.layers:
            kernel, bias, _ = layers[f"{layer}a"]
            matrix, offset = moves[layer].matrix[0], moves[layer].offset[0, :, 0]
            deeper, skip = torch.split(kernel, [kernel.shape[1] - len(matrix), len(matrix)], 1)
            layers[f"{layer}a"] = Layer(torch.cat([deeper, torch.einsum("ocyx,ci->oiyx", skip, matrix)], 1),
                                        bias + torch.einsum("ocyx,c->o", skip, offset))
        made = Decoder(layers).to(next(self.parameters()))
        return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def joined(self, deeper: Tensor | None, skip: Tensor, layer: str) -> Tensor:
        """The first convolution of a depth on both inputs, each with its part of the kernel: joining them is slower."""
        first = self.convolutions[f"{layer}a"]
        assert isinstance(first, nn.Conv2d)
        kernel, bias = first.weight, first.bias
        before = kernel.shape[1] - skip.shape[1]
        x = functional.conv2d(skip, kernel[:, before:], bias, padding=1)
        return x if deeper is None else add_enlarged_convolution(x, deeper, kernel[:, :before])


def add_enlarged_convolution(sum_: Tensor, x: Tensor, kernel: Tensor) -> Tensor:
    """`sum_` (N,O,2h,2w), to which is added x (N,C,h,w), each value four times, convolved with O,C,3,3 (zeros around).

    Around a pixel the large map holds four different values, not nine. So four sums of the kernel, 2x2 each, go over
    the small map and make the four pixels of a value: the same result for four ninths of the work (measured: two
    fifths of the time).
    """
    height, width = x.shape[-2:]
    upper, lower = _halved(kernel, 2)
    parts = torch.cat([*_halved(upper, 3), *_halved(lower, 3)])
    found = functional.conv2d(x, parts.contiguous(memory_format=torch.channels_last), padding=1)
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
        layers[f"{layer}a"] = _random(before + channels[layer], width, generator)
        layers[f"{layer}b"] = _random(width, width, generator)
        before = width
    layers["image"] = _random(before, 3, generator, 0.1)
    return layers


def _random(inputs: int, outputs: int, generator: torch.Generator, gain: float = 1.0) -> Layer:
    spread = gain * (2.0 / (inputs * 9)) ** 0.5
    return Layer(torch.randn(outputs, inputs, 3, 3, generator=generator) * spread, torch.zeros(outputs))
