"""Painting strips: the operators that start it, show its files, and set strips as another one."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError
from .. import animation, bake, compat, preferences, settings
from ..capture import find_strip
from ..compositor import groups
from ..compositor.find import find_scene
from ..owner import active_owner, active_strip, modifier_of, owner_of
from ..parts import WITHOUT_PICTURE
from ..results import active_source, check_kept, find_result, open_level, source_of
from ..ui.jobs import BakeJob, OpenFolder
from ..ui.modal import Answer
from ..ui.style_pictures import ForActiveOwner
from .orders import note_kept, order_strip


def strips_to_paint(context: Any, scene: Any, names: str) -> list[Any]:
    """The strips named (one a line), else the selected ones that have a picture, else the active one.

    A selected painting stands for its source, so that "select all" does not paint paintings of paintings. Strips
    inside a closed meta do not count: Blender leaves them selected where nobody sees it.
    Raises InputError if a name is unknown or nothing is selected.
    """
    if names:
        return [find_strip(scene.name, name)[1] for name in names.splitlines() if name]
    editor = scene.sequence_editor
    if editor is None:
        raise InputError("There are no strips.", "Add one to the Video Sequencer.")
    chosen = [strip for strip in open_level(scene) if strip.select and strip.type not in WITHOUT_PICTURE]
    if not chosen and editor.active_strip is not None:
        chosen = [editor.active_strip]  # a sound strip too, for its error says more than "nothing is selected"
    if not chosen:
        raise InputError("No strip is selected.", "Select the strips to paint.")
    sources = {source.name: source for source in (source_of(scene, strip) for strip in chosen)}
    return sorted(sources.values(), key=lambda strip: (compat.bounds(strip)[0], strip.channel))


def strip_to_paint(scene: Any, name: str) -> Any:
    """The one strip named, else the active one. Raises InputError."""
    strip = find_strip(scene.name, name)[1] if name else active_source(scene)
    if strip is None:
        raise InputError("No strip is active.", "Click the one that is meant.")
    return strip


def scene_of(context: Any, name: str) -> Any:
    """The scene named, else the one the Video Sequencer shows. Raises InputError."""
    return find_scene(name) if name else compat.sequencer_scene(context)


class OneStrip:
    """Mixed into operators for a single strip: the active one, or one that a script names."""

    strip: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Strip", description="Name of the strip; empty is the active one", options={"SKIP_SAVE", "HIDDEN"})
    scene: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Scene", description="Name of its scene; empty is the one in the Video Sequencer",
        options={"SKIP_SAVE", "HIDDEN"})

    def asked(self, context: Any) -> tuple[Any, Any]:
        """The scene and the strip in it. Raises InputError."""
        scene = scene_of(context, self.scene)
        return scene, strip_to_paint(scene, self.strip)


class BakeStrips(BakeJob):
    """Bakes the selected strips, or those named, each with the effect it is set to."""

    strips: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Strips", description="Names of the strips, one a line; empty paints the selected ones",
        options={"SKIP_SAVE", "HIDDEN"})
    scene: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Scene", description="Name of their scene; empty is the one in the Video Sequencer",
        options={"SKIP_SAVE", "HIDDEN"})

    def start(self, context: Any) -> bake.Bake:
        scene = scene_of(context, self.scene)
        strips = strips_to_paint(context, scene, self.strips)
        check_kept(scene)
        for strip in strips:
            self.prepare(strip)
        return self.bake([order_strip(scene, strip) for strip in strips])

    def break_off(self, context: Any) -> None:
        super().break_off(context)
        if self._job.at is not None and self._job.files:
            note_kept(self._job.at, self._job.files.values())

    def prepare(self, strip: Any) -> None:
        """Set what this operator sets on a strip before it is looked at."""


class GOUACHE_OT_stylize_strip(BakeStrips, bpy.types.Operator):
    """Paint the selected strips, or make collages of those set to it; the result comes as a strip above each"""

    bl_idname = "gouache.stylize_strip"
    bl_label = "Paint Strip"


class GOUACHE_OT_collage_strip(BakeStrips, bpy.types.Operator):
    """Rebuild the selected strips from cut and torn paper; each collage comes as a strip above its source"""

    bl_idname = "gouache.collage_strip"
    bl_label = "Make Collage"

    def prepare(self, strip: Any) -> None:
        strip.gouache.effect = "collage"


class GOUACHE_OT_open_cache(OpenFolder, bpy.types.Operator):
    """Open the folder with the frames of the active strip's painting"""

    bl_idname = "gouache.open_cache"
    bl_label = "Open Cache Folder"

    def folder(self, context: Any) -> Path:
        """The active painting's bake folder, else the whole cache. Raises InputError if there is none yet."""
        scene = compat.sequencer_scene(context)
        active = active_source(scene)
        modifier = modifier_of(active) if active else None
        baked = groups.painting_folder(modifier.node_group) if modifier is not None else None
        if baked is not None:
            return baked.parent
        shown = find_result(scene, active) if active else None
        folder = Path(bpy.path.abspath(shown.directory)).parent if shown else preferences.cache_folder()
        if not folder.is_dir():
            raise InputError("There is no cache yet.", "Paint a strip first.", str(folder))
        return folder


class GOUACHE_OT_show_original(bpy.types.Operator):
    """Mute the painting of the active strip to see the strip itself; once more brings the painting back"""

    bl_idname = "gouache.show_original"
    bl_label = "Show Original"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        strip = active_strip(context)
        return strip is not None and find_result(compat.sequencer_scene(context), strip) is not None

    def execute(self, context: Any) -> Answer:
        strip = active_strip(context)
        result = find_result(compat.sequencer_scene(context), strip)
        result.mute = not result.mute
        if strip.gouache.mute_source or result.mute:  # one of the two is always seen
            strip.mute = not result.mute
        return {"FINISHED"}


class GOUACHE_OT_copy_settings(ForActiveOwner, bpy.types.Operator):
    """Give the other selected strips the active strip's styles, settings and keyframes"""

    bl_idname = "gouache.copy_settings"
    bl_label = "Copy to Selected Strips"

    def execute(self, context: Any) -> Answer:
        active, scene = active_strip(context), compat.sequencer_scene(context)
        own = active_owner(context)
        assert own is not None, "polled"
        selected = [source_of(scene, strip) for strip in open_level(scene) if strip.select]
        others = list({strip.name: strip for strip in selected if strip != active}.values())
        if not others:
            self.report({"INFO"}, "Select other strips too")
            return {"CANCELLED"}
        for strip in others:
            other = owner_of(scene, strip)
            settings.copy_settings(own.settings, other.settings)
            animation.copy_keys(own.animated, own.holder, other.animated, other.holder)
        self.report({"INFO"}, f"Copied to {len(others)} strip{'s' if len(others) > 1 else ''}")
        return {"FINISHED"}


CLASSES = (GOUACHE_OT_stylize_strip, GOUACHE_OT_collage_strip, GOUACHE_OT_open_cache, GOUACHE_OT_show_original,
           GOUACHE_OT_copy_settings)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
