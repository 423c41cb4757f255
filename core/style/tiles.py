"""Exact tiling: sums over a picture's features, and their gradient, tile by tile, in bounded memory.

A Gram matrix is a sum over positions, and so is a squared distance of features: each is the sum of its parts over
tiles. A tile is cut with a halo that covers all that its features can see, and only the inner part of its feature
maps counts, so the sums and their gradient are those of the whole picture, up to rounding. The gradient comes from a
second pass that computes each tile's features again: a step costs another forward pass, and the halos.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..encoders import LAYERS, Encoder, depth
from ..sizes import Size

GRID = 16
"""Tiles start at multiples of this many pixels, where the pooling windows of all five blocks do."""
BUDGET = 2 * 10**9
"""Bytes that a step's features may take, the same on every machine, so that results are too."""
OVERHEAD = 1.6
"""Measured peak of a step (gradients, pooling indices, taps, float32 copies) over one copy of all feature maps."""


@dataclass(frozen=True)
class Span:
    """A tile's extent along one axis in pixels: its own start to stop, and with the halo first to last."""

    start: int
    stop: int
    first: int
    last: int

    def at(self, scale: int) -> slice:
        """Its own part in the whole feature map of a block that is smaller by `scale` (odd rests are dropped)."""
        return slice(self.start // scale, self.stop // scale)

    def inner(self, scale: int) -> slice:
        """Its own part in the feature map of the tile with its halo."""
        return slice((self.start - self.first) // scale, self.stop // scale - self.first // scale)


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture."""

    rows: Span
    columns: Span

    def seen(self, image: Tensor) -> Tensor:
        """The tile with its halo, a view of N,C,H,W."""
        return image[..., self.rows.first:self.rows.last, self.columns.first:self.columns.last]

    def of(self, whole: Tensor, layer: str) -> Tensor:
        """The tile's own positions of a whole picture's feature map (or a mask of its size), a view."""
        scale = scale_of(layer)
        return whole[..., self.rows.at(scale), self.columns.at(scale)]

    def inner(self, features: Tensor, layer: str) -> Tensor:
        """The tile's own positions of its feature map with halo, a view."""
        scale = scale_of(layer)
        return features[..., self.rows.inner(scale), self.columns.inner(scale)]


Part = Callable[[dict[str, Tensor], Tile], tuple[Tensor, ...]]
"""A tile's share of sums over the picture, from {layer: 1,C,h,w}, the features at the tile's own positions."""


class TiledEncoder:
    """An encoder for pictures of one size, in tiles where one pass would need too much memory.

    `side` is the tiles' longest side in pixels, rounded up to the grid; 0 chooses it by the memory needed. A picture
    that fits is one tile, which is the plain encoder. `reach` widens the halo by that many pixels, for what looks
    around in the features; `untapped` as for the encoder.
    """

    def __init__(self, encoder: Encoder, layers: Iterable[str], size: Size, side: int = 0, reach: int = 0,
                 untapped: Collection[str] = ()) -> None:
        self.encoder, self.layers, self.size, self.untapped = encoder, set(layers), size, untapped
        margin = halo(self.layers) + _ceiling(reach)
        side = _ceiling(side) if side else fitting_side(size, bytes_per_pixel(encoder, self.layers), margin)
        self.tiles = [Tile(rows, columns) for rows in spans(size[0], side, margin)
                      for columns in spans(size[1], side, margin)]

    def sums(self, image: Tensor, part: Part) -> tuple[Tensor, ...]:
        """The sums of `part` over all tiles of 1,3,H,W; they carry the gradient."""
        if len(self.tiles) == 1:
            return self.share(image, self.tiles[0], part)
        return _Sums.apply(image, self, part)  # type: ignore[no-any-return, no-untyped-call]

    def features(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """{layer: 1,C,H,W} of a whole picture, without gradient, for layers that are among this encoder's."""
        wanted = list(layers)
        whole: dict[str, Tensor] = {}
        with torch.no_grad():
            for tile in self.tiles:
                for layer, features in self.encoder(tile.seen(image), wanted).items():
                    if layer not in whole:
                        whole[layer] = features.new_empty(1, features.shape[1], *feature_size(self.size, layer))
                    tile.of(whole[layer], layer).copy_(tile.inner(features, layer))
        return whole

    def share(self, seen: Tensor, tile: Tile, part: Part) -> tuple[Tensor, ...]:
        """One tile's share, from the tile with its halo."""
        features = self.encoder(seen, self.layers, self.untapped)
        if len(self.tiles) == 1:  # a view of all of it would have its gradient copied
            return part(features, tile)
        return part({layer: tile.inner(f, layer) for layer, f in features.items()}, tile)


class _Sums(torch.autograd.Function):
    """Sums over tiles that keep no tile's features: each tile is computed once more for its gradient."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, tiled: TiledEncoder, part: Part) -> tuple[Tensor, ...]:
        ctx.save_for_backward(image)
        ctx.tiled, ctx.part = tiled, part
        shares = (tiled.share(tile.seen(image), tile, part) for tile in tiled.tiles)
        totals = next(shares)
        for share in shares:
            totals = tuple(a + b for a, b in zip(totals, share, strict=True))
        return totals

    @staticmethod
    def backward(ctx: Any, *weights: Tensor) -> tuple[Tensor, None, None]:
        image, = ctx.saved_tensors
        gradient = torch.zeros_like(image, memory_format=torch.contiguous_format)
        for tile in ctx.tiled.tiles:
            seen = tile.seen(image).detach().requires_grad_()
            with torch.enable_grad():
                shares = ctx.tiled.share(seen, tile, ctx.part)
            tile.seen(gradient).add_(torch.autograd.grad(shares, seen, weights)[0])
        return gradient, None, None


def scale_of(layer: str) -> int:
    """How many pixels one position of a layer stands for, each way."""
    return int(2 ** (int(layer[4]) - 1))


def feature_size(size: Size, layer: str) -> Size:
    """Height and width of a layer's feature map for a picture of this size."""
    return size[0] // scale_of(layer), size[1] // scale_of(layer)


def halo(layers: Iterable[str]) -> int:
    """How far the deepest of these layers sees around its position, in pixels, rounded up to the grid.

    Each 3x3 convolution sees one position further; pooling windows do not overlap and add nothing on the grid.
    """
    return _ceiling(sum(scale_of(name) for name in LAYERS[:depth(layers)]))


def spans(length: int, side: int, margin: int) -> list[Span]:
    """An axis cut on the grid into parts of like lengths, at most `side`, with a margin inside the picture."""
    count = -(-length // side)
    cuts = [_ceiling(length * i // count) for i in range(count)]
    return [Span(start, stop, max(0, start - margin), min(length, stop + margin))
            for start, stop in zip(cuts, [*cuts[1:], length], strict=True) if start < stop]


def fitting_side(size: Size, per_pixel: float, margin: int) -> int:
    """The longest side of tiles (with margins) whose features fit the budget; the picture's own if it fits."""
    if size[0] * size[1] * per_pixel <= BUDGET:
        return _ceiling(max(size))
    return max(GRID, (int((BUDGET / per_pixel) ** 0.5) - 2 * margin) // GRID * GRID)


def bytes_per_pixel(encoder: Encoder, layers: Iterable[str]) -> float:
    """Memory of a step (forward and backward) per pixel."""
    values = sum(int(encoder.convolutions[name].out_channels) / scale_of(name) ** 2  # type: ignore[arg-type,misc]
                 for name in LAYERS[:depth(layers)])
    return values * encoder.dtype.itemsize * OVERHEAD


def _ceiling(length: int) -> int:
    return -(-length // GRID) * GRID
