"""What is linked to a node, as files for the engine: scene linear EXR, rendered from a copy of the scene.

    image/00001.exr ...    what is linked to Image: 32 bit, with alpha, at its own size
    style/picture.exr      what is linked to a Style, at one frame; style_2/ ...
    mask/                  white wherever Mask is not black: how much of the painting shows is mixed in the group itself
    objects/, depth/       what a collage follows beside the image; objects in colors from 0 to 1
    motion/                the Vector and Depth passes of the scene, where Image shows its render as it lies

Of the copy's tree only what is linked to these inputs is kept, so that nothing else is rendered or written.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ...core.atomic import check_writable
from ...core.errors import InputError, NodeError, OutputError
from .. import compat
from ..capture import LAST_FRAME, escape_template
from ..files import replace_if_different
from ..rendering import render_frames, setting, with_groups
from . import find, groups

MOTION, PICTURE = "motion", "picture.exr"
RENDER_LAYERS = "CompositorNodeRLayers"
PASSES = {"Vector": "use_pass_vector", "Depth": "use_pass_z"}
MOVES = {"TRANSFORM", "TRANSLATE", "ROTATE", "SCALE", "FLIP", "CROP", "CORNERPIN", "LENSDIST", "DISPLACE", "MAP_UV",
         "STABILIZE2D", "MOVIEDISTORTION", "PLANETRACKDEFORM"}
SHOWN_MASK = 0.5 / 255
APART = (0.7549, 0.5698, 0.4302)  # multiples of these, without their whole parts, are colors far from each other


def folder_of(name: str) -> str:
    """The folder of an input's files below that of all."""
    return name.lower().replace(" ", "_")


STYLE_FOLDERS = {folder_of(name) for name in groups.STYLES}


@dataclass(frozen=True)
class Plan:
    """What is captured for a node: timeline frames first..last (both included) of these inputs.

    `on_canvas` says that Image lies shifted or turned on the canvas and is captured as it is seen there.
    """

    scene: str
    node: str
    first: int
    last: int
    still: int
    inputs: tuple[str, ...]
    passes: tuple[str, ...]
    on_canvas: bool

    @property
    def styles(self) -> tuple[str, ...]:
        """The style inputs among them."""
        return tuple(name for name in self.inputs if name in groups.STYLES)

    @property
    def moving(self) -> tuple[str, ...]:
        """The inputs that are captured at every frame."""
        return tuple(name for name in self.inputs if name not in groups.STYLES)


stills: dict[int, int] = {}  # scenes' first frames before `blender -s`, so that all chunks have a style in common


def make_plan(scene: Any, node: Any, first: int, last: int) -> Plan:
    """Decide what is captured. Raises NodeError or InputError with what is missing."""
    if first < 0 or last > LAST_FRAME or last < first:
        raise InputError(f"Frames {first} to {last} cannot be baked.",
                         f"Choose a range between 0 and {LAST_FRAME} in the Output properties.")
    groups.check_sockets(node.node_tree)
    if find.source_of(node.inputs[groups.IMAGE]) is None:
        raise NodeError(f"Nothing is linked to Image of '{node.name}'.",
                        f"Link the picture that the {groups.effect_of(node.node_tree).makes} is made from.")
    inputs = tuple(name for name in groups.effect_of(node.node_tree).captured
                   if name in node.inputs and _is_picture(scene, node, name, find.source_of(node.inputs[name])))
    nodes = find.upstream([node.inputs[name] for name in inputs])
    _check_renders(scene, nodes)
    on_the_way = find.upstream([node.inputs[groups.IMAGE]])
    moves = any(other.type in MOVES for other in find.with_inner(on_the_way))
    return Plan(scene.name, node.name, first, last, stills.get(scene.session_uid, scene.frame_start), inputs,
                () if moves else _passes(scene, on_the_way), moves)


def _is_picture(scene: Any, node: Any, name: str, source: Any) -> bool:
    """Whether an input brings pictures. Raises NodeError or InputError where Blender would write none."""
    if source is None:
        return False
    nodes = find.upstream([node.inputs[name]])
    if _is_given_render([node.inputs[name]], nodes):
        raise NodeError(f"What is linked to {name} of '{node.name}' comes from the Group Input, which has a picture in "
                        "Blender's own render alone.", "Link Render Layers in its place.")
    _check_layers(scene, nodes)
    if any(_has_pixels(other) for other in nodes):
        return True
    if name == groups.MASK:
        return False  # one number for all pixels works in the group alone
    raise NodeError(f"What is linked to {name} of '{node.name}' is a single color.", "Link a picture.")


def _is_given_render(sockets: list[Any], nodes: list[Any]) -> bool:
    """Whether the render comes in by the tree's own Group Input (Blender 5.2), and there is no Render Layers node."""
    links = [link for socket in [*sockets, *(socket for node in nodes for socket in node.inputs)]
             for link in find.links_into(socket)]
    return (all(node.bl_idname != RENDER_LAYERS for node in nodes)
            and any(link.from_node.bl_idname == "NodeGroupInput" and link.from_socket.type == "RGBA" for link in links))


