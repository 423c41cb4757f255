"""Where pieces are cut: parts by color and place, whole objects, outlines that overlap and round off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.arrays import as_tensor
from core.collage import segment
from core.collage.ground import Ground, ground_of
from core.collage.pieces import Floats
from core.collage.segment import Region
from core.effects import Companions

Textures = Callable[..., Floats]


@pytest.fixture
def ground(texture: Textures) -> Ground:
    """A textured frame with a disk in a mask."""
    y, x = np.mgrid[:96, :128]
    disk = torch.from_numpy(((x - 70) ** 2 + (y - 45) ** 2 < 25 ** 2).astype(np.float32)).expand(1, 3, 96, 128)
    return ground_of(as_tensor(texture(1)), Companions(objects=disk))


def area(corners: Floats) -> float:
    x, y = corners.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def roundness(corners: Floats) -> float:
    """1 for a circle, less for anything else."""
    length = np.hypot(*(corners - np.roll(corners, 1, 0)).T).sum()
    return float(4 * np.pi * area(corners) / length ** 2)


def frame_labels(labels: Floats, ground: Ground) -> int:
    return len(np.unique(labels[ground.inside]))


@pytest.mark.parametrize("labels_of", [lambda g: segment.superpixels(g, 25, 0.3), lambda g: segment.merged(g, 12),
                                       lambda g: segment.split(np.ones(g.shape, bool), g, 12)],
                         ids=["superpixels", "merged", "split"])
def test_no_part_crosses_an_object_s_border(ground: Ground, labels_of: Callable[[Ground], Floats]) -> None:
    labels = labels_of(ground)
    assert labels.shape == ground.shape and labels.min() == 0
    for region in segment.regions(labels, ground.objects):
        place = (slice(region.top, region.top + region.mask.shape[0]),
                 slice(region.left, region.left + region.mask.shape[1]))
        assert set(ground.objects[place][region.mask]) == {region.object}


def test_there_are_about_as_many_parts_as_asked_for(ground: Ground) -> None:
    plain = replace(ground, objects=None)
    assert 12 <= frame_labels(segment.superpixels(plain, 20, 0.8), ground) <= 36
    assert 8 <= frame_labels(segment.merged(plain, 16), ground) <= 40  # parts that do not hang together count apart
    assert 12 <= frame_labels(segment.grid(plain, 20, np.random.default_rng(1)), ground) <= 36


def test_regular_parts_are_of_one_size_and_shape(ground: Ground) -> None:
    def unevenness(regularity: float) -> float:
        labels = segment.superpixels(replace(ground, objects=None), 30, regularity)
        sizes = [r.area / r.mask.size for r in segment.regions(labels, None)]  # of the box around it: 1 is a square
        return float(np.mean(sizes))
    assert unevenness(1.0) > unevenness(0.0) + 0.1


def test_parts_follow_depth(texture: Textures) -> None:
    """Of one color all over, the frame is still parted where the depth jumps."""
    depth = torch.zeros(1, 1, 96, 128)
    depth[..., 50:] = 1.0
    ground = ground_of(torch.full((1, 3, 96, 128), 0.5), Companions(depth=depth))
    near = ground.depth > 0.5
    shares = [near[r.top:r.top + r.mask.shape[0], r.left:r.left + r.mask.shape[1]][r.mask].mean()
              for r in segment.regions(segment.superpixels(ground, 20, 0.0), None)]
    assert np.mean([min(share, 1 - share) for share in shares]) < 0.02


def test_parts_follow_motion() -> None:
    """Of one color all over, and while the camera moves as well."""
    ground = ground_of(torch.full((1, 3, 96, 128), 0.5), Companions())
    right = np.arange(ground.shape[1]) >= 70
    motion = np.full((*ground.shape, 2), -7.0, np.float32)
    motion[:, right, 0] += 2.0
    labels = segment.superpixels(replace(ground, motion=motion), 20, 0.0)
    shares = [right[r.left:r.left + r.mask.shape[1]][np.nonzero(r.mask)[1]].mean()
              for r in segment.regions(labels, None)]
    assert np.mean([min(share, 1 - share) for share in shares]) < 0.02


def square(side: int = 30) -> Region:
    return Region(np.ones((side, side), bool), 40, 50, 0)


def test_an_outline_encloses_its_region_and_grows_by_the_overlap() -> None:
    sizes = [area(segment.outline(square(), overlap, 0.0, None)) for overlap in (-0.2, 0.0, 0.2, 0.5)]
    assert sizes == sorted(sizes)
    assert sizes[1] == pytest.approx(900, rel=0.06)
    assert np.sqrt(sizes[2]) == pytest.approx(30 * 1.2, rel=0.06)
    middle = segment.outline(square(), 0.0, 0.0, None)
    np.testing.assert_allclose((middle.min(0) + middle.max(0)) / 2, (50 + 14.5, 40 + 14.5), atol=0.6)


def test_smooth_outlines_are_rounder() -> None:
    edged, smooth = (roundness(segment.outline(square(), 0.0, s, None)) for s in (0.0, 1.0))
    assert smooth > edged + 0.05


def test_an_outline_does_not_leave_its_bounds() -> None:
    bounds = np.zeros((120, 160), bool)
    bounds[:, :70] = True  # of the region's columns 50 to 79
    corners = segment.outline(square(), 0.5, 0.3, bounds)
    assert corners[:, 0].max() < 69.6 and corners[:, 0].min() < 48


def test_of_a_region_of_a_few_pixels_nothing_is_left() -> None:
    assert segment.outline(Region(np.ones((2, 2), bool), 5, 5, 0), 0.0, 0.3, None) is None
    assert segment.outline(square(), -0.3, 0.0, np.zeros((120, 160), bool)) is None


def test_a_rectangle_stands_around_its_region() -> None:
    np.testing.assert_allclose(segment.rectangle(square(), 0.0), [(49.5, 39.5), (79.5, 39.5), (79.5, 69.5),
                                                                  (49.5, 69.5)])
    assert area(segment.rectangle(square(), 0.2)) == pytest.approx(36 ** 2)


def test_half_of_a_frame_is_busy_and_it_is_the_busy_half(texture: Textures) -> None:
    image = np.full((96, 128, 3), 0.5, np.float32)
    image[:, 64:] = texture(3)[:, 64:]
    busy = segment.busyness(ground_of(as_tensor(image), Companions()))
    assert busy.min() >= 0 and busy.max() <= 1
    assert busy[:, 90:].mean() > 0.5 > busy[:, :60].mean()


def test_the_same_region_has_the_same_outline_to_the_last_bit() -> None:
    """Wherever its arrays lie in memory, on which the last bit of OpenCV's distances depends."""
    first = segment.outline(square(41), 0.2, 0.5, None)
    assert first is not None
    for spare in range(1, 9):
        held = [np.empty(spare * 37 + 5, np.uint8) for _ in range(spare)]
        assert np.array_equal(first, segment.outline(square(41), 0.2, 0.5, None)), len(held)  # type: ignore[arg-type]
