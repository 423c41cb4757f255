"""What artists do to nodes: none of it crashes, none loses a bake, and what cannot be baked is said."""

import os
import sys

import bpy
import pytest
from graph import Graph, painted_now, read_float, shown
from stage import NEW, picture, write_png


def refusal(graph, *names, **options):
    """What an artist reads when baking is refused."""
    with pytest.raises(RuntimeError) as error:
        graph.bake(*names, **options)
    return str(error.value)


def state(gouache, graph, node):
    return gouache.module("compositor.freshness").state_of(graph.scene, node, 1, 6)


def second(graph, node):
    """Another node with the same group, and the output linked to it."""
    copy = graph.tree.nodes.new("CompositorNodeGroup")
    copy.node_tree = node.node_tree
    graph.link(graph.plate.outputs[0], copy.inputs["Image"])
    graph.link(copy.outputs[0], graph.sink.inputs[0])
    return copy


def test_renamed_and_muted(gouache, graph, capfd):
    """Node, group, both before and after a bake: the frames are found again."""
    graph.bake(graph.node.name)
    painted_now(capfd)
    graph.node.name, graph.node.node_tree.name = "Poster", "Poster Look"
    assert shown(graph.render(1, 2)) == [1, 2] and state(gouache, graph, graph.node).kind == "fresh"
    graph.bake("Poster")
    assert painted_now(capfd) == []
    graph.node.mute = True
    assert shown(graph.render(3)) == [None] and gouache.module("compositor.find").bakeable(graph.scene) == []
    assert "has no Gouache node to bake" in refusal(graph, all=True)
    graph.bake("Poster")
    graph.node.mute = False
    assert shown(graph.render(3)) == [3]


@pytest.mark.parametrize("moment", ["Capturing", "Painted"])
def test_renamed_while_it_is_baked(gouache, graph, moment):
    """Also where another node takes the name: each keeps its own bake."""
    other = graph.add(graph.plate)
    order = gouache.module("compositor.orders").order_node(graph.scene, graph.node, 1, 6)
    for status in gouache.module("bake").Bake([order], step_seconds=0.1):
        if status.text.startswith(moment) and graph.node.name == "Style Transfer":
            graph.node.name = "Poster"
            other.name = "Style Transfer"
    assert state(gouache, graph, graph.node).kind == "fresh" and state(gouache, graph, other).kind == "never"


@pytest.mark.parametrize("moment", ["Capturing", "Painted"])
def test_the_scene_renamed_while_a_node_is_baked(gouache, graph, moment):
    order = gouache.module("compositor.orders").order_node(graph.scene, graph.node, 1, 6)
    for status in gouache.module("bake").Bake([order], step_seconds=0.1, capture_seconds=0.0):
        if status.text.startswith(moment):
            graph.scene.name = "Opening"
    assert state(gouache, graph, graph.node).kind == "fresh"


def test_undo_and_redo(gouache, graph, capfd):
    """A bake that is undone is not lost: redo shows it, and baking again finds its frames."""
    window = bpy.context.window_manager.windows[0]

    def step(operator):
        with bpy.context.temp_override(window=window, area=window.screen.areas[0], screen=window.screen):
            assert operator() == {"FINISHED"}
        found, = gouache.module("compositor.find").nodes_of(bpy.context.scene)
        graph.scene, graph.node = bpy.context.scene, found
        return state(gouache, graph, found).kind
    bpy.ops.ed.undo_push(message="Before")
    graph.bake(graph.node.name)
    bpy.ops.ed.undo_push(message="Bake")
    assert step(bpy.ops.ed.undo) == "never" and shown(graph.render(2)) == [None]
    assert step(bpy.ops.ed.redo) == "fresh" and shown(graph.render(2)) == [2]
    assert step(bpy.ops.ed.undo) == "never"
    painted_now(capfd)
    graph.bake(graph.node.name)
    assert painted_now(capfd) == [] and shown(graph.render(2)) == [2]


