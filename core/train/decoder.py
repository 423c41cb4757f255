"""Training the fast engine's decoder with the normalized loss, on pairs of crops: one is painted like the other.

The loss of a pair is that of the optimizing engine (Choi & Kim 2020, eq. 11 to 14), measured by the small encoder or
VGG-19; as a pair's strength says, its features are moved part of the way and its content loss weighs more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import fast_bfloat16
from ..encoders import Encoder
from ..options import PAPER_CONTENT_LAYERS, PAPER_STYLE_LAYERS, parse_layers
from ..style import losses
from ..style.decoder import DECODED, Decoder, untrained
from ..style.fast import corrected, share_at
from ..style.statistics import Statistics, movement
from ..weights import Layer, LayerWeights
from .loop import Settings, layers_of
from .pictures import Pictures

STYLE_LAYERS = parse_layers("style_layers", PAPER_STYLE_LAYERS)
CONTENT_LAYERS = parse_layers("content_layers", PAPER_CONTENT_LAYERS)
CONTENT_WEIGHT_FALL = 2.0
"""The content weight at strength s is 10^(-this s). The optimizing engine falls by 4: it starts from the content
image, a decoder has to find it again."""
OUT_OF_RANGE = 10.0
"""Weight of the mean square by which pixels leave 0..1."""
SCORED = 16
SCORED_STRENGTH = 0.5


class DecoderTrainee:
    """The decoder in training (`Trainee`).

    `encoder` is the small one without its taps, `teacher` the encoder that measures the loss, `begun` the weights to
    start from (None: random ones).
    """

    def __init__(self, encoder: Encoder, teacher: Encoder, pictures: Pictures, settings: Settings, device: torch.device,
                 begun: LayerWeights | None = None) -> None:
        self.encoder, self.teacher, self.pictures = encoder, teacher, pictures
        self.settings, self.device, self.begun = settings, device, begun

    def begin(self) -> None:
        if self.begun is not None:
            self._set_up(self.begun)
            return
        channels = {layer: f.shape[1] for layer, f in self.encoder(torch.zeros(1, 3, 16, 16), DECODED).items()}
        self._set_up(untrained(channels, self.settings.seed))

    def _set_up(self, layers: Mapping[str, Layer]) -> None:
        self.decoder = Decoder(layers).to(self.device)
        self.decoder.requires_grad_(True)
        self.optimizer = torch.optim.Adam(self.decoder.parameters())

    def step(self, step: int, rate: float) -> float:
        settings = self.settings
        crops = self.pictures.batch(settings.seed, step, settings.batch, settings.side).to(self.device)
        rng = np.random.default_rng([settings.seed, step, 1])
        strengths = torch.from_numpy(rng.uniform(0, 1, len(crops))).float().to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        painted = self.paint(crops, strengths)
        style, content = self.losses(painted, crops)
        weights = 10.0 ** (-CONTENT_WEIGHT_FALL * strengths)
        # Divided so that pairs of every strength have losses of a like size; the logarithm, because a few pairs (a
        # flat style) have a loss a hundred times that of the others
        loss = torch.log1p((weights * content + style) / (weights + 0.1)).mean()
        loss = loss + OUT_OF_RANGE * (painted - painted.clamp(0.0, 1.0)).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    def paint(self, crops: Tensor, strengths: Tensor) -> Tensor:
        """N,3,H,W, not clamped: each crop in the style of the one before it, at its strength (N)."""
        shares = torch.tensor([share_at(float(s)) for s in strengths], device=self.device).view(-1, 1, 1)
        both = {}
        with torch.no_grad():
            for layer, features in self.encoder(crops, DECODED).items():
                ours = Statistics.of(features)
                theirs = Statistics(ours.mean.roll(1, 0), ours.covariance.roll(1, 0))
                both[layer] = torch.cat([movement(ours, theirs, shares)(features), features])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            moved, plain = self.decoder(both).float().chunk(2)
        return corrected(moved, crops, plain, shares[..., None])

    def losses(self, painted: Tensor, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The normalized style and content loss of each painted crop, per pixel: N and N."""
        layers = {*STYLE_LAYERS, *CONTENT_LAYERS}
        with torch.no_grad():
            seen = self.teacher(crops, layers)
            targets = [_of(seen, i) for i in range(len(crops))]
            grams = [_grams(target) for target in targets]
        features = self.teacher(painted, layers)
        style, content = [], []
        for i, target in enumerate(targets):
            ours = _of(features, i)
            style.append(losses.normalized_style_loss(_grams(ours), grams[i - 1], STYLE_LAYERS, 1))
            content.append(losses.normalized_content_loss(ours, target, CONTENT_LAYERS, 1))
        return torch.stack(style), torch.stack(content)

    def score(self) -> dict[str, float]:
        """Mean style and content loss over held-out pictures, each in the style of another."""
        style, content = [], []
        with torch.no_grad():
            for part in torch.split(self.pictures.held_out(SCORED, self.settings.side), 4):
                crops = part.to(self.device)
                painted = self.paint(crops, torch.full((len(crops),), SCORED_STRENGTH))
                parts = self.losses(painted.clamp(0.0, 1.0), crops)
                style.append(parts[0])
                content.append(parts[1])
        return {"style": float(torch.cat(style).mean()), "content": float(torch.cat(content).mean())}

    def weights(self) -> Mapping[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, layer in layers_of(self.decoder).items():
            tensors |= {f"{name}.kernel": layer.kernel, f"{name}.bias": layer.bias}
        return tensors

    def state(self) -> dict[str, Any]:
        layers = {name: tuple(layer) for name, layer in layers_of(self.decoder).items()}
        return {"layers": layers, "optimizer": self.optimizer.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self._set_up({name: Layer(*layer) for name, layer in state["layers"].items()})
        self.optimizer.load_state_dict(state["optimizer"])


def _of(features: Mapping[str, Tensor], i: int) -> dict[str, Tensor]:
    return {layer: f[i:i + 1] for layer, f in features.items()}


def _grams(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {layer: losses.gram_matrix(features[layer]) for layer in STYLE_LAYERS}
