"""build.py's command line: mistakes are told at once and in words."""

import sys

import pytest

import build


def run(monkeypatch, *arguments):
    """The exit code of `build.py ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["build.py", *map(str, arguments)])
    monkeypatch.setattr(build.children, "heed_signals", lambda: None)
    return build.main()


@pytest.mark.parametrize("given, told", [
    (("--style", "missing.jpg"), "missing.jpg"), (("--style", "."), "no style picture"), (("--size", "-5"), "-5"),
    (("--size", "20"), "at least 29"), (("--iterations", "0"), "iterations")])
def test_the_demo_refuses_wrong_options_before_anything_is_installed(monkeypatch, capsys, given, told):
    monkeypatch.setattr(build, "make_all", lambda envs: pytest.fail("installation began"))
    assert run(monkeypatch, "demo", *given) == 1
    assert told in capsys.readouterr().err


def test_the_demo_takes_its_defaults():
    build.check_demo(build.parser().parse_args(["demo"]))
