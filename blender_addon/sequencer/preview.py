"""A quick look: the frame under the playhead by the fast engine, shown in an Image Editor and in the panel."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from .. import bake, preferences
from ..compositor.modifier import order_modifier_preview
from ..order import Order
from ..owner import modifier_of
from . import style_pictures
from .jobs import PaintJob
from .modal import redraw
from .operators import scene_of, strip_to_paint
from .orders import order_preview

IMAGE_NAME = "Gouache Preview"


class PreviewJob(PaintJob):
    """What previews of strips and nodes have in common: one order, and its picture shown where pictures are."""

    def preview(self, order: Order) -> bake.Bake:
        """The job for an order. Raises EngineError."""
        preferences.find_engine()
        windowed = not bpy.app.background and self.options.is_invoke  # type: ignore[attr-defined]
        return (bake.Bake if windowed else bake.without_window)([order], preview=True)

    def finish(self, context: Any) -> None:
        self.tell_warnings()
        image = show(next(iter(self._job.files.values())))
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "IMAGE_EDITOR":
                    area.spaces.active.image = image
        redraw(context)


class GOUACHE_OT_preview_frame(PreviewJob, bpy.types.Operator):
    """Makes one frame: a collage, or a painting by the fast engine, whatever engine the strip is set to."""

    bl_idname = "gouache.preview_frame"
    bl_label = "Preview Frame"
    bl_description = ("Make the current frame of the active strip small and at once, to judge the settings. A painting "
                      "is made by the fast engine: Optimize paints finer, and its own options do not show here")

    strip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Strip", description="Name of the strip; empty is the active one", options={"SKIP_SAVE", "HIDDEN"})
    scene: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Scene", description="Name of its scene; empty is the one in the Video Sequencer",
        options={"SKIP_SAVE", "HIDDEN"})

    def start(self, context: Any) -> bake.Bake:
        scene = scene_of(context, self.scene)
        strip = strip_to_paint(scene, self.strip)
        with_group = modifier_of(strip) is not None
        order = (order_modifier_preview if with_group else order_preview)(scene, strip, scene.frame_current)
        return self.preview(order)


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


def register() -> None:
    bpy.utils.register_class(GOUACHE_OT_preview_frame)


def unregister() -> None:
    bpy.utils.unregister_class(GOUACHE_OT_preview_frame)
