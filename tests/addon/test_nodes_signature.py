"""What comes in at a node is told by its picture: all that changes that counts, and nothing else does."""

import bpy
import numpy as np
import pytest
from graph import write_exr
from stage import NEW, picture, write_png

VALUE = "ShaderNodeValue" if NEW else "CompositorNodeValue"


class Told:
    """Whether what is told of a node's inputs is another than it was when this was asked last."""

    def __init__(self, gouache, graph):
        self.find = gouache.module("compositor.signature").signature
        self.tree_of = gouache.module("compat").compositor_tree
        self.scene, self.name = graph.scene, graph.node.name
        self.before = self.now()

    def now(self):
        return self.find(self.scene, self.tree_of(self.scene).nodes[self.name])

    def changed(self):
        before, self.before = self.before, self.now()
        return before != self.before


@pytest.fixture
def told(gouache, graph):
    return None if gouache is None else Told(gouache, graph)


@pytest.fixture
def watched(gouache, graph):
    """A scene of a plane, shown by Render Layers, while Gouache watches, as it does in a window."""
    if gouache is None:
        yield None
        return
    graph.thing = bpy.data.objects["Cube"]
    graph.link(graph.tree.nodes.new("CompositorNodeRLayers").outputs[0], graph.node.inputs["Image"])
    watch = gouache.module("compositor.watch")
    watch.start()
    bpy.context.view_layer.update()
    yield graph
    watch.stop()


def exposed(tree, source, sink):
    """An Exposure node between two sockets of a tree."""
    node = tree.nodes.new("CompositorNodeExposure")
    tree.links.new(source, node.inputs[0])
    tree.links.new(node.outputs[0], sink)
    return node


def test_values_that_nodes_give(graph, told):
    """An animated one is its curve, not what it is at the playhead."""
    value = graph.tree.nodes.new(VALUE)
    exposure = exposed(graph.tree, graph.plate.outputs[0], graph.node.inputs["Image"])
    graph.link(value.outputs[0], exposure.inputs[1])
    for frame in (1, 6):
        value.outputs[0].default_value = frame / 10
        value.outputs[0].keyframe_insert("default_value", frame=frame)
    assert told.changed()
    graph.scene.frame_set(4)
    assert not told.changed()
    value.outputs[0].default_value = 5.0
    value.outputs[0].keyframe_insert("default_value", frame=6)
    assert told.changed()


def test_a_driven_value_in_a_group(graph, told):
    group = bpy.data.node_groups.new("Plain", "CompositorNodeTree")
    for way in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Image", in_out=way, socket_type="NodeSocketColor")
    begin, end, value = (group.nodes.new(kind) for kind in ("NodeGroupInput", "NodeGroupOutput", VALUE))
    group.links.new(value.outputs[0], exposed(group, begin.outputs[0], end.inputs[0]).inputs[1])
    holder = graph.tree.nodes.new("CompositorNodeGroup")
    holder.node_tree = group
    graph.link(graph.plate.outputs[0], holder.inputs[0])
    graph.link(holder.outputs[0], graph.node.inputs["Image"])
    driver = value.outputs[0].driver_add("default_value").driver
    driver.expression = "frame / 10"
    assert told.changed()
    graph.scene.frame_set(4)
    assert not told.changed()
    driver.expression = "frame / 20"
    assert told.changed()


def test_the_part_of_a_color_that_has_no_keys(graph, told):
    color = graph.tree.nodes.new("CompositorNodeRGB")
    graph.link(color.outputs[0], graph.node.inputs["Mask"])
    color.outputs[0].keyframe_insert("default_value", index=0, frame=1)
    assert told.changed()
    color.outputs[0].default_value[1] = 0.9
    assert told.changed()


def test_the_normal_of_a_normal_node(graph, told):
    normal = graph.tree.nodes.new("CompositorNodeNormal")
    exposure = exposed(graph.tree, graph.plate.outputs[0], graph.node.inputs["Image"])
    graph.link(normal.outputs[-1], exposure.inputs[1])
    assert told.changed()
    normal.outputs[0].default_value = 1, 0, 0
    assert told.changed()