def _has_pixels(node: Any) -> bool:
    return node.bl_idname not in {"CompositorNodeRGB", "CompositorNodeValue", "ShaderNodeValue", "NodeReroute",
                                  "CompositorNodeTime", "CompositorNodeSceneTime", "ShaderNodeMath", "NodeGroupInput"}


def _check_renders(scene: Any, nodes: list[Any]) -> None:
    for node in nodes:
        rendered = (node.scene or scene) if node.bl_idname == RENDER_LAYERS and not node.mute else None
        if rendered is not None and rendered.camera is None:
            raise InputError(f"Scene '{rendered.name}' has no camera, so its Render Layers cannot be captured.",
                             "Add a camera, or link something else.")
        if rendered == scene and _is_played(scene.rigidbody_world):
            raise InputError(f"The rigid bodies of scene '{scene.name}' were played but not baked: they would be "
                             "captured standing still.", "Press Bake in Scene Properties > Rigid Body World > Cache.")


def _is_played(world: Any) -> bool:
    """Whether rigid bodies move in a scene's own render as they were played, which its copy does not know of."""
    return world is not None and world.enabled and bool(world.point_cache.info) and not world.point_cache.is_baked


def _check_layers(scene: Any, nodes: list[Any]) -> None:
    """Raise InputError where all that these nodes show are view layers that are not rendered."""
    begin = [node for node in nodes if _has_pixels(node) and not any(find.links_into(socket) for socket in node.inputs)]
    layers: list[Any] = [(node.scene or scene).view_layers.get(node.layer) if node.bl_idname == RENDER_LAYERS else None
                         for node in begin]
    if begin and all(layer is not None and not layer.use for layer in layers):
        raise InputError(f"View layer '{layers[0].name}' of scene '{layers[0].id_data.name}' is not rendered.",
                         "Tick Use for Rendering in its View Layer properties, or link another one.")


def _passes(scene: Any, nodes: list[Any]) -> tuple[str, ...]:
    """The passes that tell the movement of what is linked to Image; none without the Vector pass."""
    renders = [node for node in find.with_inner(nodes) if node.bl_idname == RENDER_LAYERS and not node.mute]
    if len(renders) != 1 or renders[0] not in nodes or renders[0].scene not in (None, scene):
        return ()
    layer = scene.view_layers.get(renders[0].layer)
    there = tuple(name for name, switch in PASSES.items() if layer is not None and getattr(layer, switch)
                  and name in renders[0].outputs and renders[0].outputs[name].enabled)
    return there if "Vector" in there else ()


class Rig:
    """A copy of the plan's scene that writes the inputs' frames, for as long as it is needed; `remove` it then.

    Not while Blender renders an animation: removing it in a handler there makes Blender 5.2 crash.
    """

    def __init__(self, plan: Plan, inputs: tuple[str, ...], passes: tuple[str, ...] = ()) -> None:
        scene = find.find_scene(plan.scene)
        node = find.find_node(scene, plan.node)
        self.folder = Path(tempfile.mkdtemp(prefix="gouache-", dir=bpy.app.tempdir or None))
        self.kinds = [folder_of(name) for name in inputs] + [MOTION] * bool(passes)
        self._copy, tree = compat.copy_compositor_scene(scene)
        self._name, self._scene, self._session = self._copy.name, scene.name, scene.session_uid
        try:
            self._wire(tree, scene, node.name, plan, inputs, passes)
        except Exception:
            self.remove()
            raise

    def _wire(self, tree: Any, scene: Any, name: str, plan: Plan, inputs: tuple[str, ...],
              passes: tuple[str, ...]) -> None:
        node = tree.nodes[name]
        sources = {wanted: node.inputs[wanted].links[0].from_socket for wanted in inputs}
        needed = set(find.upstream([node.inputs[wanted] for wanted in inputs]))
        layers = [other for other in find.upstream([node.inputs[groups.IMAGE]])
                  if other.bl_idname == RENDER_LAYERS and not other.mute]
        needed |= _rendered_for(needed, tree)
        for other in [other for other in tree.nodes if other not in needed]:
            tree.nodes.remove(other)
        for other in tree.nodes:
            if getattr(other, "scene", None) == scene:  # any that shows it, else Blender renders both
                other.scene = self._copy
        compat.set_exr_output(self._copy)
        self._canvas = plan.on_canvas and groups.IMAGE in inputs
        for wanted, source in sources.items():
            if wanted == groups.MASK:
                source = _covered(tree, source)
            if wanted == groups.OBJECTS:
                source = _told_apart(tree, source)
            if wanted != groups.IMAGE or not self._canvas:
                is_color = wanted == groups.IMAGE or wanted in groups.STYLES
                compat.add_picture_output(tree, source, self._out(folder_of(wanted)), is_color)
        if passes:
            compat.add_pass_output(tree, {wanted: layers[0].outputs[wanted] for wanted in passes}, self._out(MOTION))
        tree.links.new(next(iter(sources.values())), compat.new_sink(tree))
        self._copy.render.use_sequencer, self._copy.render.use_compositing = False, True
        self._copy.render.filepath = self._out(folder_of(groups.IMAGE) if self._canvas else "frame") + "/#####"

    def _out(self, kind: str) -> str:
        return escape_template(str(self.folder / kind))

    def render(self, first: int, last: int, target: Path) -> None:
        """Render frames and bring them to their folders below `target`; equal files there stay as they are.

        Raises InputError or OutputError.
        """
        copy = bpy.data.scenes.get(self._name)
        if copy is None:  # an undo or another file took it away
            raise InputError("The scene was changed while it was captured.", "Bake again.")
        scene = find.scene_again(self._scene, self._session)
        inside = [node for tree in with_groups([compat.compositor_tree(copy)]) for node in tree.nodes
                  if getattr(node, "scene", None) == scene]
        with setting(inside, "scene", copy):
            render_frames(copy, scene, first, last, "what is linked to the node")
        for kind in self.kinds:
            check_writable(target / kind)
            for frame in range(first, last + 1):
                file = self.folder / kind / f"{frame:05d}.exr"
                if not file.is_file():
                    raise OutputError(
                        f"Blender wrote nothing for '{kind}' of frame {frame}.",
                        "Check that a picture is linked there, that its files are there and its view layer is "
                        "rendered, and that the temporary disk is not full.", str(file))
                replace_if_different(file, target / kind / (PICTURE if kind in STYLE_FOLDERS else file.name))
                file.unlink()

    def remove(self) -> None:
        """Take the copy and its temporary files away; safe to call twice."""
        copy = bpy.data.scenes.get(self._name)
        if copy is not None:
            compat.remove_compositor_scene(copy)
        shutil.rmtree(self.folder, ignore_errors=True)


