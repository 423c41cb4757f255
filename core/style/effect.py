"""Style transfer as an effect: style targets made once for a clip, color kept, each frame steady with those before.

A frame with finished neighbors starts from what they say of it and takes a part of the steps (`steady.py`); the fast
engine's pictures are blended with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .. import color, weights
from ..devices import Compute
from ..effects import Frame, Painted, Step
from ..encoders import ENCODERS, chosen, load_encoder, smallest_side
from ..errors import InputError
from ..frames import Picture
from ..options import StyleOptions, parse_layers
from ..reference import shown
from ..weights import WeightFile
from .decoder import DECODED, load_decoder
from .fast import FastStyle
from .optimize import FIRST_STEP, PLAIN, SETTLED_STEP
from .steady import Held, held_by, temporal_weight
from .transfer import StyleTargets, paint

WARM_SHARE = 0.3
"""Part of the iterations that a frame takes when it starts from its neighbors' or an earlier pass's result."""
KNOWN_SHARE = 0.9
"""A frame of which neighbors know less is painted coarse to fine, as a first frame is."""
NEW_SHARE = 0.01
"""Where less than this part of a frame has changed since its neighbors, nothing is painted anew."""
BEGUN_SHARE = 0.5
"""How much of the start an earlier pass's result makes, where the neighbors have a say too."""


def blend_at(stability: float) -> float:
    """How much of a fast picture is taken from its neighbors at a stability, both 0..1: nine tenths at a half."""
    return 1.0 - math.exp(-math.log(100.0) * stability)


def _shortened(options: StyleOptions, known: float) -> StyleOptions:
    """The options for a frame of which this share (0..1) is painted already.

    What goes on from neighbors is painted with plain L-BFGS: preconditioned, neighboring paintings differ by half as
    much again. What is new is not, or steady clips had up to 1.4 times the style loss of frames painted alone.
    """
    share = WARM_SHARE * known + (1 - known)
    shorter = replace(options, iterations=max(1, round(options.iterations * share)))
    if known < KNOWN_SHARE:
        return shorter
    plain = options.stability and options.optimizer == "lbfgs"
    return replace(shorter, scales=1, optimizer=PLAIN if plain else options.optimizer)


def _refuse_small(styles: Sequence[tuple[Picture, float]], smallest: int) -> None:
    """Raises InputError for a style image with sides of fewer pixels."""
    for i, (picture, _) in enumerate(styles, 1):
        if min(picture.size) < smallest:
            raise InputError(f"Style image {i} is too small ({picture.size[1]} x {picture.size[0]}).",
                             f"It needs at least {smallest} pixels each side.")


def _fast(images: Sequence[tuple[Tensor, float]], options: StyleOptions, compute: Compute) -> FastStyle:
    return FastStyle(load_encoder("lite", compute.device, compute.precision, taps=False),
                     load_decoder(compute.device, compute.precision), images, options.style_scale, compute.tile)


