"""A small encoder without training: layer by layer, ridge regression on the teacher's most telling channels.

Trained from random numbers, the deep layers of a small encoder get nowhere in an hour on a CPU; from here they do.
Source: our own measurements; regression on a teacher's responses as in Zhang et al., "Accelerating Very Deep
Convolutional Networks for Classification and Detection", TPAMI 2016, section 3.2 (there for one layer's low rank).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from scipy.linalg import qr
from torch import Tensor
from torch.nn import functional

from ..encoders import LAYERS, Encoder, centered_input
from ..weights import Layer, LayerWeights

POSITIONS = 60_000
"""Positions of a feature map that a regression looks at, over all crops together."""
RIDGE = 1e-4
"""Ridge penalty, relative to the mean energy of the regressors."""
CHUNK = 16
"""Crops that pass through a layer at once."""


class Start(NamedTuple):
    """A small encoder and how it stands to its teacher: head (teacher's C x C) times output times scale."""

    layers: dict[str, Layer]
    heads: dict[str, Tensor]
    scales: dict[str, float]


def start(teacher: Encoder, widths: Sequence[int], crops: Tensor, begun: LayerWeights | None = None) -> Start:
    """Make a small encoder with these widths per block from N,3,H,W crops, or the heads of one that has `begun`.

    Each layer's output has root mean square 1 per channel, unless it has begun.
    """
    generator = torch.Generator().manual_seed(0)
    layers: dict[str, Layer] = {}
    heads: dict[str, Tensor] = {}
    scales: dict[str, float] = {}
    ours, theirs = centered_input(crops), teacher.prepare(crops)
    for name in LAYERS:
        if name.endswith("_1") and name != "conv1_1":
            ours, theirs = functional.max_pool2d(ours, 2), functional.max_pool2d(theirs, 2)
        wanted = _in_chunks(teacher.convolutions[name], theirs)
        places = positions(wanted, generator)
        theirs = wanted.relu()
        seen = at(theirs, *places)
        if begun is None:
            chosen = telling_channels(seen, widths[int(name[4]) - 1])
            layer, = regress_convolutions([(ours, 3)], at(wanted[:, chosen], *places), *places)
            layers[name], ours = _evened(layer, ours)
        else:
            layers[name] = Layer(begun[name].kernel, begun[name].bias)
            ours = _in_chunks(partial(convolved, layer=layers[name]), ours)
        scales[name] = float(seen.square().mean().sqrt())
        heads[name] = _solve(at(ours, *places), seen / scales[name]).T.contiguous()
    return Start(layers, heads, scales)


def _evened(layer: Layer, x: Tensor) -> tuple[Layer, Tensor]:
    """The layer divided so that its output for x has root mean square 1 per channel, and that output."""
    outputs = _in_chunks(partial(convolved, layer=layer), x)
    scale = outputs.square().mean((0, 2, 3)).sqrt()
    scale = scale.clamp_min(1e-3 * scale.max())  # a channel that hardly ever answers stays quiet
    return Layer(layer.kernel / scale.view(-1, 1, 1, 1), layer.bias / scale), outputs / scale.view(1, -1, 1, 1)


def _in_chunks(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([layer(part) for part in torch.split(x, CHUNK)])


def convolved(x: Tensor, layer: Layer) -> Tensor:
    """N,C,H,W through a layer and its ReLU."""
    return functional.conv2d(x, layer.kernel, layer.bias, padding=1).relu()


def positions(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random rows and columns, the same in every crop, POSITIONS in all."""
    count, (height, width) = max(1, POSITIONS // len(x)), x.shape[-2:]
    flat = torch.randperm(height * width, generator=generator)[:count]
    return flat // width, flat % width


def at(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """P x C: the features at these positions of every crop."""
    return x[:, :, rows, columns].permute(0, 2, 1).flatten(0, 1)


def telling_channels(seen: Tensor, count: int) -> Tensor:
    """The channels that best stand for all others: the first pivots of a QR decomposition with column pivoting."""
    _, _, pivots = qr(seen.numpy(), mode="economic", pivoting=True)
    return torch.from_numpy(pivots[:count].copy()).long()


def regress_convolutions(maps: Sequence[tuple[Tensor, int]], wanted: Tensor, rows: Tensor,
                         columns: Tensor) -> list[Layer]:
    """The convolutions, one over each map (N,C,H,W and its kernel's side), that best add up to `wanted` (P x C').

    `rows` and `columns` are where that is wanted, in every crop. The bias is the first convolution's.
    """
    regressors = [_patches(x, side, rows, columns) for x, side in maps]
    ones = wanted.new_ones(len(wanted), 1)
    kernels, bias = torch.split(_solve(torch.cat([*regressors, ones], 1), wanted),
                                [sum(part.shape[1] for part in regressors), 1])
    parts = torch.split(kernels, [part.shape[1] for part in regressors])
    biases = [bias[0].contiguous(), *(torch.zeros_like(bias[0]) for _ in parts[1:])]
    return [Layer(part.T.reshape(-1, x.shape[1], side, side).contiguous(), bias)
            for part, (x, side), bias in zip(parts, maps, biases, strict=True)]


def _patches(x: Tensor, side: int, rows: Tensor, columns: Tensor) -> Tensor:
    """P x (C side side): the squares of this odd side around these positions of every crop, zeros beyond the border."""
    padded = functional.pad(x, (side // 2,) * 4)
    return torch.stack([at(padded, rows + dy, columns + dx) for dy in range(side) for dx in range(side)], -1).flatten(1)


def _solve(regressors: Tensor, wanted: Tensor) -> Tensor:
    """Ridge regression: the R x C' matrix that best turns regressors (P x R) into wanted (P x C')."""
    normal = regressors.T.double() @ regressors.double()
    normal.diagonal().add_(RIDGE * normal.diagonal().mean())
    right = regressors.T.double() @ wanted.double()
    solution: Tensor = torch.linalg.solve(normal, right)
    return solution.float()
