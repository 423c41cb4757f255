"""What planes look like: one material per picture, and one switch for all between flat and lit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .. import compat
from ..results import stored_path

LIT = "Lit"
"""The node that switches: 0 shows the pictures as they are, 1 lets light and shadow fall on them."""
ROUGHNESS = 0.85


def new_look(name: str, lit: bool) -> Any:
    """A node group that turns a picture and its alpha into paper: Color, Alpha in, Shader out."""
    tree: Any = bpy.data.node_groups.new(name, "ShaderNodeTree")
    face = tree.interface
    face.new_socket("Color", in_out="INPUT", socket_type="NodeSocketColor")
    face.new_socket("Alpha", in_out="INPUT", socket_type="NodeSocketFloat").default_value = 1.0
    face.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    made = {kind: _node(tree, kind, place) for kind, place in {
        "NodeGroupInput": (-600, 0), "ShaderNodeEmission": (-300, 100), "ShaderNodeBsdfPrincipled": (-300, -50),
        "ShaderNodeValue": (-300, 250), "ShaderNodeBsdfTransparent": (0, 200), "NodeGroupOutput": (400, 0)}.items()}
    either, cut = _node(tree, "ShaderNodeMixShader", (0, 0)), _node(tree, "ShaderNodeMixShader", (200, 100))
    given, principled, switch = made["NodeGroupInput"], made["ShaderNodeBsdfPrincipled"], made["ShaderNodeValue"]
    switch.name = switch.label = LIT
    switch.outputs[0].default_value = float(lit)
    principled.inputs["Roughness"].default_value = ROUGHNESS
    principled.inputs["Specular IOR Level"].default_value = 0.2
    for source, target in (
            (given.outputs["Color"], made["ShaderNodeEmission"].inputs["Color"]),
            (given.outputs["Color"], principled.inputs["Base Color"]),
            (switch.outputs[0], either.inputs[0]), (made["ShaderNodeEmission"].outputs[0], either.inputs[1]),
            (principled.outputs[0], either.inputs[2]), (given.outputs["Alpha"], cut.inputs[0]),
            (made["ShaderNodeBsdfTransparent"].outputs[0], cut.inputs[1]), (either.outputs[0], cut.inputs[2]),
            (cut.outputs[0], made["NodeGroupOutput"].inputs[0])):
        tree.links.new(source, target)
    return tree


def is_lit(look: Any) -> bool:
    """Whether a look made by `new_look` takes light."""
    switch = _switch(look)
    return switch is not None and bool(switch.default_value > 0.5)


def set_lit(look: Any, lit: bool) -> None:
    """Switch a look made by `new_look`."""
    switch = _switch(look)
    if switch is not None:
        switch.default_value = float(lit)


def _switch(look: Any) -> Any:
    """The value that is 1 in the lit look; None where an artist deleted it, or the whole look."""
    node = look.nodes.get(LIT) if look is not None else None
    return node.outputs[0] if node is not None else None


def new_material(name: str, look: Any, image: Any) -> Any:
    """A material that shows an image by a look; its node named "Picture" holds the image."""
    material: Any = bpy.data.materials.new(name)
    compat.use_nodes(material)
    tree = material.node_tree
    tree.nodes.clear()
    picture, paper = _node(tree, "ShaderNodeTexImage", (-400, 0)), _node(tree, "ShaderNodeGroup", (-100, 0))
    output = _node(tree, "ShaderNodeOutputMaterial", (100, 0))
    picture.name, picture.image, picture.extension = "Picture", image, "CLIP"
    paper.node_tree = look
    tree.links.new(picture.outputs["Color"], paper.inputs["Color"])
    tree.links.new(picture.outputs["Alpha"], paper.inputs["Alpha"])
    tree.links.new(paper.outputs[0], output.inputs["Surface"])
    material.surface_render_method = "DITHERED"  # the one that always sorts right
    if hasattr(material, "cycles"):
        material.cycles.emission_sampling = "NONE"  # paper that is seen as it is lights nothing
    return material


def load(file: Path) -> Any:
    """An image of a file, sRGB with straight alpha; linear for EXR."""
    image: Any = bpy.data.images.load(str(file), check_existing=False)
    if bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths:  # type: ignore[union-attr]
        image.filepath = stored_path(file)
    linear = file.suffix == ".exr"
    image.colorspace_settings.name = compat.linear_name() if linear else "sRGB"
    if not linear:
        image.alpha_mode = "STRAIGHT"
    return image


def _node(tree: Any, kind: str, place: tuple[float, float]) -> Any:
    node = tree.nodes.new(kind)
    node.location = place
    return node
