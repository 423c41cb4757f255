"""How the add-on's tests run: each in a process of its own, with a Blender of its own, on the installed zip.

A test is an ordinary function that may use bpy. To run it, this file starts pytest again for that one test
(`child.py`), with an empty Blender configuration and a time limit, so that a crash or a hang fails one test only.
GOUACHE_ZIP names the extension to test, else the newest in dist/ is taken.
"""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import child
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHILD = "GOUACHE_TEST_CHILD"
SECONDS = 90
sys.path.insert(0, str(HERE))
# Collecting the tests imports bpy as well: it must not read the configuration of the person who runs them.
os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.gettempdir() + "/gouache-no-configuration")


def pytest_configure(config):
    config.addinivalue_line("markers", "parent: runs in pytest's own process, without bpy")


def archive():
    """The zip to test. Skips, with the reason, if there is none."""
    if os.environ.get("GOUACHE_ZIP"):
        return Path(os.environ["GOUACHE_ZIP"]).resolve()
    built = sorted((ROOT / "dist").glob("gouache-*.zip"), key=lambda file: file.stat().st_mtime)
    if not built:
        pytest.skip("there is no extension to test: run `python3 build.py package` or set GOUACHE_ZIP")
    return built[-1]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if CHILD in os.environ or pyfuncitem.get_closest_marker("parent"):
        return None
    folder = pyfuncitem.funcargs["tmp_path"]
    shutil.copytree(pyfuncitem.funcargs["installed"], folder / "blender", copy_function=_linked)
    environ = {**os.environ, CHILD: "1", "BLENDER_USER_RESOURCES": str(folder / "blender"),
               "XDG_DATA_HOME": str(folder / "data")}
    environ.pop("GOUACHE_ENGINE_PYTHON", None)
    log = folder / "child.log"
    code = child.run(["-q", "--no-header", "-p", "no:cacheprovider", "-rs", "--basetemp", str(folder / "child"),
                      f"{pyfuncitem.path}::{pyfuncitem.name}"], environ, ROOT, log, SECONDS)
    if code is None:
        code = f"timeout after {SECONDS} s"
    text = log.read_text(encoding="utf-8", errors="replace")
    if code == 0 and "SKIPPED" in text:
        pytest.skip(next(line for line in text.splitlines() if line.startswith("SKIPPED")))
    if code != 0:
        pytest.fail(f"exit code {code}\n{text[-6000:]}", pytrace=False)
    return True


def _linked(source, target):
    """Copy a file, but large ones that no test writes to only by name."""
    if Path(source).suffix in {".safetensors", ".jpg", ".png", ".pyc"}:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


INSTALL = """import bpy, os
bpy.ops.extensions.package_install_files(
    filepath=os.environ["GOUACHE_ZIP"], repo="user_default", enable_on_install=False, overwrite=True)
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A Blender configuration with the zip installed as an artist does it; every test gets a copy."""
    folder = tmp_path_factory.mktemp("installed")
    if CHILD not in os.environ:
        environ = {**os.environ, "GOUACHE_ZIP": str(archive()), "BLENDER_USER_RESOURCES": str(folder)}
        subprocess.run([sys.executable, "-c", INSTALL], env=environ, check=True, timeout=SECONDS)
        compileall.compile_dir(folder, quiet=1)  # else every test would compile the extension for itself
    return folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, installed):
    """Every test has a folder, which its process uses as well."""


@pytest.fixture
def gouache(tmp_path):
    """The installed and enabled add-on, as a `stage.Stage`; None in the parent, where the test does not run."""
    if CHILD not in os.environ:
        yield None
        return
    import stage
    made = stage.Stage(tmp_path)
    yield made
    made.close()


@pytest.fixture
def graph(gouache):
    """Footage -> Style Transfer -> output, not baked, and an engine that paints flat colors; None in the parent."""
    if gouache is None:
        return None
    from graph import Graph
    gouache.set_engine("resume")
    made = Graph(gouache)
    made.plate = made.footage()
    made.node = made.add(made.plate)
    return made