class StyleEffect:
    """The style effect (`Effect`) for one clip.

    `styles` are pictures with their weights. A stability above 0 means that frames will have neighbors. `reference`
    reads one of the clip's frames: to keep color the styles' colors are matched to what it shows, once, so that the
    style does not change within a clip. Raises InputError for a style image too small to hold a style, WeightsError.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, options: StyleOptions, styles: Sequence[tuple[Picture, float]], compute: Compute,
                 reference: Callable[[], Picture]) -> None:
        self.options, self.device = options, compute.device
        self.gray = options.keep_color == "luminance"
        self.init = options.init if options.init != "auto" else "fast" if options.stability else "content"
        style_layers = list(parse_layers("style_layers", options.style_layers))
        self.smallest = smallest_side(DECODED if options.engine == "fast" else [
            *style_layers, *parse_layers("content_layers", options.content_layers)])
        _refuse_small(styles, self.smallest)
        images = [(self._colored(picture, reference), weight) for picture, weight in styles]
        used: list[WeightFile] = []
        if "fast" in (options.engine, self.init):
            used += [weights.LITE, weights.DECODER]
            self.fast = _fast(images, options, compute)
        if options.engine == "optimize":
            used.append(ENCODERS[chosen(options.encoder, compute.device)].weights)
            self.encoder = load_encoder(options.encoder, compute.device, compute.precision)
            self.targets = StyleTargets(self.encoder, images, style_layers, options.style_scale, compute.tile)
        self.weights = " ".join(file.sha256 for file in used)

    def paint(self, frame: Frame) -> Iterator[Step | Painted]:
        """Yields a Step per optimizer step and last the painted frame on the CPU. Raises InputError (too small)."""
        if min(frame.picture.size) < self.smallest:
            height, width = frame.picture.size
            raise InputError(f"Frame {frame.number} is too small to paint ({width} x {height}).",
                             f"It needs at least {self.smallest} pixels each side at the chosen size.")
        if frame.mask is not None and not bool(frame.mask.any()):
            yield Painted(frame.picture.rgb)  # there is nothing to paint
            return
        content = frame.picture.rgb.to(self.device)
        seen = color.gray(content) if self.gray else content
        mask = None if frame.mask is None else frame.mask.to(self.device)
        held = self._held(frame, content, mask)
        for result in self._painted(frame, seen, mask, held):
            if isinstance(result, Step):
                yield result
                continue
            painted = result if held is None else held.kept(result)
            if mask is not None:
                painted = torch.lerp(seen, painted, mask)
            kept = color.with_luminance(content, color.luminance(painted)) if self.gray else painted
            yield Painted(kept.cpu())

    def _held(self, frame: Frame, content: Tensor, mask: Tensor | None) -> Held | None:
        """What the neighbors say of the frame; of its luminance alone where the colors stay its own."""
        held = held_by(frame.neighbors, content, frame.strength, mask)
        if held is None:
            return None
        return replace(held, picture=color.gray(held.picture) if self.gray else held.picture,
                       weight=held.weight * temporal_weight(self.options.stability))

    def _painted(self, frame: Frame, content: Tensor, mask: Tensor | None,
                 held: Held | None) -> Iterator[Step | Tensor]:
        """One frame through the chosen engine."""
        options = self.options
        if held is not None and frame.begun is None and float((1 - held.still).mean()) < NEW_SHARE:
            yield held.picture
        elif options.engine == "fast":
            painted = self.fast.paint(content, frame.strength, mask)
            blend = blend_at(options.stability)
            yield painted if held is None else torch.lerp(painted, held.picture, held.trust * blend)
        else:
            start = self._start(frame, content, mask, held)
            known = float(held.known.mean()) if held is not None else float(frame.begun is not None)
            options = replace(_shortened(options, known), strength=frame.strength)
            settled = known >= KNOWN_SHARE and options.optimizer != "adam"  # whose first step is as long as all others
            yield from paint(self.encoder, content, self.targets, options, start=start, mask=mask, held=held,
                             first_step=SETTLED_STEP if settled else FIRST_STEP)

    def _start(self, frame: Frame, content: Tensor, mask: Tensor | None, held: Held | None) -> Tensor | None:
        """The picture that painting starts from; None: as `init` says, coarse to fine."""
        if frame.begun is not None:
            begun = color.gray(frame.begun.to(self.device)) if self.gray else frame.begun.to(self.device)
            return begun if held is None else torch.lerp(begun, held.over(begun), 1 - BEGUN_SHARE)
        if self.init != "fast":
            return None if held is None else held.over(content)
        painted = self.fast.paint(content, frame.strength, mask)
        return painted if held is None else held.over(held.colored(painted))

    def _colored(self, picture: Picture, reference: Callable[[], Picture]) -> Tensor:
        """A style image on the device, opaque on white, its colors as `keep_color` wants them."""
        image = picture.rgb if picture.alpha is None else torch.lerp(torch.ones_like(picture.rgb), picture.rgb,
                                                                     picture.alpha)
        if self.gray:
            image = color.match_luminance(image, shown(reference()))
        elif self.options.keep_color == "histogram":
            image = color.match_color(image, shown(reference()))
        return image.to(self.device).contiguous()
