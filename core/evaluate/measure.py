"""How much of a style and of a content a picture has: relative errors in a network's float32 features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..encoders import Encoder, load_encoder
from ..options import PAPER_CONTENT_LAYERS, PAPER_STYLE_LAYERS, parse_layers
from ..sizes import fitted, resize, size_of
from ..style import losses

STYLE_LAYERS = parse_layers("style_layers", PAPER_STYLE_LAYERS)
CONTENT_LAYERS = parse_layers("content_layers", PAPER_CONTENT_LAYERS)


@dataclass(frozen=True)
class Figures:
    """Errors relative to the energy of what they are measured against: 0 is equal, 1 as far as black or as nothing.

    `style`: mean over the judge's style layers of |G(s) - G(x)|^2 / |G(s)|^2 (the normalized style loss by pixel);
    `content`: |phi(o) - phi(x)|^2 / |phi(o)|^2 at its content layer (the normalized content loss by pixel).
    """

    style: float
    content: float
    parts: Mapping[str, float] = field(default_factory=dict)
    """`style` by style layer."""


class Judge:
    """Measures pictures (1,3,H,W in [0, 1]) against one content image and one style image at the content's size.

    With VGG-19 and the paper's layers, unless another encoder and its layers are given.
    """

    def __init__(self, content: Tensor, style: Tensor, encoder: Encoder | None = None,
                 style_layers: Mapping[str, float] = STYLE_LAYERS,
                 content_layers: Mapping[str, float] = CONTENT_LAYERS) -> None:
        self.encoder = encoder or load_encoder("vgg19", content.device)
        self.style_layers, self.content_layers = style_layers, content_layers
        style = resize(style, fitted(size_of(style), max(size_of(content)), enlarge=True))
        with torch.no_grad():
            self.grams = self._grams(self.encoder(style, style_layers))
            self.content = self.encoder(content, content_layers)

    def __call__(self, picture: Tensor) -> Figures:
        with torch.no_grad():
            features = self.encoder(picture.clamp(0.0, 1.0), [*self.style_layers, *self.content_layers])
            grams = self._grams(features)
            return Figures(float(losses.normalized_style_loss(grams, self.grams, self.style_layers, 1)),
                           float(losses.normalized_content_loss(features, self.content, self.content_layers, 1)),
                           self._normalized_parts(grams))

    def parts(self, picture: Tensor) -> dict[str, Mapping[str, float]]:
        """Each style layer's part loss, before its weight, by both formulas (Choi & Kim, figure 3)."""
        with torch.no_grad():
            grams = self._grams(self.encoder(picture, self.style_layers))
        return {"classic": {j: float(losses.classic_style_loss(grams, self.grams, {j: 1.0})) for j in grams},
                "normalized": self._normalized_parts(grams)}

    def _normalized_parts(self, grams: losses.Features) -> dict[str, float]:
        return {j: float(losses.normalized_style_loss(grams, self.grams, {j: 1.0}, 1)) for j in grams}

    def _grams(self, features: losses.Features) -> dict[str, Tensor]:
        return {j: losses.gram_matrix(features[j]) for j in self.style_layers}
