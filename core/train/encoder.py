"""Training the small encoder: a narrow VGG-19 that has its teacher's features up to a linear map, in every layer.

Features are matched through a 1x1 head per layer, each layer's error relative to its energy (Wang et al.,
"Collaborative Distillation for Ultra-Resolution Universal Style Transfer", CVPR 2020, section 3.1), and so are
their Gram matrices, which is what a style loss compares. Part of the crops has been painted by the encoder itself as
it stands: where an optimizer leads the picture, off the road of natural ones, the teacher has been asked too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import fast_bfloat16
from ..effects import last
from ..encoders import LAYERS, Encoder, centered_input
from ..options import PAPER_STYLE_LAYERS, StyleOptions, parse_layers
from ..style.statistics import root_by_eigenvalues
from ..style.transfer import StyleTargets, paint
from ..weights import Layer, LayerWeights
from .batches import Batches, Source, floats
from .closed_form import start
from .loop import Settings, descend, layers_of
from .pictures import Pictures

WIDTHS = (16, 48, 80, 160, 192)
"""Channels per block: a quarter of VGG-19's and a little more where it costs little."""
START, START_CROPS = 2**31, 128
"""The step whose crops the closed-form start sees (no other step has that number), and how many they are."""
GRAM_WEIGHT = 1.0
"""Weight of the Gram matrices' errors against the features'."""
PAINT_EVERY = 8
PAINT_STEPS = 10
PAINTED_SHARE = 0.25
"""One picture is painted every so many steps, by so many optimizer steps; its share of each batch."""
POOL = 96
"""Painted pictures kept; a new one takes the place of any."""
REFRESH = 20
"""Steps after which the painting encoder is brought up to date; divides CHECKPOINT_EVERY."""
SCORED = 16
"""Held-out pictures that the score is made of."""
GRAM_LAYERS = tuple(parse_layers("style_layers", PAPER_STYLE_LAYERS))
GRID = 24
"""Positions per side of a feature map that the features' errors look at."""


