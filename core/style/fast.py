"""The fast engine: any style in one pass, by moving the statistics of features and decoding them.

Features of the small encoder at four depths get the style image's means and covariances (the idea of Huang &
Belongie, ICCV 2017, and Li et al., "Universal Style Transfer via Feature Transforms", NIPS 2017, at all depths at
once), and one decoder, trained with the normalized loss, makes a picture of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..encoders import Encoder
from ..sizes import fitted, resize, size_of
from .decoder import DECODED, REACH, Decoder
from .statistics import Movement, Statistics, movement, sums
from .tiles import Tile, TiledEncoder, feature_size

PIXELS = "conv1_1"
"""A layer whose positions are pixels: how tiles cut a picture."""


def share_at(strength: float) -> float:
    """How far the features' statistics are moved at a strength, both 0..1: half the way at a quarter."""
    return math.sqrt(strength)


@dataclass
class FastStyle:
    """One style, or several blended, ready to paint with.

    `encoder` is the small one without its taps. `images` are 1,3,H,W each with a weight; weights are relative. `tile`
    as for `TiledEncoder`.
    """

    encoder: Encoder
    decoder: Decoder
    images: Sequence[tuple[Tensor, float]]
    style_scale: float = 1.0
    tile: int = 0
    _cache: dict[int, dict[str, Statistics]] = field(default_factory=dict, init=False, repr=False)

    def paint(self, content: Tensor, strength: float, mask: Tensor | None = None) -> Tensor:
        """1,3,H,W painted at its own size, in [0, 1]; where the mask (1,1,H,W in 0..1) is 0 it stays as it is.

        Only what the mask shows counts for the content's statistics.
        """
        with torch.no_grad():
            tiles = TiledEncoder(self.encoder, DECODED, size_of(content), self.tile, REACH)
            styles, share = self._at(max(size_of(content))), share_at(strength)
            if len(tiles.tiles) == 1:  # its features need not be computed twice
                features = self.encoder(content, DECODED)
                ours = _statistics_of(features, mask)
                painted = self._decoded(features, {j: movement(ours[j], styles[j], share) for j in DECODED})
            else:
                ours = self._statistics(content, mask)
                moves = {j: movement(ours[j], styles[j], share) for j in DECODED}
                painted = torch.empty_like(content)
                for tile in tiles.tiles:
                    part = self._decoded(self.encoder(tile.seen(content), DECODED), moves)
                    tile.of(painted, PIXELS).copy_(tile.inner(part, PIXELS))
        return painted if mask is None else torch.lerp(content, painted, mask)

    def _decoded(self, features: Mapping[str, Tensor], moves: Mapping[str, Movement]) -> Tensor:
        painted: Tensor = self.decoder({j: moves[j](features[j]) for j in DECODED})
        return painted.float().clamp(0.0, 1.0)

    def _at(self, long_side: int) -> dict[str, Statistics]:
        """The blended styles' statistics for a frame whose long side has this many pixels; made once."""
        if long_side not in self._cache:
            side = max(16, round(long_side * self.style_scale))
            parts = [(self._statistics(resize(image, fitted(size_of(image), side, enlarge=True))), weight)
                     for image, weight in self.images]
            self._cache[long_side] = {layer: Statistics.blended([(part[layer], weight) for part, weight in parts])
                                      for layer in DECODED}
        return self._cache[long_side]

    def _statistics(self, image: Tensor, mask: Tensor | None = None) -> dict[str, Statistics]:
        """A picture's statistics, summed over its tiles."""
        size = size_of(image)
        masks = {j: None if mask is None else resize(mask, feature_size(size, j)) for j in DECODED}

        def part(features: dict[str, Tensor], tile: Tile) -> tuple[Tensor, ...]:
            shown = {j: None if seen is None else tile.of(seen, j) for j, seen in masks.items()}
            return tuple(value for j in DECODED for value in sums(features[j], shown[j]))

        with torch.no_grad():
            totals = TiledEncoder(self.encoder, DECODED, size, self.tile).sums(image, part)
        return {j: Statistics.from_sums(*totals[3 * i:3 * i + 3]) for i, j in enumerate(DECODED)}


def _statistics_of(features: Mapping[str, Tensor], mask: Tensor | None) -> dict[str, Statistics]:
    return {j: Statistics.of(f, None if mask is None else resize(mask, size_of(f))) for j, f in features.items()}
