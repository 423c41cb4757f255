"""Input that is bad or odd: what an artist is told, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from outcomes import painted, run

from core import events, frames, pipeline
from core.cli import main
from core.collage.pieces import Floats
from core.errors import InputError, OptionError
from core.events import Event
from core.job import Job
from core.options import CollageOptions

Jobs = Callable[..., Job]
Clips = Callable[..., Path]
Save = Callable[..., Path]
Textures = Callable[..., Floats]


def run_despite(job: Job, words: str) -> list[Event]:
    """All that happens before the error that ends the job."""
    happened = []
    with pytest.raises(InputError, match=words):
        for event in pipeline.run(job):
            happened.append(event)
    return happened


def damage(path: Path) -> bytes:
    """Cuts a file short; returns what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 3])
    return whole


def test_an_unreadable_frame_costs_only_itself_and_mended_those_that_depend_on_it(clip: Clips, collage: Jobs) -> None:
    folder = clip(6, cut=5)
    whole = damage(folder / "003.png")
    order = collage(folder)
    assert painted(run_despite(order, "1 of 6 frames could not be painted.*003.png")) == [1, 2, 4, 5, 6]
    (folder / "003.png").write_bytes(whole)
    assert painted(run(order)) == [3, 4]


def test_frames_that_would_show_an_unreadable_one_are_counted_too(clip: Clips, collage: Jobs) -> None:
    folder = clip(4)
    damage(folder / "003.png")
    assert painted(run_despite(collage(folder, hold=2), "2 of 4 frames could not be painted")) == [1, 2]


def test_of_an_unreadable_frame_that_was_not_asked_for_there_is_a_warning(clip: Clips, collage: Jobs) -> None:
    folder = clip(4)
    damage(folder / "002.png")
    happened = run(collage(folder, frames="4"))
    assert painted(happened) == [4]
    assert ["002.png" in e.message for e in happened if isinstance(e, events.Warning)] == [True]


def test_photographs_of_a_joiner_leave_out_what_is_missing_or_unreadable(clip: Clips, collage: Jobs) -> None:
    folder = clip(8)
    (folder / "003.png").unlink()
    damage(folder / "005.png")
    happened = run_despite(collage(folder, mode="joiner", materials=(), life=2), "1 of 7 frames")
    assert painted(happened) == [1, 2, 4, 6, 7, 8]


# --- materials -----------------------------------------------------------------------------------------------


