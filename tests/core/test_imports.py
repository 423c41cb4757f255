"""What the add-on imports of the engine: it brings nothing along that Blender need not have."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported() -> set[str]:
    """The modules of the engine that the add-on imports."""
    nodes = [node for file in (ROOT / "blender_addon").rglob("*.py") for node in ast.walk(ast.parse(file.read_bytes()))]
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module
            and node.level and node.module.split(".")[0] == "core"}


def test_the_add_on_imports_modules_of_the_standard_library_only() -> None:
    modules = sorted(imported())
    assert {"core.errors", "core.options", "core.job", "core.events", "core.collage.layers"} <= set(modules)
    code = f"import sys, {', '.join(modules)}; print(*{{'torch', 'numpy', 'cv2'}} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], timeout=60, cwd=ROOT, text=True).split() == []