def test_duplicates_share_one_bake_until_made_single(gouache, graph, capfd):
    node = graph.node
    graph.bake(node.name)
    copy = second(graph, node)
    assert shown(graph.render(1, 2)) == [1, 2]
    assert len(gouache.module("compositor.find").bakeable(graph.scene)) == 1
    copy.node_tree = node.node_tree.copy()  # Make Single User
    assert shown(graph.render(1, 2)) == [1, 2]
    other = graph.footage(name="other", first=1, size=(64, 36))
    write_png(gouache.folder / "other" / "00001.png", picture(99))
    graph.link(other.outputs[0], copy.inputs["Image"])
    painted_now(capfd)
    graph.bake(copy.name)
    groups = gouache.module("compositor.groups")
    assert groups.painting_folder(copy.node_tree) != groups.painting_folder(node.node_tree)
    painted_now(capfd)
    graph.bake(node.name)
    assert painted_now(capfd) == []  # the original kept its own


def test_what_is_built_inside_the_group(graph):
    """It stays when other frames are shown by a bake with other settings or another range."""
    graph.bake(graph.node.name, first=1, last=3)
    tree = graph.node.node_tree
    painting, blur = tree.nodes["Gouache Painting"], tree.nodes.new("CompositorNodeBlur")
    used = [link.to_socket for link in painting.outputs[0].links]
    tree.links.new(painting.outputs[0], blur.inputs[0])
    for socket in used:
        tree.links.new(blur.outputs[0], socket)
    tree.gouache.seed = 3
    graph.bake(graph.node.name, first=2, last=6)
    assert "Blur" in tree.nodes and shown(graph.render(1, 6)) == [None, 2, 3, 4, 5, 6]
    tree.links.remove(next(link for link in tree.links if link.from_socket.name == "Strength"))
    graph.bake(graph.node.name, first=1, last=6)  # what leads nowhere is built anew
    assert "Blur" not in tree.nodes and shown(graph.render(1, 6)) == [1, 2, 3, 4, 5, 6]


def test_a_copy_that_outlives_its_original(graph, capfd):
    """It goes on from what they had in common."""
    graph.bake(graph.node.name)
    copy = second(graph, graph.node)
    copy.node_tree = graph.node.node_tree.copy()  # Make Single User
    graph.tree.nodes.remove(graph.node)
    painted_now(capfd)
    graph.bake(copy.name)
    assert painted_now(capfd) == []


@pytest.mark.parametrize("name", ["Image", "Mask", "Strength", "Keep Color"])
def test_sockets_that_are_gone(gouache, graph, name):
    """A painting could not be shown without them: said before anything is painted."""
    interface = graph.node.node_tree.interface
    socket = next(item for item in interface.items_tree if item.name == name and item.in_out == "INPUT")
    socket.name = "Something else"
    assert f"has lost {name}: renamed or removed. Name it so again" in refusal(graph, graph.node.name)
    interface.remove(socket)
    assert f"has lost {name}: renamed or removed. Name it so again" in refusal(graph, graph.node.name)
    gouache.module("due").has_image(graph.node)
    assert gouache.jobs() == []


def test_two_nodes_of_the_same_style_in_a_row(gouache, graph):
    """The later one is baked after the earlier one, from what that paints."""
    last = graph.add()
    graph.link(graph.node.outputs[0], last.inputs["Image"])
    graph.node.name, last.name = "Z first", "A last"
    graph.bake(all=True)
    groups = gouache.module("compositor.groups")
    first, then = (groups.painting_folder(node.node_tree) for node in (graph.node, last))
    assert first != then and shown(graph.render(3)) == [3]
    assert [job["output"] for job in gouache.jobs()] == ["result", "result"]
    assert shown([read_float(then.parent / "source" / "image" / "00003.exr")]) == [3]
    assert [state(gouache, graph, node).kind for node in (graph.node, last)] == ["fresh", "fresh"]
    graph.node.node_tree.gouache.seed = 9
    graph.bake("Z first")
    assert state(gouache, graph, last).kind == "stale"


