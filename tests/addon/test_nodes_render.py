"""A node that paints a 3D render: its passes as exact motion, transforms on the way, changes in the scene."""

import sys

import bpy
import numpy as np
import pytest
from graph import Graph, painted_now, read_float, shown


@pytest.fixture
def rendered(gouache):
    """Render Layers (a moving cube, Cycles, one sample) -> Style Transfer -> output."""
    if gouache is None:
        return None
    gouache.set_engine("identity")
    made = Graph(gouache, frames=3)
    scene = made.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.cycles.use_animated_seed = False
    scene.view_layers[0].use_pass_vector = scene.view_layers[0].use_pass_z = True
    scene.render.resolution_percentage = 50
    made.cube = bpy.data.objects["Cube"]
    for frame in (1, 5):
        made.cube.location.x = frame / 3
        made.cube.keyframe_insert("location", frame=frame)
    made.layers = made.tree.nodes.new("CompositorNodeRLayers")
    made.node = made.add(made.layers)
    return made


def test_render_layers_with_exact_motion(gouache, rendered, capfd):
    before = rendered.render(1, 3)
    rendered.bake(rendered.node.name)
    job, = gouache.jobs()
    assert job["motion"]["flow"] == "source/motion"
    folder = gouache.module("compositor.groups").painting_folder(rendered.node.node_tree).parent
    assert read_float(folder / "source" / "image" / "00002.exr").shape == (18, 32, 4)
    names = (folder / "source" / "motion" / "00002.exr").read_bytes()[:4000]
    assert all(f"Vector.{axis}\0".encode() in names for axis in "XYZW") and b"Depth." in names
    after = rendered.render(1, 3)
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) < 1 / 1024
    gouache.set_engine("resume")
    painted_now(capfd)
    rendered.bake(rendered.node.name)
    rendered.bake(rendered.node.name)
    assert painted_now(capfd) == [1, 2, 3]  # the same render gives the same bytes, so the second bake has nothing to do


def assert_moved_picture_stays(gouache, rendered, on_the_way):
    """A bake of what comes through a node that moves it has no motion, and lies where the picture lay."""
    rendered.link(rendered.layers.outputs[0], on_the_way.inputs[0])
    rendered.link(on_the_way.outputs[0], rendered.node.inputs["Image"])
    before = rendered.render(1, 3)
    rendered.bake(rendered.node.name)
    assert gouache.jobs()[0]["motion"]["flow"] == ""
    after = rendered.render(1, 3)
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) < 1 / 1024


def test_a_transform_on_the_way(gouache, rendered):
    """What is moved is captured as it lies on the canvas, without motion that would no longer fit."""
    move = rendered.tree.nodes.new("CompositorNodeTranslate")
    move.inputs[1].default_value = 6
    assert_moved_picture_stays(gouache, rendered, move)


def within_group(tree, kind):
    """A node of a kind inside a group inside a group: the outer one's node, and the inner node."""
    made = None
    for _ in range(2):
        group = bpy.data.node_groups.new("Plain", "CompositorNodeTree")
        for way in ("INPUT", "OUTPUT"):
            group.interface.new_socket("Image", in_out=way, socket_type="NodeSocketColor")
        begin, end = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
        inside = group.nodes.new(kind if made is None else "CompositorNodeGroup")
        if made is not None:
            inside.node_tree = made
        else:
            innermost = inside
        group.links.new(begin.outputs[0], inside.inputs[0])
        group.links.new(inside.outputs[0], end.inputs[0])
        made = group
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree = made
    return node, innermost


def test_a_transform_inside_a_group(gouache, rendered):
    """It moves the picture as one outside does."""
    group, move = within_group(rendered.tree, "CompositorNodeTranslate")
    move.inputs[1].default_value = 6
    assert_moved_picture_stays(gouache, rendered, group)


def test_rigid_bodies_that_were_only_played(rendered):
    """The scene's own render shows them move, a capture would not: they are to be baked first."""
    scene = rendered.scene
    with bpy.context.temp_override(object=rendered.cube, active_object=rendered.cube):
        bpy.ops.rigidbody.object_add()
    rendered.bake(rendered.node.name)  # never played, they stand still in every render
    for frame in range(1, 4):
        scene.frame_set(frame)
    with pytest.raises(RuntimeError, match=r"rigid bodies of scene 'Scene' were played but not baked.* Press Bake in"):
        rendered.bake(rendered.node.name)
    with bpy.context.temp_override(scene=scene, point_cache=scene.rigidbody_world.point_cache):
        bpy.ops.ptcache.bake(bake=True)
    rendered.bake(rendered.node.name)


