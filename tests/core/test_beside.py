"""Frames read and written beside the painting of another: the order of events, stops and errors stay as they were."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core import events, frames, pipeline
from core.encoders import Encoder
from core.errors import GouacheError
from core.events import Event
from core.frames import Picture
from core.job import Job
from core.manifest import Manifest

Jobs = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def painted(happened: list[Event]) -> list[int]:
    return [event.frame for event in happened if isinstance(event, events.Frame) and not event.cached]


def test_a_frame_is_told_when_its_file_is_in_place_and_the_manifest_knows_it(sequence: Path, job: Jobs) -> None:
    order, told = job(sequence), []
    for event in pipeline.run(order):
        if isinstance(event, events.Frame):
            assert frames.readable(Path(event.path))
            assert Manifest(Path(order.output)).has(event.frame)
            told.append(event.frame)
    assert told == [7, 8, 9, 10]


def test_the_next_frame_is_read_and_the_one_before_written_beside_the_painting(
        sequence: Path, job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write, here, threads = frames.read, frames.write, threading.get_ident(), {"read": set(), "write": set()}

    def reading(path: Path) -> Picture:
        threads["read"].add(threading.get_ident() == here)
        return read(path)

    def writing(path: Path, picture: Picture, format: str) -> str:
        threads["write"].add(threading.get_ident() == here)
        return write(path, picture, format)

    order = job(sequence)
    monkeypatch.setattr(frames, "write", writing)
    running = pipeline.run(order)
    while not isinstance(next(running), events.Started):  # the style image has been read here
        continue
    monkeypatch.setattr(frames, "read", reading)
    list(running)
    assert threads == {"read": {False}, "write": {False}}


def test_what_another_job_puts_in_a_picture_s_place_is_not_taken_for_it(
        sequence: Path, job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    order, write = job(sequence), frames.write

    def overtaken(path: Path, picture: Picture, format: str) -> str:
        written = write(path, picture, format)
        if path.name == "shot_0009.png":
            write(path, Picture(1 - picture.rgb), format)
        return written

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(frames, "write", overtaken)
        list(pipeline.run(order))
    assert painted(list(pipeline.run(order))) == [9]


def test_stopping_while_a_frame_is_written_keeps_it(sequence: Path, job: Jobs,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    order, write, allowed = job(sequence), frames.write, threading.Event()

    def slow(path: Path, picture: Picture, format: str) -> str:
        assert allowed.wait(10.0)
        return write(path, picture, format)

    monkeypatch.setattr(frames, "write", slow)
    running = pipeline.run(order)
    for event in running:
        if isinstance(event, events.Progress) and event.frame == 8:
            break
    threading.Timer(0.05, allowed.set).start()
    running.close()  # type: ignore[attr-defined]
    assert [file.name for file in Path(order.output).glob("*.png")] == ["shot_0007.png"]
    assert painted(list(pipeline.run(order))) == [8, 9, 10]


def test_a_frame_being_written_is_told_of_before_the_error_of_the_next(sequence: Path, job: Jobs,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    order, happened, forward, write = job(sequence), [], Encoder.forward, frames.write

    def failing(*args: object, **options: object) -> object:
        if any(isinstance(e, events.Progress) and e.frame == 8 for e in happened):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return forward(*args, **options)  # type: ignore[arg-type]

    def slow(path: Path, picture: Picture, format: str) -> str:
        time.sleep(0.2)  # so that it is not done when the next frame fails
        return write(path, picture, format)

    monkeypatch.setattr(Encoder, "forward", failing)
    monkeypatch.setattr(frames, "write", slow)
    with pytest.raises(GouacheError, match="memory"):
        for event in pipeline.run(order):
            happened.append(event)
    assert painted(happened) == [7]
