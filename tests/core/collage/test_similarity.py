"""Similarities: what they do to points, one after another, about a center, and as matrices."""

from __future__ import annotations

import numpy as np

from core.collage.similarity import about, after, applied, matrix, similarity

POINTS = np.random.default_rng(1).random((5, 2)).astype(np.float32)
FIRST, THEN = similarity(0.3, 1.2, (0.1, -0.2)), similarity(-0.7, 0.8, (0.5, 0.6))


def test_points_are_turned_scaled_and_moved() -> None:
    point = np.array([[1.0, 0.0]], np.float32)
    np.testing.assert_allclose(applied(similarity(np.pi / 2, 2.0, (0.3, 0.4)), point), [[0.3, 2.4]], atol=1e-6)


def test_each_point_may_have_a_similarity_of_its_own() -> None:
    both = applied(np.stack([FIRST, THEN]), POINTS[:2])
    np.testing.assert_array_equal(both, [applied(FIRST, POINTS[:1])[0], applied(THEN, POINTS[1:2])[0]])


def test_two_after_each_other_are_one() -> None:
    np.testing.assert_allclose(applied(after(FIRST, THEN), POINTS), applied(THEN, applied(FIRST, POINTS)), atol=1e-5)


def test_about_a_center_that_only_moves() -> None:
    center = np.array([3.0, 4.0], np.float32)
    np.testing.assert_allclose(applied(about(center, FIRST), center[None]), [center + FIRST[2:]], atol=1e-6)


def test_a_matrix_does_the_same() -> None:
    turn, to = matrix(FIRST)
    np.testing.assert_allclose(POINTS @ turn.T + to, applied(FIRST, POINTS), atol=1e-6)
