"""Layers for other programs: what `pieces.json` and the pictures beside it are good for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from core import events, frames, pipeline
from core.arrays import as_array
from core.collage.compose import ZOOM, Composer
from core.collage.export import export
from core.collage.materials import Materials
from core.collage.pieces import Cut, Floats, no_pieces
from core.errors import OutputError
from core.job import Job
from core.options import CollageOptions
from core.plan import Plan, Task

Jobs = Callable[..., Job]
Clips = Callable[..., Path]


def exported(job: Job) -> dict[str, Any]:
    for _ in pipeline.run(job):
        pass
    return json.loads((Path(job.output) / "layers" / "pieces.json").read_text())


def read(path: Path) -> Floats:
    """H,W,3 or premultiplied H,W,4 in 0..1."""
    picture = frames.read(path)
    rgb = as_array(picture.rgb)
    alpha = None if picture.alpha is None else as_array(picture.alpha)
    return rgb if alpha is None else np.concatenate([rgb * alpha, alpha], -1)


def covered(canvas: Floats, rgba: Floats) -> Floats:
    return canvas * (1 - rgba[..., 3:]) + rgba[..., :3]


def rebuilt(data: dict[str, Any], folder: Path, number: int) -> Floats:
    """A frame, H,W,3, made of what `pieces.json` says, as another program would."""
    width, height = data["size"]
    canvas = read(folder / data["underpainting"][data["frames"].index(number)])
    here = [piece for piece in data["pieces"] if str(number) in piece["places"]]
    assert sorted(piece["places"][str(number)][4] for piece in here) == list(range(len(here)))
    for piece in sorted(here, key=lambda piece: piece["places"][str(number)][4]):
        rgba = read(folder / piece["picture"])
        rows, columns = rgba.shape[:2]
        left, top, right, bottom = piece["box"]
        a, b, x, y, _ = piece["places"][str(number)]
        corners = np.array([(left, top), (right, top), (left, bottom)]) @ np.array([[a, b], [-b, a]]) + (x, y)
        pixels = np.array([(-0.5, -0.5), (columns - 0.5, -0.5), (-0.5, rows - 0.5)])
        onto = cv2.getAffineTransform(pixels.astype(np.float32), (corners * height - 0.5).astype(np.float32))
        canvas = covered(canvas, cv2.warpAffine(rgba, onto, (width, height)))
    return canvas


def test_a_frame_can_be_rebuilt_from_its_pieces(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(4), export_layers=True, shadow=0.0)
    data = exported(order)
    assert data["frames"] == [1, 2, 3, 4] and data["size"] == [128, 96]
    for number in (1, 4):
        result = read(Path(order.output) / f"{number:03d}.png")
        error = np.abs(rebuilt(data, Path(order.output) / "layers", number) - result)
        assert error.mean() < 0.5 / 255 and np.quantile(error, 0.99) < 4 / 255


@pytest.mark.parametrize("part", [{"only": "2"}, {"chunk": "1/2"}, {"frames": "2-3"}])
def test_making_a_part_again_leaves_what_is_told_of_the_whole(clip: Clips, collage: Jobs, part: dict[str, str]) -> None:
    source = clip(4)
    data = exported(collage(source, export_layers=True))
    assert exported(collage(source, export_layers=True, **part)) == data


def test_pieces_are_written_once_and_each_is_told_of(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(3), export_layers=True)
    happened = list(pipeline.run(order))
    last = max(place for place, e in enumerate(happened) if isinstance(e, events.Frame))
    written = [e for e in happened[last + 1:] if isinstance(e, events.Progress)]
    count = len(list((Path(order.output) / "layers" / "pieces").iterdir()))
    assert [(e.step, e.steps) for e in written] == [(step, count) for step in range(1, count + 1)]
    assert {(e.index, e.of) for e in written} == {(6, 6)}  # the last of three frames and three tracks
    assert not [e for e in pipeline.run(order) if isinstance(e, events.Progress)]


def test_pieces_that_were_lost_or_stopped_at_are_written_again(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(2), export_layers=True)
    data = exported(order)
    layers = Path(order.output) / "layers"
    (layers / "pieces" / "00001.png").unlink()
    stopped = pipeline.run(order)
    next(e for e in stopped if isinstance(e, events.Progress))
    stopped.close()  # type: ignore[attr-defined]
    assert not (layers / "pieces.json").exists(), "it would tell of pictures that are about to be replaced"
    assert exported(order) == data and (layers / "pieces" / "00001.png").is_file()


def test_what_another_collage_had_more_of_goes(clip: Clips, collage: Jobs) -> None:
    source = clip(2)
    order = collage(source, export_layers=True)
    exported(order)
    data = exported(collage(source, export_layers=True, levels=1, pieces=3))
    layers = Path(order.output) / "layers"
    assert sorted(path.name for path in layers.iterdir()) == ["level_1", "pieces", "pieces.json", "underpainting"]
    assert {f"pieces/{path.name}" for path in (layers / "pieces").iterdir()} == {
        piece["picture"] for piece in data["pieces"]}


@pytest.mark.parametrize("name", ["level_1/002.png", "pieces/00001.png"])
@pytest.mark.parametrize("left", [None, b"not a picture"])
def test_a_layer_or_piece_that_was_lost_or_damaged_is_made_again(clip: Clips, collage: Jobs, name: str,
                                                                 left: bytes | None) -> None:
    order = collage(clip(3), export_layers=True)
    exported(order)
    lost = Path(order.output) / "layers" / name
    before = lost.read_bytes()
    lost.unlink() if left is None else lost.write_bytes(left)
    exported(order)
    assert lost.read_bytes() == before


def test_what_was_known_of_pieces_is_found_again_where_layers_have_to_be_told_of(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(3), export_layers=True, hold=2)
    data = exported(order)
    shutil.rmtree(Path(order.output) / "tracks")
    (Path(order.output) / "layers" / "pieces.json").unlink()
    assert exported(order) == data


def test_layers_are_not_laid_over_what_the_job_reads_or_another_program_made(clip: Clips, collage: Jobs,
                                                                            tmp_path: Path) -> None:
    source = clip(2)
    shutil.copytree(source, tmp_path / "mine" / "layers" / "level_1")
    before = (tmp_path / "mine" / "layers" / "level_1" / "001.png").read_bytes()
    with pytest.raises(OutputError, match="reads from the folder 'layers'"):
        exported(collage(tmp_path / "mine" / "layers" / "level_1", tmp_path / "mine", export_layers=True))
    with pytest.raises(OutputError, match="has a 'layers' already"):
        exported(collage(source, tmp_path / "mine", export_layers=True))
    assert (tmp_path / "mine" / "layers" / "level_1" / "001.png").read_bytes() == before


def test_layers_laid_over_each_other_are_the_picture(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(3), export_layers=True)
    exported(order)
    for name in ("001.png", "003.png"):
        canvas = read(Path(order.output) / "layers" / "underpainting" / name)
        for level in ("level_1", "level_2"):
            canvas = covered(canvas, read(Path(order.output) / "layers" / level / name))
        assert np.abs(canvas - read(Path(order.output) / name)).max() < 2.5 / 255


@pytest.mark.parametrize("size", [0, 64])
def test_layers_are_cut_out_and_enlarged_as_the_picture_is(collage: Jobs, tmp_path: Path, size: int,
                                                           texture: Callable[..., Floats],
                                                           save: Callable[..., Path]) -> None:
    shape = np.zeros((96, 128, 1), np.float32)
    shape[20:70, 30:100] = 1.0
    source = save(tmp_path / "cut out" / "001.png", np.concatenate([texture(1), shape], -1))
    order = collage(source.parent, export_layers=True, size=size, restore_size=True)
    exported(order)
    folders = [Path(order.output) / "layers" / name for name in ("underpainting", "level_1", "level_2")]
    canvas = np.zeros((96, 128, 4), np.float32)
    for layer in (read(folder / "001.png") for folder in folders):
        assert layer.shape == canvas.shape
        canvas = canvas * (1 - layer[..., 3:]) + layer
    result = read(Path(order.output) / "001.png")
    assert np.array_equal(canvas[..., 3:], shape) and np.array_equal(result[..., 3:], shape)
    assert np.abs(canvas - result).mean() < 2.5 / 255


def test_a_piece_is_told_with_its_level_its_material_and_an_outline_that_fills_its_picture(
        clip: Clips, collage: Jobs) -> None:
    data = exported(collage(clip(2), export_layers=True, roughness=0.0, deckle=0.0, shadow=0.0))
    assert {piece["level"] for piece in data["pieces"]} == {1, 2}
    assert {piece["material"] for piece in data["pieces"]} <= {f"paper{i}" for i in range(4)}
    for piece in data["pieces"]:
        outline = np.array(piece["outline"])
        left, top, right, bottom = piece["box"]
        assert (outline.min(0) > (left, top)).all() and (outline.max(0) < (right, bottom)).all()
        assert np.abs(outline.min(0) - (left, top)).max() < 5 / 96


def test_a_piece_that_grows_has_its_picture_at_the_size_it_mostly_has(tmp_path: Path, sheets: Materials) -> None:
    """Its one picture would else be read far smaller than it was made, and look sharper than in the collage."""
    corners = 0.2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32)
    cut = Cut(0, 1.0, (0.5, 0.5), corners, 0.16, -1, 0, np.array([50, 0, 20, 20], np.float32), -1,
              np.zeros(12, np.float32))
    born = no_pieces(np.zeros((0, 3), np.float32), 1).with_new([cut], 1)
    made = Plan()
    for number, scale in enumerate((1.0, ZOOM, ZOOM, ZOOM ** 2, ZOOM ** 3), 1):
        grown = replace(born, place=np.array([[scale, 0, 0.5, 0.5]], np.float32))
        (tmp_path / f"{number}.track").write_bytes(grown.to_bytes())
        frames.write(tmp_path / f"{number}.png", frames.Picture(torch.zeros(1, 3, 100, 100)), "png")
        track = Task(number, tmp_path / f"{number}.track", "", "", is_track=True)
        made.results.append(Task(number, tmp_path / f"{number}.png", "", "", track=track))
    options = CollageOptions(roughness=0.0, deckle=0.0, shadow=0.0)
    assert list(export(Composer(options, sheets), made, tmp_path)) == [(2, 1, 1)]
    data = json.loads((tmp_path / "layers" / "pieces.json").read_text())
    picture = frames.read(tmp_path / "layers" / data["pieces"][0]["picture"])
    assert picture.alpha is not None and len(data["pieces"]) == 1 and len(data["pieces"][0]["places"]) == 5
    assert float(picture.alpha.sum()) == pytest.approx((0.4 * 100 * ZOOM) ** 2, rel=0.03)


def test_pieces_of_two_shots_are_not_the_same(clip: Clips, collage: Jobs) -> None:
    data = exported(collage(clip(4, cut=3), export_layers=True))
    assert [p["number"] for p in data["pieces"]] == list(range(len(data["pieces"])))
    lives = {tuple(p["places"]) for p in data["pieces"]}
    assert lives >= {("1", "2"), ("3", "4")}
    assert not [life for life in lives if {"1", "2"} & set(life) and {"3", "4"} & set(life)]


@pytest.mark.parametrize("options", [{"hold": 2}, {"levels": 3, "detail": 0.0}])
def test_every_level_is_a_sequence_without_gaps(clip: Clips, collage: Jobs, options: dict[str, Any]) -> None:
    """Of frames that show the picture of another, and of levels that no piece lies on."""
    order = collage(clip(3), export_layers=True, **options)
    data = exported(order)
    levels = [f"level_{level}" for level in range(1, data["levels"] + 1)]
    for folder in ("underpainting", *levels):
        found = sorted(p.name for p in (Path(order.output) / "layers" / folder).glob("*.png"))
        assert found == ["001.png", "002.png", "003.png"]
    assert [Path(name).name for name in data["underpainting"]] == ["001.png", "002.png", "003.png"]
    if "hold" in options:
        assert rebuilt(data, Path(order.output) / "layers", 1).tobytes() == rebuilt(
            data, Path(order.output) / "layers", 2).tobytes()


def test_without_export_there_are_no_layers(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(2))
    for _ in pipeline.run(order):
        pass
    assert not (Path(order.output) / "layers").exists()
