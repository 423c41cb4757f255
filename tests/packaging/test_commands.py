"""build.py's command line: mistakes are told at once and in words."""

import sys

import pytest

import build
import package
from requirements import environments


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


@pytest.mark.parametrize("name", ["engine", "bench"])
def test_help_for_a_command_of_the_engine_says_how_to_pass_arguments_on(monkeypatch, capsys, name):
    monkeypatch.setattr(build, "make", lambda env: pytest.fail("installation began"))
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, name, "--help")
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert f"build.py {name} -- ARGS is python -m core" in output and f"build.py {name} -- --help" in output


@pytest.mark.parametrize("given, passed", [
    (["--version"], ["--version"]), (["--", "--help"], ["--help"]), (["paint", "--help"], ["paint", "--help"])])
def test_options_of_the_engine_are_passed_on(monkeypatch, given, passed):
    got = []
    monkeypatch.setattr(build, "engine", lambda arguments: got.extend(arguments) or 0)
    assert run(monkeypatch, "engine", *given) == 0
    assert got == passed


@pytest.mark.parametrize("command", [["package", "--no-validation"], ["environments"], ["engine", "doctor"],
                                     ["test", "--only", "package"]])
def test_a_file_in_the_way_of_a_folder_is_told_in_words(tmp_path, monkeypatch, capsys, command):
    (tmp_path / "in the way").touch()
    monkeypatch.setattr(package, "DIST", tmp_path / "in the way")
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "in the way")
    if command[0] == "test":
        step = build.Step("package", (), lambda log: build.log_line(log, str(package.make())))
        monkeypatch.setattr(build, "steps", lambda: [[step]])
    assert run(monkeypatch, *command) == 1
    captured = capsys.readouterr()
    assert f"{tmp_path / 'in the way'}: a file is where a folder must be" in captured.out + captured.err


def test_other_errors_of_the_system_name_the_file(monkeypatch, capsys):
    def fail():
        raise PermissionError(13, "Permission denied", "some.zip")
    monkeypatch.setattr(package, "make", fail)
    assert run(monkeypatch, "package", "--no-validation") == 1
    assert capsys.readouterr().err == "build.py: some.zip: Permission denied\n"
