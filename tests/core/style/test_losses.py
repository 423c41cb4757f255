"""The losses against values computed by hand, their derivatives against finite differences."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck

from core.style import losses

# Two channels at three positions (1 x 2 x 1 x 3): small enough for pencil and paper.
CONTENT = torch.tensor([[[[1.0, 2.0, 0.0]], [[0.0, 1.0, 3.0]]]])
RESULT = torch.tensor([[[[2.0, 2.0, 1.0]], [[1.0, 0.0, 3.0]]]])
STYLE = torch.tensor([[[[1.0, 0.0, 1.0]], [[2.0, 1.0, 0.0]]]])


def classic_content_loss(features: losses.Features, target: losses.Features, weight: float) -> torch.Tensor:
    return losses.distance(features, target, losses.classic_content_weights({"a": weight}))


def test_gram_matrix_is_the_mean_product_of_channels() -> None:
    # G_00 = (1 + 4 + 0) / 3, G_01 = (0 + 2 + 0) / 3, G_11 = (0 + 1 + 9) / 3
    assert torch.allclose(losses.gram_matrix(CONTENT), torch.tensor([[5.0, 2.0], [2.0, 10.0]]) / 3)


def test_a_gram_sum_under_a_mask_counts_only_the_masked_positions() -> None:
    mask = torch.tensor([[[[1.0, 1.0, 0.0]]]])
    assert torch.allclose(losses.gram_sum(CONTENT, mask), torch.tensor([[5.0, 2.0], [2.0, 1.0]]))
    assert losses.positions((1, 3), mask) == 2


def test_gram_matrix_of_bfloat16_features_is_summed_in_float32() -> None:
    ones = torch.ones(1, 1, 300, 300, dtype=torch.bfloat16)  # 90000 ones: bfloat16 cannot count beyond 256
    assert losses.gram_matrix(ones).dtype == torch.float32
    assert losses.gram_matrix(ones).item() == pytest.approx(1.0)


@pytest.mark.parametrize("mask", [None, torch.tensor([[[[0.0, 0.5, 1.0], [1.0, 0.25, 0.0]]]])])
def test_gradients_of_a_gram_sum_are_those_of_its_definition(mask: torch.Tensor | None) -> None:
    """Whatever comes after it, symmetric or not."""
    features = torch.randn(1, 4, 2, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    after = torch.arange(16.0).view(4, 4)
    counted = features[0].flatten(1) * (1 if mask is None else mask.flatten())
    plain = counted @ features[0].flatten(1).T
    assert torch.allclose(losses.gram_sum(features, mask), plain, atol=1e-6)
    wanted, = torch.autograd.grad((plain * after).sum(), features)
    ours, = torch.autograd.grad((losses.gram_sum(features, mask) * after).sum(), features)
    assert torch.allclose(ours, wanted, atol=1e-5)


def test_classic_content_loss_equation_3() -> None:
    # differences: 1 0 1 / 1 -1 0 -> sum of squares 4; half of it, times the layer weight 3
    loss = classic_content_loss({"a": RESULT}, {"a": CONTENT}, 3.0)
    assert loss.item() == pytest.approx(6.0)


def test_classic_style_loss_equation_4() -> None:
    # F^T F of the result: [[9, 5 - 0 + ...]]: 4+4+1 = 9; 2*1 + 2*0 + 1*3 = 5; 1 + 0 + 9 = 10
    # F^T F of the style: 1 + 0 + 1 = 2; 2 + 0 + 0 = 2; 4 + 1 + 0 = 5
    # differences 7, 3, 3, 5 -> 49 + 9 + 9 + 25 = 92; (1 / (2 H W C))^2 = (1 / 12)^2; layer weight 0.2
    grams = {"a": losses.gram_matrix(RESULT)}
    target = {"a": losses.gram_matrix(STYLE)}
    loss = losses.classic_style_loss(grams, target, {"a": 0.2})
    assert loss.item() == pytest.approx(0.2 * 92 / 144)


def test_normalized_content_loss_equations_11_and_13() -> None:
    # |phi(o) - phi(x)|^2 = 4, E = 1 + 4 + 0 + 0 + 1 + 9 = 15, w = 12 pixels
    loss = losses.normalized_content_loss({"a": RESULT}, {"a": CONTENT}, {"a": 5.0}, pixels=12)
    assert loss.item() == pytest.approx(12 * 4 / 15)


def test_normalized_style_loss_equations_12_and_13() -> None:
    # differences squared 92, E = 2^2 + 2 * 2^2 + 5^2 = 37: the 1 / (H W)^2 of both cancels
    grams = {"a": losses.gram_matrix(RESULT)}
    target = {"a": losses.gram_matrix(STYLE)}
    loss = losses.normalized_style_loss(grams, target, {"a": 1.0}, pixels=12)
    assert loss.item() == pytest.approx(12 * 92 / 37)


def test_layer_weights_are_relative_equation_14() -> None:
    features = {"a": RESULT, "b": 2 * RESULT}
    target = {"a": CONTENT, "b": CONTENT}
    once = losses.normalized_content_loss(features, target, {"a": 1.0, "b": 3.0}, pixels=1)
    ten_times = losses.normalized_content_loss(features, target, {"a": 10.0, "b": 30.0}, pixels=1)
    # |2x - o|^2: differences 3 2 2 / 2 -1 3 -> 9 + 4 + 4 + 4 + 1 + 9 = 31
    assert once.item() == pytest.approx(0.25 * 4 / 15 + 0.75 * 31 / 15)
    assert ten_times.item() == pytest.approx(once.item())


def test_a_brighter_style_image_changes_the_classic_loss_but_not_the_normalized_one() -> None:
    grams, target = {"a": losses.gram_matrix(RESULT)}, {"a": losses.gram_matrix(STYLE)}
    brighter = {"a": 16 * grams["a"]}, {"a": 16 * target["a"]}
    normalized = [losses.normalized_style_loss(g, t, {"a": 1.0}, 9) for g, t in ((grams, target), brighter)]
    classic = [losses.classic_style_loss(g, t, {"a": 1.0}) for g, t in ((grams, target), brighter)]
    assert normalized[1].item() == pytest.approx(normalized[0].item())
    assert classic[1].item() == pytest.approx(256 * classic[0].item())


def test_total_variation() -> None:
    image = torch.tensor([[[[0.0, 1.0], [3.0, 1.0]]]])
    assert losses.total_variation(image).item() == pytest.approx(9 + 0 + 1 + 4)


def test_a_black_style_image_gives_a_finite_loss() -> None:
    black = {"a": torch.zeros(2, 2)}
    assert torch.isfinite(losses.normalized_style_loss({"a": losses.gram_matrix(RESULT)}, black, {"a": 1.0}, 4))


@pytest.mark.parametrize("loss", ["classic content", "normalized content", "classic style", "normalized style"])
def test_derivatives(loss: str) -> None:
    generator = torch.Generator().manual_seed(3)
    x, other = torch.randn(2, 1, 3, 4, 5, generator=generator, dtype=torch.float64)
    target = {"a": losses.gram_matrix(other)}

    def of(x: torch.Tensor) -> torch.Tensor:
        if loss == "classic content":
            return classic_content_loss({"a": x}, {"a": other}, 2.0)
        if loss == "normalized content":
            return losses.normalized_content_loss({"a": x}, {"a": other}, {"a": 2.0}, 20)
        grams = {"a": losses.gram_matrix(x)}
        if loss == "classic style":
            return losses.classic_style_loss(grams, target, {"a": 2.0})
        return losses.normalized_style_loss(grams, target, {"a": 2.0}, 20)

    assert gradcheck(of, [x.clone().requires_grad_()])
