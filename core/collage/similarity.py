"""Similarities of the plane, four numbers (a, b, x, y) each: a point p goes to [[a, -b], [b, a]] p + (x, y).

(a, b) is how far it turns and grows: the cosine and the sine of the angle, times the scale.
"""

from __future__ import annotations

from math import cos, sin

import numpy as np

from ..arrays import Floats


def similarity(turn: float, scale: float, to: tuple[float, float] | Floats = (0.0, 0.0)) -> Floats:
    """What turns by so many radians, scales, and takes the origin to a place (x, y)."""
    return np.array([scale * cos(turn), scale * sin(turn), to[0], to[1]], np.float32)


def applied(move: Floats, points: Floats) -> Floats:
    """N,2: points moved by one similarity, or by one each (N,4)."""
    a, b, x, y = np.asarray(move, np.float32).T
    left, down = points.T
    return np.stack([a * left - b * down + x, b * left + a * down + y], 1).astype(np.float32)


def after(first: Floats, then: Floats) -> Floats:
    """One similarity for two, the second after the first."""
    a, b, x, y = (float(v) for v in first)
    c, d, u, v = (float(v) for v in then)
    return np.array([c * a - d * b, d * a + c * b, c * x - d * y + u, d * x + c * y + v], np.float32)


def about(center: Floats, move: Floats) -> Floats:
    """What turns and grows about a center (x, y), and moves that by (x, y), as one that does so about the origin."""
    turned = applied(np.array([move[0], move[1], 0, 0]), center[None])[0]
    return np.array([move[0], move[1], *(center + move[2:] - turned)], np.float32)


def matrix(move: Floats) -> tuple[Floats, Floats]:
    """2,2 and 2, in double precision: what turns and scales, and what is added."""
    a, b, x, y = (float(v) for v in move)
    return np.array([[a, -b], [b, a]]), np.array([x, y])
