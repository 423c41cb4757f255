"""What is captured of data that asks its scene for the frame, while only a copy of the scene goes through them."""

import bpy
import numpy as np
import pytest
from graph import Graph
from stage import NEW


def driven(owner, path, index, scene, expression, asks="frame_current"):
    """Drive a value by a property of a scene; returns the driver's target."""
    driver = owner.driver_add(path, index).driver
    variable = driver.variables.new()
    variable.name, driver.expression = "value", expression
    target, = variable.targets
    target.id_type, target.id, target.data_path = "SCENE", scene, asks
    return target


@pytest.fixture
def asking(gouache):
    """Render Layers -> Style Transfer -> output; the plane that is rendered moves as the scene's frame tells it."""
    if gouache is None:
        return None
    gouache.set_engine("identity")
    made = Graph(gouache, frames=3)
    made.plane = plane_in(made.scene)
    driven(made.plane, "location", 0, made.scene, "value - 2")
    made.layers = made.tree.nodes.new("CompositorNodeRLayers")
    made.node = made.add(made.layers)
    return made


def plane_in(scene):
    """A plane before a camera, and nothing else, in a scene."""
    scene.render.engine, scene.render.film_transparent = "BLENDER_WORKBENCH", True
    for thing in list(scene.collection.all_objects):
        bpy.data.objects.remove(thing)
    mesh = bpy.data.meshes.new("Plane")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    plane, camera = bpy.data.objects.new("Plane", mesh), bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = 0, 0, 8
    for thing in (plane, camera):
        scene.collection.objects.link(thing)
    scene.camera = camera
    return plane


def assert_painted_as_rendered(graph):
    """A painting that changes nothing shows what is rendered, which moves."""
    graph.node.mute = True
    before = graph.render(1, 3)
    graph.node.mute = False
    graph.bake(graph.node.name)
    assert np.abs(before[0] - before[2]).max() > 0.1
    assert max(np.abs(a - b).max() for a, b in zip(graph.render(1, 3), before, strict=True)) < 1 / 1024


def test_driven_by_the_frame_of_the_scene(asking):
    assert_painted_as_rendered(asking)


def test_driven_by_a_keyed_property_of_the_scene(asking):
    scene = asking.scene
    for frame in (1, 3):
        scene["rig"] = float(frame)
        scene.keyframe_insert('["rig"]', frame=frame)
    driven(asking.plane, "location", 1, scene, "value / 2 - 1", '["rig"]')
    assert_painted_as_rendered(asking)


def test_a_node_driven_by_the_frame_of_the_scene(gouache, graph):
    gouache.set_engine("identity")
    exposure = graph.tree.nodes.new("CompositorNodeExposure")
    driven(graph.tree, exposure.inputs[1].path_from_id("default_value"), -1, graph.scene, "-value / 2")
    graph.link(graph.plate.outputs[0], exposure.inputs[0])
    graph.link(exposure.outputs[0], graph.node.inputs["Image"])
    assert_painted_as_rendered(graph)


def test_a_scene_strip_driven_by_the_film(gouache):
    """The scene that it shows asks the film's scene for its frame."""
    strip = gouache.scene_strip()
    plane = bpy.data.objects["Plane"]
    plane.animation_data_clear()
    driven(plane, "location", 0, gouache.scene, "value - 2")
    before = gouache.render(1, 3)
    gouache.paint(strip)
    strip.mute = True
    assert (before[0] != before[2]).any()
    for now, then in zip(gouache.render(1, 3), before, strict=True):
        assert np.abs(now - then)[then[..., 3] > 0].max() <= 1 and (now[..., 3] == then[..., 3]).all()


def everything_that_asks(scene):
    """Targets of drivers in all kinds of data, among them what lies inside other data."""
    material, world = bpy.data.materials.new("Paint"), bpy.data.worlds.new("Sky")
    for owner in (material, world):
        if not NEW:
            owner.use_nodes = True
    material.node_tree.nodes.new("ShaderNodeValue").name = "Value"
    world.node_tree.nodes.new("ShaderNodeValue").name = "Value"
    thing = bpy.data.objects.new("Thing", bpy.data.meshes.new("Thing"))
    thing.shape_key_add(name="Basis")
    thing.shape_key_add(name="Smile")
    group = bpy.data.node_groups.new("Look", "CompositorNodeTree")
    group.nodes.new("ShaderNodeMath").name = "Value"
    places = [(material.node_tree, 'nodes["Value"].outputs[0].default_value'), (thing, "hide_render"),
              (world.node_tree, 'nodes["Value"].outputs[0].default_value'), (bpy.data.lights.new("A", "SUN"), "energy"),
              (thing.data.shape_keys, 'key_blocks["Smile"].value'), (group, 'nodes["Value"].inputs[0].default_value')]
    return [driven(owner, path, -1, scene, "value") for owner, path in places]