def test_changes_in_the_scene_are_noticed(gouache, rendered):
    """In a window Gouache watches; here it is told to."""
    watch, state_of = gouache.module("compositor.watch"), gouache.module("compositor.freshness").state_of
    gouache.set_engine("resume")
    watch.start()
    try:
        rendered.bake(rendered.node.name)
        bpy.context.view_layer.update()
        rendered.scene.frame_set(2)
        assert state_of(rendered.scene, rendered.node, 1, 3).kind == "fresh"
        rendered.cube.scale.x = 2.0
        bpy.context.view_layer.update()
        assert state_of(rendered.scene, rendered.node, 1, 3).reasons == ("input changed",)
        rendered.bake(rendered.node.name)
        bpy.context.view_layer.update()
        assert state_of(rendered.scene, rendered.node, 1, 3).kind == "fresh" and shown(rendered.render(2)) == [2]
    finally:
        watch.stop()


def test_changes_while_it_is_painted_are_noticed(gouache, rendered, monkeypatch):
    """An artist goes on working in 3D while a window's bake paints; what is captured is no change."""
    watch, state_of = gouache.module("compositor.watch"), gouache.module("compositor.freshness").state_of
    bake, order_node = gouache.module("bake"), gouache.module("compositor.orders").order_node
    gouache.set_engine("resume")
    watch.start()
    try:
        for moves in (False, True):
            rendered.node.node_tree.gouache.seed += 1  # so that there is something to paint
            job = bake.Bake([order_node(rendered.scene, rendered.node, 1, 3)], step_seconds=0.1)
            monkeypatch.setattr(bake, "current", job)
            for status in job:
                if status.text.startswith("Painted") and moves:
                    rendered.cube.scale.x += 0.5
                bpy.context.view_layer.update()
            assert state_of(rendered.scene, rendered.node, 1, 3).kind == ("stale" if moves else "fresh")
    finally:
        watch.stop()


class Counting(bpy.types.RenderEngine):
    """It notes which scenes are rendered, and renders nothing."""

    bl_idname, bl_label, rendered = "COUNTING", "Counting", []

    def update_render_passes(self, scene=None, renderlayer=None):
        self.register_pass(scene, renderlayer, "Combined", 4, "RGBA", "COLOR")
        self.register_pass(scene, renderlayer, "CryptoObject00", 4, "RGBA", "COLOR")

    def render(self, depsgraph):
        self.rendered.append(depsgraph.scene.name)
        self.add_pass("CryptoObject00", 4, "RGBA")
        render = depsgraph.scene.render
        self.end_result(self.begin_result(0, 0, render.resolution_x, render.resolution_y))


def test_a_cryptomatte_beside_render_layers(graph):
    """The scene is rendered once a frame for both: the copy, in which drivers that ask the scene are right."""
    scene, nodes = graph.scene, graph.tree.nodes
    layers, matte = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeCryptomatteV2")
    matte.scene = scene
    graph.link(layers.outputs[0], graph.node.inputs["Image"])
    graph.link(matte.outputs["Matte"], graph.node.inputs["Mask"])
    scene.view_layers[0].use_pass_cryptomatte_object = True
    bpy.utils.register_class(Counting)
    try:
        scene.render.engine, scene.frame_end = Counting.bl_idname, 3
        graph.bake(graph.node.name)
        assert len(Counting.rendered) == 3 and scene.name not in Counting.rendered
    finally:
        bpy.utils.unregister_class(Counting)


def test_a_moving_style_is_the_same_in_all_chunks(gouache, monkeypatch):
    """It is that of the file's first frame, which `-s` hides when a render begins."""
    graph = Graph(gouache)
    node = graph.add(graph.footage(), style=False)
    graph.link(graph.footage(name="styles").outputs[0], node.inputs["Style"])
    graph.scene.frame_start = 2
    gouache.save()
    monkeypatch.setattr(sys, "argv", [*sys.argv, "-s", "4", "-a"])
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    scene.frame_start = 4
    node, = gouache.module("compositor.find").nodes_of(scene)
    assert gouache.module("compositor.orders").order_node(scene, node, 4, 6).subject.plan.still == 2
