"""The group on a strip of the Video Sequencer, as a modifier (Blender 5.2): adding it, and baking what comes in there.

The strip itself is not changed, and no other strip is made. The strip's picture is the group's Image; style pictures,
materials and what comes along with a collage are those of the sidebar, for nothing can be linked there.
"""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError, NodeError
from .. import bake, compat, settings
from ..animation import copy_keys
from ..capture import (
    ON_CANVAS,
    Plan,
    SizeChangedError,
    capture,
    check_nla,
    make_plan,
    own_size,
    rendered_range,
    strip_of,
)
from ..compositor import freshness, groups
from ..compositor.orders import bake_folder, job_of
from ..compositor.strip_signature import strip_signature
from ..order import Order, Ranged, Shown, as_preview, preview_folder
from ..owner import modifier_of, sharing
from ..results import active_source
from ..ui.jobs import BakeJob
from ..ui.modal import Answer, redraw, report_error
from .operators import OneStrip


@dataclass(frozen=True)
class ModifierSubject(Ranged):
    """What comes in at the group on a strip; looked up by the strip's name each time."""

    plan: Plan
    origin: freshness.Origin

    @property
    def name(self) -> str:
        return self.plan.strip

    def capture(self, folder: Path, first: int, last: int) -> "ModifierSubject":
        scene, strip = strip_of(self.plan)
        self.origin.inputs = self.origin.inputs or strip_signature(scene, strip, _modifier(strip))
        try:
            capture(self.plan, folder, first, last)
        except SizeChangedError as error:  # on the canvas they would not lie as what comes in at the modifier does
            raise InputError(f"The pictures of '{self.name}' differ in size, and a modifier has each at its own.",
                             "Remove the modifier and use Paint Strip, or make the pictures one size.") from error
        return self

    def show(self, files: dict[int, Path]) -> Shown:
        _, strip = strip_of(self.plan)
        freshness.show_bake(_modifier(strip).node_group, self.origin, files, fills=True)
        strip.invalidate_cache("RAW")
        return Shown(strip.name)


def _modifier(strip: Any) -> Any:
    """The strip's modifier with a group of Gouache's. Raises NodeError without any."""
    found = modifier_of(strip)
    if found is None:
        raise NodeError(f"'{strip.name}' has no Gouache modifier.", "Press Add as Strip Modifier first.")
    return found


def _plan(scene: Any, strip: Any) -> Plan:
    """What is captured: the strip's own pixels up to the modifier, which comes before its transform in Blender.

    Raises InputError.
    """
    plan, size, render = make_plan(scene, strip), own_size(strip), scene.render
    width, height = size or (render.resolution_x, render.resolution_y)
    plan = replace(plan, placed=size is None and strip.type not in ON_CANVAS, modifier=_modifier(strip).name,
                   width=width, height=height)
    return check_nla(scene, strip, plan)


def order_modifier(scene: Any, strip: Any, first: int | None = None, last: int | None = None) -> Order:
    """All that is needed to bake the group on a strip, for frames first..last or all. Raises GouacheError."""
    _check_own(scene, strip)
    return _order(scene, strip, first, last)


def _check_own(scene: Any, strip: Any) -> None:
    """Raise NodeError if another strip has the same group, on the same frames, with other pictures.

    A bake has one picture for each frame, and would show it on both. The halves of a strip that was cut may share it.
    """
    first, last = rendered_range(strip)
    for there, other in sharing(_modifier(strip).node_group):
        start, end = rendered_range(other)
        if other != strip and max(first, start) <= min(last, end) and (
                strip_signature(scene, strip, _modifier(strip)) != strip_signature(there, other, _modifier(other))):
            raise NodeError(f"'{strip.name}' and '{other.name}' share one bake, which can show only one of them.",
                            "Click one of them and press Make Single User.")


def _order(scene: Any, strip: Any, first: int | None, last: int | None) -> Order:
    plan = _plan(scene, strip)
    plan = replace(plan, first=max(plan.first, plan.first if first is None else first),
                   last=min(plan.last, plan.last if last is None else last))
    if plan.last < plan.first:
        raise InputError(f"'{strip.name}' does not show in these frames.", "Choose others.")
    tree = _modifier(strip).node_group
    groups.check_sockets(tree)
    job = replace(job_of(scene, tree, settings.effect_options(tree.gouache), plan.first, plan.last), input="")
    name = f"job-{plan.first:05d}-{plan.last:05d}.json"
    subject = ModifierSubject(plan, freshness.origin_of(tree))
    return Order(subject, job, bake_folder(tree, job), name).rooted()


def order_modifier_preview(scene: Any, strip: Any, frame: int) -> Order:
    """One frame, small and at once: a collage, or a painting by the fast engine. Raises GouacheError."""
    order = _order(scene, strip, frame, frame)
    tree = _modifier(strip).node_group
    options = settings.style_options(tree.gouache, "fast") if groups.effect_of(tree).takes_styles else order.job.options
    job = as_preview(replace(order.job, input="", options=options))
    return Order(order.subject, job, preview_folder(strip.name)).rooted()


class GOUACHE_OT_add_modifier(bpy.types.Operator):
    """Put the effect on the active strip as a modifier: the strip stays as it is, no other strip is made"""

    bl_idname = "gouache.add_modifier"
    bl_label = "Add as Strip Modifier"
    bl_options = {"REGISTER", "UNDO"}

    effect: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Effect", items=[(name, effect.label, effect.description) for name, effect in groups.EFFECTS.items()])

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not compat.HAS_STRIP_MODIFIERS:
            cls.poll_message_set("Strip modifiers with nodes need Blender 5.2; here Paint Strip adds a strip above")
            return False
        return True

    def execute(self, context: Any) -> Answer:
        strip = active_source(compat.sequencer_scene(context))
        if strip is None or not hasattr(strip, "modifiers") or strip.type == "SOUND":
            report_error(self, InputError("No strip with a picture is active.", "Click one first."))
            return {"CANCELLED"}
        if modifier_of(strip) is not None:
            report_error(self, InputError(f"'{strip.name}' has a Gouache modifier already.", "Bake that one."))
            return {"CANCELLED"}
        modifier = strip.modifiers.new(groups.EFFECTS[self.effect].label, "COMPOSITOR")
        modifier.node_group = groups.new_group(self.effect)
        settings.copy_settings(strip.gouache, modifier.node_group.gouache)
        copy_keys(compat.sequencer_scene(context), strip, modifier.node_group, modifier.node_group)
        redraw(context)
        return {"FINISHED"}


class GOUACHE_OT_single_modifier(bpy.types.Operator):
    """Give the active strip's modifier a group of its own, which other strips do not share"""

    bl_idname = "gouache.single_modifier"
    bl_label = "Make Single User"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Any) -> Answer:
        strip = active_source(compat.sequencer_scene(context))
        modifier = modifier_of(strip) if strip is not None else None
        if modifier is None:
            report_error(self, NodeError("No strip with a Gouache modifier is active.", "Click one first."))
            return {"CANCELLED"}
        modifier.node_group = modifier.node_group.copy()
        redraw(context)
        return {"FINISHED"}


class GOUACHE_OT_bake_modifier(OneStrip, BakeJob, bpy.types.Operator):
    """Bake the strip's Gouache modifier: paint the strip, and show the painting in the modifier's group"""

    bl_idname = "gouache.bake_modifier"
    bl_label = "Bake"

    def start(self, context: Any) -> bake.Bake:
        return self.bake([order_modifier(*self.asked(context))])


CLASSES = (GOUACHE_OT_add_modifier, GOUACHE_OT_single_modifier, GOUACHE_OT_bake_modifier)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
