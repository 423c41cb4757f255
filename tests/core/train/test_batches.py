"""Batches made beside the computing: the same ones as without, in order, from wherever a training goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.frames import Picture, write
from core.train.batches import Batches, Source, floats, idle_processors
from core.train.pictures import Pictures


@pytest.fixture
def batches(tmp_path: Path, picture: Callable[..., Picture]) -> Batches:
    """Batches of two 24 px crops from each of two sources."""
    for i in range(3):
        write(tmp_path / f"{i}.png", picture(i, 40, 56), "png")
    pictures = Pictures([tmp_path], ["2*"])
    return Batches([Source(pictures, 1), Source(pictures, 7)], count=2, side=24)


def test_a_step_has_a_batch_from_each_source(batches: Batches) -> None:
    one, other = next(batches.of(range(3, 4)))
    assert one.shape == other.shape == (2, 3, 24, 24)
    for batch, source in zip((one, other), batches.sources, strict=True):
        crops = source.pictures.batch(source.seed, 3, 2, 24)
        assert (floats(batch, torch.device("cpu")) - crops).abs().max() <= 0.5 / 255 + 1e-6  # they travel as bytes


def test_processes_make_the_same_batches_in_the_same_order(batches: Batches) -> None:
    alone, beside = (list(batches.of(range(5, 12), processes)) for processes in (0, 2))
    assert len(alone) == len(beside) == 7
    for ours, theirs in zip(alone, beside, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_processor_that_computes_makes_its_batches_itself() -> None:
    assert idle_processors(torch.device("cpu")) == 0
    assert idle_processors(torch.device("cuda")) >= 1
