"""Which spot of which material a piece is cut from: the one that looks most like what the piece stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..options import CollageOptions
from .ground import to_lab
from .materials import Materials, look_of
from .pieces import Pieces
from .similarity import applied, similarity

PLAIN = ("cutouts", "mosaic")
"""Modes whose pieces are of one color each."""
NEAREST = 48
"""Windows that are compared for a piece."""
# Costs stand beside the difference between two looks, the sum of 8 weighted ones (see `look_of`).
REUSE = {"allow": 0.0, "avoid": 0.6, "forbid": 1e6}
"""What each earlier use of a spot costs."""
NEIGHBOR = 0.9
"""What it costs to take the sheet of a neighbor: two pieces would look like one."""
CHANCE = 0.15
"""What is added to a cost by chance, at most: it decides between windows that cost nearly the same."""
EVEN = 3.0
"""What it costs to take a sheet that all of the last pieces were cut from; less in proportion."""
RECENT = 600
"""Pieces laid last that are asked whether they are neighbors."""
UNCOVERED = 4.0
"""What it costs if a cut-out leaves all of a piece open, times the weight of shape."""
COARSEST = 430.0
"""Pixels of a material for a frame's height, at least: fewer would blur."""


@dataclass(frozen=True)
class Choice:
    """A spot for a piece: `window` (a, b, x, y) leads from the piece's center to the pixels of the material."""

    material: int
    window: Floats
    moment: int
    tint: Floats


@dataclass
class Matcher:
    """Chooses the materials of new pieces, with an eye on those that lie there already (`pieces`)."""

    materials: Materials
    options: CollageOptions
    pieces: Pieces
    _uses: Floats = field(init=False)
    _laid: list[tuple[float, float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._uses = np.zeros(len(self.materials.windows.sheet) if self.materials.sheets else 0, np.float32)
        for i in range(len(self.pieces)):
            if self.pieces.moment[i] < 0:
                self._remember(int(self.pieces.material[i]), self.pieces.window[i, 2:], self.pieces.place[i, 2:])

    def choose(self, lab: Floats, weight: Floats, outline: Floats, center: Floats, extent: float,
               generator: np.random.Generator) -> Choice:
        """The spot for a piece that stands for `lab` (h,w,3; `weight` h,w where), with this outline from its center.

        `extent` is its largest measure, in heights of the frame.
        """
        windows = self.materials.windows
        look, angle, tint = look_of(lab, weight)
        if self.options.mode in PLAIN:
            look[3:] = 0.0
        found = self._nearest(look, NEAREST)
        if self.options.reuse == "forbid" and self._uses[found].all():
            found = self._nearest(look, len(windows.sheet))
        jitter = np.deg2rad(self.options.rotation)
        turns = windows.angle[found] - angle + generator.uniform(-jitter, jitter, len(found))
        turns = turns + pi * generator.integers(0, 2, len(found))
        scales = np.maximum(windows.side[found] / extent, COARSEST)
        cost = (np.abs(windows.look[found] - look) * self.materials.look_weights).sum(1)
        cost += generator.uniform(0, CHANCE, len(found))
        cost += REUSE[self.options.reuse] * self._uses[found] + self._common(found, center, extent)
        for k, window in enumerate(found):
            cost[k] += self._uncovered(int(windows.sheet[window]), similarity(turns[k], scales[k],
                                                                            windows.center[window]), outline)
        best = int(cost.argmin())
        window = int(found[best])
        sheet = int(windows.sheet[window])
        self._remember(sheet, windows.center[window], center)
        return Choice(sheet, similarity(turns[best], scales[best], windows.center[window]), -1,
                      np.concatenate([windows.tint[window], tint]))

    def show(self, version: int, moment: int, place: Floats, around: Floats, turn: float, lab: Floats,
             weight: Floats) -> Choice:
        """The spot of a version of the clip at a place, in heights of the frame, for a piece with this outline from it.

        The piece stands for `lab` (h,w,3; `weight` h,w where).
        """
        sheet = self.materials.sheet(version, moment)
        height = sheet.size[0]
        low, high = ((place + corner) * height - 0.5 for corner in (around.min(0), around.max(0)))
        scale = (high - low) / np.maximum(np.array(weight.shape[::-1]) - 1, 1)
        onto = np.column_stack([np.diag(scale), low]).astype(np.float32)
        shown = cv2.warpAffine(sheet.rgb, onto, weight.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)
        tints = [look_of(colors, weight)[2] for colors in (to_lab(shown.astype(np.float32) / 255), lab)]
        return Choice(version, similarity(turn, float(height), place * height - 0.5), moment, np.concatenate(tints))

    def _nearest(self, look: Floats, most: int) -> NDArray[np.integer]:
        """The windows that look most like it."""
        count = min(most, len(self.materials.windows.sheet))
        return np.atleast_1d(self.materials.tree.query(look * self.materials.look_weights, count)[1])

    def _remember(self, sheet: int, spot: Floats, center: Floats) -> None:
        """Count a use of every window around a spot."""
        windows = self.materials.windows
        near = np.abs(windows.center - spot).max(1) < windows.side / 2
        self._uses[near & (windows.sheet == sheet)] += 1
        self._laid.append((float(center[0]), float(center[1]), sheet))

    def _common(self, found: NDArray[np.integer], center: Floats, extent: float) -> Floats:
        """What it costs these windows that a neighbor, or many others, have their sheet."""
        if len(self.materials.sheets) <= 3 or not self._laid:
            return np.zeros(len(found), np.float32)
        laid = np.array(self._laid[-RECENT:])
        near = np.abs(laid[:, :2] - center).max(1) < extent
        sheets = self.materials.windows.sheet[found]
        shares = np.bincount(laid[:, 2].astype(int), minlength=len(self.materials.sheets)) / len(laid)
        return np.asarray(NEIGHBOR * np.isin(sheets, laid[near, 2]) + EVEN * shares[sheets])

    def _uncovered(self, sheet: int, window: Floats, outline: Floats) -> float:
        """What it costs that a cut-out does not cover the piece."""
        alpha = self.materials.sheets[sheet].alpha
        if alpha is None:
            return 0.0
        points = np.concatenate([outline * share for share in (0.2, 0.5, 0.75, 0.95)])
        px, py = np.round(applied(window, points)).astype(int).T
        inside = (px >= 0) & (py >= 0) & (px < alpha.shape[1]) & (py < alpha.shape[0])
        opaque = np.zeros(len(points))
        opaque[inside] = alpha[py[inside], px[inside]] / 255
        return UNCOVERED * self.options.match_shape * float(1 - opaque.mean())
