"""Pictures go from tensors to arrays and back with every number in its place."""

from __future__ import annotations

import numpy as np
import torch

from core.arrays import as_array, as_tensor


def test_there_and_back() -> None:
    image = torch.rand(1, 3, 4, 5)
    array = as_array(image)
    assert array.shape == (4, 5, 3) and array.flags.c_contiguous
    assert array[2, 4, 1] == image[0, 1, 2, 4]
    assert torch.equal(as_tensor(array), image) and as_tensor(array).is_contiguous()


def test_what_is_written_to_an_array_does_not_reach_the_tensor() -> None:
    mask = torch.zeros(1, 1, 4, 5)
    as_array(mask)[:] = 1
    assert not mask.any()


def test_whole_numbers_stay_what_they_are() -> None:
    assert as_tensor(np.full((2, 3, 1), 255, np.uint8)).unique().tolist() == [255.0]
