"""Training the fast engine's decoder with the normalized loss: crops of pictures painted like crops of others.

The loss of a pair is that of the optimizing engine (Choi & Kim 2020, eq. 11 to 14), measured by the small encoder or
VGG-19; as a pair's strength says, part of the painting lies over the content and the content loss weighs more. The
engine's first, small pass has no part in it: it gives the second another beginning, not another task. Nor has the
style's mean color, which the engine's painting takes at last: learned with it, pictures had 11 to 22 % more of a
neutral judge's style loss at the same content error at strengths of 0.2 and 0.5 (380 steps, 24 held-out pairs).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..devices import fast_bfloat16
from ..encoders import Encoder
from ..errors import InputError
from ..options import PAPER_CONTENT_LAYERS, PAPER_STYLE_LAYERS, parse_layers
from ..style import losses
from ..style.decoder import DECODED, WIDTHS, Decoder, untrained
from ..style.fast import SMALLEST, share_at
from ..style.statistics import Statistics, movement
from ..weights import Layer, LayerWeights
from .batches import Batches, Source, floats
from .loop import Settings, descend, layers_of
from .narrow import narrowed
from .pictures import Pictures

STYLE_LAYERS = parse_layers("style_layers", PAPER_STYLE_LAYERS)
CONTENT_LAYERS = parse_layers("content_layers", PAPER_CONTENT_LAYERS)
CONTENT_WEIGHT_FALL = 2.0
"""The content weight at strength s is 10^(-this s). The optimizing engine falls by 4: it starts from the content
image, a decoder has to find it again."""
OUT_OF_RANGE = 10.0
"""Weight of the mean square by which pixels leave 0..1."""
FAR = 30.0
"""A loss from which on a pair counts by its logarithm."""
STYLE_SEED = 1000
"""Added to the seed for the styles' crops, which come from the same numbers otherwise."""
START, START_CROPS = 2**31, 64
"""The step whose crops the start from a wider decoder sees (no other step has that number), and how many they are."""
SCORED = 16
SCORED_STRENGTH = 0.5