def test_inside_another_group(gouache, graph):
    """It renders, but cannot be baked there; the message says what to do."""
    outer = bpy.data.node_groups.new("Outer", "CompositorNodeTree")
    for way in ("INPUT", "OUTPUT"):
        outer.interface.new_socket("Image", in_out=way, socket_type="NodeSocketColor")
    begin, end = outer.nodes.new("NodeGroupInput"), outer.nodes.new("NodeGroupOutput")
    inner = outer.nodes.new("CompositorNodeGroup")
    graph.bake(graph.node.name)
    inner.node_tree, inner.name = graph.node.node_tree, "Inner"
    outer.links.new(begin.outputs[0], inner.inputs["Image"])
    outer.links.new(inner.outputs[0], end.inputs[0])
    holder = graph.tree.nodes.new("CompositorNodeGroup")
    holder.node_tree = outer
    graph.link(graph.plate.outputs[0], holder.inputs[0])
    graph.link(holder.outputs[0], graph.sink.inputs[0])
    assert shown(graph.render(2, 3)) == [2, 3]
    graph.tree.nodes.remove(graph.node)
    expected = "The node 'Inner' lies inside the group 'Outer', where its inputs cannot be captured. Move it out"
    assert expected in refusal(graph, "Inner") and expected in refusal(graph, all=True)


def test_in_a_tree_that_the_scene_does_not_use(gouache, graph):
    """It may be seen in the editor nevertheless, and is in no group."""
    if NEW:
        graph.scene.compositing_node_group = None
    else:
        graph.scene.use_nodes = False
    with graph.editor(), pytest.raises(RuntimeError, match="Scene 'Scene' does not use the node tree with 'Style T"):
        bpy.ops.gouache.bake_nodes()
    line, = gouache.module("compositor.panels").obstacle_of(graph.scene, graph.node)
    assert line == ("The scene does not use this node tree", "ERROR")


def test_what_is_missing_is_said(gouache, graph):
    node = graph.node
    graph.tree.links.remove(node.inputs["Image"].links[0])
    assert "Nothing is linked to Image of 'Style Transfer'" in refusal(graph, node.name)
    color = graph.tree.nodes.new("CompositorNodeRGB")
    graph.link(color.outputs[0], node.inputs["Image"])
    assert "Image of 'Style Transfer' is a single color" in refusal(graph, node.name)
    graph.link(graph.plate.outputs[0], node.inputs["Image"])
    node.node_tree.gouache.styles.clear()
    assert "No style picture is set" in refusal(graph, node.name)
    assert "There is no Gouache node 'Nobody'" in refusal(graph, "Nobody")
    assert "is not one of Gouache's" in refusal(graph, color.name)
    (gouache.folder / "gouache").write_text("in the way")
    node.node_tree.gouache.styles.add().path = str(gouache.style)
    assert "cannot be written to. " in refusal(graph, node.name)
    bpy.data.scenes.new("Empty")
    assert "has no Gouache node to bake" in refusal(graph, all=True, scene="Empty")
    assert "There is no scene 'Nowhere'" in refusal(graph, all=True, scene="Nowhere")
    assert gouache.jobs() == []


def test_without_a_camera(gouache, graph):
    """Footage needs none; a render does, and says so."""
    graph.scene.camera = None
    graph.bake(graph.node.name)
    assert shown(graph.render(1)) == [1]
    layers = graph.tree.nodes.new("CompositorNodeRLayers")
    graph.link(layers.outputs[0], graph.node.inputs["Image"])
    assert "has no camera, so its Render Layers cannot be captured. Add a camera" in refusal(graph, graph.node.name)


def test_a_view_layer_that_is_not_rendered(gouache, graph):
    """Where nothing else is seen, that is said before any work."""
    layers, over = (graph.tree.nodes.new(f"CompositorNode{kind}") for kind in ("RLayers", "AlphaOver"))
    layers.scene = graph.scene
    graph.scene.view_layers[0].use = False
    graph.link(layers.outputs[0], graph.node.inputs["Image"])
    assert ("View layer 'ViewLayer' of scene 'Scene' is not rendered. Tick Use for Rendering"
            in refusal(graph, graph.node.name))
    for source, socket in zip((graph.plate, layers), [s for s in over.inputs if s.type == "RGBA"], strict=True):
        graph.link(source.outputs[0], socket)
    graph.link(over.outputs[0], graph.node.inputs["Image"])
    graph.bake(graph.node.name)
    assert len(gouache.jobs()) == 1


