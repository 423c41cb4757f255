"""A quick look at a strip: the frame under the playhead by the fast engine, in an Image Editor and in the panel."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from typing import Any

import bpy

from .. import bake
from ..owner import modifier_of, owner_of
from ..ui.preview import PreviewJob
from .modifier import order_modifier_preview
from .operators import OneStrip
from .orders import order_preview


class GOUACHE_OT_preview_frame(OneStrip, PreviewJob, bpy.types.Operator):
    """Makes one frame: a collage, or a painting by the fast engine, whatever engine the strip is set to."""

    bl_idname = "gouache.preview_frame"
    bl_label = "Preview Frame"
    bl_description = ("Make the current frame of the active strip small and at once, to judge the settings. A painting "
                      "is made by the fast engine: Optimize paints finer, and its own options do not show here")

    def start(self, context: Any) -> bake.Bake:
        scene, strip = self.asked(context)
        with_group = modifier_of(strip) is not None
        order = (order_modifier_preview if with_group else order_preview)(scene, strip, scene.frame_current)
        return self.preview(order, owner_of(scene, strip))


def register() -> None:
    bpy.utils.register_class(GOUACHE_OT_preview_frame)


def unregister() -> None:
    bpy.utils.unregister_class(GOUACHE_OT_preview_frame)
