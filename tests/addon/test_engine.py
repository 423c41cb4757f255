"""The engine process: found in the right order, started clean, and all its failures told in a plain sentence."""

import json
import os
import sys
import time
from pathlib import Path

import bpy
import pytest


def refusal(gouache, *strips):
    """What an artist reads when painting fails."""
    with pytest.raises(RuntimeError) as error:
        gouache.paint(*strips)
    return str(error.value)


def no_engine(gouache):
    gouache.module("engine").stop_kept()
    gouache.preferences.engine_python = ""


def test_no_engine(gouache):
    strip = gouache.clip()
    no_engine(gouache)
    assert "No painting engine is installed. Press Install Engine" in refusal(gouache, strip)
    assert not (gouache.folder / "gouache").exists()  # nothing was captured in vain


def test_engine_that_is_not_there(gouache, monkeypatch):
    strip = gouache.clip()
    gouache.preferences.engine_python = "/not/there/python"
    assert ("The engine's Python is not there: /not/there/python It comes from the preferences. "
            "Correct it in Gouache's preferences, under Expert.") in refusal(gouache, strip).replace("\\", "/")
    gouache.preferences.engine_python = ""
    monkeypatch.setenv("GOUACHE_ENGINE_PYTHON", "/not/there/python")
    assert ("It comes from GOUACHE_ENGINE_PYTHON. Correct it there, or set Engine Python in Gouache's preferences, "
            "under Expert.") in refusal(gouache, strip)


def test_where_the_engine_is_found(gouache, monkeypatch):
    """Preference, environment variable, build.py's note, own installation, in this order."""
    preferences, engine, install = (gouache.module(name) for name in ("preferences", "engine", "install"))
    made = []
    for name in ("chosen", "variable", "built"):
        made.append(gouache.folder / name)
        made[-1].write_text("")
    chosen, variable, built = made
    environment = preferences.user_folder() / install.FOLDER
    installed = engine.venv_python(environment)
    installed.parent.mkdir(parents=True)
    installed.write_text("")
    no_engine(gouache)
    with pytest.raises(engine.EngineError):
        preferences.find_engine()  # an interrupted installation is no engine
    (environment / install.STAMP).write_text(install.recipe())
    assert preferences.find_engine() == engine.Found(installed, "Install Engine")
    note = engine.user_data() / "gouache" / "engine-python.txt"
    note.parent.mkdir(parents=True)
    note.write_text(f"{built}\n", encoding="utf-8")
    assert preferences.find_engine() == engine.Found(built, "build.py")
    monkeypatch.setenv("GOUACHE_ENGINE_PYTHON", str(variable))
    assert preferences.find_engine() == engine.Found(variable, "GOUACHE_ENGINE_PYTHON")
    gouache.preferences.engine_python = str(chosen)
    assert preferences.find_engine() == engine.Found(chosen, "the preferences")
    gouache.preferences.engine_python = ""
    monkeypatch.delenv("GOUACHE_ENGINE_PYTHON")
    built.unlink()  # a note about an environment that was removed
    assert preferences.find_engine().origin == "Install Engine"


def test_a_relative_path_counts_from_where_blender_was_started(gouache, monkeypatch):
    preferences = gouache.module("preferences")
    no_engine(gouache)
    (gouache.folder / "python").write_text("")
    monkeypatch.chdir(gouache.folder)
    monkeypatch.setenv("GOUACHE_ENGINE_PYTHON", "python")
    assert preferences.find_engine().python == gouache.folder / "python"
    monkeypatch.setenv("HOME", str(gouache.folder))
    monkeypatch.setenv("GOUACHE_ENGINE_PYTHON", "~/python")
    assert preferences.find_engine().python == gouache.folder / "python"


def test_blenders_own_python_variables_do_not_leak(gouache, monkeypatch):
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "/of/blender")
    environ = gouache.module("engine").clean_environment()
    assert environ["PYTHONUTF8"] == "1" and "/of/blender" not in environ.values() and environ["PATH"]


def test_crash(gouache):
    strip = gouache.clip()
    gouache.set_engine("crash")
    text = refusal(gouache, strip)
    assert "The engine stopped with code 3 in the middle of its work. Finished frames are kept" in text
    assert "Traceback" not in text and len(gouache.scene.sequence_editor.strips_all) == 1
    assert "the paint has run out" in gouache.module("preferences").log_file().read_text(encoding="utf-8")
    kept = next((gouache.folder / "gouache").glob("Clip-*/result"))
    assert [file.name for file in kept.glob("*.png")] == ["00001.png"]
    gouache.set_engine("identity")  # and it works again
    gouache.paint(strip)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed(gouache):
    strip = gouache.clip()
    gouache.set_engine("kill")
    assert "The engine was ended by signal 9 in the middle of its work." in refusal(gouache, strip)


