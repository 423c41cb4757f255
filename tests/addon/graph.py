"""Compositor graphs for the tests: a scene's tree with footage, Gouache nodes, and what they render."""

import bpy
import numpy as np
from fake_engine import exr
from stage import NEW, SIZE, picture, write_png

FLAT = (0.25, 0.5)  # green and blue of what the fake engine paints


def read_float(path, is_color=True):
    """The numbers in a picture file, row 0 on top; an EXR's colors in scene linear as Blender reads it."""
    image = bpy.data.images.load(str(path))
    try:
        if path.suffix != ".exr" or not is_color:
            image.colorspace_settings.name = "Non-Color"  # what is in the file itself
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(flat)
    finally:
        bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1]


def write_exr(path, pixels):
    """Write an EXR of 32-bit floats from an array (height, width, 4), row 0 on top."""
    height, width = pixels.shape[:2]
    rows = [np.ascontiguousarray(row.T[[3, 2, 1, 0]], "<f4").tobytes() for row in pixels]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(exr(width, height, rows))
    return path


def shown(frames):
    """For each frame the number that the fake engine painted it for, or None if it shows something else."""
    found = []
    for frame in frames:
        red, plain = frame[0, 0, 0], np.abs(frame[..., 1:3] - FLAT).max() < 1e-3 and np.ptp(frame[..., 0]) < 1e-3
        found.append(round(float(red) * 100) if plain else None)
    return found


def painted_now(capfd):
    """The frames that were painted since this was asked last."""
    out = capfd.readouterr().out
    return [int(line.split("Painted frame ")[1].split()[0]) for line in out.splitlines() if "Painted frame" in line]


class Graph:
    """A compositor tree: pictures -> Style Transfer -> output, at the pictures' size."""

    def __init__(self, gouache, frames=6):
        self.gouache, self.scene = gouache, gouache.scene
        self.scene.render.resolution_x, self.scene.render.resolution_y = SIZE
        self.scene.frame_start, self.scene.frame_end = 1, frames
        self.scene.view_settings.view_transform = "Standard"
        if NEW:
            self.tree = bpy.data.node_groups.new("Graph", "CompositorNodeTree")
            self.scene.compositing_node_group = self.tree
            self.tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
            self.sink = self.tree.nodes.new("NodeGroupOutput")
        else:
            self.scene.use_nodes = True
            self.tree = self.scene.node_tree
            self.tree.nodes.clear()
            self.sink = self.tree.nodes.new("CompositorNodeComposite")

    def link(self, source, target):
        self.tree.links.new(source, target)

    def footage(self, frames=6, name="plate", first=1, **look):
        """An Image node with numbered pictures."""
        folder = self.gouache.folder / name
        for number in range(first, first + frames):
            write_png(folder / f"{number:05d}.png", picture(number, **look))
        node = self.tree.nodes.new("CompositorNodeImage")
        node.image = bpy.data.images.load(str(folder / f"{first:05d}.png"))
        node.image.source = "SEQUENCE"
        node.frame_start, node.frame_duration, node.frame_offset = first, frames, first - 1
        node.use_auto_refresh = True
        return node

    def still(self, path):
        """An Image node with one picture."""
        node = self.tree.nodes.new("CompositorNodeImage")
        node.image = bpy.data.images.load(str(path))
        return node

    def add(self, source=None, style=True, effect="style"):
        """A node by our operator, between a source and the output, with a style picture."""
        assert bpy.ops.gouache.add_node(effect=effect) == {"FINISHED"}
        node = self.tree.nodes.active
        if source is not None:
            self.link(source.outputs[0], node.inputs["Image"])
        if style:
            node.node_tree.gouache.styles.add().path = str(self.gouache.style)
        self.link(node.outputs[0], self.sink.inputs[0])
        return node

    def bake(self, *names, **options):
        assert bpy.ops.gouache.bake_nodes(nodes="\n".join(names), **options) == {"FINISHED"}

    def render(self, first=1, last=None, kind="exr", scene=None):
        """The composited frames first..last, as floats in scene linear (or as the file has them for png)."""
        scene = scene or bpy.context.scene
        folder = self.gouache.folder / f"render {len(list(self.gouache.folder.iterdir()))}"
        image = scene.render.image_settings
        if hasattr(image, "media_type"):
            image.media_type = "IMAGE"
        image.file_format, image.color_mode = {"exr": "OPEN_EXR", "png": "PNG"}[kind], "RGBA"
        image.color_depth = {"exr": "32", "png": "16"}[kind]
        scene.render.dither_intensity = 0.0
        scene.render.use_sequencer, scene.render.use_compositing = False, True
        saved = scene.frame_start, scene.frame_end, scene.render.filepath
        scene.frame_start, scene.frame_end = first, last or first
        scene.render.filepath = f"{folder}/#####"
        bpy.ops.render.render(animation=True, scene=scene.name)
        scene.frame_start, scene.frame_end, scene.render.filepath = saved
        return [read_float(folder / f"{frame:05d}.{kind}") for frame in range(first, (last or first) + 1)]

    def editor(self):
        """A context in a node editor that shows the tree."""
        window = bpy.context.window_manager.windows[0]
        area = max(window.screen.areas, key=lambda a: a.width * a.height)
        area.ui_type = "CompositorNodeTree"
        space = area.spaces.active
        if NEW:
            space.node_tree = self.tree
        region = next(r for r in area.regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=window, area=area, region=region, space_data=space, scene=self.scene,
                                         active_node=self.tree.nodes.active)
