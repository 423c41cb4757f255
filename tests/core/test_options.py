"""Options: one description for the command line, Blender and job.json; every wrong value is named."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, OptionError
from core.job import Job
from core.options import (
    COLLAGE_MODES,
    CollageOptions,
    EngineOptions,
    MotionOptions,
    OutputOptions,
    StyleImage,
    StyleOptions,
    check,
    describe,
    options_from,
    parse_frames,
    parse_layers,
    read_by,
)

JOB = {"input": "in", "output": "out", "options": {"styles": [{"path": "a.png"}]}}


def test_a_job_survives_json() -> None:
    job = Job("in", "out", options=StyleOptions(styles=(StyleImage("a.png", 0.3),), strength=0.4),
              animation={"strength": {12: 0.5}})
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_paths_inside_the_job_folder_are_written_relative_to_it(tmp_path: Path) -> None:
    job = Job(str(tmp_path / "source"), str(tmp_path / "result"),
              options=StyleOptions(styles=(StyleImage(str(tmp_path.parent / "a.png")),)))
    data = job.to_json(tmp_path)
    assert (data["input"], data["output"]) == ("source", "result")
    assert data["options"]["styles"][0]["path"] == str(tmp_path.parent / "a.png")
    assert Job.from_json(data, tmp_path) == job


def test_every_mode_and_engine_says_what_it_is() -> None:
    described = {name: info for cls in (StyleOptions, CollageOptions) for name, info, _ in describe(cls)}
    for name in ("engine", "mode", "keep_color"):
        assert described[name].meanings.keys() == described[name].choices.keys()
    assert all(info.meanings.keys() <= info.choices.keys() for info in described.values())


@pytest.mark.parametrize("cls", [StyleOptions, CollageOptions, OutputOptions, MotionOptions, EngineOptions])
def test_every_default_is_allowed(cls: type) -> None:
    for name, info, default in describe(cls):
        assert check(name, default, info) == default
        assert info.label and info.help
        assert math.isfinite(info.maximum - info.minimum) == (info.kind in ("float", "int"))
        with pytest.raises(OptionError):
            check(name, None, info)


@pytest.mark.parametrize(("name", "value"), [
    ("strength", 1.5), ("strength", -0.1), ("strength", "much"), ("strength", True), ("strength", math.nan),
    ("iterations", 0), ("iterations", 2.5), ("iterations", math.inf), ("loss", "quadratic"), ("mask", 3),
    pytest.param("iterations", 10**400, id="iterations-huge"),
    ("stability", 1.5), ("passes", 0), ("hold", 0),
    ("style_layers", "conv9_9=1"), ("style_layers", "conv1_1=-1"), ("style_layers", "conv1_1=0"), ("style_layers", ""),
])
def test_a_wrong_value_is_an_error_that_names_field_value_and_range(name: str, value: object) -> None:
    with pytest.raises(OptionError) as error:
        options_from(StyleOptions, {name: value})
    assert f"'{name}'" in error.value.message
    assert repr(value) in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(("data", "words"), [
    ({**JOB, "colour": 1}, "colour"), ({**JOB, "options": {"strenght": 1}}, "strenght"),
    ({**JOB, "options": {"styles": [{"path": ""}]}}, "style"), ({**JOB, "options": {"styles": ["a.png"]}}, "style"),
    ({**JOB, "effect": "magic"}, "magic"), ({"output": "out"}, "input"), ([], "JSON"), ({**JOB, "version": 99}, "99"),
    ({**JOB, "animation": {"seed": {"1": 2}}}, "seed"), ({**JOB, "animation": {"strength": {"one": 0.5}}}, "number"),
    ({**JOB, "animation": {"strength": {"1": 7}}}, "strength"), ({**JOB, "options": [1]}, "StyleOptions"),
    ({**JOB, "effect": []}, "effect"), ({**JOB, "effect": {}}, "effect"), ({**JOB, "version": "1"}, "version '1'"),
    ({**JOB, "options": {"styles": None}}, "'styles'"), ({**JOB, "options": {"styles": 5}}, "'styles'"),
    ({**JOB, "effect": "collage", "options": {"materials": "abc"}}, "'materials' cannot be 'abc'"),
    ({**JOB, "effect": "collage", "options": {"materials": None}}, "'materials'"),
    ({**JOB, "output": "a\0b"}, "output"),
    ({**JOB, "animation": {"strength": {"1": 10**400}}}, "strength"),
    ({**JOB, "options": {"styles": [{"path": "a.png", "weight": 10**400}]}}, "style weight"),
])
def test_a_wrong_job_is_an_error_that_says_what(data: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Job.from_json(data)


@pytest.mark.parametrize(("text", "path", "weight"), [
    ("a.png", "a.png", 1.0), ("a.png:0.5", "a.png", 0.5), ("C:\\a.png", "C:\\a.png", 1.0),
    ("C:\\a b.png:2", "C:\\a b.png", 2.0), ("päper:x.png", "päper:x.png", 1.0),
])
def test_a_style_argument(text: str, path: str, weight: float) -> None:
    assert StyleImage.parse(text) == StyleImage(path, weight)


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "1,5", "1.2.3", "1e9"])
def test_a_style_weight_that_cannot_be_is_named(weight: str) -> None:
    with pytest.raises(OptionError, match="style weight") as error:
        StyleImage.parse(f"a.png:{weight}")
    assert error.value.hint


def test_strength_sets_the_content_weight_unless_one_is_given() -> None:
    for strength, weight in ((0.0, 1.0), (0.5, 1e-2), (1.0, 1e-4)):
        assert StyleOptions(strength=strength).content_loss_weight == pytest.approx(weight)
    assert StyleOptions(strength=0.5, content_weight=0.3).content_loss_weight == 0.3


def test_lists_of_layers_and_frames() -> None:
    assert parse_layers("x", "conv1_2, conv4_4=0.5, conv5_1=0") == {"conv1_2": 1.0, "conv4_4": 0.5}
    assert parse_frames("") is None
    assert parse_frames("7") == (7, 7)
    assert parse_frames("3-12") == (3, 12)
    for wrong in ("12-3", "a-b", "1,2", "-4"):
        with pytest.raises(OptionError, match="frames"):
            parse_frames(wrong)
    with pytest.raises(OptionError, match="'only' cannot be 'x'"):
        options_from(OutputOptions, {"only": "1,x"})


def test_the_look_changes_with_pixels_not_with_names(tmp_path: Path) -> None:
    first, moved = tmp_path / "a.png", tmp_path / "b.png"
    first.write_bytes(b"one")
    moved.write_bytes(b"one")
    job = Job("in", "out", options=StyleOptions(styles=(StyleImage(str(first)),)))

    def with_options(**changes: object) -> Job:
        return dataclasses.replace(job, options=dataclasses.replace(job.options, **changes))  # type: ignore[arg-type]

    assert with_options(styles=(StyleImage(str(moved)),)).look() == job.look()
    assert with_options(strength=0.2).look() != job.look()
    assert with_options(styles=(StyleImage(str(first), 2.0),)).look() != job.look()
    assert dataclasses.replace(job, files=OutputOptions(frames="1-2")).look() == job.look()
    before = job.look()
    first.write_bytes(b"two")
    assert job.look() != before
    first.unlink()
    with pytest.raises(InputError, match=r"a\.png"):
        job.look()


def others(job: Job, names: Collection[str]) -> Iterator[tuple[str, Job]]:
    """For each of these options the job with another value."""
    for name, info, _ in describe(type(job.options)):
        values = {"layers": ("conv1_1=1",), "bool": (True,)}.get(info.kind) or info.choices or (
            info.minimum, info.maximum)
        if name in names:
            value = next(value for value in values if value != getattr(job.options, name))
            yield name, dataclasses.replace(job, options=dataclasses.replace(
                job.options, **{name: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [
    StyleOptions(), StyleOptions(engine="fast"), *map(CollageOptions.for_mode, COLLAGE_MODES),
], ids=lambda options: getattr(options, "mode", None) or options.engine)
def test_only_options_that_are_read_change_the_look(options: StyleOptions | CollageOptions) -> None:
    kind = type(options)
    reader = options.mode if isinstance(options, CollageOptions) else options.engine
    read = {name for name, _ in read_by(reader)}
    unread = {name for name, _, _ in describe(kind)} - read
    assert bool(unread) == (reader not in ("optimize", "torn", "mosaic"))
    job = Job("in", "out", "collage" if kind is CollageOptions else "style", options)
    assert [name for name, other in others(job, unread) if other.look() != job.look()] == []
    read -= {"mask", "depth", "mode", "engine"}  # they count for single frames, or say what is read
    assert [name for name, other in others(job, read) if other.look() == job.look()] == []


@pytest.mark.parametrize("name", ["a_####.png", "a_#.png", "a_%04d.png", "a_*.png", "a[1]_####.png", ""])
def test_the_look_changes_with_every_picture_of_a_version(tmp_path: Path, name: str) -> None:
    """A version of the clip is named by a pattern or its folder; what else lies there does not count."""
    folder = tmp_path / "version"
    folder.mkdir()
    begin = name.partition("_")[0] or "a"
    for number in (1, 2):
        (folder / f"{begin}_{number:04d}.png").write_bytes(b"one")
    job = Job("in", "out", "collage", CollageOptions(mode="layers", materials=(str(folder / name),)))
    before = job.look()
    for beside in (".hidden_0003.png", "Thumbs.db"):
        (folder / beside).write_bytes(b"any")
    assert job.look() == before
    (folder / f"{begin}_0002.png").write_bytes(b"two")
    assert job.look() != before


@pytest.mark.parametrize("change", [
    {"engine": EngineOptions(device="cpu")}, {"engine": EngineOptions(precision="float32")},
    {"motion": MotionOptions(flow_method="raft")}, {"files": OutputOptions(format="exr")},
    {"files": OutputOptions(restore_size=True)},
], ids=" ".join)
def test_what_changes_every_pixel_changes_the_look(change: dict[str, Any]) -> None:
    job = Job("in", "out")
    assert dataclasses.replace(job, **change).look() != job.look()


@pytest.mark.parametrize("change", [
    {"engine": EngineOptions(threads=1)}, {"engine": EngineOptions(tile=64)}, {"output": "elsewhere"},
    {"options": StyleOptions(stability=0.0), "motion": MotionOptions(flow_method="raft")},
], ids=" ".join)
def test_what_changes_no_pixel_leaves_the_look(change: dict[str, Any]) -> None:
    job = Job("in", "out", options=change.get("options", StyleOptions()))
    assert dataclasses.replace(job, **change).look() == job.look()
