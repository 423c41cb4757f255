"""The paper's experiments, run small: every picture, sheet and figure is there, and a stopped call goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core import frames
from core.errors import InputError
from core.evaluate import reproduce
from core.frames import Picture

pytestmark = pytest.mark.usefixtures("tiny_encoder")


def test_the_experiments(tmp_path: Path, picture: Callable[..., Picture], capsys: pytest.CaptureFixture[str]) -> None:
    for i, name in enumerate(("photo", "first", "second")):
        frames.write(tmp_path / f"{name}.png", picture(i, 48, 64), "png")
    out = tmp_path / "out"
    order = (tmp_path / "photo.png", [tmp_path / "first.png", tmp_path / "second.png"], out, 48, 3)
    reproduce.run(*order)
    said = capsys.readouterr().out
    assert "content errors" in said and "initial part losses spread" in said
    for sheet in ("lambda.png", "layers.png", "sizes.png"):
        assert min(frames.read(out / sheet).size) > 200
    figures = json.loads((out / "figures.json").read_text())
    cells = figures["cells"].values()
    assert {c["loss"] for c in cells} == {"classic", "normalized"}
    assert {c["size"] for c in cells} == {24, 48, 96}
    assert len([c for c in cells if c["style"] == "first" and c["raised"]]) == 10
    assert all(c["relative_style_loss"] > 0 and c["content_error"] >= 0 for c in cells)
    assert set(figures["initial_part_losses"]["first"]["classic"]) == {
        "conv1_2", "conv2_2", "conv3_4", "conv4_4", "conv5_4"}
    pictures = {p: p.stat().st_mtime_ns for p in (out / "pictures").iterdir()}
    lost = next(iter(pictures))
    lost.unlink()
    reproduce.run(*order)
    again = {p: p.stat().st_mtime_ns for p in (out / "pictures").iterdir()}
    assert [p for p in pictures if again[p] != pictures[p]] == [lost]
    frames.write(tmp_path / "first.png", picture(9, 48, 64), "png")
    reproduce.run(*order)
    again = {p: p.stat().st_mtime_ns for p in (out / "pictures").iterdir()}
    assert all("first" in p.name for p in pictures if p != lost and again[p] != pictures[p])
    assert [p for p in pictures if again[p] != pictures[p] and p != lost], "another picture of that name"
    (tmp_path / "more").mkdir()
    twin = tmp_path / "more" / "first.png"
    twin.write_bytes((tmp_path / "first.png").read_bytes())
    with pytest.raises(InputError, match="one name"):
        reproduce.run(order[0], [*order[1], twin], *order[2:])
