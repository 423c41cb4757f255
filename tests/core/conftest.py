"""What the engine's tests share: a tiny seeded encoder, small pictures, and a way to run jobs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the engine itself does, before torch is loaded

import pytest
import torch

from core import devices, encoders, weights
from core.encoders import LAYERS, VGG19_BLOCKS
from core.frames import Picture, write
from core.job import Job
from core.options import EngineOptions, OutputOptions, StyleImage, StyleOptions
from core.style.decoder import untrained

SHARED = Path(__file__).parents[3] / "shared"
QUICK = {"iterations": 3, "scales": 1, "stability": 0.0, "init": "content",
         "style_layers": "conv1_2=1,conv3_1=1", "content_layers": "conv2_2=1"}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small networks are quickest with one thread, and the same bytes come out on every machine."""
    torch.set_num_threads(1)
    devices.STARTING_THREADS = 1


def tiny_layers() -> weights.LayerWeights:
    """A VGG-19 of widths 4, 6, 8, 8, 8 with seeded random weights."""
    generator = torch.Generator().manual_seed(7)
    layers, before = {}, 3
    widths = dict(enumerate((4, 6, 8, 8, 8), 1))
    for name in LAYERS:
        width = widths[int(name[4])]
        scale = (2.0 / (before * 9)) ** 0.5
        layers[name] = weights.Layer(torch.randn(width, before, 3, 3, generator=generator) * scale, torch.zeros(width))
        before = width
    return layers


def tiny_decoder() -> weights.LayerWeights:
    """A decoder of widths 4, 4, 4, 4 for the tiny encoder, with seeded random weights."""
    return untrained({"conv4_1": 8, "conv3_4": 8, "conv2_2": 6, "conv1_2": 4}, 3, (4, 4, 4, 4))


@pytest.fixture
def tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> encoders.Encoder:
    """Every job of the test uses this encoder in place of all, and a tiny decoder; also given to the test itself."""
    monkeypatch.setattr(weights, "load", lambda file: tiny_decoder() if file is weights.DECODER else tiny_layers())
    assert sum(VGG19_BLOCKS) == len(LAYERS)
    return encoders.load_encoder("vgg19", torch.device("cpu"))


@pytest.fixture
def picture() -> Callable[..., Picture]:
    """A seeded smooth random picture: picture(seed, height, width, alpha=False)."""
    def make(seed: int = 0, height: int = 48, width: int = 64, alpha: bool = False) -> Picture:
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.rand(1, 4, 6, 8, generator=generator)
        smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
        return Picture(smooth[:, :3], smooth[:, 3:] if alpha else None)
    return make


@pytest.fixture
def sequence(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """A folder of four numbered frames, shot_0007.png to shot_0010.png."""
    folder = tmp_path / "source"
    for number in range(7, 11):
        write(folder / f"shot_{number:04d}.png", picture(number), "png")
    return folder


@pytest.fixture
def moving(tmp_path: Path, picture: Callable[..., Picture]) -> Callable[..., Path]:
    """A folder of frames 1 to `count` in which a patch goes 2 px to the right each time: moving(count, cut=None).

    At the number `cut` another scene begins.
    """
    def make(count: int = 6, cut: int | None = None) -> Path:
        folder = tmp_path / f"moving {count} {cut}"
        for number in range(1, count + 1):
            seed = 3 if cut is None or number < cut else 77
            rgb = picture(seed).rgb.clone()
            rgb[..., 16:32, 2 * number:2 * number + 16] = picture(seed + 1).rgb[..., 16:32, 16:32].flip(1)
            write(folder / f"{number:03d}.png", Picture(rgb), "png")
        return folder
    return make


@pytest.fixture
def style_file(tmp_path: Path, picture: Callable[..., Picture]) -> Path:
    """A style picture on disk."""
    path = tmp_path / "style.png"
    write(path, picture(99, 40, 52), "png")
    return path


@pytest.fixture
def job(tmp_path: Path, style_file: Path) -> Callable[..., Job]:
    """A quick job: job(input, strength=..., format=..., ...); its results go to tmp_path / "result"."""
    def make(source: Path | str, output: Path | None = None, animation: object = None, **options: object) -> Job:
        names = ("frames", "only", "format", "restore_size", "chunk")
        files = {name: options.pop(name) for name in names if name in options}
        styles = options.pop("styles", (StyleImage(str(style_file)),))
        return Job(str(source), str(output or tmp_path / "result"),
                   options=StyleOptions(styles=styles, **{**QUICK, **options}),  # type: ignore[arg-type]
                   files=OutputOptions(**files),  # type: ignore[arg-type]
                   engine=EngineOptions(precision="float32", threads=1),
                   animation=animation or {})  # type: ignore[arg-type]
    return make


@pytest.fixture(scope="session")
def shared_pictures() -> Path:
    """The classic comparison pictures; tests that need them are skipped where they are missing."""
    folder = SHARED / "data" / "neural_style_inputs"
    if not folder.is_dir():
        pytest.skip("the comparison pictures (shared/data/neural_style_inputs) are not on this machine")
    return folder
