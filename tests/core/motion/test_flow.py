"""Estimated motion: right on moved pictures, exactly none on still ones, and clear words without weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import interpolate

from core.arrays import as_tensor
from core.errors import OptionError, WeightsError
from core.frames import Picture, read, read_flo
from core.motion.flow import Dis, Refined, estimator, settled
from core.motion.raft import _optical_flow, _renamed
from core.motion.warp import warp

Pictures = Callable[..., Picture]
SHARED = Path(__file__).parents[4] / "shared"
CPU = torch.device("cpu")
ALLEY = SHARED / "data" / "clips" / "sintel_alley_1"
WEIGHTS = SHARED / "data" / "flow"


def textured(height: int = 96, width: int = 128, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    fine = torch.rand(1, 3, height // 4, width // 4, generator=generator)
    return interpolate(fine, (height, width), mode="bicubic").clamp(0, 1)


def moved(image: Tensor, x: float) -> Tensor:
    """The picture with everything `x` pixels further right: the flow from `image` to it is (x, 0)."""
    flow = torch.zeros(1, 2, *image.shape[-2:])
    flow[:, 0] = -x
    return warp(image, flow)


@pytest.fixture(scope="module")
def alley() -> tuple[Tensor, Tensor, Tensor]:
    """Two frames of Sintel, and the true flow between them."""
    if not ALLEY.is_dir():
        pytest.skip("the clip shared/data/clips/sintel_alley_1 is not on this machine")
    here, there = (read(ALLEY / f"frame_000{i}.png").rgb for i in (1, 2))
    return here, there, as_tensor(read_flo(ALLEY / "frame_0001.flo"))


@pytest.mark.parametrize("x", [-2.0, 0.5, 6.0])
def test_a_moved_picture_is_seen_to_move(x: float) -> None:
    image = textured()
    flow = Dis()(image, moved(image, x))[..., 16:-16, 16:-16]
    assert flow[0, 0].median().item() == pytest.approx(x, abs=0.1)
    assert flow[0, 1].abs().median() < 0.1


class Rounding:
    """An estimator that knows a motion of 1.6 pixels to the right to whole pixels only."""

    name = "rounding"

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        flow = torch.zeros(1, 2, *here.shape[-2:])
        flow[:, 0] = 2.0
        return flow


def test_a_rough_estimate_is_refined_to_fractions_of_a_pixel() -> None:
    image, refined = textured(), Refined(Rounding())
    flow = refined(image, moved(image, 1.6))[..., 16:-16, 16:-16]
    assert refined.name == "rounding-refined-6"
    assert flow[0, 0].median().item() == pytest.approx(1.6, abs=0.1)
    assert flow[0, 1].abs().median() < 0.1


def test_the_same_pictures_give_the_same_flow() -> None:
    dis, image = estimator("dis", "", CPU), textured()
    first = dis(image, moved(image, 1.5))
    dis(moved(image, 3), image)
    assert torch.equal(dis(image, moved(image, 1.5)), first)
    assert torch.equal(estimator("dis", "", CPU)(image, moved(image, 1.5)), first)


@pytest.mark.parametrize("size", [(1, 1), (8, 40), (17, 16)])
def test_the_smallest_pictures_have_a_flow(size: tuple[int, int]) -> None:
    flow = estimator("dis", "", CPU)(torch.rand(1, 3, *size), torch.rand(1, 3, *size))
    assert flow.shape == (1, 2, *size) and torch.isfinite(flow).all()


def test_a_noisy_still_does_not_creep() -> None:
    image, generator = textured(), torch.Generator().manual_seed(1)
    here, there = ((image + 0.02 * torch.randn(image.shape, generator=generator)).clamp(0, 1) for _ in range(2))
    flow = Dis()(here, there)
    assert flow.abs().mean() > 0.01, "noise looks like motion"
    assert (settled(flow, here, there) == 0).float().mean() > 0.98


def test_a_slowly_moving_object_moves_on_before_a_still_background() -> None:
    here = textured()
    there, shifted = here.clone(), moved(here, 0.5)
    there[..., 32:64, 40:88] = shifted[..., 32:64, 40:88]
    flow = settled(Dis()(here, there), here, there)
    assert flow[0, 0, 40:56, 48:80].median().item() == pytest.approx(0.5, abs=0.15)
    assert (flow[..., :16, :] == 0).all() and (flow[..., 80:, :] == 0).all()


def test_a_faint_sky_that_drifts_slowly_is_moved_and_does_not_wait_until_it_jumps() -> None:
    clouds = interpolate(textured(), (192, 256), mode="bicubic") * 0.08 + 0.6
    here, there = ((255 * sky).round() / 255 for sky in (clouds, moved(clouds, 0.25)))
    flow = settled(Dis()(here, there), here, there)
    assert (flow == 0).all(1).float().mean() < 0.02
    assert flow[0, 0].median().item() == pytest.approx(0.25, abs=0.1)


def noisy(image: Tensor, seed: int) -> Tensor:
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + 1.5 / 255 * noise).clamp(0, 1)


def test_a_noisy_background_stands_still_right_beside_what_passes_by() -> None:
    """The passer-by is far better explained by its motion, and most of what a large square sees is the passer-by."""
    here = textured() * 0.3 + 0.3
    there, passing = here.clone(), textured(seed=1)
    here[..., 32:64, 20:68] = passing[..., 32:64, 20:68]
    there[..., 32:64, 24:72] = passing[..., 32:64, 20:68]
    here, there = noisy(here, 1), noisy(there, 2)
    flow = settled(Dis()(here, there), here, there)
    assert flow[0, 0, 40:56, 28:60].median().item() == pytest.approx(4.0, abs=0.15)
    still = (flow == 0).all(1)[0]
    assert still[:26].float().mean() > 0.995 and still[70:].float().mean() > 0.995


def test_where_track_is_lost_no_motion_is_not_made_up() -> None:
    """Nothing explains one scene by another; no motion, there and back, would be taken for certain."""
    here, there = textured(seed=1), textured(seed=2)
    flow = Dis()(here, there)
    fast = flow.norm(dim=1) > 1
    assert fast.float().mean() > 0.5
    assert (settled(flow, here, there).norm(dim=1)[fast] > 1).float().mean() > 0.8


def test_true_motion_is_not_taken_away(alley: tuple[Tensor, Tensor, Tensor]) -> None:
    here, there, truth = alley
    assert (settled(truth, here, there) - truth).norm(dim=1).mean() < 0.03


def test_the_flow_of_a_film_is_nearly_right(alley: tuple[Tensor, Tensor, Tensor]) -> None:
    here, there, truth = (tensor[..., :256, :384] for tensor in alley)
    assert (Dis()(here, there) - truth).norm(dim=1).mean() < 0.5


def test_an_unknown_name_is_an_error() -> None:
    assert estimator("dis", "", CPU).name == "dis-refined-2"
    with pytest.raises(OptionError, match="fancy"):
        estimator("fancy", "", CPU)


def test_missing_weights_are_an_error_and_never_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for weights in ("", str(tmp_path / "missing.safetensors")):
        with pytest.raises(WeightsError, match="missing") as error:
            estimator("raft", weights, CPU)
        assert "dis" in error.value.hint


def test_damaged_weights_of_torchvision_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "raft_small_C_T_V2-01064c6d.pth").write_bytes(b"half a file")
    with pytest.raises(WeightsError, match="damaged"):
        estimator("raft", "", CPU)


def test_without_torchvision_raft_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "any.safetensors")

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named '{name}'")
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(WeightsError, match="torchvision"):
        estimator("raft", str(tmp_path / "any.safetensors"), CPU)


def test_the_authors_names_of_layers_are_understood() -> None:
    if not WEIGHTS.is_dir():
        pytest.skip("the weights shared/data/flow are not on this machine")
    theirs, ours = (load_file(WEIGHTS / f"raft_small_{kind}.safetensors") for kind in ("princeton", "torchvision"))
    assert {_renamed(name) for name in theirs} == set(ours)
    assert {_renamed(name) for name in ours} == set(ours)
    assert all(torch.equal(tensor, ours[_renamed(name)]) for name, tensor in theirs.items())


def test_raft_sees_a_picture_move() -> None:
    if not WEIGHTS.is_dir():
        pytest.skip("the weights shared/data/flow are not on this machine")
    try:
        _optical_flow()
    except WeightsError:
        pytest.skip("torchvision is not installed")
    image = textured(100, 140)
    flow = estimator("raft", str(WEIGHTS / "raft_small_princeton.safetensors"), CPU)(image, moved(image, 3))
    assert flow.shape == (1, 2, 100, 140)
    assert flow[0, 0, 20:-20, 20:-20].median().item() == pytest.approx(3, abs=0.2)