def test_drivers_ask_the_copy_only_while_it_renders(asking):
    """Wherever they are; afterwards, nothing is left of that."""
    scene, seen = asking.scene, []
    targets = everything_that_asks(scene)
    bpy.data.objects["Camera"].driver_add("location", 0)  # asks nobody

    def look(*_):
        seen.append({target.id for target in targets})
    bpy.app.handlers.render_pre.append(look)
    try:
        asking.bake(asking.node.name)
    finally:
        bpy.app.handlers.render_pre.remove(look)
    assert len(seen) == 3 and all(len(ids) == 1 and scene not in ids for ids in seen)
    assert {target.id for target in targets} == {scene}


def test_what_was_set_is_set_back(gouache):
    """Also where the render fails."""
    rendering, scene = gouache.module("rendering"), gouache.scene
    with pytest.raises(RuntimeError), rendering.setting([scene], "frame_step", 7):
        assert scene.frame_step == 7
        raise RuntimeError
    assert scene.frame_step == 1


def test_a_bake_of_what_is_driven_is_no_change(gouache, asking):
    """In a window Gouache watches; what it does to drivers itself is not what an artist does."""
    watch, state_of = gouache.module("compositor.watch"), gouache.module("compositor.freshness").state_of
    watch.start()
    try:
        asking.bake(asking.node.name)
        bpy.context.view_layer.update()
        assert state_of(asking.scene, asking.node, 1, 3).kind == "fresh"
    finally:
        watch.stop()


def grouped(graph, kind):
    """A group in the graph with a node of a kind inside that its output shows; the group's node, and the inner one."""
    inner = bpy.data.node_groups.new("Plate", "CompositorNodeTree")
    for way in ("INPUT", "OUTPUT"):
        inner.interface.new_socket("Image", in_out=way, socket_type="NodeSocketColor")
    node = inner.nodes.new(kind)
    inner.links.new(node.outputs[0], inner.nodes.new("NodeGroupOutput").inputs[0])
    group = graph.tree.nodes.new("CompositorNodeGroup")
    group.node_tree = inner
    return group, node


@pytest.mark.skipif(not NEW, reason="groups with Render Layers came with Blender 5.0")
def test_render_layers_inside_a_group(asking):
    """They show what moves, too; a node at the top of the tree has Blender render it."""
    group, inside = grouped(asking, "CompositorNodeRLayers")
    inside.scene = asking.layers.scene = asking.scene
    asking.link(group.outputs[0], asking.node.inputs["Image"])
    assert_painted_as_rendered(asking)
    assert inside.scene == asking.scene


def written_by(gouache, tree, socket):
    """A File Output node, and the folder that it writes to."""
    folder = gouache.folder / "delivery"
    return gouache.module("compat").add_picture_output(tree, socket, str(folder), is_color=True), folder


def test_a_file_output_inside_a_group(gouache, asking):
    """Only a render writes it: a bake of what comes through the group does not."""
    group, inside = grouped(asking, "NodeGroupInput")
    output, folder = written_by(gouache, group.node_tree, inside.outputs[0])
    asking.link(asking.layers.outputs[0], group.inputs[0])
    asking.link(group.outputs[0], asking.node.inputs["Image"])
    asking.bake(asking.node.name)
    assert not folder.exists() and not output.mute
    asking.render(1, 3)
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_file_output_of_a_scene_strip(gouache, is_cut):
    """Nor does painting a strip of a scene write what that scene's compositor does, also where it shows a cut of it."""
    strip = gouache.scene_strip()
    film, gouache.scene = gouache.scene, strip.scene
    graph = Graph(gouache, frames=3)
    gouache.scene = film
    layers = graph.tree.nodes.new("CompositorNodeRLayers")
    layers.scene = strip.scene
    graph.link(layers.outputs[0], graph.sink.inputs[0])
    output, folder = written_by(gouache, graph.tree, layers.outputs[0])
    if is_cut:
        cut = bpy.data.scenes.new("Cut")
        cut.sequence_editor_create().strips.new_scene("Shot", strip.scene, 1, 1)
        cut.render.use_sequencer = False  # of its own renders only
        strip.scene, strip.scene_input = cut, "SEQUENCER"
    gouache.paint(strip)
    assert not folder.exists() and not output.mute