def test_a_folder_without_pictures(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no picture")
    run_despite(collage(clip(1), materials=(str(tmp_path / "empty"),)), "no pictures in the material folder 'empty'")
    run_despite(collage(clip(1), materials=(str(tmp_path / "gone"),)), "no material 'gone'")


def test_materials_that_cannot_be_used_are_left_out_with_a_word(clip: Clips, collage: Jobs, papers: Path,
                                                                texture: Textures, save: Save) -> None:
    (papers / "broken.png").write_text("no picture")
    (papers / "broken.mp4").write_text("no movie")
    save(papers / "nothing.png", np.dstack([texture(1, 20, 30), np.zeros((20, 30), np.float32)]))
    happened = run(collage(clip(1)))
    said = " ".join(e.message for e in happened if isinstance(e, events.Warning))
    assert all(name in said for name in ("broken.png", "broken.mp4", "nothing.png"))
    assert painted(happened) == [1]
    for i in range(4):
        (papers / f"paper{i}.png").unlink()
    run_despite(collage(clip(1)), "None of the materials can be read")


@pytest.mark.parametrize("side", [1, 3])
def test_one_single_tiny_material_is_enough(clip: Clips, collage: Jobs, tmp_path: Path, save: Save,
                                            side: int) -> None:
    """Its pieces take the colors of the picture."""
    save(tmp_path / "tiny" / "t.png", np.full((side, side, 3), 0.4, np.float32))
    order = collage(clip(1), materials=(str(tmp_path / "tiny"),), color_match=1.0, levels=1, shadow=0.0)
    assert painted(run(order)) == [1]
    source, result = (frames.read(folder / "001.png").rgb for folder in (Path(order.input), Path(order.output)))
    assert (source.mean((2, 3)) - result.mean((2, 3))).abs().max() < 0.06
    assert result.std() > 0.05


def test_layered_styles_without_versions_or_with_one_that_lacks_the_frame(clip: Clips, collage: Jobs,
                                                                           tmp_path: Path, save: Save,
                                                                           texture: Textures) -> None:
    source = clip(3)
    with pytest.raises(OptionError, match="versions of the clip"):
        run(collage(source, mode="layers", materials=()))
    for number in (2, 3):
        save(tmp_path / "version" / f"{number:03d}.png", texture(number, 48, 64))
    order = collage(source, mode="layers", materials=(str(tmp_path / "version"),))
    happened = run_despite(order, "1 of 3 frames.*no frame 1")
    assert painted(happened) == [2, 3]  # of half the size, which does not matter
    save(tmp_path / "version" / "001.png", texture(1, 48, 64))
    assert painted(run(order)) == [1, 2, 3]


# --- frames --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["torn", "cutouts", "montage", "joiner", "mosaic"])
def test_a_frame_of_one_color_stays_of_that_color(tmp_path: Path, save: Save, texture: Textures, mode: str) -> None:
    paper = save(tmp_path / "quiet paper.png", 0.4 + 0.2 * texture(5))
    for number in (1, 2):
        save(tmp_path / "flat" / f"{number}.png", np.full((64, 80, 3), (0.45, 0.5, 0.55), np.float32))
    given = {} if mode == "joiner" else {"color_match": 1.0}
    order = Job(str(tmp_path / "flat"), str(tmp_path / mode), "collage", replace(
        CollageOptions.for_mode(mode), materials=(str(paper),), pieces=9, colors=0, shadow=0.0,
        deckle=0.0, grain=0.0, overlap=0.1, **given))
    assert painted(run(order)) == [1, 2]
    mean = frames.read(tmp_path / mode / "2.png").rgb.mean((0, 2, 3))
    assert (mean - frames.read(tmp_path / "flat" / "2.png").rgb.mean((0, 2, 3))).abs().max() < 0.05


@pytest.mark.parametrize("size", [(80, 128), (192, 256), (96, 64)])
def test_a_frame_of_another_size_in_mid_clip(clip: Clips, collage: Jobs, save: Save, texture: Textures,
                                             size: tuple[int, int]) -> None:
    """It begins a shot if its aspect is another one; each frame keeps its size, and none is lost."""
    folder = clip(5)
    save(folder / "003.png", texture(1, *size))
    order = collage(folder, export_layers=True)
    assert painted(run(order)) == [1, 2, 3, 4, 5]
    sizes = [frames.size(Path(order.output) / f"{n:03d}.png") for n in range(1, 6)]
    assert sizes == [(96, 128), (96, 128), size, (96, 128), (96, 128)]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (9, 14), (3, 120)])
@pytest.mark.parametrize("mode", ["torn", "cutouts", "joiner"])
def test_frames_too_small_to_see_much_are_made_all_the_same(collage: Jobs, tmp_path: Path, save: Save,
                                                            texture: Textures, mode: str, height: int,
                                                            width: int) -> None:
    for number in (1, 2):
        save(tmp_path / "small" / f"{number}.png", texture(number, 96, 128)[:height, :width])
    assert painted(run(collage(tmp_path / "small", mode=mode))) == [1, 2]
    assert frames.size(tmp_path / "result" / "2.png") == (height, width)


@pytest.mark.parametrize("mode", ["torn", "joiner"])
def test_a_clip_of_one_frame(clip: Clips, collage: Jobs, mode: str) -> None:
    assert painted(run(collage(clip(1) / "001.png", mode=mode))) == [1]