def test_how_pictures_and_clips_are_read(gouache, graph, told):
    graph.plate.image.alpha_mode = "NONE"
    assert told.changed()
    node = graph.tree.nodes.new("CompositorNodeMovieClip")
    node.clip = bpy.data.movieclips.load(str(gouache.folder / "plate" / "00001.png"))
    graph.link(node.outputs[0], graph.node.inputs["Image"])
    assert told.changed()
    for name in ("frame_start", "frame_offset"):
        setattr(node.clip, name, 3)
        assert told.changed()


def test_a_new_grade_of_plates_with_black_bars(gouache, graph, told):
    """Without compression neither a file's size nor its end changes."""
    file, pixels = gouache.folder / "plate.exr", np.zeros((180, 320, 4), np.float32)
    for grade in (0.5, 0.4):
        pixels[24:-24] = grade
        write_exr(file, pixels)
        graph.plate.image.filepath, graph.plate.image.source = str(file), "FILE"
        assert told.changed()


def test_what_is_no_other_picture(gouache, graph, told):
    """Other names, a reroute, another place: a capture for these could take hours in vain."""
    graph.plate.name, graph.plate.image.name = "My Plate", "My Picture"
    assert not told.changed()
    reroute = graph.tree.nodes.new("NodeReroute")
    graph.link(graph.plate.outputs[0], reroute.inputs[0])
    graph.link(reroute.outputs[0], graph.node.inputs["Image"])
    assert not told.changed()
    bpy.ops.file.make_paths_relative()
    (gouache.folder / "v2").mkdir()
    gouache.save("v2/shot.blend")
    assert graph.plate.image.filepath == "//../plate/00001.png" and not told.changed()
    bpy.ops.file.make_paths_absolute()
    assert not told.changed()


def test_of_a_folder_only_the_sequence_counts(gouache, graph, told):
    """It may lie beside the .blend, which changes with every save."""
    for number in (1, 2, 3):
        write_png(gouache.folder / f"shot2_{number:04d}.png", picture(number))
    graph.plate.image.filepath = str(gouache.folder / "shot2_0001.png")
    assert told.changed()
    gouache.save()
    write_png(gouache.folder / "shot3_0001.png", picture(9))
    assert not told.changed()
    write_png(gouache.folder / "shot2_0003.png", picture(9))
    assert told.changed()


def test_the_camera(watched, told):
    scene = watched.scene
    scene.camera = watched.thing
    assert told.changed()
    scene.timeline_markers.new("cut", frame=3).camera = bpy.data.objects["Camera"]
    assert told.changed()
    scene.frame_set(4)  # now the marker's is the scene's
    assert not told.changed()


def test_another_name_for_the_scene(watched, told):
    watched.scene.name = "Act 2"
    assert not told.changed()


def test_what_only_a_cryptomatte_shows(watched, told):
    watched.link(watched.plate.outputs[0], watched.node.inputs["Image"])
    matte = watched.tree.nodes.new("CompositorNodeCryptomatteV2")
    matte.scene = watched.scene
    watched.link(matte.outputs["Matte"], watched.node.inputs["Mask"])
    assert told.changed()
    watched.thing.location.x += 1
    bpy.context.view_layer.update()
    assert told.changed()


def test_what_is_changed_in_another_scene(watched, told):
    """Both scenes have it, but not all."""
    other = bpy.data.scenes.new("Lighting")
    alone = bpy.data.objects.new("Alone", bpy.data.meshes.new("Alone"))
    for thing in (watched.thing, alone):
        other.collection.objects.link(thing)
    window = bpy.context.window_manager.windows[0]
    window.scene = other
    window.view_layer.update()
    alone.location.x = 1
    window.view_layer.update()
    assert not told.changed()
    watched.thing.location.x += 1
    window.view_layer.update()
    assert told.changed()
