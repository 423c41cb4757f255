"""Reading ahead and writing behind: order, errors, and nothing lost when the work is left early."""

from __future__ import annotations

import threading

import pytest

from core.ahead import ReadAhead, WriteBehind

PATIENCE = 10.0


def test_the_next_item_is_read_before_it_is_taken() -> None:
    began = threading.Event()

    def read(item: str) -> str:
        began.set()
        return item.upper()

    with ReadAhead(read) as ahead:
        ahead.start("a")
        assert began.wait(PATIENCE)
        assert ahead.take("a") == "A"
        assert ahead.take("b") == "B"  # not begun before


def test_each_item_is_read_once_and_one_nobody_takes_is_let_go() -> None:
    seen = []
    with ReadAhead(seen.append) as ahead:
        for item in ("a", "b", "b", "c"):
            ahead.start(item)
        ahead.take("c")
        ahead.take("d")
    assert seen == ["a", "b", "c", "d"]


def test_an_error_of_reading_comes_when_the_item_is_taken() -> None:
    def read(item: str) -> None:
        raise ValueError(item)

    with ReadAhead(read) as ahead:
        ahead.start("a")
        with pytest.raises(ValueError, match="a"):
            ahead.take("a")
        ahead.start("never taken")


def test_what_was_written_is_told_once() -> None:
    allowed = threading.Event()

    def write() -> str:
        assert allowed.wait(PATIENCE)
        return "written"

    with WriteBehind[str]() as behind:
        assert behind.finished() == []
        behind.start(write)
        assert behind.finished(wait=False) == []
        allowed.set()
        assert behind.finished() == ["written"]
        assert behind.finished() == []


def test_an_error_of_writing_comes_when_it_is_asked_for() -> None:
    def write() -> str:
        raise OSError("disk full")

    with WriteBehind[str]() as behind:
        behind.start(write)
        with pytest.raises(OSError, match="disk full"):
            behind.finished()
        assert behind.finished() == []


def test_leaving_waits_for_the_writing() -> None:
    allowed, written = threading.Event(), []

    def write() -> None:
        assert allowed.wait(PATIENCE)
        written.append("whole")

    with pytest.raises(KeyboardInterrupt), WriteBehind[None]() as behind:
        behind.start(write)
        threading.Timer(0.05, allowed.set).start()
        raise KeyboardInterrupt
    assert written == ["whole"]
