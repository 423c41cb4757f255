"""What quick looks at strips and nodes have in common: one order, and its picture shown where pictures are."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from .. import bake, preferences
from ..order import Order
from . import style_pictures
from .jobs import PaintJob
from .modal import redraw

IMAGE_NAME = "Gouache Preview"


class PreviewJob(PaintJob):
    """Mixed into operators that make one frame and show it."""

    def preview(self, order: Order) -> bake.Bake:
        """The job for an order. Raises EngineError."""
        preferences.find_engine()
        windowed = not bpy.app.background and self.options.is_invoke  # type: ignore[attr-defined]
        return bake.Bake([order], preview=True) if windowed else bake.without_window([order], preview=True)

    def finish(self, context: Any) -> None:
        self.tell_warnings()
        image = show(next(iter(self._job.files.values())))
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "IMAGE_EDITOR":
                    area.spaces.active.image = image
        redraw(context)


def show(file: Path) -> Any:
    """Load a painted file into the preview image, which is made or found by its name; returns it."""
    image = bpy.data.images.get(IMAGE_NAME)
    if image is None:
        image = bpy.data.images.load(str(file))
        image.name = IMAGE_NAME
    else:
        image.filepath = str(file)
        image.reload()
    image.colorspace_settings.name = "sRGB"  # type: ignore[union-attr]
    style_pictures.thumbnail(str(file), fresh=True)
    return image
