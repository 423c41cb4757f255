"""What the add-on imports inside Blender brings nothing along that is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.collage.layers import layer_folders


def test_the_names_of_layers_bring_no_library_along() -> None:
    code = "import sys, core.collage.layers; sys.exit(bool({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parents[3])


def test_each_level_has_a_folder_above_the_underpainting() -> None:
    assert layer_folders(2) == ("layers/underpainting", "layers/level_1", "layers/level_2")
