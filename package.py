"""The extension's zip, which `build.py package` makes: what is in it, its bytes, and whether Blender takes it.

Standard library only, Python 3.11 or newer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from requirements.environments import BuildError, Environment, clean_environ

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
SHIM = '''"""The extension's root: passes register and unregister on to the add-on."""

from .blender_addon import register, unregister

__all__ = ["register", "unregister"]
'''
CONTENTS = ("blender_manifest.toml", "LICENSE", "NOTICE", "requirements/engine.txt", "blender_addon", "core")
LEFT_OUT = ("__pycache__", "*.pyc", "*.partial", "*.checkpoint", ".*")   # a checkpoint is of a training that may go on


def version() -> str:
    import tomllib  # here, so that an older Python gets as far as being told

    with (ROOT / "blender_manifest.toml").open("rb") as file:
        return str(tomllib.load(file)["version"])


def archive() -> Path:
    """Where the zip of this version is, once it is made."""
    return DIST / f"gouache-{version()}.zip"


def stage(folder: Path) -> None:
    """Lay the extension's files out in `folder` as Blender will see them."""
    for name in CONTENTS:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
        elif source.is_file():
            shutil.copyfile(source, target)
        else:
            raise BuildError(f"{name} is missing; the package needs it.")
    (folder / "__init__.py").write_text(SHIM, encoding="utf-8", newline="\n")


def make() -> Path:
    """Make the zip and return it; the same files give the same bytes."""
    target = archive()
    target.parent.mkdir(exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage(folder)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
            for file in sorted(p for p in folder.rglob("*") if p.is_file()):
                info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                zipped.writestr(info, file.read_bytes())
    partial.replace(target)
    return target


def validate(zipped: Path, blender: Environment) -> None:
    """Ask Blender's own extension tool whether the zip is right. Raises BuildError."""
    code = "import importlib.util as u; print(u.find_spec('bpy').submodule_search_locations[0])"
    bpy = subprocess.run([blender.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    tool = next(Path(bpy).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    done = subprocess.run([blender.python, tool, "validate", zipped], capture_output=True, text=True,
                          env=clean_environ())
    if done.returncode:
        raise BuildError(f"{blender.label} refuses {zipped.name}:\n{done.stdout}{done.stderr}")
