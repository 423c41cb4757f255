"""Warp errors of two frames and the drift of still blocks, on pictures whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from core.evaluate.steadiness import Drift, PairError, StaticRegions, over_clip, seam, warp_error
from core.frames import Picture

Pictures = Callable[..., Picture]
EVERYWHERE = torch.ones(1, 1, 48, 64)


def noisy(image: Tensor, seed: int, amount: float) -> Tensor:
    """The picture with seeded normal noise."""
    return image + amount * torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))


def moved(right: int) -> Tensor:
    """A flow that says: this came from so many pixels to the right."""
    return torch.tensor([float(right), 0.0]).view(1, 2, 1, 1).expand(1, 2, 48, 64)


def test_a_frame_that_only_moved_has_no_error(picture: Pictures) -> None:
    wide = picture(1, 48, 70).rgb
    there, here = wide[..., :64], wide[..., 5:69]
    assert warp_error(here, there, moved(5), EVERYWHERE) == pytest.approx(0, abs=1e-5)
    assert (warp_error(here, there, moved(0), EVERYWHERE) or 0) > 0.02


def test_flicker_raises_it_by_its_own_size(picture: Pictures) -> None:
    still = picture(1).rgb
    error = warp_error(noisy(still, 1, 0.03), still, moved(0), EVERYWHERE)
    assert error == pytest.approx(0.03, rel=0.03)


def test_only_what_is_reliable_counts(picture: Pictures) -> None:
    still = picture(1).rgb
    uncovered = still.clone()
    uncovered[..., 20:40] = 0
    reliability = EVERYWHERE.clone()
    reliability[..., 20:40] = 0
    assert warp_error(uncovered, still, moved(0), reliability) == pytest.approx(0, abs=1e-5)
    assert warp_error(uncovered, still, moved(0), 0 * EVERYWHERE) is None
    assert warp_error(uncovered, still, moved(100), EVERYWHERE) is None, "it all came from outside the picture"


def test_a_clip_averages_squares_before_the_root() -> None:
    pairs = [PairError(2, 0.3, 0.1), PairError(3, 0.4, 0.1), PairError(4, 0.0, 0.1)]
    found = over_clip(1, pairs)
    assert found is not None and found.pairs == pairs
    assert found.error == pytest.approx((0.25 / 3) ** 0.5) and found.floor == pytest.approx(0.1)
    assert found.ratio == pytest.approx(found.error / 0.1) and found.median == 0.3
    still = over_clip(1, [PairError(2, 0.3, 0.0)])
    assert still is not None and still.ratio is None
    assert over_clip(10, []) is None


def test_a_seam_is_told_by_the_median() -> None:
    pairs = [PairError(n, 0.03 if n == 5 else 0.01, 0.01) for n in range(2, 10)]
    assert seam(5, pairs) == pytest.approx(3) and seam(6, pairs) == pytest.approx(1)
    assert seam(20, pairs) is None and seam(5, []) is None


def drift_of(sources: Sequence[Tensor], results: Sequence[Tensor]) -> Drift | None:
    regions = StaticRegions()
    for source, result in zip(sources, results, strict=True):
        regions.add(source, result)
    return regions.drift()


def test_a_clip_that_darkens_every_frame(picture: Pictures) -> None:
    source, painted = picture(1, 128, 192).rgb, picture(2, 128, 192).rgb * 0.5 + 0.4
    drift = drift_of([source] * 6, [painted - n / 255 for n in range(6)])
    assert drift is not None and drift.blocks == 6
    assert drift.worst == pytest.approx(4, abs=0.01), "from the second frame to the sixth"
    assert drift.sharpness_median == pytest.approx(0, abs=1e-3)


def test_one_block_that_drifts_in_one_channel(picture: Pictures) -> None:
    source, painted = picture(1, 128, 192).rgb, picture(2, 128, 192).rgb * 0.5
    late = painted.clone()
    late[:, 2, 64:, 128:] += 9 / 255
    drift = drift_of([source] * 3, [painted, painted, late])
    assert drift is not None and drift.worst == pytest.approx(9, abs=0.01)


def test_a_block_that_loses_its_strokes(picture: Pictures) -> None:
    source = picture(1, 64, 192).rgb
    painted = noisy(source, 3, 0.1)
    late = painted.clone()
    late[..., :64] = source[..., :64].lerp(painted[..., :64], 0.5)
    drift = drift_of([source] * 3, [painted, painted, late])
    assert drift is not None and drift.blocks == 3
    assert drift.sharpness_worst == pytest.approx(-0.75, abs=0.02)
    assert drift.sharpness_median == pytest.approx(0, abs=0.01)


def test_noise_stands_still_and_movement_does_not(picture: Pictures) -> None:
    source = picture(1, 64, 128).rgb * 0.8
    film = [noisy(source, n, 0.6 / 255) for n in range(4)]
    film[2][..., 30:40, 80:90] = 1.0
    drift = drift_of(film, [source] * 4)
    assert drift is not None and drift.blocks == 1 and drift.worst == 0


def test_where_there_is_nothing_to_compare(picture: Pictures) -> None:
    small, large = picture(1).rgb, picture(1, 64, 64).rgb
    assert drift_of([large] * 2, [large] * 2) is None
    assert drift_of([small] * 3, [small] * 3) == Drift(0)
    assert drift_of([large, 1 - large, large], [large] * 3) == Drift(0)
