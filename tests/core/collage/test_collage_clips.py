"""Collages of clips from end to end: what is made, what depends on what, what stops, kills and cuts do to it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from outcomes import painted, run

from core import __version__, events, frames, pipeline
from core.arrays import as_array
from core.clips import Movie
from core.collage.pieces import Floats, Pieces
from core.errors import InputError
from core.job import Job
from core.manifest import Manifest, engine_of
from core.options import COLLAGE_MODES, CollageOptions, MotionOptions, describe

Jobs = Callable[..., Job]
Clips = Callable[..., Path]
Shots = Callable[..., Floats]
Save = Callable[..., Path]
HEIGHT, WIDTH, SQUARE, STEP = 96, 128, slice(30, 66), 3
"""Of the clip's frames: their size, the rows of the square that moves, and its pixels a frame, from 10 on."""
ROOT = Path(__file__).parents[3]


def results(job: Job) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(Path(job.output).glob("*.png"))}


def pieces_of(job: Job, number: int) -> Pieces:
    return Pieces.from_bytes((Path(job.output) / "tracks" / f"{number:05d}.safetensors").read_bytes())


def test_a_cut_begins_afresh(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    """Also the pieces' papers: the second shot looks as it would if there had been no first one."""
    folder = clip(5, cut=3)
    whole = collage(folder, tmp_path / "whole")
    (tmp_path / "second").mkdir()
    for number in (3, 4, 5):
        (tmp_path / "second" / f"{number:03d}.png").write_bytes((folder / f"{number:03d}.png").read_bytes())
    rest = collage(tmp_path / "second", tmp_path / "rest")
    run(whole)
    run(rest)
    assert results(rest) == {name: data for name, data in results(whole).items() if name >= "003"}


def test_a_collage_of_an_earlier_version_that_is_not_stale_is_taken_over(clip: Clips, collage: Jobs) -> None:
    """Its records named no version of collages: once confirmed, Blender need not ask again."""
    order = collage(clip(2))
    run(order)
    manifest = Manifest(Path(order.output))
    for number, record in manifest.all().items():
        manifest.add(number, dataclasses.replace(record, engine=__version__))
    assert painted(run(order)) == []
    assert {record.engine for record in manifest.all().values()} == {engine_of("collage")}


@pytest.fixture
def exact(tmp_path: Path) -> MotionOptions:
    """The motion of the clip's square, as files say it."""
    flow = np.zeros((HEIGHT, WIDTH, 2), "<f4")
    for number in range(1, 7):
        flow[:] = 0
        left = 10 + STEP * number
        flow[SQUARE, left:left + 36] = (STEP, 0)
        (tmp_path / "flow").mkdir(exist_ok=True)
        (tmp_path / "flow" / f"{number:03d}.flo").write_bytes(
            b"PIEH" + np.array([WIDTH, HEIGHT], "<i4").tobytes() + flow.tobytes())
    return MotionOptions(flow=str(tmp_path / "flow"))


@pytest.mark.parametrize("number", [1, 3, 5], ids=["the first", "a shot's first", "a later one"])
@pytest.mark.parametrize("recorded", [False, True], ids=["estimated", "exact"])
def test_a_frame_alone_equals_the_same_frame_of_the_whole(clip: Clips, collage: Jobs, tmp_path: Path, number: int,
                                                          recorded: bool, exact: MotionOptions) -> None:
    """Made in a folder of its own, where all before it in its shot is followed first, and in that of the whole."""
    folder, name = clip(6, cut=3), f"{number:03d}.png"
    motion = exact if recorded else MotionOptions()
    whole, alone = (dataclasses.replace(collage(folder, tmp_path / where, frames=wanted), motion=motion)
                    for where, wanted in (("whole", ""), ("alone", str(number))))
    run(whole)
    assert painted(run(alone)) == [number]
    assert results(alone) == {name: results(whole)[name]}
    (tmp_path / "whole" / name).unlink()
    again = run(dataclasses.replace(alone, output=whole.output))
    assert [e.todo for e in again if isinstance(e, events.Started)] == [1]
    assert results(whole)[name] == results(alone)[name]
    assert painted(run(whole)) == []


def test_exact_motion_is_what_a_first_frame_is_cut_by(clip: Clips, collage: Jobs, tmp_path: Path,
                                                      exact: MotionOptions) -> None:
    """Of a frame that looks the same all over in its first shot, other motion makes other pieces."""
    folder = clip(2)
    known = dataclasses.replace(collage(folder, tmp_path / "known"), motion=exact)
    run(known)
    before = results(known)
    for file in (tmp_path / "flow").iterdir():
        data = bytearray(file.read_bytes())
        data[12:] = bytes(len(data) - 12)
        file.write_bytes(data)
    assert painted(run(known)) == [1, 2]
    assert results(known)["001.png"] != before["001.png"]


def test_a_shot_s_first_frame_is_cut_by_its_second(clip: Clips, collage: Jobs, tmp_path: Path, shot: Shots,
                                                   save: Save) -> None:
    """Another second frame makes another first one; a frame alone, or before a cut, is cut without motion."""
    folder, one, cut = clip(2), clip(1), clip(2, cut=2)
    orders = [collage(path, tmp_path / f"out {i}") for i, path in enumerate((folder, one, cut))]
    for order in orders:
        run(order)
    two, alone, before_a_cut = (results(order)["001.png"] for order in orders)
    assert two != alone == before_a_cut
    save(folder / "002.png", shot(3))
    assert painted(run(orders[0])) == [1, 2]
    assert results(orders[0])["001.png"] != two


def test_a_second_frame_that_cannot_be_read_costs_itself_only(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(3)
    (folder / "002.png").write_bytes(b"no picture")
    whole, alone = collage(folder, tmp_path / "whole"), collage(folder, tmp_path / "alone", frames="1")
    with pytest.raises(InputError, match="1 of 3"):
        run(whole)
    run(alone)
    assert sorted(results(whole)) == ["001.png", "003.png"]
    assert results(alone)["001.png"] == results(whole)["001.png"]


def test_a_movie_is_decoded_once_from_its_start_to_its_end(collage: Jobs, shot: Shots, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a shot's second frame is looked at before the first is painted."""
    movie = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 24, (WIDTH, HEIGHT))
    for number in range(1, 7):
        movie.write(np.round(shot(number, 1 if number < 4 else 9)[..., ::-1] * 255).astype(np.uint8))
    movie.release()
    order, again = collage(tmp_path / "clip.avi"), collage(tmp_path / "clip.avi", tmp_path / "again")
    run(order)
    (tmp_path / "again" / "motion").mkdir(parents=True)
    shots = Path(order.output) / "motion" / "shots.json"
    (tmp_path / "again" / "motion" / "shots.json").write_bytes(shots.read_bytes())  # so that nobody looks for cuts
    opened, begin = [], Movie._open
    monkeypatch.setattr(Movie, "_open", lambda self: (opened.append(1), begin(self))[1])
    assert painted(run(again)) == [1, 2, 3, 4, 5, 6] and len(opened) == 1
    assert results(again) == results(order)


def test_two_shots_may_begin_with_the_same_frame(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(6, cut=3)
    (folder / "005.png").write_bytes((folder / "001.png").read_bytes())
    (folder / "006.png").unlink()
    whole, alone = collage(folder, tmp_path / "whole"), collage(folder, tmp_path / "alone", frames="5")
    run(whole)
    run(alone)
    assert results(alone)["005.png"] == results(whole)["005.png"] != results(whole)["001.png"]


def test_photographs_of_a_joiner_are_of_its_own_shot(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(7, cut=4), mode="joiner", materials=(), life=2)
    run(order)
    for number in range(4, 8):
        moments = pieces_of(order, number).moment
        assert moments.min() >= 4 and moments.max() <= number
    assert len({int(m) for n in range(4, 8) for m in pieces_of(order, n).moment}) > 2


def test_it_tells_of_every_frame_it_follows_and_can_be_stopped_there(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(5), frames="5")
    running = pipeline.run(order)
    followed = itertools.islice((e for e in running if isinstance(e, events.Progress)), 3)
    assert [(e.frame, e.index, e.of) for e in followed] == [(1, 1, 6), (2, 2, 6), (3, 3, 6)]
    running.close()  # type: ignore[attr-defined]
    assert sorted(p.name for p in (Path(order.output) / "tracks").glob("0*")) == [
        f"{n:05d}.safetensors" for n in range(1, 4)]
    assert painted(run(order)) == [5]


def test_after_a_fade_pieces_have_the_colors_of_what_is_there(collage: Jobs, tmp_path: Path, save: Save,
                                                              texture: Shots) -> None:
    """A limited palette is found in a shot's first frame, which is black."""
    for number in range(1, 21):
        save(tmp_path / "fade" / f"{number:03d}.png", texture(1) * np.float32(number / 20))
    preset = {**COLLAGE_MODES["cutouts"], "pieces": 20}
    faded = collage(tmp_path / "fade", mode="cutouts", **preset)
    alone = collage(tmp_path / "fade" / "020.png", tmp_path / "alone", mode="cutouts", **preset)
    run(faded)
    run(alone)
    last, wanted = (frames.read(Path(order.output) / "020.png").rgb.mean() for order in (faded, alone))
    assert abs(last - wanted) < 0.1


def test_layers_come_nearer_to_the_clip_s_colors_the_more_they_are_to_match_them(
        clip: Clips, collage: Jobs, tmp_path: Path, save: Save) -> None:
    folder = clip(1)
    before = frames.read(folder / "001.png").rgb
    save(tmp_path / "inverted" / "001.png", 1 - as_array(before))
    away = []
    for match in (0.0, 1.0):
        order = collage(folder, tmp_path / f"match {match}", mode="layers", materials=(str(tmp_path / "inverted"),),
                        color_match=match)
        run(order)
        away.append(float((frames.read(Path(order.output) / "001.png").rgb - before).abs().mean()))
    assert away[1] < 0.8 * away[0]


@pytest.mark.parametrize("mode", COLLAGE_MODES)
def test_every_mode(clip: Clips, collage: Jobs, mode: str, papers: Path) -> None:
    """It makes every frame, like its frame but not the same. A joiner's photographs stay.

    And once more the same, whatever is set that the mode is said not to read.
    """
    folder = clip(3)
    materials = {"joiner": (), "layers": (str(folder),)}.get(mode, (str(papers),))
    preset = {**COLLAGE_MODES[mode], "pieces": 30 if mode == "mosaic" else 10}
    order = collage(folder, mode=mode, **{**preset, "materials": materials})
    assert painted(run(order)) == [1, 2, 3]
    assert len(set(results(order).values())) == (1 if mode == "joiner" else 3)
    source, result = (frames.read(Path(path) / "003.png").rgb for path in (order.input, order.output))
    assert result.shape == source.shape
    assert 4 / 255 < (result - source).abs().mean() < 0.25
    assert (result.mean((2, 3)) - source.mean((2, 3))).abs().max() < 0.15
    unread = {name: next(other for other in info.choices or (info.minimum, info.maximum) if other != default)
              for name, info, default in describe(CollageOptions) if mode in info.unread_by}
    again = dataclasses.replace(order, output=order.output + " again",
                                options=dataclasses.replace(order.options, **unread))
    run(again)
    assert results(again) == results(order)


def test_the_bundled_papers_serve_when_no_materials_are_given(clip: Clips, collage: Jobs) -> None:
    assert painted(run(collage(clip(1), materials=()))) == [1]


def test_another_seed_is_another_collage(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(1)
    one, same, other = (collage(folder, tmp_path / name, seed=seed) for name, seed in (
        ("one", 1), ("same", 1), ("other", 2)))
    for order in (one, same, other):
        run(order)
    assert results(one) == results(same) != results(other)


def test_held_frames_are_the_same_picture_and_pieces_go_on_beneath(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(5)
    order, ones = collage(folder, hold=2), collage(folder, tmp_path / "ones")
    assert painted(run(order)) == [1, 2, 3, 4, 5]
    run(ones)
    files, each = list(results(order).values()), list(results(ones).values())
    assert files[0] == files[1] != files[2] == files[3] != files[4]
    assert files[2] == each[2] and files[4] == each[4]


def test_chunks_made_apart_are_the_whole(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    folder = clip(5)
    whole = collage(folder, tmp_path / "whole")
    run(whole)
    apart: dict[str, bytes] = {}
    for chunk in ("1/2", "2/2"):
        part = collage(folder, tmp_path / chunk[0], chunk=chunk)
        run(part)
        assert not set(results(part)) & set(apart)
        apart |= results(part)
    assert apart == results(whole)


@pytest.mark.parametrize("options", [{}, {"hold": 2, "mode": "joiner", "materials": (), "life": 2}])
def test_stopped_anywhere_and_run_again_gives_the_same_bytes(clip: Clips, collage: Jobs, tmp_path: Path,
                                                             options: dict[str, Any]) -> None:
    folder = clip(6, cut=5)
    whole, stopped = collage(folder, tmp_path / "whole", **options), collage(folder, tmp_path / "stopped", **options)
    run(whole)
    for stop_after in (2, 5, 8):
        some = pipeline.run(stopped)
        for _ in range(stop_after):
            next(some, None)
        some.close()  # type: ignore[attr-defined]
    run(stopped)
    assert len(results(whole)) == 6 and results(stopped) == results(whole)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_killed_in_the_middle_and_resumed_gives_the_same_bytes(clip: Clips, collage: Jobs, tmp_path: Path) -> None:
    """Twice, at different places; layers and pieces.json too."""
    folder = clip(6)
    whole = collage(folder, tmp_path / "whole", export_layers=True)
    run(whole)
    killed = dataclasses.replace(whole, output=str(tmp_path / "killed"))
    for after in (1, 2):
        kill_after(killed, after, tmp_path / "job.json")
        assert not (tmp_path / "killed" / "layers" / "pieces.json").exists()
    left = painted(run(killed))
    assert 1 <= len(left) <= 4
    assert everything(killed) == everything(whole)


def kill_after(job: Job, made: int, path: Path) -> None:
    """Run the job in a process of its own, which is killed once it has told of so many frames."""
    path.write_text(json.dumps(job.to_json()))
    process = subprocess.Popen([sys.executable, "-m", "core", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps({"command": "run", "job": str(path)}) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        event = json.loads(line)
        assert event["event"] not in ("error", "done"), event
        made -= event["event"] == "frame" and not event["cached"]
        if not made:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def everything(job: Job) -> dict[str, bytes]:
    """All files of a result but records, which hold the seconds it took, and what a kill left half written."""
    folder = Path(job.output)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file() and p.parent.name != "records" and ".partial" not in p.name}


def test_damaged_tracks_cost_time_only(clip: Clips, collage: Jobs) -> None:
    order = collage(clip(3))
    run(order)
    before = results(order)
    for file in [*(Path(order.output) / "tracks").glob("*.safetensors"), *Path(order.output).glob("*.png")]:
        file.unlink() if file.suffix == ".png" else file.write_bytes(file.read_bytes()[:-40])
    assert painted(run(order)) == [1, 2, 3]
    assert results(order) == before


def test_pieces_stick_to_what_moves(clip: Clips, collage: Jobs) -> None:
    """Taken along by the square's three pixels a frame, what is on it is nearly what it was; unmoved it is not."""
    order = collage(clip(4), pieces=40, regularity=1.0, levels=1)
    run(order)
    one, other = (frames.read(Path(order.output) / f"{n:03d}.png").rgb for n in (3, 4))
    square = other[..., 36:60, 28:52]
    assert (square - one[..., 36:60, 25:49]).abs().mean() < 0.5 * (square - one[..., 36:60, 28:52]).abs().mean()
    assert (other - one)[..., 92:].abs().mean() < 3 / 255  # nothing moves there
