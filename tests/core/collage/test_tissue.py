"""What shows where no piece lies: patches of tissue, in clear colors and with clean edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from skimage.measure import label

from core.arrays import as_array, as_tensor
from core.collage import tissue
from core.collage.ground import from_lab, to_lab
from core.collage.pieces import Floats
from core.collage.tissue import underpainting

ANY = np.zeros((0, 3), np.float32)
RED, GREEN = np.array([[[(0.5, 0.2, 0.1)]], [[(0.3, 0.5, 0.3)]]], np.float32)


def two_colors(height: int = 270, width: int = 480) -> Floats:
    """H,W,3: red on the left of a slanting line, green on its right."""
    rows, columns = np.mgrid[:height, :width]
    return np.where((columns < width / 2 + 0.3 * rows)[..., None], RED, GREEN).astype(np.float32)


@pytest.mark.parametrize("torn", [False, True])
def test_tissue_lies_in_patches_without_specks(torn: bool) -> None:
    labels = tissue._patches(270, 480, 50, torn)
    parts = np.bincount(np.asarray(label(labels.astype(np.int32) + 1, connectivity=1)).ravel())[1:]
    patch = 270 * 480 / (50 * tissue.PATCHES)
    assert len(np.unique(labels)) > 0.98 * 50 * tissue.PATCHES and parts.max() < 4 * patch
    assert parts[parts < 0.1 * patch].sum() < 0.004 * labels.size


def test_the_underpainting_is_the_frame_in_large_patches(shot: Callable[..., Floats]) -> None:
    frame = as_tensor(shot(1))
    under, source = underpainting(frame, ANY, torn=True), as_array(frame)
    assert under.shape == source.shape
    assert np.abs(under - source).mean() < 0.15
    assert np.abs(under.mean((0, 1)) - source.mean((0, 1))).max() < 0.06


@pytest.mark.parametrize("limited", [False, True])
def test_a_patch_where_two_things_meet_has_the_color_of_one(limited: bool) -> None:
    """Of a limited palette it has that color as the pieces do, more vivid."""
    palette = to_lab(np.concatenate([RED, GREEN], 1))[0]
    under = underpainting(as_tensor(two_colors()), palette if limited else ANY, torn=False)
    colors = (from_lab((palette * (1, 1.4, 1.4))[None].astype(np.float32))[0] if limited
              else np.concatenate([RED, GREEN], 1)[0] * tissue.PALE[0] + tissue.PALE[1])
    apart = np.min([np.abs(under - color).max(-1) for color in colors], 0)
    assert (apart > 0.08).mean() < 0.01


def test_patches_meet_without_steps() -> None:
    """On their edges there are pixels between the colors of both."""
    under = underpainting(as_tensor(two_colors()), ANY, torn=False)
    red, green = np.concatenate([RED, GREEN], 1)[0] * tissue.PALE[0] + tissue.PALE[1]
    green_part = ((under - red) @ (green - red)) / ((green - red) @ (green - red))
    row_changes = ((green_part > 0.5) != np.roll(green_part > 0.5, 1, 1))[:, 1:].sum()
    assert ((green_part > 0.2) & (green_part < 0.8)).sum() > 0.5 * row_changes
