"""Temporal consistency of one frame: what finished frames say of it, and the loss of departing from that.

After Ruder, Dosovitskiy & Brox, "Artistic Style Transfer for Videos and Spherical Images", IJCV 2018: a frame starts
from its neighbors' results, warped by the optical flow (section 4.1), and is held to them by a temporal loss where
the flow is reliable, the nearest neighbor first (sections 4.2 and 4.3, eq. 8 to 11).

Deviations: where the colors do not agree with the flow it is not trusted, though it goes there and back consistently
(flat places behind what passes them by do); a frame agrees in part with one further back, since what is handed on from
frame to frame wanders; what stands still is not only held but kept, pixel by pixel, so that a
static background cannot drift, blur or darken however long the shot; and the temporal loss is relative (see
`temporal_loss`), as the other losses of Choi & Kim 2020 are, so that one stability means the same for every style and
size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from .. import color
from ..effects import Neighbor
from ..motion.links import Link
from ..motion.warp import inside, warp
from ..sizes import Size, averaged, resize, size_of
from . import losses

STILL = 0.6 / 255
"""A place stands still if its content, averaged over `AROUND`, differs by less than this from all neighbors'.

Where only an nth of that square counts, the limit is the root of n times as much: so is what noise leaves of a mean.
"""
AROUND = 17
"""Side, in pixels, of the squares over which that is averaged: footage has noise, which no painting should follow."""
ALIKE, PATCH = 0.06, 5
"""Colors that differ by more, on average over so many pixels each side, are not those of the same thing."""
BROADLY, BROAD = 0.1, 17
"""Where flow is reliable, averages over larger squares may agree instead: fine things never meet pixel by pixel."""
RIM = 5
"""Side, in pixels, of the squares that a soft rim of something uncovered fits into."""
ORIGIN_SHARE = 1 / 3
"""How much of a frame is taken from further back: a little in every frame, as all of it now and then is a pulse."""
ANOTHER = 0.1
"""Strengths that differ by so much are another painting. Fast follows one that rises by less a frame within 0.05."""
SAME = 0.999
"""What was painted less like it than so is not kept as it is."""
EDGE = 9
"""Pixels over which what is taken from further back goes over into what the nearest neighbor says, and what is known
into what is not."""
NEAR = 17
"""Pixels within which colors around a place count, the nearest most."""
FEW = 0.01
"""Where a smaller share of them can be trusted, their say fades."""
MARGIN = 5
"""Pixels by which what moves is widened, so that its edge is painted with it."""
FLATTEST = 8 / 255
"""The least distance from a plain color, in each channel, that departing from a held picture is measured by."""
LEAST, MOST = 1e-3, 1e2
"""The temporal weight at a stability just above 0 and at 1."""


@dataclass(frozen=True)
class Held:
    """What a frame should agree with: `picture` 1,3,H,W; all maps are 1,1,H,W in 0..1.

    The picture shows something where it is `known`; its flow can be trusted there but for motion boundaries (`trust`);
    where nothing has changed since (`still`) it is kept as it is. `weight` is that of the temporal loss: less for what
    was painted with another strength, whose small trust alone would not lessen a relative loss, but raise it.
    """

    picture: Tensor
    known: Tensor
    trust: Tensor
    still: Tensor
    weight: float = 1.0

    @cached_property
    def energy(self) -> Tensor:
        """How far the trusted picture p is from a plain color, sum (c (p - mean p))^2; a float32 scalar, never 0.

        A plain one counts as if it were `FLATTEST` from that: by rounding alone its loss would outweigh all others.
        """
        plain = (self.picture * self.trust).sum((-2, -1), keepdim=True) / self.trust.sum().clamp_min(1e-6)
        flattest = 3 * self.trust.square().sum() * FLATTEST**2
        return torch.maximum(losses.energy((self.picture - plain) * self.trust), flattest)

    def at(self, size: Size) -> Held:
        """The same for a picture of another size (H, W)."""
        known, trust, still = (resize(part, size) for part in (self.known, self.trust, self.still))
        return Held(resize(self.picture, size), known, trust, still, self.weight)

    def colored(self, painted: Tensor) -> Tensor:
        """A painting of the frame, 1,3,H,W in [0, 1], in the colors that the trusted picture has around each place.

        What comes into sight begins with it, or it would be paler than what a clip was before, or more colorful: few
        steps leave colors that the style does not have. Where nothing near can be trusted it keeps its own mean, and
        in a frame of which hardly anything can, all its colors.
        """
        change, share = _around((self.picture - painted) * self.trust), _around(self.trust)
        near = (painted + change / share.clamp_min(FEW)).clamp(0.0, 1.0)
        likely = (2 * self.trust.mean()).clamp_max(1.0)
        return torch.lerp(near, color.within_tints(near, self.picture, self.trust), likely)

    def over(self, start: Tensor) -> Tensor:
        """The picture over `start`, 1,3,H,W, which shows elsewhere: painting begins with both.

        Where flow is not reliable one goes over into the other: in water and the like an edge would stay to be seen.
        """
        return torch.lerp(start, self.picture, torch.maximum(self.trust, _feathered(self.known)))

    def kept(self, painted: Tensor) -> Tensor:
        """A painted frame, 1,3,H,W, with what stands still as it was."""
        return torch.lerp(painted, self.picture, self.still)


def held_by(neighbors: Sequence[Neighbor], content: Tensor, strength: float = 1.0,
            mask: Tensor | None = None) -> Held | None:
    """What finished neighbors, the nearest first, say of a frame with this content (1,3,H,W); None without any.

    The frame is to be painted with this `strength` where the `mask` (1,1,H,W in 0..1; None: everywhere) shows it. What
    was painted otherwise says less: strengths that differ by a tenth nothing at all, nor does what was not painted.

    Each counts where those before it cannot tell: c_long(j) = max(c(j) - sum of c(i), i before j; 0) (eq. 11), with
    c(j) 1 where the frame looks as neighbor j does, moved along: by the flow where it is consistent, else (in a plain
    sky it seldom is) as most of the picture moves. An origin counts only where the flow to it is reliable, and in
    part, unless nothing else can tell; what moves too slowly to be seen from one frame to the next goes its part of the
    way to it.
    """
    if not neighbors:
        return None
    if all(neighbor.origin for neighbor in neighbors):  # the nearer ones could not be read
        neighbors = [replace(neighbor, origin=False) for neighbor in neighbors]
    flows = [_followed(neighbor.link, content.device) for neighbor in neighbors]
    likewise = [_likewise(neighbor, flow, strength, mask) for neighbor, flow in zip(neighbors, flows, strict=True)]
    picture = torch.zeros_like(content)
    known, trust = torch.zeros_like(content[:, :1]), torch.zeros_like(content[:, :1])
    for shown, reliability, moved in _told(neighbors, flows, likewise, content):
        share = (shown - known).clamp_min(0.0)
        picture = picture + share * moved
        known, trust = known + share, trust + share * reliability
    picture = picture / known.clamp_min(1e-6)  # a mean, however little is known
    strongly = max(_strongly(neighbor, strength) for neighbor in neighbors)
    return Held(picture, known, trust, _softened(_still(neighbors, flows, likewise, content) * known), strongly**2)


def temporal_weight(stability: float) -> float:
    """The weight of the temporal loss for a stability in 0..1, rising evenly in its logarithm; 0 at 0."""
    return LEAST * (MOST / LEAST) ** stability if stability > 0 else 0.0


def temporal_loss(image: Tensor, held: Held) -> Tensor:
    """w sum c (x - p)^2 / sum (p - mean p)^2, a float32 scalar: eq. 8 with the energy of the picture under it.

    1 per pixel means as far from the held picture p as that is from a plain color; w is the number of pixels, as in
    the normalized losses (Choi & Kim 2020, eq. 11).
    """
    height, width = size_of(image)
    return height * width * (held.trust * (image - held.picture).square()).sum() / held.energy


def _strongly(neighbor: Neighbor, strength: float) -> float:
    """How nearly, in 0..1, a neighbor was painted with this strength."""
    return max(0.0, 1.0 - abs(strength - neighbor.strength) / ANOTHER)


def _likewise(neighbor: Neighbor, flow: Tensor, strength: float, mask: Tensor | None) -> Tensor:
    """1,1,H,W in 0..1: how far a neighbor, moved along, was painted as this frame is to be: as strongly, and there."""
    everywhere = torch.full_like(flow[:, :1], _strongly(neighbor, strength))
    if neighbor.mask is None:
        return everywhere
    there = warp(neighbor.mask.to(flow), flow)
    return everywhere * (1.0 - ((1.0 if mask is None else mask) - there).clamp_min(0.0))


def _told(neighbors: Sequence[Neighbor], flows: Sequence[Tensor], likewise: Sequence[Tensor],
          content: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Where each neighbor shows something, how reliable its flow is, and its result moved along; in order of their say.

    An origin is asked twice: for its part, and at last for what nothing else can tell.
    """
    told, told_last = [], []
    for neighbor, flow, alike in zip(neighbors, _creeping(neighbors, flows), likewise, strict=True):
        reliability, seen = (part.to(content.device) for part in (neighbor.link.reliability, neighbor.link.consistency))
        moved, before = warp(neighbor.result.to(content.device), flow), warp(neighbor.content.to(content.device), flow)
        shown = alike * inside(flow) * _alike(content, before, reliability, seen)
        if neighbor.origin:
            shown = shown * reliability
            told_last.append((shown, reliability, moved))
            shown = shown * averaged(shown, EDGE) * ORIGIN_SHARE
        told.append((shown, reliability, moved))
    return told + told_last


