"""How a collage's layers lie on disk."""

from __future__ import annotations

from core.collage.layers import layer_folders


def test_each_level_has_a_folder_above_the_underpainting() -> None:
    assert layer_folders(2) == ("layers/underpainting", "layers/level_1", "layers/level_2")
