"""The zip an artist installs: what is in it, and that both Blenders take it, enable it and let it go again."""

import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

import package
from requirements import environments

ROOT = Path(package.__file__).parent
LARGEST = 12_000_000    # bytes: the two networks, which hardly shrink, are 10 of them at most
SECONDS = 180


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """GOUACHE_ZIP, else one built for these tests."""
    if os.environ.get("GOUACHE_ZIP"):
        return Path(os.environ["GOUACHE_ZIP"]).resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "DIST", tmp_path_factory.mktemp("dist"))
        return package.make()


@pytest.fixture(params=list(environments.BLENDERS))
def blender(request):
    env = environments.BLENDERS[request.param]
    if not env.is_ready():
        pytest.skip(f"{env.label} is not installed")
    return env


@pytest.fixture(scope="module")
def names(archive):
    with zipfile.ZipFile(archive) as file:
        assert file.testzip() is None
        return file.namelist()


def test_everything_the_extension_needs_is_inside(names):
    wanted = {"__init__.py", "blender_manifest.toml", "LICENSE", "NOTICE", "requirements/engine.txt"}
    for folder in ("blender_addon", "core"):
        wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*")
                   if path.suffix in (".py", ".jpg", ".safetensors", ".json") and not path.name.startswith(".")}
    assert wanted <= set(names)
    assert any(name.startswith("blender_addon/styles/") and name.endswith(".jpg") for name in names)


def test_nothing_else_is_inside(names, archive):
    tops = {name.split("/")[0] for name in names}
    assert tops == {"__init__.py", *(name.split("/")[0] for name in package.CONTENTS)}
    assert [name for name in names if name.startswith("requirements/")] == ["requirements/engine.txt"]
    strange = [name for name in names if "test" in name.lower() or "__pycache__" in name
               or Path(name).suffix not in ("", ".py", ".toml", ".txt", ".md", ".jpg", ".png", ".safetensors",
                                               ".json")]
    assert not strange
    networks = [name for name in names if Path(name).suffix in (".safetensors", ".json")]
    assert [name for name in networks if not name.startswith("core/weights/")] == []
    assert archive.stat().st_size < LARGEST


def test_the_same_files_give_the_same_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "DIST", tmp_path)
    first = package.make().read_bytes()
    os.utime(ROOT / "LICENSE")
    assert package.make().read_bytes() == first


def test_caches_and_unfinished_files_are_not_packed(tmp_path, monkeypatch):
    source = tmp_path / "source"
    for name in package.CONTENTS:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if "." in name or name.isupper():
            (source / name).write_text("text")
    for name in ("core/a.py", "core/__pycache__/a.pyc", "core/b.partial", "core/.hidden", "blender_addon/c.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("text")
    monkeypatch.setattr(package, "ROOT", source)
    package.stage(tmp_path / "staged")
    found = {path.relative_to(tmp_path / "staged").as_posix() for path in (tmp_path / "staged").rglob("*.*")}
    assert {"core/a.py", "blender_addon/c.py", "__init__.py"} <= found
    assert not any("pycache" in name or "partial" in name or "hidden" in name for name in found)


def test_networks_are_packed_and_trainings_are_not(tmp_path, monkeypatch):
    """Staged from a tree of its own, for a clone need not have a training under way."""
    source = tmp_path / "source"
    monkeypatch.setattr(package, "ROOT", source)
    for name in package.CONTENTS:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            path.mkdir()
        else:
            path.write_text("text")
    packed = {"lite.safetensors", "lite.json", "decoder.safetensors"}
    (source / "core" / "weights").mkdir()
    for name in packed | {"lite.checkpoint", "decoder.safetensors.partial"}:
        (source / "core" / "weights" / name).write_bytes(b"numbers")
    package.stage(tmp_path / "staged")
    assert {path.name for path in (tmp_path / "staged" / "core" / "weights").iterdir()} == packed


def test_manifest_and_engine_agree_on_the_version():
    import core
    with (ROOT / "blender_manifest.toml").open("rb") as file:
        assert tomllib.load(file)["version"] == core.__version__ == package.version()


def test_the_license_is_the_gpl(archive):
    with zipfile.ZipFile(archive) as file:
        assert "GNU GENERAL PUBLIC LICENSE" in file.read("LICENSE").decode()
        assert 'license = ["SPDX:GPL-3.0-or-later"]' in file.read("blender_manifest.toml").decode()
        assert "VGG-19" in file.read("NOTICE").decode()


def test_blender_validates_it(archive, blender):
    package.validate(archive, blender)


def test_a_zip_that_is_no_extension_is_refused(tmp_path):
    blender = next((env for env in environments.BLENDERS.values() if env.is_ready()), None)
    if blender is None:
        pytest.skip("no Blender is installed")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("readme.txt", "no manifest")
    with pytest.raises(environments.BuildError, match=r"refuses bad\.zip"):
        package.validate(tmp_path / "bad.zip", blender)


IN_BLENDER = '''
import sys
import bpy
module = "bl_ext.user_default.gouache"
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=False,
                                         overwrite=True)
assert not hasattr(bpy.types.Strip, "gouache")
for turn in range(2):
    bpy.ops.preferences.addon_enable(module=module)
    assert module in bpy.context.preferences.addons, "the extension is not enabled"
    strip = bpy.context.scene.sequence_editor_create().strips.new_effect(
        name="Color", type="COLOR", channel=1, frame_start=1, **({"length": 4} if bpy.app.version >= (5, 0)
                                                                 else {"frame_end": 5}))
    strip.gouache.styles.add().path = "//style.jpg"
    for name in ("stylize_strip", "preview_frame", "cancel", "open_cache", "check_engine"):
        getattr(bpy.ops.gouache, name).get_rna_type()
    heavy = {"torch", "cv2", "OpenImageIO"} & set(sys.modules)
    assert not heavy, f"Blender's Python loaded {heavy}"
    bpy.context.scene.sequence_editor.strips.remove(strip)
    bpy.ops.preferences.addon_disable(module=module)
    assert module not in bpy.context.preferences.addons
    assert not hasattr(bpy.types.Strip, "gouache"), "settings stayed behind"
    assert not [name for name in dir(bpy.types) if name.startswith("GOUACHE_")], "classes stayed behind"
print("installed, enabled, disabled")
'''


def test_it_installs_enables_and_disables(archive, blender, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(IN_BLENDER)
    environ = environments.clean_environ(BLENDER_USER_RESOURCES=str(tmp_path / "blender"), HOME=str(tmp_path))
    done = subprocess.run([blender.python, script, archive], capture_output=True, text=True, timeout=SECONDS,
                          env=environ, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("installed, enabled, disabled")