def _still(neighbors: Sequence[Neighbor], flows: Sequence[Tensor], likewise: Sequence[Tensor],
           content: Tensor) -> Tensor:
    """1,1,H,W, 0 or 1: what has not moved since any neighbor but an origin, and is to be painted as that was."""
    still = torch.ones_like(content[:, :1])
    for neighbor, flow, alike in zip(neighbors, flows, likewise, strict=True):
        if not neighbor.origin:
            still = still * _unmoved(content, neighbor.content.to(content.device), flow) * (alike > SAME)
    return still


def _followed(link: Link, device: torch.device) -> Tensor:
    """1,2,H,W: the flow of a link where it is consistent, else as most of the picture moves."""
    flow, reliability, seen = (part.to(device) for part in (link.flow, link.reliability, link.consistency))
    return torch.where(seen > 0.5, flow, _common(flow, reliability))


def _creeping(neighbors: Sequence[Neighbor], flows: Sequence[Tensor]) -> list[Tensor]:
    """The flows, with an even part of the origin's where nothing moves by any other and the origin's is reliable."""
    origin = next(((n, flow) for n, flow in zip(neighbors, flows, strict=True) if n.origin), None)
    if origin is None:
        return list(flows)
    from_afar, far = origin
    slow = torch.stack([_resting(flow) for n, flow in zip(neighbors, flows, strict=True) if not n.origin]).all(0)
    creep = far * (slow & (from_afar.link.reliability.to(far.device) > 0.5)) / from_afar.away
    return [flow if n.origin else flow + creep * n.away for n, flow in zip(neighbors, flows, strict=True)]


