"""What is ordered for a node: its inputs captured, the job for the engine, the painting inside its group."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ...core.digests import key_of
from ...core.errors import NodeError
from ...core.events import HIGHLIGHTS
from ...core.job import AnyOptions, Job
from ...core.options import StyleImage, StyleOptions
from .. import preferences, settings
from ..animation import animated_defaults, animated_values
from ..folders import folder_of
from ..order import Order, Ranged, Shown, as_preview, preview_folder
from ..owner import is_ours
from . import find, freshness, groups, inputs
from .signature import signature

BESIDE = {groups.OBJECTS: "mask", groups.DEPTH: "depth"}  # the options of a collage that sockets bring pictures for


@dataclass(frozen=True)
class NodeSubject(Ranged):
    """A node of a scene's compositor; looked up each time, for both may be renamed or gone in mid-job."""

    plan: inputs.Plan
    identity: str
    session: int
    origin: freshness.Origin

    @property
    def name(self) -> str:
        return self.plan.node

    def capture(self, folder: Path, first: int, last: int) -> NodeSubject:
        scene, node = self._found()
        frames = set(range(self.first, self.last + 1))
        self.origin.inputs = self.origin.inputs or signature(scene, node, frames)  # later it may be another already
        inputs.capture(replace(self.plan, scene=scene.name, node=node.name), folder, first, last)
        return self

    def show(self, files: dict[int, Path]) -> Shown:
        _, node = self._found()
        freshness.show_bake(node.node_tree, self.origin, files)
        return Shown(node.name)

    def _found(self) -> tuple[Any, Any]:
        """The scene and the node. Raises GouacheError."""
        scene = find.scene_again(self.plan.scene, self.session)
        return scene, find.find_again(scene, self.plan.node, self.identity)


def order_node(scene: Any, node: Any, first: int, last: int) -> Order:
    """All that is needed to bake timeline frames first..last of a node, checked before any work.

    Raises GouacheError: NodeError or InputError where something is missing, OptionError for a setting out of range.
    """
    plan = inputs.make_plan(scene, node, first, last)
    tree = node.node_tree
    job = job_of(scene, tree, _options(tree, plan), first, last)
    folder = bake_folder(tree, job, (*(name for name in plan.inputs if name in BESIDE), *_draft(scene)))
    subject = _subject(scene, plan, tree)  # after the folder, which may have given a copy another identity
    order = Order(subject, job, folder, f"job-{first:05d}-{last:05d}.json", HIGHLIGHTS).rooted()
    return replace(order, job=_with_captured(order.job, plan, order.source))


def _draft(scene: Any) -> tuple[str, ...]:
    """What tells the folder of a smaller or larger render from that of the film, whose frames it must not replace."""
    percentage = scene.render.resolution_percentage
    return () if percentage == 100 else (f"{percentage} %",)


def _subject(scene: Any, plan: inputs.Plan, tree: Any) -> NodeSubject:
    return NodeSubject(plan, tree.gouache.identity, scene.session_uid, freshness.origin_of(tree))


def order_node_preview(scene: Any, node: Any, frame: int) -> Order:
    """One frame, small and at once: a collage, or a painting by the fast engine whatever engine the node is baked by.

    Raises GouacheError.
    """
    plan = inputs.make_plan(scene, node, frame, frame)
    tree = node.node_tree
    job = job_of(scene, tree, _options(tree, plan, "fast"), frame, frame)
    order = Order(_subject(scene, plan, tree), job, preview_folder(tree.name), settled=HIGHLIGHTS).rooted()
    return replace(order, job=as_preview(_with_captured(order.job, plan, order.source)))


def _options(tree: Any, plan: inputs.Plan, engine: str = "") -> AnyOptions:
    """The checked options of a node's effect. Raises InputError or OptionError."""
    if groups.effect_of(tree).takes_styles:
        return settings.style_options(tree.gouache, engine, linked=bool(plan.styles))
    return settings.collage_options(tree.gouache, [BESIDE[name] for name in plan.inputs if name in BESIDE])


def job_of(scene: Any, tree: Any, options: AnyOptions, first: int, last: int) -> Job:
    """The job for frames first..last of a group in a scene, with the keyframes of its settings; a collage has none."""
    animation = animated_values(scene, tree, tree, first, last) if isinstance(options, StyleOptions) else {}
    files = settings.output_options(tree.gouache, first, last)
    return Job("image", "", tree.gouache.effect, replace(options, **animated_defaults(animation)), files,
               settings.engine_options(preferences.get()), animation,
               settings.motion_options(tree.gouache, preferences.get()))


def _with_captured(job: Job, plan: inputs.Plan, source: Path) -> Job:
    """The job with the pictures that will be captured."""
    options, motion = job.options, job.motion
    if plan.styles and isinstance(options, StyleOptions):
        options = replace(options, styles=tuple(StyleImage(str(inputs.style_file(source, name)))
                                                for name in plan.styles))
    beside: dict[str, Any] = {option: str(source / inputs.folder_of(name)) for name, option in BESIDE.items()
                              if name in plan.inputs}
    options = replace(options, **beside)
    if groups.MASK in plan.inputs:
        options = replace(options, mask=str(source / inputs.folder_of(groups.MASK)))
    if plan.passes:
        motion = replace(motion, flow=str(source / inputs.MOTION))
    return replace(job, options=options, motion=motion)


def bake_folder(tree: Any, job: Job, beside: tuple[str, ...] = ()) -> Path:
    """Where a group's frames are kept for these settings; found again whatever the group is called now.

    What is captured does not count: the engine knows by each frame's pixels whether it must be painted again. But
    `beside` is what all frames of a folder have alike: sockets that bring a picture for each, or a draft's size.
    """
    identity = [job.look(), Path(bpy.data.filepath).name, own_identity(tree), *beside]
    shown = groups.painting_folder(tree)
    return folder_of(tree.name, key_of(*identity)[:12], shown.parent if shown is not None else None)


def own_identity(tree: Any) -> str:
    """What a group's bake folders are called by: its own identity, unless another group is the one it was copied from.

    One that nothing uses any more leaves it to its copy. The same on every machine that opens the file. Raises
    NodeError for a group linked from another file.
    """
    if not tree.is_editable:
        raise NodeError(f"The group '{tree.name}' is linked from another file.",
                        "Bake it there, or make it local (Object > Relations > Make Local).")
    group = tree.gouache
    is_taken = any(_claim(other) < _claim(tree) for other in _twins(tree))
    while is_taken:
        group.identity = hashlib.sha256(f"{group.identity} {tree.name}".encode()).hexdigest()[:32]
        is_taken = bool(_twins(tree))
    group.identity_of = tree.name
    return str(group.identity)


def _twins(tree: Any) -> list[Any]:
    """The other groups that have a group's identity and are used."""
    every: Any = bpy.data.node_groups
    return [other for other in every if is_ours(other) and other != tree and other.users
            and other.gouache.identity == tree.gouache.identity]


def _claim(tree: Any) -> tuple[bool, str]:
    """Of several groups with one identity it is that of the least: where it was given, else the first by name."""
    return tree.gouache.identity_of != tree.name, tree.name
