"""Wiring up the inside of a node group: nodes that differ little between Blenders, made, linked and laid out."""

from __future__ import annotations

from typing import Any

from .. import compat

COLUMN, ROW = 220.0, 230.0
TALL = {"CompositorNodeImage": 430.0, "ShaderNodeMix": 300.0, "NodeGroupInput": 260.0}


class Wires:
    """The inside of a tree, begun afresh: every node is removed but the group's input and output are new."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        tree.nodes.clear()
        begin = self.add("NodeGroupInput")
        self.inputs = {socket.name: socket for socket in begin.outputs if socket.name}
        self.output = self.add("NodeGroupOutput").inputs[0]

    def add(self, kind: str) -> Any:
        """A new node."""
        return self.tree.nodes.new(kind)

    def link(self, source: Any, target: Any) -> None:
        """Link a socket, or set a value."""
        if isinstance(source, float):
            target.default_value = (source,) * len(target.default_value) if target.type == "VECTOR" else source
        else:
            self.tree.links.new(source, target)

    def math(self, operation: str, *values: Any) -> Any:
        """A number from numbers."""
        node = self.add("ShaderNodeMath")
        node.operation = operation
        for value, target in zip(values, node.inputs, strict=False):
            self.link(value, target)
        return node.outputs[0]

    def vector(self, operation: str, *values: Any) -> Any:
        """The same calculation for red, green and blue; a number counts for all three. Alpha becomes 1."""
        node = self.add("ShaderNodeVectorMath")
        node.operation = operation
        for value, target in zip(values, node.inputs, strict=False):
            self.link(value, target)
        return node.outputs["Vector"]

    def mix(self, factor: Any, one: Any, other: Any) -> Any:
        """One color at factor 0, the other at factor 1."""
        node = self.add("ShaderNodeMix")
        node.data_type = "RGBA"
        first, second = (socket for socket in node.inputs if socket.type == "RGBA")  # it has those of all data types
        self.link(factor, node.inputs[0])
        self.link(one, first)
        self.link(other, second)
        return next(socket for socket in node.outputs if socket.type == "RGBA")

    def split(self, color: Any, mode: str = "RGB") -> Any:
        """The four parts of a color."""
        node = self.add("CompositorNodeSeparateColor")
        node.mode = mode
        self.link(color, node.inputs[0])
        return node.outputs

    def join(self, *parts: Any, mode: str = "RGB") -> Any:
        """A color from its four parts."""
        node = self.add("CompositorNodeCombineColor")
        node.mode = mode
        for value, target in zip(parts, node.inputs, strict=True):
            self.link(value, target)
        return node.outputs[0]

    def scale(self, color: Any, other: Any, name: str) -> Any:
        """A picture in the size of another, by a node of that name."""
        node, info, size = (self.add(kind) for kind in ("CompositorNodeScale", "CompositorNodeImageInfo",
                                                        "ShaderNodeSeparateXYZ"))
        node.name = node.label = name
        node.inputs["Type"].default_value = "Absolute"
        self.link(other, info.inputs[0])
        self.link(info.outputs["Dimensions"], size.inputs[0])
        for source, target in zip((color, size.outputs["X"], size.outputs["Y"]), ("Image", "X", "Y"), strict=True):
            self.link(source, node.inputs[target])
        return node.outputs[0]

    def to_display(self, color: Any) -> Any:
        """Scene linear to sRGB."""
        return self._converted(color, compat.working_space(), "sRGB")

    def to_linear(self, color: Any) -> Any:
        """sRGB to scene linear."""
        return self._converted(color, "sRGB", compat.working_space())

    def to_file(self, color: Any) -> Any:
        """Scene linear to the space of the engine's EXR files."""
        return self._converted(color, compat.working_space(), compat.linear_name())

    def from_file(self, color: Any) -> Any:
        """The space of the engine's EXR files to scene linear."""
        return self._converted(color, compat.linear_name(), compat.working_space())

    def _converted(self, color: Any, source: str, target: str) -> Any:
        if source == target:
            return color
        node = self.add("CompositorNodeConvertColorSpace")
        node.from_color_space, node.to_color_space = source, target
        self.link(color, node.inputs[0])
        return node.outputs[0]

    def arrange(self) -> None:
        """Lay the nodes out from left to right, each right of all that it depends on."""
        column: dict[Any, int] = {}
        sources: dict[Any, list[Any]] = {node: [] for node in self.tree.nodes}
        for link in self.tree.links:
            sources[link.to_node].append(link.from_node)

        def place(node: Any) -> int:
            if node not in column:
                column[node] = max((place(source) + 1 for source in sources[node]), default=0)
            return column[node]
        taken: dict[int, float] = {}
        for node in self.tree.nodes:
            x = place(node)
            node.location = x * COLUMN, -taken.get(x, 0.0)
            taken[x] = taken.get(x, 0.0) + TALL.get(node.bl_idname, ROW)
