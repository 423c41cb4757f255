"""The node group of an effect: its sockets, and what is inside it before and after a bake. Native nodes only.

A file with such groups renders the same where Gouache is missing. After a bake everything live happens in display
space (sRGB), as an artist judges it, on colors as they are multiplied by alpha:

    painting + what the engine cannot see of Image ─► Keep Color ─► mixed with Image by Strength x Mask

The engine paints pictures as they are displayed: values below 0 or above alpha (above 1 where a pixel is opaque) it
cannot see. So highlights keep their height, and an effect that changes nothing changes nothing here; a collage leaves
them out, for paper does not shine. Alpha is that of Image. A frame that is not baked, and every one outside the bake's
range, shows Image as it is.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import NodeError
from .. import compat
from ..results import stored_path
from .wires import Wires

IMAGE, MASK, STRENGTH, KEEP_COLOR = "Image", "Mask", "Strength", "Keep Color"
STYLES = ("Style", "Style 2", "Style 3", "Style 4")
OBJECTS, DEPTH = "Objects", "Depth"
PAINTING = "Gouache Painting"  # the name of the node that holds the baked frames
FILLING = "Gouache Size"  # of the one that gives them the size of what comes in
RANGE = "Gouache Frames"  # of the one that knows which frames these are
NEVER = -1e7  # no frame is before this one
FACTORS = {MASK: (1.0, "Where the {painting} shows{masked}"),
           STRENGTH: (1.0, "How much of the {painting} shows; 0 is the image itself. Live: needs no new bake"),
           KEEP_COLOR: (0.0, "How much of the image's own colors the {painting} keeps. Live: needs no new bake")}
PICTURES = {**dict.fromkeys(STYLES, "A picture to paint in the style of; without any, those in the sidebar's list are "
                            "taken"),
            OBJECTS: "No piece crosses the borders between its colors: a mask, Object Index, or Cryptomatte's Pick. "
            "Without any, the file in the sidebar is taken",
            DEPTH: "From 0 to 1, white is near: what is nearer lies above. A render's Depth needs Normalize and Invert "
            "before. Without any, the file in the sidebar is taken"}


@dataclass(frozen=True)
class Effect:
    """What a group needs to know of an effect of the engine's.

    `pictures` are the sockets that bring pictures beside Image. `bakes_mask` says that the engine leaves out the black
    parts of Mask, `keeps_highlights` that what it cannot see of Image is added to what it made.
    """

    label: str
    description: str
    pictures: tuple[str, ...]
    makes: str = "painting"
    bakes_mask: bool = True
    keeps_highlights: bool = True

    @property
    def takes_styles(self) -> bool:
        """Whether it paints in the style of pictures."""
        return STYLES[0] in self.pictures

    @property
    def captured(self) -> tuple[str, ...]:
        """The sockets whose pictures go to the engine."""
        return (IMAGE, *self.pictures, *((MASK,) if self.bakes_mask else ()))


EFFECTS = {"style": Effect("Style Transfer", "Paint what comes in at Image in the style of any picture", STYLES),
           "collage": Effect("Collage", "Rebuild what comes in at Image from cut and torn paper", (OBJECTS, DEPTH),
                             "collage", bakes_mask=False, keeps_highlights=False)}


def effect_of(tree: Any) -> Effect:
    """The effect of one of our groups."""
    return EFFECTS[tree.gouache.effect]


def new_group(effect: str) -> Any:
    """A new group for an effect; it passes Image through until it is baked."""
    tree: Any = bpy.data.node_groups.new(EFFECTS[effect].label, "CompositorNodeTree")
    tree.gouache.effect, tree.gouache.identity = effect, uuid.uuid4().hex
    tree.interface.new_socket(IMAGE, in_out="INPUT", socket_type="NodeSocketColor")
    _add_pictures(tree)
    for name in (MASK, STRENGTH, KEEP_COLOR):
        _add_factor(tree, name)
    tree.interface.new_socket(IMAGE, in_out="OUTPUT", socket_type="NodeSocketColor")
    pass_through(tree)
    return tree


def _add_pictures(tree: Any) -> None:
    """The sockets for pictures; of the styles all but one are in a panel that is closed at first."""
    more = None
    for name in effect_of(tree).pictures:
        if name == STYLES[1]:
            more = tree.interface.new_panel("More Styles", default_closed=True)
        socket = tree.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketColor",
                                           **({"parent": more} if more else {}))
        socket.description = PICTURES[name]
        socket.hide_value = socket.hide_in_modifier = True  # on a strip nothing can be linked


def _add_factor(tree: Any, name: str) -> None:
    value, description = FACTORS[name]
    effect = effect_of(tree)
    masked = "; its black parts are not painted at all" if effect.bakes_mask else ". Live: needs no new bake"
    socket = tree.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
    socket.default_value, socket.min_value, socket.max_value, socket.subtype = value, 0.0, 1.0, "FACTOR"
    socket.description = description.format(painting=effect.makes, masked=masked)


def pass_through(tree: Any) -> None:
    """What is inside before a bake: Image, mixed with itself, for Blender grays out a socket that nothing uses."""
    wires = Wires(tree)
    image = _lit(wires, wires.inputs[IMAGE])
    amount = wires.math("MULTIPLY", wires.inputs[MASK], wires.inputs[STRENGTH])
    wires.link(wires.mix(wires.math("ADD", amount, wires.inputs[KEEP_COLOR]), image, image), wires.output)
    wires.arrange()


def _lit(wires: Wires, image: Any) -> Any:
    """The image as it is; that Style might be mixed in, which never happens, keeps Blender from graying Style out.

    So with the sockets of other effects that only the engine reads.
    """
    names = [name for name in (STYLES[0], OBJECTS, DEPTH) if name in wires.inputs]
    never = wires.math("LESS_THAN", wires.add("CompositorNodeSceneTime").outputs["Frame"], NEVER)
    for name in names:
        image = wires.mix(never, image, wires.inputs[name])
    return image


def check_sockets(tree: Any) -> None:
    """Raise NodeError, before hours of work, if sockets that a painting is shown with are gone."""
    sockets = [item for item in tree.interface.items_tree if item.item_type == "SOCKET"]
    there = {item.name for item in sockets if item.in_out == "INPUT"}
    gone = [name for name in (IMAGE, *FACTORS) if name not in there]
    if all(item.in_out == "INPUT" for item in sockets):
        gone.append("the output")
    if gone:
        raise NodeError(f"The group '{tree.name}' has lost {', '.join(gone)}: renamed or removed.",
                        "Name it so again in the group (Tab; sidebar > Group), or add a new node in its place.")


def sequence_node(tree: Any) -> Any:
    """The node that holds the baked frames, or None before a bake."""
    return tree.nodes.get(PAINTING)


def painting_folder(tree: Any) -> Path | None:
    """The folder of the frames that a group shows, or None before a bake."""
    node = sequence_node(tree)
    if node is None or node.image is None:
        return None
    return Path(bpy.path.abspath(node.image.filepath, library=node.image.library)).parent


def show_painting(tree: Any, files: dict[int, Path], fills: bool = False) -> None:
    """Show baked frames (timeline frame -> file, numbered so; gaps show Image).

    Everything that is linked to the group, its values and keyframes stay, and what an artist built inside it. `fills`
    says that the painting is always seen as large as Image, which on a strip comes smaller in a draft.
    """
    if (FILLING in tree.nodes) != fills or not (_shows(tree, files) or _is_whole(tree)):
        _build(tree, files, fills)
        return
    _set_files(sequence_node(tree), tree, files)
    if RANGE in tree.nodes:
        for value, socket in zip(_middle(files), tree.nodes[RANGE].inputs[1:], strict=True):
            socket.default_value = value


def _build(tree: Any, files: dict[int, Path], fills: bool) -> None:
    """All that is inside a group which shows baked frames, from the start."""
    wires = Wires(tree)
    image = _lit(wires, wires.inputs[IMAGE])
    alpha = wires.split(image)[3]
    painting = _sequence(wires, files)
    if fills:
        painting = wires.scale(painting, image, FILLING)
    whole = _with_highlights(wires, painting, image, alpha) if effect_of(tree).keeps_highlights else painting
    original = wires.to_display(wires.vector("ADD", image, 0.0))
    out = wires.to_display(whole)
    out = wires.mix(wires.inputs[KEEP_COLOR], out, _with_color_of(wires, out, original))
    out = wires.mix(_amount(wires, painting, files), original, out)
    red, green, blue, _ = wires.split(wires.to_linear(out))
    wires.link(wires.join(red, green, blue, alpha), wires.output)
    wires.arrange()


def _with_highlights(wires: Wires, painting: Any, image: Any, alpha: Any) -> Any:
    """The painting and what the engine cannot see of the image."""
    in_file = wires.to_file(wires.vector("ADD", image, 0.0))  # where the engine cuts off what it cannot see
    seen = wires.from_file(wires.vector("MAXIMUM", wires.vector("MINIMUM", in_file, alpha), 0.0))
    return wires.vector("ADD", wires.vector("SUBTRACT", image, seen), painting)


def _shows(tree: Any, files: dict[int, Path]) -> bool:
    """Whether a group shows these very files, by whichever version it was built."""
    node, first = sequence_node(tree), min(files)
    return (node is not None and node.image is not None and node.image.filepath == stored_path(files[first])
            and (node.frame_start, node.frame_duration) == (first, max(files) - first + 1))


def _is_whole(tree: Any) -> bool:
    """Whether a group can show other files as it is: what holds them is there, and every socket leads somewhere."""
    ends = [node for node in tree.nodes if node.bl_idname == "NodeGroupInput"]
    return sequence_node(tree) is not None and RANGE in tree.nodes and all(
        any(name in node.outputs and node.outputs[name].is_linked for node in ends) for name in (IMAGE, *FACTORS))


def _refresh(image: Any) -> None:
    """Read changed files again; reloading alone leaves the Viewer of an open window as it was."""
    image.reload()
    image.update_tag()


def _amount(wires: Wires, painting: Any, files: dict[int, Path]) -> Any:
    """Strength x Mask, and 0 where there is no painting: Blender reads a missing file as transparent black."""
    amount = wires.math("MULTIPLY", wires.inputs[STRENGTH], wires.inputs[MASK])
    now = wires.add("CompositorNodeSceneTime").outputs["Frame"]
    in_range = wires.math("COMPARE", now, *_middle(files))
    in_range.node.name = in_range.node.label = RANGE
    there = wires.math("GREATER_THAN", wires.split(painting)[3], 0.0)
    return wires.math("MULTIPLY", amount, wires.math("MULTIPLY", there, in_range))


def _middle(files: dict[int, Path]) -> tuple[float, float]:
    """The middle of the range of these files, and how far from it a frame may be."""
    first, last = min(files), max(files)
    return (first + last) / 2, (last - first) / 2 + 0.25


def _with_color_of(wires: Wires, painting: Any, original: Any) -> Any:
    """The painting's brightness with the original's color."""
    y, _, _, _ = wires.split(painting, "YUV")
    _, u, v, a = wires.split(original, "YUV")
    return wires.vector("MAXIMUM", wires.join(y, u, v, a, mode="YUV"), 0.0)


def _sequence(wires: Wires, files: dict[int, Path]) -> Any:
    """What comes out of a node that shows files on their timeline frames."""
    node = wires.add("CompositorNodeImage")
    node.name = node.label = PAINTING
    _set_files(node, wires.tree, files)
    return node.outputs["Image"]


def _set_files(node: Any, tree: Any, files: dict[int, Path]) -> None:
    """Have an Image node of a tree show files on their timeline frames."""
    first, last = min(files), max(files)
    path = stored_path(files[first])
    image: Any = next((i for i in bpy.data.images if i.filepath == path and i.library is None), None)
    if image is None:
        image = bpy.data.images.load(str(files[first]))
        image.filepath = path
        image.name = f"{tree.name} Painting"
    image.source = "SEQUENCE"
    image.colorspace_settings.name = compat.linear_name() if files[first].suffix == ".exr" else "sRGB"
    node.image = image
    node.frame_start, node.frame_duration = first, last - first + 1
    node.frame_offset = first - 1  # the number in the first file's name, less one
    node.use_auto_refresh = True
    _refresh(image)