def test_engine_that_does_not_start(gouache):
    strip = gouache.clip()
    gouache.set_engine("silent")
    assert "The engine did not start. Press Check Engine" in refusal(gouache, strip)


def test_python_that_cannot_be_run(gouache):
    strip = gouache.clip()
    broken = gouache.folder / "python"
    broken.write_text("no program")
    gouache.preferences.engine_python = str(broken)
    assert "The engine could not be started" in refusal(gouache, strip)


def test_error_event(gouache):
    strip = gouache.clip()
    gouache.set_engine("error")
    assert "The style picture cannot be read. Choose another." in refusal(gouache, strip)
    gouache.preferences.idle_minutes = 0  # the engine is still fine, and is let go
    gouache.set_engine("identity")
    gouache.paint(strip)


def test_text_between_events(gouache):
    strip = gouache.clip()
    gouache.set_engine("noise")
    assert gouache.paint(strip)[0] is not None


def test_warnings_are_shown_and_frames_found_again(gouache, capfd):
    strip = gouache.clip()
    gouache.set_engine("stale")
    gouache.paint(strip)
    gouache.paint(strip)
    assert "Warning: The picture is small. Use a larger one." in capfd.readouterr().out


def test_engine_is_kept_and_let_go(gouache):
    engine, strip = gouache.module("engine"), gouache.clip()
    gouache.paint(strip)
    kept = engine._kept
    gouache.paint(strip)
    assert engine._kept is kept and kept.alive
    assert engine.stop_if_idle(5.0) and engine._kept is kept
    engine.acquire(kept.python, kept.log)
    assert engine.stop_if_idle(0.0) and kept.alive  # a bake has it, even while frames are still captured
    engine.release(5.0)
    assert not engine.stop_if_idle(0.0) and not kept.alive
    gouache.preferences.idle_minutes = 0
    gouache.paint(strip)
    assert engine._kept is None


def test_engine_ends_with_the_add_on(gouache):
    gouache.paint(gouache.clip())
    kept = gouache.module("engine")._kept
    gouache.disable()
    assert not kept.alive


def test_engine_ends_with_blender(gouache):
    """A Blender that is killed cannot say goodbye: its closed pipe must do."""
    gouache.clip()
    gouache.save()
    note = gouache.folder / "pid"
    blender = gouache.script("bpy.ops.gouache.stylize_strip(strips='Clip')", mode="wait", GOUACHE_FAKE_PID=str(note))
    wait_until(note.is_file, "the engine was started")
    number = int(note.read_text())
    wait_until(gouache.jobs, "the engine got the job")
    blender.kill()
    blender.communicate()
    wait_until(lambda: not is_running(number), "the engine ended with Blender")


def wait_until(condition, what):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"it never happened that {what}")


def is_running(number):
    """Whether a process runs; one that ended but was not yet collected does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{number}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_check_engine(gouache):
    assert bpy.ops.gouache.check_engine() == {"FINISHED"}
    assert [check.name for check in gouache.module("preferences").doctor.checks] == ["Python", "weights"]
    gouache.set_engine("crash")
    with pytest.raises(RuntimeError, match="The engine cannot work: weights: missing"):
        bpy.ops.gouache.check_engine()
    no_engine(gouache)
    with pytest.raises(RuntimeError, match="No painting engine is installed"):
        bpy.ops.gouache.check_engine()


@pytest.mark.parametrize("where", ["a file", "read-only"])
def test_cache_that_cannot_be_written(gouache, where):
    strip = gouache.clip()
    place = gouache.folder / "place"
    if where == "a file":
        place.write_text("in the way")
    else:
        place.mkdir()
        place.chmod(0o500)
        if os.access(place, os.W_OK):
            pytest.skip("this user may write everywhere")
    gouache.preferences.cache_directory = str(place / "cache")
    text = refusal(gouache, strip)
    assert f"The folder '{place / 'cache'}" in text and "cannot be written to. " in text and "Cache Folder" in text


def test_full_disk(gouache, monkeypatch):
    strip = gouache.clip()
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    def copy(_source, target):
        Path(target).write_bytes(b"as much as there was room for")
        Path("/dev/full").write_bytes(b"x")
    monkeypatch.setattr(gouache.module("files").shutil, "copyfile", copy)
    text = refusal(gouache, strip)
    assert "'00001.png' could not be written into 'source'." in text and "the disk has room" in text
    assert not list((gouache.folder / "gouache").rglob(".*"))  # what is half written takes no room


def test_job_file_is_whole(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    folder = gouache.bake_folder(strip)
    assert json.loads((folder / "job.json").read_text(encoding="utf-8"))["version"] == 1
    assert sorted(file.name for file in folder.iterdir()) == ["film.txt", "job.json", "result", "source"]
    assert not list(folder.rglob(".*"))
