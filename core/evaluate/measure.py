"""How much of a style and of a content a picture has: relative errors in float32 VGG-19 features, the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

    `style`: mean over the paper's style layers of |G(s) - G(x)|^2 / |G(s)|^2 (the normalized style loss by pixel);
    `content`: |phi(o) - phi(x)|^2 / |phi(o)|^2 at conv4_2 (the normalized content loss by pixel).
    """

    style: float
    content: float


class Judge:
    """Measures pictures (1,3,H,W in [0, 1]) against one content image and one style image at the content's size."""

    def __init__(self, content: Tensor, style: Tensor) -> None:
        self.encoder: Encoder = load_encoder("vgg19", content.device)
        style = resize(style, fitted(size_of(style), max(size_of(content)), enlarge=True))
        with torch.no_grad():
            features = self.encoder(style, STYLE_LAYERS)
            self.grams = {j: losses.gram_matrix(features[j]) for j in STYLE_LAYERS}
            self.content = self.encoder(content, CONTENT_LAYERS)

    def __call__(self, picture: Tensor) -> Figures:
        with torch.no_grad():
            features = self.encoder(picture.clamp(0.0, 1.0), [*STYLE_LAYERS, *CONTENT_LAYERS])
            grams = {j: losses.gram_matrix(features[j]) for j in STYLE_LAYERS}
            return Figures(float(losses.normalized_style_loss(grams, self.grams, STYLE_LAYERS, 1)),
                           float(losses.normalized_content_loss(features, self.content, CONTENT_LAYERS, 1)))

    def parts(self, picture: Tensor) -> dict[str, Mapping[str, float]]:
        """Each style layer's part loss, before its weight, by both formulas (Choi & Kim, figure 3)."""
        with torch.no_grad():
            features = self.encoder(picture, STYLE_LAYERS)
        grams = {j: losses.gram_matrix(features[j]) for j in STYLE_LAYERS}
        return {"classic": {j: float(losses.classic_style_loss(grams, self.grams, {j: 1.0})) for j in STYLE_LAYERS},
                "normalized": {j: float(losses.normalized_style_loss(grams, self.grams, {j: 1.0}, 1))
                               for j in STYLE_LAYERS}}
