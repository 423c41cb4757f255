"""Every difference between Blender 4.5 LTS and 5.2 LTS that matters here; nothing else asks for the version."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bpy

from ..core.errors import InputError

VERSION = bpy.app.version
HAS_STRIP_MODIFIERS = VERSION >= (5, 2)  # with node groups; 5.0 has them and crashes on them
OLD_STRIP_NAMES = {"frame_final_start", "frame_final_end", "frame_final_duration", "frame_start", "frame_duration",
                   "frame_offset_start", "frame_offset_end", "animation_offset_start", "animation_offset_end"}
"""Properties of strips that have new names since 5.2, where to ask for these makes Blender warn."""


def bounds(strip: Any) -> tuple[int, int]:
    """First frame of a strip on the timeline, and one past its last."""
    if VERSION >= (5, 2):
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def content_start(strip: Any) -> int:
    """The timeline frame where a strip's content begins, whatever of it is trimmed away."""
    start: float = strip.content_start if VERSION >= (5, 2) else strip.frame_start
    return math.floor(start)


def set_left_handle(strip: Any, frame: int) -> None:
    """Trim a strip so that `frame` is the first it shows."""
    setattr(strip, "left_handle" if VERSION >= (5, 2) else "frame_final_start", frame)


def set_right_handle(strip: Any, frame: int) -> None:
    """Trim a strip so that `frame` is the first it no longer shows."""
    setattr(strip, "right_handle" if VERSION >= (5, 2) else "frame_final_end", frame)


def place(strip: Any, first: int, end: int) -> None:
    """Let an image strip of end - first pictures show all of them at frames first..end-1."""
    setattr(strip, "content_start" if VERSION >= (5, 2) else "frame_start", first)
    set_right_handle(strip, end)
    set_left_handle(strip, first)
    set_right_handle(strip, end)  # again: it cannot pass the old left one


def turns_about_itself(strip: Any) -> bool:
    """Whether a strip's origin counts from what its letters cover, and is no picture's of the canvas' size."""
    return VERSION >= (5, 0) and strip.type == "TEXT" and strip.transform.origin[:] != (0.5, 0.5)


def in_sequencer(scene: Any) -> Any:
    """A context in which sequencer operators work on a scene, with or without a window."""
    override = {"scene": scene}
    if VERSION >= (5, 0):
        override["sequencer_scene"] = scene
    return bpy.context.temp_override(**override)


def sequencer_scene(context: Any) -> Any:
    """The scene whose strips the Video Sequencer shows; since 5.0 a workspace may pin one of its own."""
    return getattr(context, "sequencer_scene", None) or context.scene


def linear_name() -> str:
    """The name of the color space of scene linear files."""
    return "Linear Rec.709"


def working_space() -> str:
    """The name that nodes and files have for the space in which the compositor works."""
    return "scene_linear" if VERSION >= (5, 0) else linear_name()


def set_standard_view(scene: Any) -> None:
    """Show a scene's colors as they are, in sRGB. Raises InputError if the color configuration has no such view."""
    view = scene.view_settings
    try:
        scene.display_settings.display_device = "sRGB"
        view.view_transform, view.look = "Standard", "None"
    except TypeError as error:  # only by trying does Blender tell which there are
        raise InputError("The color configuration has no view 'Standard' for the display 'sRGB'.",
                         "Start Blender without OCIO in its environment, or add that view to the configuration.",
                         str(error)) from error


def set_png_output(scene: Any) -> None:
    """Make a scene write PNG, RGBA, 8 bit, in sRGB as displayed, with every value exact. Raises InputError."""
    render, image, view = scene.render, scene.render.image_settings, scene.view_settings
    if hasattr(image, "media_type"):  # since 5.0, and to be set before the format
        image.media_type = "IMAGE"
    image.file_format, image.color_mode, image.color_depth = "PNG", "RGBA", "8"
    image.compression = 15
    image.color_management = "FOLLOW_SCENE"
    set_standard_view(scene)
    view.exposure, view.gamma = 0.0, 1.0
    view.use_curve_mapping = False
    if hasattr(view, "use_white_balance"):
        view.use_white_balance = False
    render.dither_intensity = 0.0  # the default of 1 changes 8-bit values by one
    render.use_stamp = render.use_border = render.use_placeholder = render.use_multiview = False
    for name in [p.identifier for p in render.bl_rna.properties if p.identifier.startswith("use_stamp_")]:
        setattr(render, name, False)  # date and render time are written into files, and make equal frames differ
    render.use_overwrite = render.use_file_extension = True


