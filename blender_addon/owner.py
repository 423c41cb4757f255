"""Whose settings are shown and set: those of the active strip, of the group on it, or of the active node's group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from . import compat
from .compositor import find, groups
from .results import active_source


@dataclass(frozen=True)
class Owner:
    """What has settings (`holder.gouache`), and the data-block that their keyframes are on."""

    holder: Any
    animated: Any

    @property
    def settings(self) -> Any:
        return self.holder.gouache


def modifier_of(strip: Any) -> Any:
    """The strip's modifier with a group of Gouache's, or None; Blender 4.5 has no such modifiers."""
    return next((modifier for modifier in getattr(strip, "modifiers", ())
                 if modifier.type == "COMPOSITOR" and groups.is_ours(modifier.node_group)), None)


def sharing(tree: Any) -> int:
    """How many strips have a modifier with this very group, in all scenes: they share one bake."""
    scenes: Any = bpy.data.scenes
    return sum(1 for scene in scenes if scene.sequence_editor for strip in scene.sequence_editor.strips_all
               if getattr(modifier_of(strip), "node_group", None) == tree)


def active_tree(context: Any) -> Any:
    """The group whose node is active in a node editor, or that is open there; None without any."""
    node: Any = getattr(context, "active_node", None)
    if find.is_node(node):
        return node.node_tree
    tree = getattr(context.space_data, "edit_tree", None)
    return tree if groups.is_ours(tree) else None


def owner_of(scene: Any, strip: Any) -> Owner:
    """By whether the strip has a modifier of Gouache's."""
    modifier = modifier_of(strip)
    return Owner(strip, scene) if modifier is None else Owner(modifier.node_group, modifier.node_group)


def active_owner(context: Any) -> Owner | None:
    """By the editor that the context is in: a node editor, else the Video Sequencer."""
    space = context.space_data
    if space is not None and space.type == "NODE_EDITOR":
        tree = active_tree(context)
        return Owner(tree, tree) if tree is not None else None
    scene = compat.sequencer_scene(context)
    strip = active_source(scene)
    return None if strip is None else owner_of(scene, strip)