def _common(flow: Tensor, reliability: Tensor) -> Tensor:
    """1,2,1,1: the median motion where the flow is reliable."""
    sure = flow[:, :, reliability[0, 0] > 0.5]
    return (sure if sure.numel() else flow.flatten(2)).median(-1).values[..., None, None]


def _alike(content: Tensor, before: Tensor, reliability: Tensor, seen: Tensor) -> Tensor:
    """1,1,H,W, 0 or 1: where a frame looks as its neighbor does, moved along.

    Hairs and blades of grass never come to lie on each other, however right the flow is; strokes are larger than they.
    Where flow is not consistent (not `seen`), at the back of what moves, the soft rim of that is like what it uncovers,
    but its paint is not: places beside others that differ are no more alike than these.
    """
    apart = content - before
    closely = averaged(apart.abs().amax(1, keepdim=True), PATCH) < ALIKE
    broadly = averaged(apart, BROAD).abs().amax(1, keepdim=True) < BROADLY
    differs = max_pool2d((~closely).to(content.dtype), RIM, 1, RIM // 2) > 0.5
    return (torch.where(seen > 0.5, closely, ~differs) | (broadly & (reliability > 0.5))).to(content.dtype)


def _resting(flow: Tensor) -> Tensor:
    """1,1,H,W: where nothing moves."""
    return (flow == 0).all(1, keepdim=True)


def _unmoved(content: Tensor, before: Tensor, flow: Tensor) -> Tensor:
    """1,1,H,W, 0 or 1: where nothing moves and no color changes beyond noise, whatever passes by beside it.

    Averaged are those pixels of a square that lie in the picture and do not move; of fewer, noise leaves more.
    """
    resting = _resting(flow).to(content.dtype)
    share = averaged(resting, AROUND, "constant")
    summed = averaged((content - before) * resting, AROUND, "constant").abs().amax(1, keepdim=True)
    return resting * (summed < STILL * share.sqrt()).to(content.dtype)


def _feathered(known: Tensor) -> Tensor:
    """The map, which falls to 0 toward its edge."""
    return known * (2 * averaged(known, EDGE) - 1).clamp_min(0.0)


def _around(maps: Tensor) -> Tensor:
    """Means around each place, weighted by a tent: those of even squares would show the squares."""
    return averaged(averaged(maps, NEAR), NEAR)


def _softened(still: Tensor) -> Tensor:
    """The map without what lies near movement, its edge blurred."""
    square = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    within = cv2.erode(still[0, 0].cpu().numpy(), square)  # torch's pooling takes a hundred times as long
    return averaged(torch.from_numpy(within)[None, None].to(still.device), MARGIN)
