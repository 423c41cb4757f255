"""The ground that pieces are laid on: its margin, its lengths, the objects of a mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.arrays import as_array
from core.collage.ground import from_lab, ground_of, nearest_object, object_map, to_lab
from core.collage.pieces import NO_OBJECT
from core.effects import Companions
from core.motion.links import Link

RED, BLUE = 0xFF0000, 0x0000FF


def halves(height: int = 40, width: int = 60, soft: int = 0) -> torch.Tensor:
    """1,3,h,w: red on the left and blue on the right, with a soft edge of so many pixels."""
    share = (torch.arange(width) - width / 2 + 0.5) / max(soft, 1e-3) + 0.5
    right = share.clamp(0, 1).expand(height, width)
    return torch.stack([1 - right, torch.zeros(height, width), right])[None]


def test_the_margin_mirrors_the_picture() -> None:
    rgb = torch.rand(1, 3, 50, 70, generator=torch.Generator().manual_seed(1))
    ground = ground_of(rgb, Companions())
    assert ground.margin == 6 and ground.shape == (62, 82) and ground.height == 50
    np.testing.assert_array_equal(ground.lab[ground.inside], to_lab(as_array(rgb)))
    np.testing.assert_array_equal(ground.lab[5, 6:-6], ground.lab[6, 6:-6])
    np.testing.assert_array_equal(ground.lab[0, 6:-6], ground.lab[11, 6:-6])


def test_motion_goes_on_in_the_margin() -> None:
    flow = torch.rand(1, 2, 50, 70, generator=torch.Generator().manual_seed(1))
    one = torch.ones(1, 1, 50, 70)
    ground = ground_of(torch.rand(1, 3, 50, 70), Companions(), Link(flow, one, one))
    assert ground.motion is not None and ground.motion.shape == (*ground.shape, 2)
    np.testing.assert_array_equal(ground.motion[ground.inside], as_array(flow))
    np.testing.assert_array_equal(ground.motion[5, 6:-6], ground.motion[6, 6:-6])


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (90, 2)])
def test_a_picture_too_small_for_a_margin(size: tuple[int, int]) -> None:
    ground = ground_of(torch.rand(1, 3, *size), Companions())
    assert ground.lab[ground.inside].shape[:2] == size


def test_lengths_are_in_heights_of_the_frame_from_its_corner() -> None:
    ground = ground_of(torch.rand(1, 3, 50, 100), Companions())
    pixels = np.array([[5.5, 5.5], [105.5, 55.5]], np.float32)
    np.testing.assert_allclose(ground.units(pixels), [[0, 0], [2, 1]], atol=1e-6)
    np.testing.assert_allclose(ground.pixels(ground.units(pixels)), pixels, atol=1e-4)


def test_the_colors_of_a_mask_are_its_objects() -> None:
    objects = object_map(halves(), (40, 60))
    assert set(objects[:, :30].ravel()) == {RED} and set(objects[:, 30:].ravel()) == {BLUE}


def test_soft_edges_go_to_the_nearer_color() -> None:
    """Not to a third object in between."""
    objects = object_map(halves(400, 600, soft=5), (400, 600))
    assert set(np.unique(objects)) == {RED, BLUE}
    assert (objects[:, 300] == BLUE).all() and (objects[:, 299] == RED).all()


def test_a_mask_of_another_size_is_brought_to_the_frame_s() -> None:
    objects = object_map(halves(20, 30), (40, 60))
    assert objects.shape == (40, 60)
    assert set(objects[:, :30].ravel()) == {RED} and set(objects[:, 30:].ravel()) == {BLUE}


def test_objects_and_depth_reach_over_the_margin() -> None:
    depth = torch.linspace(0, 1, 30).expand(1, 1, 20, 30)
    ground = ground_of(torch.rand(1, 3, 40, 60), Companions(halves(), depth))
    assert ground.objects is not None and ground.objects.shape == ground.shape
    assert ground.depth is not None and ground.depth.shape == ground.shape
    assert (np.diff(ground.depth[20, ground.margin:-ground.margin]) >= 0).all()


def test_an_object_is_found_again_by_its_color() -> None:
    """A pass may be antialiased or compressed: nearly the same color is the same object, another one is none."""
    objects = object_map(halves(), (40, 60))
    assert nearest_object(0xF00508, objects) == RED
    assert nearest_object(0x00FF00, objects) == NO_OBJECT


def test_lab_and_back() -> None:
    rgb = np.random.default_rng(1).random((8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(from_lab(to_lab(rgb)), rgb, atol=0.004)