def _rendered_for(nodes: set[Any], tree: Any) -> set[Any]:
    """The Render Layers nodes in a tree that have Blender render what those in groups among these nodes show."""
    scenes = [node.scene for node in find.with_inner(nodes) if node.bl_idname == RENDER_LAYERS and node not in nodes]
    return {node for node in tree.nodes if node.bl_idname == RENDER_LAYERS and node.scene in scenes}


def _covered(tree: Any, source: Any) -> Any:
    """1 wherever a mask is not black."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = "GREATER_THAN"
    node.inputs[1].default_value = SHOWN_MASK
    tree.links.new(source, node.inputs[0])
    return node.outputs[0]


def _told_apart(tree: Any, source: Any) -> Any:
    """Objects in colors from 0 to 1, which the engine can see, also where a pass gives each a whole number."""
    spread, kept = (tree.nodes.new("ShaderNodeVectorMath") for _ in range(2))
    spread.operation, kept.operation = "MULTIPLY", "FRACTION"
    spread.inputs[1].default_value = APART
    tree.links.new(source, spread.inputs[0])
    tree.links.new(spread.outputs[0], kept.inputs[0])
    return kept.outputs[0]


_held: dict[Plan, Rig] | None = None


@contextmanager
def rig_for(plan: Plan, inputs: tuple[str, ...], passes: tuple[str, ...] = ()) -> Iterator[Rig]:
    """A rig for one capture; while rigs are held, the one that is there, else one that is removed again."""
    key = replace(plan, first=0, last=0, inputs=inputs, passes=passes)
    if _held is not None and key in _held:
        yield _held[key]
        return
    rig = Rig(plan, inputs, passes)
    if _held is not None:
        _held[key] = rig
        yield rig
        return
    try:
        yield rig
    finally:
        rig.remove()


def hold_rigs() -> None:
    """From now on keep every rig until `drop_rigs`: render handlers cannot remove them (see Rig)."""
    global _held
    _held = {} if _held is None else _held


def drop_rigs() -> None:
    """Remove the rigs that are held, and hold no more."""
    global _held
    rigs, _held = _held or {}, None
    for rig in rigs.values():
        rig.remove()


def capture(plan: Plan, folder: Path, first: int, last: int) -> None:
    """Render timeline frames first..last of a plan into the folders below `folder`. Raises GouacheError.

    Styles are captured with the plan's first frames, at one frame that does not depend on them: the scene's first.
    """
    if plan.styles and first == plan.first:
        with rig_for(plan, plan.styles) as rig:
            rig.render(plan.still, plan.still, folder)
    with rig_for(plan, plan.moving, plan.passes) as rig:
        rig.render(first, last, folder)


def style_file(folder: Path, name: str) -> Path:
    """Where the picture of a style input will be."""
    return folder / folder_of(name) / PICTURE
