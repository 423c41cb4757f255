"""Whose settings are shown and set: those of the active strip, of the group on it, or of the active node's group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from . import compat, settings
from .animation import keys_of
from .rendering import film_strips
from .results import active_source

PLAIN_NODE = "CompositorNodeGroup"


@dataclass(frozen=True)
class Owner:
    """What has settings (`holder.gouache`), and the data-block that their keyframes are on."""

    holder: Any
    animated: Any

    @property
    def settings(self) -> Any:
        return self.holder.gouache

    @property
    def is_group(self) -> bool:
        """Whether it is a group, whose keyframes are its own; else it is a strip."""
        return bool(self.holder == self.animated)

    def fingerprint(self) -> str:
        """All that is set and counts, keyframes included, as a text to compare."""
        if self.is_group:
            return f"{self.settings.effect} {self._text(None)}"
        render = self.animated.render  # where time is stretched, keyframes that move with a strip have other values
        return self._text(compat.content_start(self.holder) if render.frame_map_old == render.frame_map_new else None)

    def is_set_as(self, fingerprint: str) -> bool:
        """Whether all is set as it was then; keyframes counted from the film's start in those of earlier versions."""
        return fingerprint == self.fingerprint() or (not self.is_group and fingerprint == self._text(None))

    def _text(self, start: int | None) -> str:
        return settings.fingerprint(self.settings, keys_of(self.animated, self.holder, start))


def is_ours(tree: Any) -> bool:
    """Whether a node tree is a group of Gouache's."""
    return tree is not None and tree.bl_idname == "CompositorNodeTree" and tree.gouache.effect in settings.EFFECTS


def is_node(node: Any) -> bool:
    """Whether a node of a tree is one of Gouache's."""
    return node is not None and node.bl_idname == PLAIN_NODE and is_ours(node.node_tree)


def modifier_of(strip: Any) -> Any:
    """The strip's modifier with a group of Gouache's, or None; Blender 4.5 has no such modifiers."""
    return next((modifier for modifier in getattr(strip, "modifiers", ())
                 if modifier.type == "COMPOSITOR" and is_ours(modifier.node_group)), None)


def sharing(tree: Any) -> list[tuple[Any, Any]]:
    """The strips that have a modifier with this very group, each with its scene: they share one bake."""
    return [(scene, strip) for scene, strip in film_strips()
            if getattr(modifier_of(strip), "node_group", None) == tree]


def nodes_sharing(tree: Any) -> int:
    """How many nodes in the compositors of all scenes have this very group; scenes may share their compositor."""
    scenes: Any = bpy.data.scenes
    trees = {own for scene in scenes if (own := compat.compositor_tree(scene)) is not None}
    return sum(1 for own in trees for node in own.nodes if is_node(node) and node.node_tree == tree)


def active_tree(context: Any) -> Any:
    """The group whose node is active in a node editor, or that is open there; None without any."""
    node: Any = getattr(context, "active_node", None)
    if is_node(node):
        return node.node_tree
    tree = getattr(context.space_data, "edit_tree", None)
    return tree if is_ours(tree) else None


def group_owner(tree: Any) -> Owner:
    """A group as the owner of its settings."""
    return Owner(tree, tree)


def owner_of(scene: Any, strip: Any) -> Owner:
    """By whether the strip has a modifier of Gouache's."""
    modifier = modifier_of(strip)
    return Owner(strip, scene) if modifier is None else group_owner(modifier.node_group)


def active_strip(context: Any) -> Any:
    """The active strip in the Video Sequencer, for a painting the strip it was made of; None without any."""
    return active_source(compat.sequencer_scene(context))


def active_owner(context: Any) -> Owner | None:
    """By the editor that the context is in: a node editor, else the Video Sequencer."""
    space = context.space_data
    if space is not None and space.type == "NODE_EDITOR":
        tree = active_tree(context)
        return group_owner(tree) if tree is not None else None
    strip = active_strip(context)
    return None if strip is None else owner_of(compat.sequencer_scene(context), strip)


def shown_frame(context: Any) -> int:
    """The frame under the playhead of the editor that the context is in."""
    space = context.space_data
    scene = context.scene if space is not None and space.type == "NODE_EDITOR" else compat.sequencer_scene(context)
    return int(scene.frame_current)
