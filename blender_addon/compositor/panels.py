"""The Gouache tab in the compositor's sidebar, and the entries of the Add menus."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
from collections.abc import Iterable
from typing import Any

import bpy

from ...core.options import read_by
from .. import bake, compat, settings
from ..owner import active_tree, group_owner, nodes_sharing
from ..ui import rows
from ..ui.preview import preview_of
from . import find, freshness, groups
from .operators import active_node
from .orders import BESIDE

NOT_SHOWN = ("mask", "keep_color")  # they are sockets; the engine's own Keep Color is under Advanced


class NodePanel:
    """A panel for the group whose node is active, or that is open."""

    bl_space_type: Any = "NODE_EDITOR"
    bl_region_type: Any = "UI"
    bl_category = "Gouache"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(context.space_data is not None and context.space_data.tree_type == "CompositorNodeTree"
                    and active_tree(context) is not None)


class GOUACHE_PT_node(NodePanel, bpy.types.Panel):
    """The engine or mode, the big button and the state of the bake, or the progress."""

    bl_idname, bl_label = "GOUACHE_PT_node", "Effect"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        tree, node = active_tree(context), active_node(context)
        layout.label(text=tree.name, icon="NODETREE")
        if bake.current is not None:
            rows.draw_progress(layout)
            return
        rows.draw_kind(layout, tree.gouache)
        if node is None:
            layout.label(text="Leave the group (Tab) to bake its node", icon="INFO")
            return
        obstacle = obstacle_of(context.scene, node)
        buttons = layout.column()
        buttons.enabled = not obstacle
        draw_buttons(buttons, "gouache.bake_nodes", "gouache.preview_node")
        for text, symbol in obstacle or state_lines(context.scene, node):
            layout.label(text=text, icon=symbol)
        if rows.engine_trouble():
            rows.draw_way_to_engine(layout)
        if groups.painting_folder(tree) is not None:
            layout.operator("gouache.open_bake", icon="FILE_FOLDER")


def draw_buttons(layout: Any, bake_operator: str, preview_operator: str) -> None:
    """Bake, large, and Preview beside it."""
    row = layout.row(align=True)
    row.scale_y = 1.4
    row.operator(bake_operator, icon="BRUSH_DATA")
    row.operator(preview_operator, text="Preview", icon="HIDE_OFF")


def obstacle_of(scene: Any, node: Any) -> list[tuple[str, str]]:
    """Why a node cannot be baked, as a line with its icon; empty if it can."""
    if trouble := rows.engine_trouble():
        return [trouble]
    if node.id_data != compat.compositor_tree(scene) and not find.group_around(scene, node):
        return [("The scene does not use this node tree", "ERROR")]
    if node.id_data != compat.compositor_tree(scene):
        return [("Inside another group: it cannot be baked there", "ERROR")]
    if find.source_of(node.inputs.get(groups.IMAGE)) is None:
        return [("Link a picture to Image to begin", "INFO")]
    if obstacle := settings.obstacle(node.node_tree.gouache, bool(linked_among(node, groups.STYLES))):
        return [(obstacle, "INFO")]
    return []


def state_lines(scene: Any, node: Any) -> list[tuple[str, str]]:
    """What an artist should know before pressing the button, each with its icon."""
    tree = node.node_tree
    state = freshness.state_of(scene, node, scene.frame_start, scene.frame_end)
    lines = [(state.text, state.icon),
             (f"Frames {scene.frame_start} to {scene.frame_end} of the scene", "BLANK1")]
    if scene.render.use_border and scene.render.use_crop_to_border:
        lines.append(("Crop to Render Region shifts the painting: turn it off", "ERROR"))
    if node.mute:
        lines.append(("The node is muted: its painting does not show", "HIDE_ON"))
    if (count := nodes_sharing(tree)) > 1:
        lines.append((f"{count} nodes share this bake", "LINKED"))
    return lines


def linked_among(node: Any, names: Iterable[str]) -> list[str]:
    """Those of a node's inputs that something is linked to; none without a node."""
    return [name for name in names if node is not None and name in node.inputs and find.links_into(node.inputs[name])]


