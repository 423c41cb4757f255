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
from .closed_form import at, convolved, positions, regress_convolution, telling_channels


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
        joined = skip if x is None else torch.cat([functional.interpolate(x, scale_factor=2), skip], 1)
        wanted = wide.joined(like, features[wider], wider)
        layers[f"{layer}a"], x = _regressed(joined, wanted, width, places)
        wanted = wide.convolutions[f"{wider}b"](wanted.relu())
        layers[f"{layer}b"], x = _regressed(x, wanted, width, places)
        like = wanted.relu()
    assert x is not None
    layers["image"] = regress_convolution(x, at(wide.convolutions["image"](like), *places), *places)
    return layers


def _regressed(x: Tensor, wanted: Tensor, width: int, places: tuple[Tensor, Tensor]) -> tuple[Layer, Tensor]:
    """A layer that makes the `width` most telling channels of what is wanted before its ReLU, and its output."""
    seen = at(wanted, *places)
    chosen = telling_channels(seen.relu(), width)
    layer = regress_convolution(x, seen[:, chosen], *places)
    return layer, convolved(x, layer)