@pytest.mark.skipif(not NEW, reason="since Blender 5.0 a compositor is a group, with a Group Input")
@pytest.mark.parametrize("on_the_way", [False, True])
def test_the_render_from_the_group_input(graph, on_the_way):
    """It can be linked and rendered, not captured: what to link is said."""
    graph.tree.interface.new_socket("Image", in_out="INPUT", socket_type="NodeSocketColor")
    source = graph.tree.nodes.new("NodeGroupInput").outputs[0]
    if on_the_way:
        exposure = graph.tree.nodes.new("CompositorNodeExposure")
        graph.link(source, exposure.inputs[0])
        source = exposure.outputs[0]
    graph.link(source, graph.node.inputs["Image"])
    assert "comes from the Group Input" in refusal(graph, graph.node.name)
    assert "Link Render Layers in its place." in refusal(graph, graph.node.name)


def test_a_picture_that_is_gone(gouache, graph):
    """Blender writes nothing for it: what to look at is said."""
    for file in (gouache.folder / "plate").iterdir():
        file.unlink()
    graph.plate.image.reload()
    assert "that its files are there and its view layer is rendered" in refusal(graph, graph.node.name)


@pytest.mark.parametrize("link", [False, True])
def test_from_another_file(gouache, graph, link):
    """Appended or linked, it shows its bake; only what is this file's own is baked."""
    graph.bake(graph.node.name)
    gouache.save()
    library = bpy.data.filepath
    (gouache.folder / "next").mkdir()
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    gouache.set_engine("resume")
    gouache.scene = bpy.context.scene
    gouache.scene.gouache.bake_on_render = False
    bpy.ops.wm.save_as_mainfile(filepath=str(gouache.folder / "next" / "other.blend"))
    with bpy.data.libraries.load(library, link=link, relative=True) as (_, into):
        into.node_groups = ["Style Transfer"]
    there = Graph(gouache)
    there.node = there.tree.nodes.new("CompositorNodeGroup")
    there.node.node_tree = bpy.data.node_groups["Style Transfer"]
    there.link(there.footage(name="next/plate").outputs[0], there.node.inputs["Image"])
    there.link(there.node.outputs[0], there.sink.inputs[0])
    assert shown(there.render(1, 3)) == [1, 2, 3]
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert shown(there.render(1, 3)) == [1, 2, 3]
    gouache.scene = there.scene = bpy.context.scene
    name = gouache.module("compositor.find").nodes_of(there.scene)[0].name
    if link:
        assert "is linked from another file. Bake it there, or make it local" in refusal(there, name)
    else:
        there.bake(name)
        assert shown(there.render(1, 3)) == [1, 2, 3]
        assert list((gouache.folder / "next" / "gouache").iterdir())


def test_an_engine_that_fails(gouache, graph):
    """The message says so, and the group is as it was: it passes Image through."""
    for mode, expected in (("crash", "stopped with code 3"), ("kill", "was ended by signal 9"),
                           ("error", "cannot be read")):
        gouache.set_engine(mode)
        assert expected in refusal(graph, graph.node.name)
        assert state(gouache, graph, graph.node).kind == "never" and len(bpy.data.scenes) == 1
    gouache.set_engine("resume")
    graph.bake(graph.node.name)
    assert shown(graph.render(1, 6)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="everything can be written to here")
def test_a_cache_that_cannot_be_written(gouache, graph):
    cache = gouache.folder / "gouache"
    cache.mkdir()
    cache.chmod(0o500)
    assert "cannot be written to. " in refusal(graph, graph.node.name)
    cache.chmod(0o700)
