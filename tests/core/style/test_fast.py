"""The fast engine through whole jobs: one pass a frame, with the options an artist knows from the other engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core import events, pipeline, weights
from core.color import luminance
from core.encoders import Encoder, load_encoder
from core.errors import WeightsError
from core.frames import Picture, read, write
from core.job import Job
from core.options import StyleImage
from core.style.decoder import load_decoder
from core.style.fast import FastStyle

pytestmark = pytest.mark.usefixtures("tiny_encoder")
Pictures = Callable[..., Picture]
Jobs = Callable[..., Job]


@pytest.fixture
def style(tiny_encoder: Encoder, picture: Pictures) -> Callable[..., FastStyle]:
    """style(seed, ...) paints with the tiny networks in the style of that picture."""
    def make(*seeds: int, style_scale: float = 1.0) -> FastStyle:
        images = [(picture(seed, 40, 52).rgb, 1.0) for seed in seeds]
        return FastStyle(tiny_encoder, load_decoder(torch.device("cpu")), images, style_scale)
    return make


def test_a_frame_is_painted_at_its_own_size_without_optimizer_steps(job: Jobs, sequence: Path) -> None:
    heard = list(pipeline.run(job(sequence, engine="fast")))
    assert sum(isinstance(event, events.Frame) for event in heard) == 4
    assert not any(isinstance(event, events.Progress) for event in heard)
    painted = read(next(Path(event.path) for event in heard if isinstance(event, events.Frame)))
    assert painted.size == (48, 64)


@pytest.mark.parametrize("size", [(8, 8), (33, 47), (16, 101)])
def test_odd_sizes_work(style: Callable[..., FastStyle], picture: Pictures, size: tuple[int, int]) -> None:
    assert style(1).paint(picture(0, *size).rgb, 0.5).shape[-2:] == size


def test_strength_moves_away_from_the_same_picture_at_strength_0(style: Callable[..., FastStyle],
                                                                picture: Pictures) -> None:
    content = picture(0).rgb
    at = [style(1).paint(content, strength) for strength in (0.0, 0.25, 1.0)]
    assert 0 < (at[1] - at[0]).abs().mean() < (at[2] - at[0]).abs().mean()


def test_two_styles_lie_between_each_alone(style: Callable[..., FastStyle], picture: Pictures) -> None:
    content = picture(0).rgb
    one, other, both = (style(*seeds).paint(content, 1.0) for seeds in ((1,), (2,), (1, 2)))
    assert not torch.equal(both, one)
    assert not torch.equal(both, other)
    assert (both - one).abs().mean() < (other - one).abs().mean() * 1.5


def test_style_scale_changes_the_strokes(style: Callable[..., FastStyle], picture: Pictures) -> None:
    content = picture(0).rgb
    assert not torch.equal(style(1).paint(content, 1.0), style(1, style_scale=0.5).paint(content, 1.0))


def test_alpha_stays(job: Jobs, tmp_path: Path, picture: Pictures) -> None:
    source = picture(3, alpha=True)
    write(tmp_path / "one.png", source, "png")
    list(pipeline.run(job(tmp_path / "one.png", engine="fast")))
    painted = read(next((tmp_path / "result").glob("*.png")))
    assert painted.alpha is not None
    assert source.alpha is not None
    assert torch.allclose(painted.alpha, source.alpha, atol=1 / 254)


def test_luminance_keeps_the_frame_s_colors(job: Jobs, sequence: Path, tmp_path: Path) -> None:
    list(pipeline.run(job(sequence, engine="fast", keep_color="luminance", frames="7")))
    source, painted = (read(folder / "shot_0007.png").rgb for folder in (sequence, tmp_path / "result"))
    before, after = (rgb - luminance(rgb) for rgb in (source, painted))
    share = (after * before).sum(1, keepdim=True) / before.square().sum(1, keepdim=True).clamp_min(1e-6)
    assert share.median() == pytest.approx(1.0, abs=0.02)  # less where a darker or lighter pixel has no room for it
    assert (after - share * before).abs().max() < 2 / 255
    assert (luminance(painted) - luminance(source)).abs().max() > 0.1


def test_init_fast_starts_the_optimizer_from_the_fast_painting(job: Jobs, sequence: Path, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    load = weights.load
    bold = {name: layer._replace(kernel=layer.kernel * 3) for name, layer in load(weights.DECODER).items()}
    monkeypatch.setattr(weights, "load", lambda file: bold if file is weights.DECODER else load(file))
    order = job(sequence, frames="7", iterations=1)
    fast = replace(order.options, engine="fast")
    first = replace(order.options, init="fast")
    pictures = {}
    for name, options in (("plain", order.options), ("fast", fast), ("first", first)):
        output = tmp_path / name
        list(pipeline.run(replace(order, options=options, output=str(output))))
        pictures[name] = read(next(output.glob("*.png"))).rgb
    away = {name: (pictures["first"] - pictures[name]).abs().mean() for name in ("plain", "fast")}
    assert away["fast"] < away["plain"]


def test_other_networks_make_finished_frames_stale(job: Jobs, sequence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cached() -> list[bool]:
        heard = pipeline.run(job(sequence, engine="fast"))
        return [event.cached for event in heard if isinstance(event, events.Frame)]
    assert cached() == [False] * 4
    assert cached() == [True] * 4
    monkeypatch.setattr(weights, "DECODER", replace(weights.DECODER, sha256="another"))
    assert cached() == [False] * 4


def test_several_styles_by_weight_through_a_job(job: Jobs, sequence: Path, style_file: Path, tmp_path: Path,
                                                picture: Pictures) -> None:
    write(tmp_path / "other.png", Picture(picture(5, 40, 52).rgb * 0.6), "png")

    def mean_color(one: float, other: float) -> torch.Tensor:
        weighted = ((style_file, one), (tmp_path / "other.png", other))
        styles = tuple(StyleImage(str(path), weight) for path, weight in weighted if weight)
        output = tmp_path / f"{one} {other}"
        list(pipeline.run(job(sequence, output, engine="fast", styles=styles, frames="7", strength=1.0)))
        return read(next(output.glob("*.png"))).rgb.mean((2, 3))

    one, other, both = mean_color(1, 0), mean_color(0, 1), mean_color(2, 1)
    assert (one - other).abs().max() > 0.1
    assert torch.allclose(both, (2 * one + other) / 3, atol=0.02)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> FastStyle:
    """The real networks, without a style yet; skipped where they are not there."""
    monkeypatch.undo()  # the tiny ones
    try:
        encoder = load_encoder("lite", torch.device("cpu"), taps=False)
        return FastStyle(encoder, load_decoder(torch.device("cpu")), [])
    except WeightsError:
        pytest.skip("the trained networks (core/weights) are not there")


def test_the_trained_engine_takes_a_style_s_colors(trained: FastStyle, picture: Pictures) -> None:
    content, orange = picture(0, 96, 128).rgb, torch.tensor([1.0, 0.5, 0.2]).view(1, 3, 1, 1)
    style = picture(9, 96, 128).rgb * orange
    trained.images = [(style, 1.0)]
    warmth = {name: float(x[:, 0].mean() - x[:, 2].mean()) for name, x in
              (("content", content), ("style", style), ("painted", trained.paint(content, 1.0)))}
    assert warmth["painted"] > (warmth["content"] + warmth["style"]) / 2


def test_a_dark_style_makes_a_dark_painting(trained: FastStyle, picture: Pictures) -> None:
    """Of its mean color, in whatever color the frame is; what the mask hides does not count."""
    mask = torch.ones(1, 1, 64, 80)
    mask[..., 40:] = 0.0
    for darker in (1.0, 0.5):
        style = picture(9, 64, 80).rgb * darker
        painted = replace(trained, images=[(style, 1.0)]).paint(picture(0, 64, 80).rgb, 1.0, mask)[..., :40]
        assert torch.allclose(painted.mean((2, 3)), style.mean((2, 3)), atol=0.02)


def test_the_trained_engine_gives_the_content_back_at_strength_0(trained: FastStyle, picture: Pictures) -> None:
    content = picture(0, 96, 128).rgb
    trained.images = [(picture(9, 96, 128).rgb, 1.0)]
    assert torch.equal(trained.paint(content, 0.0), content)


def test_strength_moves_away_from_the_content(trained: FastStyle, picture: Pictures) -> None:
    content = picture(0, 96, 128).rgb
    trained.images = [(picture(9, 96, 128).rgb, 1.0)]
    away = [float((trained.paint(content, s) - content).abs().mean()) for s in (0.0, 0.01, 0.05, 0.25, 1.0)]
    assert away == sorted(away)
    assert away[0] < 1e-3 < away[1]


@pytest.mark.parametrize("masked", [False, True])
def test_a_large_picture_in_tiles_is_the_picture_in_one(style: Callable[..., FastStyle], picture: Pictures,
                                                       masked: bool) -> None:
    content = picture(0, 208, 272).rgb
    mask = picture(4, 208, 272).rgb[:, :1] if masked else None
    whole = style(1)
    in_tiles = style(1)
    in_tiles.tile = 48
    # half a step of 8 bits: the second pass enlarges what rounding did to the first
    assert torch.allclose(in_tiles.paint(content, 0.8, mask), whole.paint(content, 0.8, mask), atol=0.5 / 255)