class EncoderTrainee:
    """The small encoder in training (`Trainee`). `teacher` may run in any precision.

    It starts from the weights `begun`, or without them from a closed form with these widths.
    """

    def __init__(self, teacher: Encoder, pictures: Pictures, settings: Settings, device: torch.device,
                 begun: LayerWeights | None = None, widths: tuple[int, ...] = WIDTHS) -> None:
        self.teacher, self.pictures, self.settings, self.device = teacher, pictures, settings, device
        self.begun, self.widths = begun, widths
        self.batches = Batches([Source(pictures, settings.seed)], settings.batch, settings.side)

    def begin(self) -> None:
        crops = self.pictures.batch(self.settings.seed, START, START_CROPS, self.settings.side)
        exact = Encoder(layers_of(self.teacher), self.teacher.prepare)
        self._set_up(*start(exact, self.widths, crops, self.begun))
        self.pool = torch.empty(0, 3, self.settings.side, self.settings.side, dtype=torch.uint8)

    def _set_up(self, layers: Mapping[str, Layer], heads: Mapping[str, Tensor], scales: Mapping[str, float]) -> None:
        self.student = Encoder(layers, centered_input).to(self.device)
        self.student.requires_grad_(True)
        self.heads = nn.ParameterDict(heads).to(self.device)
        self.scales = dict(scales)
        self.optimizer = torch.optim.Adam([*self.student.parameters(), *self.heads.parameters()])

    def step(self, step: int, rate: float, batches: Sequence[Tensor]) -> Tensor:
        if step % REFRESH == 0:
            self.painter = Encoder(self._finished(), centered_input).to(self.device)
        batch = floats(self._with_painted(step, batches[0]), self.device)
        features, grams = self.errors(batch, step)
        loss = features.mean() + GRAM_WEIGHT * grams.mean()
        descend(self.optimizer, loss, rate, self.student)
        return loss.detach()

    def errors(self, batch: Tensor, offset: int = 0) -> tuple[Tensor, Tensor]:
        """Relative errors, squared: of the features of each layer in LAYERS, and of the Gram matrices in GRAM_LAYERS.

        Large maps are looked at on a grid of positions; `offset` moves the grid.
        """
        with torch.no_grad():
            theirs = self.teacher(batch, LAYERS)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            ours = self.student(batch, LAYERS)
        features = []
        for name in LAYERS:
            target = _grid(theirs[name], offset).float() / self.scales[name]
            output = self.heads[name] @ _grid(ours[name], offset).float()
            features.append((output - target).square().sum() / target.square().sum())
        grams = [self._gram_error(name, ours[name].flatten(2), theirs[name].flatten(2)) for name in GRAM_LAYERS]
        return torch.stack(features), torch.stack(grams)

    def _gram_error(self, name: str, ours: Tensor, theirs: Tensor) -> Tensor:
        head = self.heads[name]
        target = (theirs @ theirs.transpose(1, 2)).float() / self.scales[name] ** 2
        difference = head @ (ours @ ours.transpose(1, 2)).float() @ head.T - target
        error: Tensor = (difference.square().sum((1, 2)) / target.square().sum((1, 2))).mean()
        return error

    def score(self) -> dict[str, float]:
        """Relative errors (not squared) on held-out pictures: each layer's features, and the mean of the Gram's."""
        crops = self.pictures.held_out(SCORED, self.settings.side)
        with torch.no_grad():
            parts = [self.errors(crop.to(self.device)) for crop in torch.split(crops, 4)]
        features, grams = (torch.stack(part).mean(0).sqrt() for part in zip(*parts, strict=True))
        return {**dict(zip(LAYERS, features.tolist(), strict=True)), "gram": float(grams.mean())}

    def weights(self) -> Mapping[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, layer in self._finished().items():
            assert layer.tap is not None
            tensors |= {f"{name}.kernel": layer.kernel, f"{name}.bias": layer.bias, f"{name}.tap": layer.tap}
        return tensors

    def state(self) -> dict[str, Any]:
        layers = {name: tuple(layer) for name, layer in layers_of(self.student).items()}
        return {"layers": layers, "heads": dict(self.heads.items()), "scales": self.scales,
                "optimizer": self.optimizer.state_dict(), "pool": self.pool}

    def load_state(self, state: dict[str, Any]) -> None:
        layers = {name: Layer(*layer) for name, layer in state["layers"].items()}
        self._set_up(layers, state["heads"], state["scales"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.pool = state["pool"]

    def _finished(self) -> dict[str, Layer]:
        """The encoder to ship: heads folded into taps, scaled as the teacher is (see `Encoder`)."""
        layers = {}
        for name, layer in layers_of(self.student).items():
            head = self.heads[name].detach().cpu()
            root = root_by_eigenvalues((head.T @ head).double()[None])[0]
            layers[name] = Layer(layer.kernel, layer.bias, (root * self.scales[name]).float())
        return layers

    def _with_painted(self, step: int, batch: Tensor) -> Tensor:
        """The step's crops, uint8; in place of a part of them painted ones, once there are some."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, step, 1])
        if step % PAINT_EVERY == 0 and settings.batch > 1:
            self._keep(rng, self._painted(rng, *torch.split(floats(batch[:2], self.device), 1)))
        painted = round(settings.batch * PAINTED_SHARE)
        if len(self.pool) and painted:
            chosen = torch.from_numpy(rng.integers(len(self.pool), size=painted))
            return torch.cat([batch[:-painted], self.pool[chosen]])
        return batch

    def _painted(self, rng: np.random.Generator, content: Tensor, style: Tensor) -> Tensor:
        """One crop in the style of another, painted for a few steps by the encoder as it stands."""
        options = StyleOptions(iterations=PAINT_STEPS, scales=1, strength=float(rng.uniform(0.25, 1.0)))
        targets = StyleTargets(self.painter, [(style, 1.0)], list(
            parse_layers("style_layers", options.style_layers)))
        return last(paint(self.painter, content, targets, options)).cpu()

    def _keep(self, rng: np.random.Generator, painted: Tensor) -> None:
        pixels = (painted * 255 + 0.5).to(torch.uint8)
        if len(self.pool) < POOL:
            self.pool = torch.cat([self.pool, pixels])
        else:
            self.pool[rng.integers(POOL)] = pixels[0]


def _grid(features: Tensor, offset: int) -> Tensor:
    """N,C,P: every so manieth row and column."""
    every = max(1, features.shape[-1] // GRID)
    row, column = offset % every, offset // every % every
    return features[:, :, row::every, column::every].flatten(2)