def compositor_tree(scene: Any) -> Any:
    """The node tree that composites a scene's renders, or None if it has none or does not use it."""
    if VERSION >= (5, 0):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def copy_compositor_scene(scene: Any) -> tuple[Any, Any]:
    """A copy of a scene with a compositor tree of its own; `remove_compositor_scene` takes both away."""
    copy = scene.copy()
    if VERSION >= (5, 0):  # it shares the tree with the original
        copy.compositing_node_group = scene.compositing_node_group.copy()
    return copy, compositor_tree(copy)


def remove_compositor_scene(copy: Any) -> None:
    """Remove what `copy_compositor_scene` made."""
    tree = copy.compositing_node_group if VERSION >= (5, 0) else None
    bpy.data.scenes.remove(copy)
    if tree is not None:
        bpy.data.node_groups.remove(tree)


def new_sink(tree: Any) -> Any:
    """A new active output of a scene's compositor tree; returns the socket that is to be linked."""
    if VERSION >= (5, 0):
        if not any(item.item_type == "SOCKET" and item.in_out == "OUTPUT" for item in tree.interface.items_tree):
            tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        sink = tree.nodes.new("NodeGroupOutput")
        sink.is_active_output = True
        return sink.inputs[0]
    return tree.nodes.new("CompositorNodeComposite").inputs[0]


def add_picture_output(tree: Any, socket: Any, folder: str, is_color: bool) -> Any:
    """A node that writes what comes out of a socket as folder/00001.exr ...: scene linear, 32 bit, at its own size.

    What is no color, such as a mask, is written as the numbers that it is. Raises InputError.
    """
    node = tree.nodes.new("CompositorNodeOutputFile")
    image = node.format
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"
    image.file_format, image.color_mode, image.color_depth = "OPEN_EXR", "RGBA", "32"
    image.exr_codec = "ZIP"
    _write_in(image, linear_name() if is_color else working_space())
    if VERSION >= (5, 0):
        node.directory, node.file_name = folder, ""
        node.file_output_items.clear()
        node.file_output_items.new("RGBA", "#####")
    else:
        node.base_path = folder
        node.file_slots.clear()
        node.file_slots.new("#####")
    tree.links.new(socket, node.inputs[0])
    return node


def add_pass_output(tree: Any, sockets: dict[str, Any], folder: str) -> Any:
    """A node that writes passes ("Vector": four numbers, others one) into folder/00001.exr ..., a layer for each."""
    node = tree.nodes.new("CompositorNodeOutputFile")
    image = node.format
    if hasattr(image, "media_type"):
        image.media_type = "MULTI_LAYER_IMAGE"
    image.file_format, image.color_depth, image.exr_codec = "OPEN_EXR_MULTILAYER", "32", "ZIP"
    if VERSION >= (5, 0):
        node.directory, node.file_name = folder, "#####"
        node.file_output_items.clear()
    else:
        node.base_path = f"{folder}/#####"
        node.layer_slots.clear()
    for name, socket in sockets.items():
        if VERSION >= (5, 0):
            item = node.file_output_items.new("VECTOR" if name == "Vector" else "FLOAT", name)
            if name == "Vector":
                item.vector_socket_dimensions = 4
        else:
            node.layer_slots.new(name)
        tree.links.new(socket, node.inputs[name])
    return node


def set_exr_output(scene: Any) -> None:
    """Make a scene write its frames as EXR, RGBA, 32 bit, in scene linear. Raises InputError."""
    set_png_output(scene)
    image = scene.render.image_settings
    image.file_format, image.color_mode, image.color_depth = "OPEN_EXR", "RGBA", "32"
    image.exr_codec = "ZIP"
    _write_in(image, linear_name())