class DecoderTrainee:
    """The decoder in training (`Trainee`).

    `encoder` is the small one without its taps, `teacher` the encoder that measures the loss, `styles` are the pictures
    that those in `pictures` are painted like, `begun` the weights to start from (None: random ones); those of a decoder
    with other widths or layers are narrowed first.
    """

    def __init__(self, encoder: Encoder, teacher: Encoder, pictures: Pictures, styles: Pictures, settings: Settings,
                 device: torch.device, begun: LayerWeights | None = None) -> None:
        self.encoder, self.teacher, self.pictures, self.styles = encoder, teacher, pictures, styles
        self.settings, self.device, self.begun = settings, device, begun
        if settings.side % SMALLEST:
            raise InputError(f"The crops' side of {settings.side} pixels cannot be painted.",
                             f"Give a multiple of {SMALLEST}.")
        sources = [Source(pictures, settings.seed), Source(styles, settings.seed + STYLE_SEED)]
        self.batches = Batches(sources, settings.batch, settings.side)

    def begin(self) -> None:
        channels = {layer: f.shape[1] for layer, f in self.encoder(
            torch.zeros(1, 3, 16, 16, device=self.device), DECODED).items()}
        fresh = untrained(channels, self.settings.seed)
        if self.begun is None:
            self._set_up(fresh)
        elif _shapes(self.begun) == _shapes(fresh):
            self._set_up(self.begun)
        else:
            self._set_up(self._narrowed(Decoder(self.begun)))

    def _narrowed(self, wide: Decoder) -> dict[str, Layer]:
        """The closed-form start from a wider decoder, on a batch that no step sees. Raises InputError."""
        if len(wide.layers) != len(DECODED):
            raise InputError("The weights to start from are of another form than this version's decoder.",
                             "Begin without them, or with weights that this version wrote.")
        crops, styles = (source.pictures.batch(source.seed, START, START_CROPS, self.settings.side)
                         for source in self.batches.sources)
        moved = self.moved(crops.to(self.device), styles.to(self.device), {*DECODED, *wide.layers})
        moved = {layer: features.cpu().float() for layer, features in moved.items()}
        return narrowed(wide, moved, WIDTHS)

    def _set_up(self, layers: Mapping[str, Layer]) -> None:
        self.decoder = Decoder(layers).to(self.device)
        self.decoder.requires_grad_(True)
        self.optimizer = torch.optim.Adam(self.decoder.parameters())

    def step(self, step: int, rate: float, batches: Sequence[Tensor]) -> Tensor:
        crops, styles = (floats(batch, self.device) for batch in batches)
        rng = np.random.default_rng([self.settings.seed, step, 1])
        strengths = torch.from_numpy(rng.uniform(0, 1, len(crops))).float()
        painted = self.paint(crops, styles, strengths)
        style, content = self.losses(painted, crops, styles)
        weights = (10.0 ** (-CONTENT_WEIGHT_FALL * strengths)).to(self.device)
        # Divided so that pairs of every strength have losses of a like size (2 or 3 at last); the logarithm, because
        # a few pairs (a flat style) have a loss a hundred times that of the others
        loss = (FAR * torch.log1p((weights * content + style) / (weights + 0.1) / FAR)).mean()
        loss = loss + OUT_OF_RANGE * (painted - painted.clamp(0.0, 1.0)).square().mean()
        descend(self.optimizer, loss, rate, self.decoder)
        return loss.detach()

    def paint(self, crops: Tensor, styles: Tensor, strengths: Tensor) -> Tensor:
        """N,3,H,W, not clamped: each crop in the style of its own (both N,3,H,W), at its strength (N, on the CPU)."""
        moved = self.moved(crops, styles, DECODED)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            painted = self.decoder(moved).float()
        shares = torch.tensor([share_at(strength) for strength in strengths.tolist()])
        return torch.lerp(crops, painted, shares.to(self.device).view(-1, 1, 1, 1))

    def moved(self, images: Tensor, styles: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """{layer: N,C,h,w}: features of the images, each with the statistics of its style (both N,3,H,W)."""
        with torch.no_grad():
            ours, theirs = self.encoder(images, layers), self.encoder(styles, layers)
            return {j: movement(Statistics.of(ours[j]), Statistics.of(theirs[j]))(ours[j]) for j in layers}

    def losses(self, painted: Tensor, crops: Tensor, styles: Tensor) -> tuple[Tensor, Tensor]:
        """The normalized style and content loss of each painted crop, per pixel: N and N."""
        with torch.no_grad():
            wanted, targets = _grams(self.teacher(styles, STYLE_LAYERS)), self.teacher(crops, CONTENT_LAYERS)
        features = self.teacher(painted, {*STYLE_LAYERS, *CONTENT_LAYERS})
        style = torch.vmap(partial(losses.normalized_style_loss, weights=STYLE_LAYERS, pixels=1))
        content = torch.vmap(partial(losses.normalized_content_loss, weights=CONTENT_LAYERS, pixels=1))
        return style(_grams(features), wanted), content({j: features[j] for j in CONTENT_LAYERS}, targets)

    def score(self) -> dict[str, float]:
        """Mean style and content loss over held-out pictures, each in a held-out style."""
        style, content = [], []
        contents, wanted = (pictures.held_out(SCORED, self.settings.side) for pictures in (self.pictures, self.styles))
        count = max(len(contents), len(wanted))
        with torch.no_grad():
            for numbers in torch.split(torch.arange(count), 4):
                crops = contents[numbers % len(contents)].to(self.device)
                styles = wanted[(numbers + 1) % len(wanted)].to(self.device)
                painted = self.paint(crops, styles, torch.full((len(crops),), SCORED_STRENGTH))
                parts = self.losses(painted.clamp(0.0, 1.0), crops, styles)
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


def _shapes(layers: LayerWeights) -> dict[str, torch.Size]:
    return {name: layer.kernel.shape for name, layer in layers.items()}


def _grams(features: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """{layer: N,C,C}, float32: each picture's Gram matrices, all at once for a GPU's sake."""
    rows = {layer: features[layer].flatten(2).float() for layer in STYLE_LAYERS}
    return {layer: x @ x.transpose(1, 2) / x.shape[2] for layer, x in rows.items()}
