"""A narrow decoder from a wider one, without training: layer by layer, regression on the wider one's telling channels.

As for the small encoder (`closed_form.py`); the wider one may also see other layers, at the same depths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ..style.decoder import DECODED, Decoder
from ..weights import Layer
from .closed_form import at, positions, regress_convolutions, telling_channels


@torch.no_grad()
def narrowed(wide: Decoder, features: Mapping[str, Tensor], widths: Sequence[int]) -> dict[str, Layer]:
    """Weights for a decoder of DECODED with these widths, from the features of pictures.

    `features` are {layer: N,C,H,W}, of the layers that the wide one decodes and of those the narrow one will.
    """
    generator = torch.Generator().manual_seed(0)
    layers: dict[str, Layer] = {}
    x = like = None  # the narrow one's maps, and the wide one's
    for layer, wider, width in zip(DECODED, wide.layers, widths, strict=True):
        skip = features[layer]
        places = positions(skip, generator)
        wanted = wide.joined(like, features[wider], wider)
        entering = {f"{layer}_skip": (skip, 1)}
        if x is not None:
            entering[f"{layer}_deeper"] = (functional.interpolate(x, scale_factor=2), 3)
        found, x = _regressed(entering, wanted, width, places)
        layers |= found
        wanted = wide.convolutions[f"{wider}_out"](wanted.relu())
        found, x = _regressed({f"{layer}_out": (x, 3)}, wanted, width, places)
        layers |= found
        like = wanted.relu()
    assert x is not None
    layers["image"], = regress_convolutions([(x, 1)], at(wide.convolutions["image"](like), *places), *places)
    return layers


def _regressed(maps: Mapping[str, tuple[Tensor, int]], wanted: Tensor, width: int,
               places: tuple[Tensor, Tensor]) -> tuple[dict[str, Layer], Tensor]:
    """Layers that add up to the `width` most telling channels of what is wanted before its ReLU, and their output.

    `maps` are what each of the layers, by name, goes over, and the side of its kernel.
    """
    seen = at(wanted, *places)
    chosen = telling_channels(seen.relu(), width)
    layers = regress_convolutions(list(maps.values()), seen[:, chosen], *places)
    outputs = [functional.conv2d(x, layer.kernel, layer.bias, padding=side // 2)
               for (x, side), layer in zip(maps.values(), layers, strict=True)]
    return dict(zip(maps, layers, strict=True)), sum(outputs, torch.zeros(())).relu()
