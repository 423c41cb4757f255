"""Jobs for collages: to JSON and back, where their paths point, what of their files counts, what a mode presets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import painted, run

from core import pipeline
from core.cli import main
from core.errors import InputError, OptionError
from core.job import Job
from core.options import COLLAGE_MODES, CollageOptions, check, describe

Jobs = Callable[..., Job]
Clips = Callable[..., Path]
Save = Callable[..., Path]


def test_a_collage_survives_json() -> None:
    job = Job("in", "out", "collage", CollageOptions(materials=("a", "b.png"), mode="mosaic", pieces=7, mask="m.png"))
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_its_paths_are_written_relative_to_the_job_and_count_from_there(tmp_path: Path) -> None:
    job = Job(str(tmp_path / "in"), str(tmp_path / "out"), "collage", CollageOptions(
        materials=(str(tmp_path / "papers"), str(tmp_path.parent / "far")), depth=str(tmp_path / "z")))
    data = job.to_json(tmp_path)
    assert data["options"]["materials"] == ["papers", str(tmp_path.parent / "far")]
    assert data["options"]["depth"] == "z" and data["options"]["mask"] == ""
    assert Job.from_json(data, tmp_path) == job


@pytest.mark.parametrize(("options", "words"), [
    ({"materials": ["a", 3]}, "material cannot be 3"), ({"materials": [""]}, "material cannot be ''"),
    ({"mode": "glued"}, "glued"), ({"pieces": 0}, "pieces"), ({"roughness": -1}, "roughness"),
    ({"shadow_angle": 181}, "shadow_angle"), ({"strength": 0.5}, "strength"),
])
def test_a_wrong_option_is_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Job.from_json({"input": "in", "output": "out", "effect": "collage", "options": options})


@pytest.mark.parametrize("mode", COLLAGE_MODES)
def test_what_a_mode_begins_with_is_allowed(mode: str) -> None:
    options = CollageOptions.for_mode(mode)
    assert options.mode == mode
    for name, info, _ in describe(CollageOptions):
        assert check(name, getattr(options, name), info) == getattr(options, name)
        assert info.label and info.help


def test_the_look_changes_with_what_the_materials_are_not_with_where_they_lie(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(b"one")

    def look(folder: str, **options: object) -> str:
        return Job("in", "out", "collage", CollageOptions(
            materials=(str(tmp_path / folder),), **options)).look()  # type: ignore[arg-type]

    before = look("here")
    assert look("there") == before != look("here", roughness=1.0)
    for name in (".DS_Store", "Thumbs.db"):  # of a file manager that somebody looked into the folder with
        (tmp_path / "here" / name).write_bytes(b"places of icons")
    assert look("here") == before
    (tmp_path / "here" / "b.png").write_bytes(b"two")
    assert look("here") != before
    (tmp_path / "there" / "a.png").write_bytes(b"two")
    assert look("there") != before
    with pytest.raises(InputError, match="nowhere"):
        look("nowhere")
    assert look("nowhere", mode="joiner") == look("here", mode="joiner"), "it is cut from the clip"


def test_a_folder_of_results_serves_as_material(tmp_path: Path) -> None:
    """Beside its pictures lie a manifest, which tells the seconds it took, and folders."""
    (tmp_path / "painted" / "motion").mkdir(parents=True)
    (tmp_path / "painted" / "001.png").write_bytes(b"one")
    job = Job("in", "out", "collage", CollageOptions(materials=(str(tmp_path / "painted"),), mode="layers"))
    before = job.look()
    (tmp_path / "painted" / "manifest.json").write_text("{}")
    assert job.look() == before


def test_versions_may_be_given_as_patterns(tmp_path: Path) -> None:
    for name in ("a_1.png", "a_2.png", "b_1.png"):
        (tmp_path / name).write_bytes(name.encode())
    job = Job("in", "out", "collage", CollageOptions(materials=(str(tmp_path / "a_#.png"),), mode="layers"))
    before = job.look()
    (tmp_path / "b_1.png").write_bytes(b"of another sequence")
    assert job.look() == before
    (tmp_path / "a_2.png").write_bytes(b"changed")
    assert job.look() != before


def test_a_changed_mask_makes_again_only_what_depends_on_it(clip: Clips, collage: Jobs, texture: Callable[..., object],
                                                            save: Save, tmp_path: Path) -> None:
    for number in range(1, 5):
        save(tmp_path / "masks" / f"m{number}.png", texture(7))
    order = collage(clip(4), mask=str(tmp_path / "masks" / "m#.png"))
    assert painted(run(order)) == [1, 2, 3, 4]
    assert painted(run(order)) == []
    save(tmp_path / "masks" / "m3.png", texture(8))
    assert painted(run(order)) == [3, 4]
    one = dataclasses.replace(order, options=dataclasses.replace(order.options, mask=str(
        save(tmp_path / "one.png", texture(7)))))
    assert painted(run(one)) == [3, 4]  # 1 and 2 had the same mask before
    save(tmp_path / "one.png", texture(8))
    assert painted(run(one)) == [1, 2, 3, 4]


def test_given_settings_win_over_those_of_the_mode(clip: Clips, papers: Path, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Job] = []
    monkeypatch.setattr(pipeline, "run", lambda job: iter(jobs.append(job) or ()))
    monkeypatch.chdir(tmp_path)
    assert main(["collage", "in", "--mode", "cutouts", "--pieces", "5", "--materials", "papers", "a.png",
                 "--output", "out"]) == 0
    options = jobs[0].options
    assert options == dataclasses.replace(CollageOptions.for_mode("cutouts"), pieces=5, materials=(
        str(tmp_path / "papers"), str(tmp_path / "a.png")))
    assert jobs[0].effect == "collage" and jobs[0].output == str(tmp_path / "out")
