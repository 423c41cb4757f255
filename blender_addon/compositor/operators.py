"""Adding Gouache's nodes, baking them, a preview, and their folder."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import NodeError
from .. import bake, compat
from ..owner import PLAIN_NODE, group_owner, is_node
from ..ui.jobs import BakeJob, OpenFolder
from ..ui.modal import Answer, report_error
from ..ui.preview import PreviewJob
from . import find, groups
from .orders import order_node, order_node_preview


def active_node(context: Any) -> Any:
    """Gouache's active node in the node editor, else the active one of the scene's compositor, or None."""
    node = getattr(context, "active_node", None)
    if node is None:
        tree = compat.compositor_tree(context.scene)
        node = tree.nodes.active if tree is not None else None
    return node if is_node(node) else None


def nodes_to_bake(context: Any, scene: Any, names: str, every: bool) -> list[Any]:
    """The nodes named (one a line), else all of the scene's, else the active one. Raises NodeError."""
    if every:
        nodes = find.bakeable(scene)
        if not nodes:
            inner = next(find.nested_nodes(compat.compositor_tree(scene)), None)
            if inner is not None:
                raise find.nested_error(inner[1].name, inner[0])
            raise NodeError(f"Scene '{scene.name}' has no Gouache node to bake.", "Add one by Add > Gouache.")
        return nodes
    if names:
        return [find.find_node(scene, name) for name in names.splitlines() if name]
    node = active_node(context)
    if node is None:
        raise NodeError("No Gouache node is active.", "Click the node to bake.")
    if node.id_data != compat.compositor_tree(scene):
        raise find.elsewhere_error(scene, node)
    return [node]


class GOUACHE_OT_bake_nodes(BakeJob, bpy.types.Operator):
    """Bake the node: capture its inputs, paint them or make a collage, and show that in its group"""

    bl_idname = "gouache.bake_nodes"
    bl_label = "Bake"

    nodes: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Nodes", description="Names of the nodes, one a line; empty bakes the active one",
        options={"SKIP_SAVE", "HIDDEN"})
    all: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="All", description="Bake every node of the scene", options={"SKIP_SAVE", "HIDDEN"})
    scene: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Scene", description="Name of their scene; empty is the one in the window",
        options={"SKIP_SAVE", "HIDDEN"})
    first: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="First", description="First frame; -1 is the scene's", default=-1, options={"SKIP_SAVE", "HIDDEN"})
    last: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Last", description="Last frame; -1 is the scene's", default=-1, options={"SKIP_SAVE", "HIDDEN"})

    def start(self, context: Any) -> bake.Bake:
        scene = find.find_scene(self.scene) if self.scene else context.scene
        first = scene.frame_start if self.first < 0 else self.first
        last = scene.frame_end if self.last < 0 else self.last
        return self.bake([order_node(scene, node, first, last)
                          for node in nodes_to_bake(context, scene, self.nodes, self.all)])


class GOUACHE_OT_preview_node(PreviewJob, bpy.types.Operator):
    """Makes one frame: a collage, or a painting by the fast engine, whatever engine the node is set to."""

    bl_idname = "gouache.preview_node"
    bl_label = "Preview Frame"
    bl_description = ("Make the current frame of the active node small and at once, to judge the settings. A painting "
                      "is made by the fast engine")

    node: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Node", description="Name of the node; empty is the active one", options={"SKIP_SAVE", "HIDDEN"})

    def start(self, context: Any) -> bake.Bake:
        node, = nodes_to_bake(context, context.scene, self.node, False)
        return self.preview(order_node_preview(context.scene, node, context.scene.frame_current),
                            group_owner(node.node_tree))


class GOUACHE_OT_add_node(bpy.types.Operator):
    """Add a node of Gouache's to the compositor"""

    bl_idname = "gouache.add_node"
    bl_label = "Add Gouache Node"
    bl_options = {"REGISTER", "UNDO"}

    effect: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Effect", items=[(name, effect.label, effect.description) for name, effect in groups.EFFECTS.items()])

    @classmethod
    def poll(cls, context: Any) -> bool:
        """In the compositor; a script without any editor adds to the scene's own tree."""
        space = context.space_data
        if space is None or getattr(space, "tree_type", "") == "CompositorNodeTree":
            return True
        cls.poll_message_set("Open the Compositor first: this node belongs there")
        return False

    @classmethod
    def description(cls, context: Any, properties: Any) -> str:
        return groups.EFFECTS[properties.effect].description

    def execute(self, context: Any) -> Answer:
        tree = self._tree(context)
        if tree is None:
            report_error(self, NodeError("The scene has no compositor nodes.", "Press New, or tick Use Nodes, first."))
            return {"CANCELLED"}
        node = tree.nodes.new(PLAIN_NODE)
        node.node_tree = groups.new_group(self.effect)
        node.name = groups.EFFECTS[self.effect].label
        node.width = 180
        for other in tree.nodes:
            other.select = other == node
        tree.nodes.active = node
        space = context.space_data
        if space is not None:
            node.location = space.cursor_location
        return {"FINISHED"}

    def invoke(self, context: Any, event: Any) -> Answer:
        """Add the node and let it hang at the mouse, as Blender's own do."""
        space = context.space_data
        space.cursor_location_from_region(event.mouse_region_x, event.mouse_region_y)
        answer = self.execute(context)
        if answer == {"FINISHED"}:
            bpy.ops.node.translate_attach_remove_on_cancel("INVOKE_DEFAULT")
        return answer

    @staticmethod
    def _tree(context: Any) -> Any:
        space = context.space_data
        if space is not None and space.edit_tree is not None:
            return space.edit_tree
        return compat.compositor_tree(context.scene)


class GOUACHE_OT_open_bake(OpenFolder, bpy.types.Operator):
    """Open the folder with the frames of the active node's bake"""

    bl_idname = "gouache.open_bake"
    bl_label = "Open Folder"

    def folder(self, context: Any) -> Path:
        """The bake folder of the active node. Raises NodeError if there is none."""
        node = active_node(context)
        shown = groups.painting_folder(node.node_tree) if node is not None else None
        if shown is None or not shown.is_dir():
            raise NodeError("The node has no baked frames yet.", "Bake it first.", str(shown))
        return shown.parent


CLASSES = (GOUACHE_OT_bake_nodes, GOUACHE_OT_preview_node, GOUACHE_OT_add_node, GOUACHE_OT_open_bake)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