class GOUACHE_PT_node_live(NodePanel, bpy.types.Panel):
    """What works without a new bake: the values of the sockets, with their keyframes."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_live", "Live", "GOUACHE_PT_node"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and active_node(context) is not None

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        for socket in active_node(context).inputs:
            if socket.type == "VALUE" and not find.links_into(socket):
                layout.prop(socket, "default_value", text=socket.name)


class StylePanel(NodePanel):
    """A panel for groups that paint in the style of pictures."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and groups.effect_of(active_tree(context)).takes_styles


class CollagePanel(NodePanel):
    """A panel for groups that make collages."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and active_tree(context).gouache.effect == "collage"


class GOUACHE_PT_node_style(StylePanel, bpy.types.Panel):
    """The pictures to paint in the style of, unless some are linked."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_style", "Style", "GOUACHE_PT_node"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        if linked := linked_among(active_node(context), groups.STYLES):
            layout.label(text=f"Linked: {', '.join(linked)}", icon="LINKED")
            return
        rows.draw_styles(layout, active_tree(context).gouache)


class GOUACHE_PT_node_materials(CollagePanel, bpy.types.Panel):
    """What the pieces are cut from."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_materials", "Materials", "GOUACHE_PT_node"

    def draw(self, context: Any) -> None:
        rows.draw_materials(self.layout, active_tree(context).gouache, of_strip=False)


class GOUACHE_PT_node_settings(NodePanel, bpy.types.Panel):
    """The options an artist needs every day; changing them asks for a new bake."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_settings", "Settings", "GOUACHE_PT_node"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        tree = active_tree(context)
        if tree.gouache.effect == "collage":
            linked = linked_among(active_node(context), BESIDE)
            if linked:
                layout.label(text=f"Linked: {', '.join(linked)}", icon="LINKED")
            rows.draw_collage_options(layout, tree.gouache, False, [BESIDE[name] for name in linked])
            return
        rows.draw_style_options(layout, group_owner(tree), context.scene.frame_current, NOT_SHOWN, rows.BAKED_LABELS)


class GOUACHE_PT_node_preview(NodePanel, bpy.types.Panel):
    """The last preview."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_preview", "Preview", "GOUACHE_PT_node"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and preview_of(group_owner(active_tree(context))) is not None

    def draw(self, context: Any) -> None:
        rows.draw_preview(self.layout, group_owner(active_tree(context)))


class GOUACHE_PT_node_advanced(NodePanel, bpy.types.Panel):
    """The options for those who know the method, and the file format."""

    bl_idname, bl_label, bl_parent_id = "GOUACHE_PT_node_advanced", "Advanced", "GOUACHE_PT_node"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        group = active_tree(context).gouache
        layout.use_property_split, layout.use_property_decorate = True, False
        if group.effect == "collage":
            linked = linked_among(active_node(context), BESIDE)
            rows.draw_collage_options(layout, group, True, [BESIDE[name] for name in linked])
        else:
            layout.prop(group, "keep_color", text=rows.BAKED_LABELS["keep_color"])
            for name, info in read_by(group.engine):
                if info.advanced:
                    layout.prop(group, name)
        layout.prop(group, "flow_method")
        layout.prop(group, "format")


class GOUACHE_MT_add(bpy.types.Menu):
    """Add > Gouache in the compositor."""

    bl_idname, bl_label = "GOUACHE_MT_add", "Gouache"

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.operator_context = "INVOKE_REGION_WIN"
        for name, effect in groups.EFFECTS.items():
            layout.operator("gouache.add_node", text=effect.label, icon=rows.ICONS[name]).effect = name


def draw_add_menu(self: Any, context: Any) -> None:
    """Our line in the compositor's Add menu."""
    if context.space_data is None or context.space_data.tree_type == "CompositorNodeTree":
        self.layout.menu(GOUACHE_MT_add.bl_idname, icon="BRUSH_DATA")


CLASSES = (GOUACHE_PT_node, GOUACHE_PT_node_live, GOUACHE_PT_node_preview, GOUACHE_PT_node_style,
           GOUACHE_PT_node_materials, GOUACHE_PT_node_settings, GOUACHE_PT_node_advanced, GOUACHE_MT_add)


def _add_menu() -> Any:
    """The compositor's own Add menu."""
    types: Any = bpy.types
    return types.NODE_MT_compositor_node_add_all


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    _add_menu().append(draw_add_menu)


def unregister() -> None:
    _add_menu().remove(draw_add_menu)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
