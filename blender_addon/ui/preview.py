"""What quick looks at strips and nodes have in common: one order, and its picture shown where pictures are."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from .. import bake, preferences
from ..order import Order
from ..owner import Owner
from . import style_pictures
from .jobs import PaintJob
from .modal import Answer, redraw

IMAGE_NAME, OWNER_KEY = "Gouache Preview", "gouache_owner"
"""The image with the last preview, and on it what that was of."""


class PreviewJob(PaintJob):
    """Mixed into operators that make one frame and show it."""

    _owner = ""

    def preview(self, order: Order, owner: Owner) -> bake.Bake:
        """The job for an order of an owner's. Raises EngineError."""
        preferences.find_engine()
        self._owner = key_of(owner)
        windowed = not bpy.app.background and self.options.is_invoke  # type: ignore[attr-defined]
        return bake.Bake([order], preview=True) if windowed else bake.without_window([order], preview=True)

    def finish(self, context: Any) -> None:
        self.tell_warnings()
        image = show(next(iter(self._job.files.values())))
        image[OWNER_KEY] = self._owner
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "IMAGE_EDITOR":
                    area.spaces.active.image = image
        redraw(context)


def key_of(owner: Owner) -> str:
    """What a preview is of: a strip or group, and its effect."""
    return f"{owner.animated.name_full}/{owner.holder.name}/{owner.settings.effect}"


def preview_of(owner: Owner) -> Any:
    """The image with the last preview, if that was of this strip or group with its present effect; else None."""
    image = bpy.data.images.get(IMAGE_NAME)
    return image if image is not None and image.get(OWNER_KEY) == key_of(owner) else None


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


class GOUACHE_OT_view_preview(bpy.types.Operator):
    """Show the preview in a window of its own"""

    bl_idname = "gouache.view_preview"
    bl_label = "View Large"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return IMAGE_NAME in bpy.data.images and not bpy.app.background

    def execute(self, context: Any) -> Answer:
        bpy.ops.wm.window_new()
        window = context.window_manager.windows[-1]
        area = window.screen.areas[0]
        area.type = "IMAGE_EDITOR"
        area.spaces.active.image = bpy.data.images[IMAGE_NAME]
        region = next(region for region in area.regions if region.type == "WINDOW")
        with context.temp_override(window=window, area=area, region=region):
            bpy.ops.image.view_all(fit_view=True)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((GOUACHE_OT_view_preview,))
