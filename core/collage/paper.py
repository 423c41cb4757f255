"""What a piece of paper looks like: its printed face, its torn or cut edge with the white of the paper, its shadow."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..options import CollageOptions
from .ground import from_lab, to_lab
from .materials import Sheet
from .noise import LINES, Noise
from .pieces import Tint
from .similarity import matrix

CORE = np.array([0.955, 0.945, 0.92], np.float32)
"""The color inside of paper, where it is torn."""
SUPERSAMPLED = 2
"""Outlines are drawn so many times larger before distances are taken."""
ANTIALIASED = 4
"""And so many times larger to see how much of a pixel on the edge is inside."""
SPREAD = (0.45, 1.7)
"""Least and most change of a material's contrast."""
STRAYS = 2.2
"""How far a tear may stray, in its roughness: noise seldom goes further."""
LIFTS = (0.6, 1.5)
"""How far pieces lie off the ground, in parts of what is set: no two alike."""
WHOLE_EDGE = 0.22
"""Pieces smaller than this, in heights of the frame, have narrower edges."""
SOFT = 0.6
"""Standard deviation, pixels, of the blur that a piece gets at last: finer detail would shimmer as pieces are moved by
parts of a pixel."""
THICKNESS = 0.09
"""How much lighter the edge of paper is toward the light, and darker away from it."""


@dataclass(frozen=True)
class Paper:
    """A piece as it is laid: `rgba` h,w,4 in 0..255, premultiplied; `shadow` in 0..255, where light is kept off.

    Its pixels (x, y) lie at (x + left, y + top) / `scale`, in heights of the frame, from the piece's center; the shadow
    is larger by `around` pixels on each side.
    `thrown` is by how far its shadow falls aside, in heights of the frame.
    """

    rgba: NDArray[np.uint8]
    shadow: NDArray[np.uint8]
    left: int
    top: int
    around: int
    scale: float
    thrown: tuple[float, float]


def paper(outline: Floats, window: Floats, tint: Floats, sheet: Sheet, options: CollageOptions, number: int,
          scale: float) -> Paper:
    """Make a piece with this outline (N,2 from its center, in heights of the frame) at `scale` pixels for that height.

    `window` leads from its center to the pixels of the sheet, `tint` is the sheet's and the wanted mean and deviation
    in Lab, `number` seeds what is random about it.
    """
    generator = np.random.default_rng([options.seed, number])
    px = scale / LINES
    extent = float(np.hypot(*(outline.max(0) - outline.min(0))))
    edged = float(np.clip(extent / WHOLE_EDGE, 0.4, 1.0))
    roughness, deckle = options.roughness * px * edged, options.deckle * px * edged
    blur = options.shadow_softness * px * float(generator.uniform(*LIFTS))
    origin, size = _bounds(outline * scale, ceil(STRAYS * roughness) + 3)
    noise = Noise(scale, generator, size, origin)
    edge, ink = _edges(_distance(outline * scale - origin, size), roughness, deckle, px, generator, noise)
    face, opaque = _face(sheet, window, tint, options, origin, size, scale)
    rgb = _lit(_printed(face, ink, options.grain, noise), edge, options, px)
    alpha = np.asarray(np.clip(edge + 0.5, 0, 1) * opaque, np.float32)
    around = ceil(2.5 * blur) if options.shadow else 0
    shadow = _shadow(np.pad(alpha, around), blur, generator)
    angle, far = np.deg2rad(options.shadow_angle), 0.8 * blur / scale
    return Paper(_softened(rgb, alpha), shadow, *origin, around, scale, (far * cos(angle), -far * sin(angle)))