def _write_in(image: Any, space: str) -> None:
    """Have an EXR written in a space, for since 5.0 a .blend may work in another. Raises InputError."""
    image.color_management = "OVERRIDE"  # else a node follows what the scene's own output has
    try:
        image.linear_colorspace_settings.name = space
    except TypeError as error:  # only by trying does Blender tell which there are
        raise InputError(f"The color configuration has no space '{space}'.",
                         "Start Blender without OCIO in its environment, or add that space to the configuration.",
                         str(error)) from error


def fcurves(animated: Any) -> list[Any]:
    """The F-curves that animate a data-block; empty without animation."""
    bag = fcurve_bag(animated)
    return list(bag.fcurves) if bag is not None else []


def fcurve_bag(animated: Any) -> Any:
    """What holds a data-block's F-curves (it has `.fcurves`), or None without any.

    An action may have those of several: a scene's and its compositor's, by Blender's own choice.
    """
    data = animated.animation_data
    action = data.action if data else None
    return next(_channelbags(action, data.action_slot), None) if action else None


def _channelbags(action: Any, slot: Any) -> Iterator[Any]:
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot) if slot else None
            if bag is not None:
                yield bag


def nla_curves(animated: Any) -> Iterator[Any]:
    """The F-curves that animate a data-block by way of the NLA."""
    data = animated.animation_data
    tracks = list(data.nla_tracks) if data and data.use_nla else []
    for track in [track for track in tracks if track.is_solo] or tracks:
        if not track.mute:
            yield from _curves_in(track.strips)


def _curves_in(strips: Any) -> Iterator[Any]:
    for strip in strips:
        if not strip.mute:
            yield from _curves_in(strip.strips)
            for bag in _channelbags(strip.action, strip.action_slot) if strip.action else ():
                yield from bag.fcurves


def own_action(animated: Any) -> Any:
    """Give a data-block a copy of its action, so that curves may be removed; returns the copy, for removal later."""
    data = animated.animation_data
    slot = getattr(data.action_slot, "identifier", None)
    data.action = data.action.copy()
    if slot is not None:  # assigning an action may leave it without its slot
        data.action_slot = data.action.slots[slot]
    return data.action


def new_fcurve_bag(animated: Any, name: str) -> Any:
    """Give a data-block a new, empty action, and return what takes its F-curves (it has `.fcurves`)."""
    action: Any = bpy.data.actions.new(name)
    slot = action.slots.new(id_type=animated.id_type, name=animated.name)
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    data = animated.animation_data_create()
    data.action, data.action_slot = action, slot
    return bag


INTERPOLATION = {"CONSTANT": 0, "LINEAR": 1}


def write_fcurve(bag: Any, path: str, index: int, frames: Sequence[int], values: Sequence[float], kind: str) -> None:
    """Write a whole F-curve at once: its keys and their interpolation, CONSTANT or LINEAR."""
    curve = bag.fcurves.new(path, index=index)
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", [number for key in zip(frames, values, strict=True) for number in key])
    points.foreach_set("interpolation", [INTERPOLATION[kind]] * len(frames))
    curve.update()


def telling(name: str, choices: Sequence[str], default: str, tell: Callable[[Any, str], None]) -> dict[str, Any]:
    """What has the EnumProperty of that name call tell(owner, choice) when another choice is made.

    Its `update` would be called when the same is chosen again, too.
    """
    def told(owner: Any, new: int, now: int, _is_set: bool = True) -> int:
        if new != now:
            tell(owner, choices[new])
        return new

    if VERSION >= (5, 0):
        return {"set_transform": told}

    def get(owner: Any) -> int:
        return int(owner.get(name, choices.index(default)))

    def put(owner: Any, new: int) -> None:
        owner[name] = told(owner, new, get(owner))

    return {"get": get, "set": put}


def use_nodes(owner: Any) -> None:
    """Let a material or world have nodes; since 5.0 all have."""
    if VERSION < (5, 0):
        owner.use_nodes = True