def test_alpha_is_kept(collage: Jobs, tmp_path: Path, save: Save, texture: Textures) -> None:
    alpha = np.zeros((96, 128), np.float32)
    alpha[20:70, 30:90] = 0.6
    save(tmp_path / "cut out.png", np.dstack([texture(1), alpha]))
    order = collage(tmp_path / "cut out.png")
    run(order)
    result = frames.read(Path(order.output) / "cut out.png")
    assert result.alpha is not None and np.abs(result.alpha[0, 0].numpy() - alpha).max() < 1 / 255


def test_colors_that_alpha_hides_make_no_pieces(tmp_path: Path, collage: Jobs, texture: Textures,
                                                save: Save) -> None:
    alpha = np.zeros((96, 128), np.float32)
    alpha[20:70, 30:90] = 1.0
    made = {}
    for hidden in (0.0, 1.0):
        rgb = np.where(alpha[..., None] > 0, texture(1), np.float32(hidden))
        save(tmp_path / str(hidden) / "cut out.png", np.dstack([rgb, alpha]))
        order = collage(tmp_path / str(hidden) / "cut out.png", tmp_path / f"of {hidden}")
        run(order)
        made[hidden] = frames.read(Path(order.output) / "cut out.png").rgb * torch.from_numpy(alpha)
    assert torch.equal(made[0.0], made[1.0])


# --- masks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["mask", "depth"])
def test_what_comes_along_may_have_another_size(clip: Clips, collage: Jobs, tmp_path: Path, save: Save,
                                                option: str) -> None:
    halves = np.zeros((31, 77, 3), np.float32)
    halves[:, 38:] = 1.0
    order = collage(clip(2), **{option: str(save(tmp_path / "halves.png", halves))})
    assert painted(run(order)) == [1, 2]


@pytest.mark.parametrize("option", ["mask", "depth"])
def test_what_comes_along_may_lack_frames(clip: Clips, collage: Jobs, tmp_path: Path, save: Save, option: str) -> None:
    for number in (1, 2, 4):
        save(tmp_path / "along" / f"{number}.png", np.full((20, 30, 3), 0.5, np.float32))
    order = collage(clip(4), **{option: str(tmp_path / "along")})
    happened = run_despite(order, f"1 of 4 frames.*The (object )?{option} has no frame 3")
    assert painted(happened) == [1, 2, 4]
    hint = next(e.hint for e in happened if isinstance(e, events.Warning))
    assert "3 frames, from 1 to 4" in hint
    save(tmp_path / "along" / "3.png", np.full((20, 30, 3), 0.5, np.float32))
    assert painted(run(order)) == [3, 4]


def test_a_mask_that_becomes_a_depth_is_another_collage(clip: Clips, collage: Jobs, tmp_path: Path, save: Save) -> None:
    along = str(save(tmp_path / "along.png", np.full((20, 30, 3), 0.5, np.float32)))
    source = clip(1)
    run(collage(source, mask=along))
    assert painted(run(collage(source, depth=along))) == [1]


@pytest.mark.parametrize(("wrong", "words"), [
    (["--materials", "nowhere"], "no material 'nowhere'"), (["--mode", "glued"], "glued"),
    (["--mask", "no.png"], "no.png"), (["--depth", "no.png"], "no.png"), (["--pieces", "many"], "'pieces' cannot be"),
    (["--frames", "8-9"], "frames 1 to 2"), (["--output", "clip 2 None"], "own folder"),
    (["--mode", "layers"], "no frame 1"),
])
def test_errors_name_what_is_wrong(clip: Clips, papers: Path, wrong: list[str], words: str,
                                   monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(papers.parent)
    (papers / "paper1.png").rename(papers / "paper9.png")
    clip(2)
    assert main(["collage", "clip 2 None", "--materials", "papers", "--output", "made", *wrong]) == 1
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
