"""How a frame of a clip begins: from what its neighbors tell, and in their colors where they cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.devices import Compute
from core.effects import Frame, Neighbor, Painted
from core.frames import Picture
from core.motion.links import Link
from core.options import StyleOptions
from core.style.effect import StyleEffect

pytestmark = pytest.mark.usefixtures("tiny_encoder")


def test_what_comes_into_sight_is_painted_in_the_colors_around_it(picture: Callable[..., Picture]) -> None:
    """The clip is painted nearly black so far; alone, the frame would be as bright as its style."""
    content, style = picture(1), picture(99)
    still = Link(torch.zeros(1, 2, *content.size), torch.ones(1, 1, *content.size), torch.ones(1, 1, *content.size))
    before = content.rgb.clone()
    before[..., 16:28, 24:36] = 1 - before[..., 16:28, 24:36]  # what stood there went away
    neighbor = Neighbor(before, torch.full_like(before, 0.02), still, strength=0.5)
    options = StyleOptions(iterations=1, scales=1, stability=0.5, style_layers="conv1_2=1", content_layers="conv2_2=1")
    effect = StyleEffect(options, [(style, 1.0)], Compute(torch.device("cpu"), torch.float32), lambda: content)
    painted = {}
    for name, neighbors in (("alone", ()), ("steady", (neighbor,))):
        *_, result = effect.paint(Frame(2, content, 0.5, neighbors=neighbors))
        assert isinstance(result, Painted)
        painted[name] = result.rgb[..., 18:26, 26:34].mean()
    assert painted["steady"] < 0.3 * painted["alone"]


def test_a_frame_with_nothing_to_paint_takes_no_steps(picture: Callable[..., Picture]) -> None:
    options = StyleOptions(iterations=1, scales=1, style_layers="conv1_2=1", content_layers="conv2_2=1")
    effect = StyleEffect(options, [(picture(99), 1.0)], Compute(torch.device("cpu"), torch.float32), lambda: picture(1))
    mask = torch.zeros(1, 1, *picture(1).size)
    happened = list(effect.paint(Frame(1, picture(1), mask=mask)))
    assert [type(each) for each in happened] == [Painted] and torch.equal(happened[0].rgb, picture(1).rgb)
    mask[..., 20, 20] = 0.1
    assert len(list(effect.paint(Frame(1, picture(1), mask=mask)))) > 1
