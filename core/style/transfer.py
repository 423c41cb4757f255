"""One frame, painted: coarse-to-fine minimization of content and style loss (Choi & Kim 2020; Gatys et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..effects import Step
from ..encoders import Encoder, smallest_side
from ..memory import release_freed
from ..options import StyleOptions, parse_layers
from ..sizes import enlarged, ladder, resize, size_of, with_long_side
from . import losses
from .optimize import FIRST_STEP, minimize
from .steady import Held, temporal_loss
from .tiles import Tile, TiledEncoder, feature_size


class TransferLoss:
    """The loss of one picture at one size against its content image and the style's Gram matrices.

    `content` is 1,3,H,W; `grams` {layer: C,C}; `mask` 1,1,H,W in 0..1 or None: the more of it, the more a place counts
    for the style, and where it is 0 the picture stays as it is. `tile` as for `TiledEncoder`. Calling it with a
    picture gives its loss, a scalar; classic or normalized, as `options.loss` says. `held` is what the picture should
    agree with.
    """

    def __init__(self, encoder: Encoder, content: Tensor, grams: losses.Features, options: StyleOptions,
                 mask: Tensor | None = None, tile: int = 0, held: Held | None = None) -> None:
        self.content, self.grams, self.mask, self.tv, self.held = content, grams, mask, options.tv, held
        content_layers = parse_layers("content_layers", options.content_layers)
        style_layers = parse_layers("style_layers", options.style_layers)
        size = size_of(content)
        self.untapped = set(style_layers) - set(content_layers)
        self.encoder = TiledEncoder(encoder, {*content_layers, *style_layers}, size, tile, untapped=self.untapped)
        self.target = self.encoder.features(content, content_layers)
        sizes = {j: feature_size(size, j) for j in style_layers}
        self.masks = {j: None if mask is None else resize(mask, sizes[j]) for j in style_layers}
        self.positions = {j: losses.positions(sizes[j], self.masks[j]) for j in style_layers}
        self.content_weights: Mapping[str, float | Tensor]
        self.style_weights: Mapping[str, float | Tensor]
        if options.loss == "normalized":
            pixels = size[0] * size[1]
            self.content_weights = losses.normalized_weights(self.target, content_layers, pixels)
            self.style_weights = losses.normalized_weights(grams, style_layers, pixels)
        else:
            self.content_weights = losses.classic_content_weights(content_layers)
            self.style_weights = losses.classic_style_weights(grams, style_layers)
        self.content_weight = options.content_loss_weight

    def __call__(self, image: Tensor) -> Tensor:
        if self.mask is not None:  # outside the mask the picture is the content image, in the features too
            image = torch.where(self.mask > 0, image, self.content)
        content, *sums = self.encoder.sums(image, self._sums)
        grams = {j: total / self.positions[j] for j, total in zip(self.style_weights, sums, strict=True)}
        grams |= {j: self.encoder.encoder.tapped_gram(j, grams[j]) for j in self.untapped}
        loss = self.content_weight * content + losses.distance(grams, self.grams, self.style_weights)
        if self.tv:
            loss = loss + self.tv * losses.total_variation(image)
        if self.held is not None:
            loss = loss + self.held.weight * temporal_loss(image, self.held)
        return loss

    def _sums(self, features: losses.Features, tile: Tile) -> tuple[Tensor, ...]:
        """A tile's share of the content loss and of the Gram sums."""
        target = {j: tile.of(self.target[j], j) for j in self.content_weights}
        masks = {j: None if mask is None else tile.of(mask, j) for j, mask in self.masks.items()}
        return (losses.distance(features, target, self.content_weights),
                *(losses.gram_sum(features[j], masks[j]) for j in self.style_weights))


@dataclass
class StyleTargets:
    """The Gram matrices of the blended style images, computed once per size and clip.

    `images` are 1,3,H,W each with a weight; weights are relative. `tile` as for `TiledEncoder`.
    """

    encoder: Encoder
    images: Sequence[tuple[Tensor, float]]
    layers: Sequence[str]
    style_scale: float = 1.0
    tile: int = 0

    def __post_init__(self) -> None:
        self._cache: dict[int, dict[str, Tensor]] = {}

    def at(self, long_side: int) -> dict[str, Tensor]:
        """{layer: C,C} for a frame whose long side has this many pixels: mean Gram matrix by weight."""
        if long_side not in self._cache:
            self._cache[long_side] = self._grams(max(16, round(long_side * self.style_scale)))
        return self._cache[long_side]

    def _grams(self, long_side: int) -> dict[str, Tensor]:
        total = sum(weight for _, weight in self.images)
        blend: dict[str, Tensor] = {}
        for image, weight in self.images:
            picture = with_long_side(image, long_side, smallest_side(self.layers))
            for layer, gram in self._grams_of(picture).items():
                gram = gram * (weight / total)
                blend[layer] = blend[layer] + gram if layer in blend else gram
        return blend

    def _grams_of(self, picture: Tensor) -> dict[str, Tensor]:
        size = size_of(picture)
        encoder = TiledEncoder(self.encoder, self.layers, size, self.tile)
        with torch.no_grad():
            sums = encoder.sums(picture, lambda features, _: tuple(losses.gram_sum(features[j]) for j in self.layers))
        return {j: total / losses.positions(feature_size(size, j)) for j, total in zip(self.layers, sums, strict=True)}


def paint(encoder: Encoder, content: Tensor, targets: StyleTargets, options: StyleOptions, *,
          start: Tensor | None = None, mask: Tensor | None = None, held: Held | None = None,
          first_step: float = FIRST_STEP) -> Iterator[Step | Tensor]:
    """Paint one frame: yields a Step per optimizer step and last the painted picture, 1,3,H,W in [0, 1].

    `content` is 1,3,H,W, `mask` 1,1,H,W: what it hides is not painted, and what it shows in part is painted as a whole,
    to be mixed with the content by the caller. It is painted coarse to fine, from a `start` (1,3,H,W), else from the
    content image or noise, as `options.init` says. `held` is what it should agree with.

    Deviation: the paper enlarges the small result and starts from that. Here a finer scale starts from the first
    picture plus the enlarged change that the coarser scales made, so that small things (windows, faces) are not lost
    on the way: equal style loss at less content error, and visibly so.
    """
    sizes = ladder(size_of(content), options.scales)
    steps = options.iterations
    change: Tensor | None = None
    for i, size in enumerate(sizes):
        small = resize(content, size)
        first = small if start is None else resize(start, size)
        if change is None and start is None and options.init == "noise":
            image = _noise(small, options.seed)
        else:
            image = first.clone(memory_format=torch.contiguous_format)
            image = image if change is None else (image + enlarged(change, size)).clamp(0.0, 1.0)
        loss = TransferLoss(encoder, small, targets.at(max(size)), options,
                            None if mask is None else resize(mask, size), targets.tile,
                            None if held is None else held.at(size))
        if len(loss.encoder.tiles) > 1:
            release_freed()  # what coarser scales freed is in pieces: 4096 x 2304 took 800 MiB more (measured)
        for step in minimize(image, loss, options.optimizer, steps, options.tolerance, first_step):
            if step.step:
                yield Step(i * steps + step.step, len(sizes) * steps, step.loss, step.picture)
        change = image - first
    yield image.clamp(0.0, 1.0)


def _noise(like: Tensor, seed: int) -> Tensor:
    return torch.rand(like.shape, generator=torch.Generator().manual_seed(seed)).to(like.device)
