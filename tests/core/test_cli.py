"""The command line as a person and a script see it: files, exit codes, errors without tracebacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import devices
from core.cli import main

pytestmark = pytest.mark.usefixtures("tiny_encoder")
MISSING = next(device for device, there in devices.available().items() if not there)
"""A device that this machine has not: none has both kinds of GPU."""


@pytest.fixture
def order(sequence: Path, style_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A quick order with relative paths, given in the folder they count from."""
    monkeypatch.chdir(tmp_path)
    return ["stylize", "source/shot_####.png", "--style", f"{style_file.name}:0.7", "--style", style_file.name,
            "--output", "painted", "--iterations", "2", "--scales", "1", "--frames", "8-9", "--format", "exr"]


def test_frames_are_painted_and_told_line_by_line(order: list[str], tmp_path: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert main(order) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["2", "frame", "frame", "done:"]
    assert sorted(p.name for p in (tmp_path / "painted").glob("*.exr")) == ["shot_0008.exr", "shot_0009.exr"]


def test_events_as_json_lines(order: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*order, "--json"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    events = [event for event in said if event["event"] != "looking"]
    assert said[:2] == [{"event": "looking", "frame": frame, "index": frame - 7, "of": 2} for frame in (8, 9)]
    kinds = [event["event"] for event in events]
    assert (kinds[:3], kinds[-2:]) == (["started", "progress", "progress"], ["frame", "done"])
    assert sorted(kinds[3:-2]) == ["frame", "progress", "progress"]  # a frame is told of once its file is in place
    assert events[1] == {"event": "progress", "frame": 8, "index": 1, "of": 2, "step": 1, "steps": 2,
                         "loss": events[1]["loss"], "seconds": events[1]["seconds"]}


@pytest.mark.parametrize(("wrong", "words"), [
    (["--strength", "2"], "'strength' cannot be 2.0"), (["--strength", "much"], "'strength' cannot be 'much'"),
    (["--loss", "quadratic"], "normalized, classic"), (["--magic", "1"], "--magic"),
    (["--style", "none.png"], "none.png"),
    (["--frames", "9-8"], "ends before"), (["--device", MISSING], MISSING), (["--mask", "no.png"], "no.png"),
    (["--style-layers", "relu4"], "relu4"), (["--output", "source"], "own folder"), (["--output", ""], "output folder"),
    (["--style", ""], "style cannot be empty"),
])
def test_errors_name_what_is_wrong(order: list[str], wrong: list[str], words: str,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*order, *wrong]) == 1
    said = capsys.readouterr()
    assert words in said.err and "Traceback" not in said.err
    assert main([*order, *wrong, "--json"]) == 1
    event = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert event["event"] == "error" and event["message"]


def test_what_nobody_foresaw_is_told_too(order: list[str], capsys: pytest.CaptureFixture[str],
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    def surprised(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("core.pipeline.run", surprised)
    assert main([*order, "--json"]) == 1
    event = json.loads(capsys.readouterr().out)
    assert event["event"] == "error" and "ZeroDivisionError" in event["message"] and event["hint"]


def test_a_log_that_cannot_hold_a_name_stops_nothing(order: list[str], tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log.txt").open("w", encoding="cp1252") as log:
        monkeypatch.setattr("sys.stdout", log)
        assert main([*order, "--output", "日本"]) == 0
    assert "done: 2 frames" in (tmp_path / "log.txt").read_text("cp1252")


def test_no_command_and_a_missing_input_are_errors(order: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 1
    assert main(["stylize"]) == 1
    assert main([order[0], "nowhere", *order[2:]]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert main([order[0], "", *order[2:]]) == 1
    assert "no input" in capsys.readouterr().err
