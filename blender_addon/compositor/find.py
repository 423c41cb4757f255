"""Finding Gouache's nodes: those of a scene, the one that is meant, and what lies upstream of a socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bpy

from ...core.errors import InputError, NodeError
from .. import capture, compat
from ..owner import PLAIN_NODE, is_node, is_ours


def nodes_of(scene: Any) -> list[Any]:
    """Gouache's nodes in a scene's own compositor tree, each after those that it depends on."""
    tree = compat.compositor_tree(scene)
    if tree is None:
        return []
    ours = [node for node in tree.nodes if is_node(node)]
    depth = {node: sum(1 for other in upstream(node.inputs) if is_node(other)) for node in ours}
    return sorted(ours, key=lambda node: (depth[node], node.name))


def bakeable(scene: Any) -> list[Any]:
    """As `nodes_of`, less the muted ones and all but one of several that share a group: their bake is the same.

    Of those it is one that a picture is linked to, if any is.
    """
    found: dict[str, Any] = {}
    for node in nodes_of(scene):
        name = node.node_tree.name_full
        if not node.mute and (name not in found or not links_into(found[name].inputs.get("Image"))):
            found[name] = node
    return list(found.values())


def find_scene(name: str) -> Any:
    """A scene by its name. Raises InputError."""
    scene = bpy.data.scenes.get(name)
    if scene is None:
        raise InputError(f"There is no scene '{name}'.", "Check the name.")
    return scene


def scene_again(name: str, session: int) -> Any:
    """A scene by Blender's number for this session, which outlives its name, else by that. Raises InputError."""
    return capture.find_again(name, session) or find_scene(name)


def find_node(scene: Any, name: str) -> Any:
    """Gouache's node of that name in a scene's own tree. Raises NodeError, also if it lies inside another group."""
    tree = compat.compositor_tree(scene)
    node = tree.nodes.get(name) if tree is not None else None
    if is_node(node):
        return node
    if node is not None:
        raise NodeError(f"The node '{name}' is not one of Gouache's.", "Add one by Add > Gouache.")
    for path, inner in nested_nodes(tree):
        if inner.name == name:
            raise nested_error(name, path)
    raise NodeError(f"There is no Gouache node '{name}' in the compositor of scene '{scene.name}'.",
                    "Check the name, or add one by Add > Gouache.")


def find_again(scene: Any, name: str, identity: str) -> Any:
    """Gouache's node whose group has an identity, preferably the one of that name: it may be renamed meanwhile.

    Raises NodeError if there is none, and none of that name.
    """
    tree = compat.compositor_tree(scene)
    nodes = tree.nodes if tree is not None else ()
    same = [node for node in nodes if is_node(node) and node.node_tree.gouache.identity == identity]
    same.sort(key=lambda node: (node.name != name, node.node_tree.gouache.identity_of != node.node_tree.name))
    return same[0] if same else find_node(scene, name)


def group_around(scene: Any, node: Any) -> str:
    """The name of the group in a scene's compositor that a node of ours lies in; empty if there is none."""
    return next((name for name, inner in nested_nodes(compat.compositor_tree(scene)) if inner == node), "")


def elsewhere_error(scene: Any, node: Any) -> NodeError:
    """Why a node outside the scene's own tree is refused."""
    if outer := group_around(scene, node):
        return nested_error(node.name, outer)
    return NodeError(f"Scene '{scene.name}' does not use the node tree with '{node.name}'.",
                     "Turn on Use Nodes in the compositor; in Blender 5.2 choose this tree for the scene there.")


def nested_error(node: str, group: str) -> NodeError:
    """Why a node inside another group is refused."""
    return NodeError(f"The node '{node}' lies inside the group '{group}', where its inputs cannot be captured.",
                     "Move it out into the scene's own node tree (Ctrl+Alt+G ungroups).")


def nested_nodes(tree: Any, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Gouache's nodes inside other groups of a tree, each with the name of the group that it lies in."""
    for node in tree.nodes if tree is not None else ():
        inner = node.node_tree if node.bl_idname == PLAIN_NODE else None
        if inner is None or inner.name in seen or is_ours(inner):
            continue
        yield from ((inner.name, found) for found in inner.nodes if is_node(found))
        yield from nested_nodes(inner, seen | {inner.name})


def links_into(socket: Any) -> list[Any]:
    """The links that bring an input something, none without one: where one is muted, Blender takes its own value.

    Whether there are any is asked first, for to ask a socket for them Blender goes through all links of its tree.
    """
    return [link for link in socket.links if not link.is_muted] if socket is not None and socket.is_linked else []


def upstream(sockets: Any) -> list[Any]:
    """Every node that the linked ones of these input sockets depend on, the nearest first."""
    found: dict[Any, None] = {}
    waiting = [link.from_node for socket in sockets for link in links_into(socket)]
    while waiting:
        node = waiting.pop(0)
        if node not in found:
            found[node] = None
            waiting += [link.from_node for socket in node.inputs for link in links_into(socket)]
    return list(found)


def with_inner(nodes: Iterable[Any]) -> Iterator[Any]:
    """Nodes, and those inside the plain groups among them, as deep as they go, that their outputs depend on."""
    for node in nodes:
        yield node
        tree = node.node_tree if node.bl_idname == PLAIN_NODE and not node.mute else None
        if tree is not None and not is_ours(tree):
            ends = [socket for inner in tree.nodes if inner.bl_idname == "NodeGroupOutput" for socket in inner.inputs]
            yield from with_inner(upstream(ends))


def source_of(socket: Any) -> Any:
    """The socket that an input is linked to, through reroutes; None without any."""
    while links := links_into(socket):
        source = links[0].from_socket
        if source.node.bl_idname != "NodeReroute":
            return source
        socket = source.node.inputs[0]
    return None