def _bounds(corners: Floats, pad: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where (left, top) the pixels around an outline begin, with so many more on each side, and their size (h, w)."""
    left, top = (int(v) for v in np.floor(corners.min(0)) - pad)
    right, bottom = (int(v) for v in np.ceil(corners.max(0)) + pad)
    return (left, top), (bottom - top + 1, right - left + 1)


def _edges(distance: Floats, roughness: float, deckle: float, px: float, generator: np.random.Generator,
           noise: Noise) -> tuple[Floats, Floats]:
    """h,w, of the distance to the outline: that to the edge of the paper; and in 0..1, where its face is left on it."""
    edge = distance + roughness * noise.rough()
    if not deckle:
        return edge, np.ones_like(edge)
    white = _torn(distance, deckle, px, generator, noise) if roughness else deckle
    return edge, np.clip(edge - white + 0.3 * roughness * noise.rough() + 0.5, 0, 1)


def _printed(face: Floats, ink: Floats, grain: float, noise: Noise) -> Floats:
    """h,w,3: the face with the grain of its paper, and the white of that where the ink is off."""
    printed = face * _spread(1 + grain * (0.05 * noise.tooth() + 0.035 * noise.soft()))
    bright = 1 + 0.03 * noise.tooth() + 0.02 * noise.rough()
    white = cv2.merge([bright * part for part in CORE])
    return np.asarray(white + (printed - white) * _spread(ink))


def _lit(rgb: Floats, edge: Floats, options: CollageOptions, px: float) -> Floats:
    """h,w,3: the paper with the light on its edge."""
    return np.clip(rgb + _spread(_rim(edge, options, px)), 0, 1)


def _softened(rgb: Floats, alpha: Floats) -> NDArray[np.uint8]:
    """h,w,4 in 0..255, premultiplied and a little blurred."""
    soft = cv2.GaussianBlur(cv2.merge([*cv2.split(rgb * _spread(alpha)), alpha]), (0, 0), SOFT)
    return np.round(soft * 255).astype(np.uint8)


def _spread(values: Floats) -> Floats:
    """h,w,3 of h,w: NumPy is slow where it has to spread one over the colors."""
    return np.asarray(cv2.merge([values] * 3), np.float32)


def _distance(corners: Floats, size: tuple[int, int]) -> Floats:
    """h,w: the distance (pixels) to an outline, more than 0 inside."""
    large = _filled(corners, size, SUPERSAMPLED)
    inner = cv2.distanceTransform(large, cv2.DIST_L2, 5)
    outer = cv2.distanceTransform(255 - large, cv2.DIST_L2, 5)
    distance = cv2.resize(inner - outer, size[::-1], interpolation=cv2.INTER_AREA) / SUPERSAMPLED
    inside = cv2.resize(_filled(corners, size, ANTIALIASED), size[::-1], interpolation=cv2.INTER_AREA)
    return np.where((inside > 0) & (inside < 255), inside / np.float32(255) - np.float32(0.5), distance)


def _filled(corners: Floats, size: tuple[int, int], times: int) -> NDArray[np.uint8]:
    """What is inside an outline, 255, on a picture so many times larger."""
    large = np.zeros((size[0] * times, size[1] * times), np.uint8)
    cv2.fillPoly(large, [np.round(((corners + 0.5) * times - 0.5) * 16).astype(np.int32)], 255, shift=4)
    return large


def _torn(distance: Floats, width: float, px: float, generator: np.random.Generator, noise: Noise) -> Floats:
    """h,w: how wide the white edge is. A tear bares the paper on one side more than on the other, and unevenly."""
    turn = generator.uniform(0, 2 * pi)
    smooth = cv2.GaussianBlur(distance, (0, 0), 3 * px + 1)
    slope_x, slope_y = (cv2.Sobel(smooth, cv2.CV_32F, *axes, scale=0.125) for axes in ((1, 0), (0, 1)))
    facing = 0.5 + 0.5 * np.clip(slope_x * cos(turn) + slope_y * sin(turn), -1, 1)
    bared = 0.1 + 1.1 * facing + 0.35 * noise.soft() + 0.2 * noise.rough()
    return np.asarray(width * np.clip(bared, 0.0, 2.2), np.float32)


def _face(sheet: Sheet, window: Floats, tint: Floats, options: CollageOptions, origin: tuple[int, int],
          size: tuple[int, int], scale: float) -> tuple[Floats, Floats]:
    """h,w,3 in 0..1 and h,w: the printed face of a piece, and where its material is opaque."""
    turn, to = matrix(window)
    small = sheet.reduced(float(np.hypot(*turn[:, 0])) / scale)
    turn /= scale
    to_sheet = np.column_stack([turn, turn @ origin + to]).astype(np.float32)
    to_sheet *= np.float32(small.size[0] / sheet.size[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    face = cv2.warpAffine(small.rgb, to_sheet, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    opaque = np.ones(1, np.float32)
    if small.alpha is not None:
        opaque = np.asarray(cv2.warpAffine(small.alpha, to_sheet, size[::-1], flags=flags) / 255, np.float32)
    return tinted(np.asarray(face / 255, np.float32), tint, options.color_match), opaque


def tinted(rgb: Floats, tint: Floats, strength: float) -> Floats:
    """A picture (h,w,3 in 0..1) with its mean and deviation in Lab moved toward others.

    Source: Reinhard, Ashikhmin, Gooch & Shirley, "Color Transfer between Images", IEEE CG&A 21(5), 2001; here in CIE
    Lab, with the change of contrast limited, for a flat material has none to stretch.
    """
    if not strength:
        return rgb
    lab = to_lab(rgb)
    mean, spread, new_mean, new_spread = Tint.of(tint)
    factor = np.clip(new_spread / np.maximum(spread, 1e-3), *SPREAD)
    scale = 1 + strength * (factor - 1)  # of lab + strength * ((lab - mean) * factor + new_mean - lab)
    moved = cv2.transform(lab, np.column_stack([np.diag(scale), strength * (new_mean - mean * factor)]))
    return from_lab(np.asarray(moved, np.float32))


def _rim(edge: Floats, options: CollageOptions, px: float) -> Floats:
    """h,w: the light on the edge of the paper, which has a thickness."""
    near = np.exp(-np.square((edge - 0.7) / max(1.6 * px, 0.8)))
    slope_x, slope_y = (cv2.Sobel(edge, cv2.CV_32F, *axes, scale=0.125) for axes in ((1, 0), (0, 1)))
    angle = np.deg2rad(options.shadow_angle)
    facing = np.clip(slope_x * cos(angle) - slope_y * sin(angle), -1, 1)
    return np.asarray(THICKNESS * options.shadow * facing * near, np.float32)


def _shadow(alpha: Floats, blur: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """h,w in 0..255: the shadow, tight on one side and loose on the other, where the paper stands off."""
    height, width = alpha.shape
    turn = generator.uniform(0, 2 * pi)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    loose = np.clip(0.5 + 0.7 * (x[None] * cos(turn) + y[:, None] * sin(turn)), 0, 1)
    tight, wide = (cv2.GaussianBlur(alpha, (0, 0), max(blur * share, 0.4)) for share in (0.35, 1.0))
    return np.round(255 * (tight + (wide - tight) * loose) * (1 - 0.3 * loose)).astype(np.uint8)
