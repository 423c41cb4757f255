"""The Collage node: from adding to rendering by pixels, what goes to the engine, its sidebar, and without a window."""

import os
import sys
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from graph import Graph, painted_now, read_float, shown, write_exr
from panel_spy import Layout, draw, draw_nodes
from stage import NEW, picture, write_png

ENGINE = os.environ.get("GOUACHE_TEST_ENGINE_PYTHON")


@pytest.fixture
def graph(gouache):
    """Footage -> Collage -> output, not baked, and an engine that paints flat colors; None in the parent."""
    if gouache is None:
        return None
    gouache.set_engine("resume")
    made = Graph(gouache)
    made.plate = made.footage()
    made.node = made.add(made.plate, style=False, effect="collage")
    return made


def state(gouache, graph):
    return gouache.module("compositor.freshness").state_of(graph.scene, graph.node, 1, 6)


def source(gouache, tree):
    """The folder of what was captured for a group."""
    return gouache.module("compositor.groups").painting_folder(tree).parent / "source"


def test_add_connect_bake_render(gouache, graph):
    """By pixels, before and after a bake, reloaded, and with the add-on off; a mode's settings reach the engine."""
    node = graph.node
    assert node.name == "Collage" and [socket.name for socket in node.inputs] == [
        "Image", "Objects", "Depth", "Mask", "Strength", "Keep Color"]
    before = graph.render(1, 6)
    graph.link(graph.plate.outputs[0], graph.sink.inputs[0])
    plain = graph.render(1, 6)
    assert all((a == b).all() for a, b in zip(before, plain, strict=True))
    graph.link(node.outputs[0], graph.sink.inputs[0])
    node.node_tree.gouache.collage.mode = "cutouts"
    graph.bake(node.name)
    job, = gouache.jobs()
    assert (job["effect"], job["animation"], job["files"]["format"]) == ("collage", {}, "exr")
    wanted = {"mode": "cutouts", "pieces": 40, "colors": 9, "roughness": 0.0, "materials": [], "mask": "", "depth": ""}
    assert {name: job["options"][name] for name in wanted} == wanted and "styles" not in job["options"]
    first = graph.render(1, 6)
    assert shown(first) == [1, 2, 3, 4, 5, 6] and shown(graph.render(7)) == [None]
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    node, = gouache.module("compositor.find").nodes_of(bpy.context.scene)
    assert node.node_tree.gouache.collage.colors == 9
    assert gouache.module("compositor.freshness").state_of(bpy.context.scene, node, 1, 6).kind == "fresh"
    assert all((a == b).all() for a, b in zip(graph.render(1, 6), first, strict=True))
    gouache.disable()
    assert all((a == b).all() for a, b in zip(graph.render(1, 6), first, strict=True))


def test_objects_depth_and_mask(gouache, graph):
    """Objects and Depth go to the engine in place of the files in the sidebar; Mask is live and does not."""
    group = graph.node.node_tree.gouache.collage
    graph.bake(graph.node.name)
    alone = source(gouache, graph.node.node_tree)
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[:, 32:], pixels[..., 3] = 255, 255
    half = graph.still(write_png(gouache.folder / "half.png", pixels))
    graph.link(half.outputs[0], graph.node.inputs["Mask"])
    assert state(gouache, graph).kind == "fresh"
    plate = read_float(alone / "image" / "00003.exr")
    frame, = graph.render(3)
    assert np.abs(frame[:, :32] - plate[:, :32]).max() < 1e-4 and shown([frame[:, 32:]]) == [3]
    group.mask = "//not there.png"
    with pytest.raises(RuntimeError, match=r"The object mask 'not there\.png' is not there"):
        graph.bake(graph.node.name)
    for name in ("Objects", "Depth"):
        graph.link(half.outputs[0], graph.node.inputs[name])
    assert state(gouache, graph).kind == "stale"
    graph.bake(graph.node.name)
    options = gouache.jobs()[-1]["options"]
    assert (options["mask"], options["depth"]) == ("source/objects", "source/depth")
    beside = source(gouache, graph.node.node_tree)
    assert beside != alone and {folder.name for folder in beside.iterdir()} == {"image", "objects", "depth"}
    depth = read_float(beside / "depth" / "00003.exr")
    assert depth[:, :32, 0].max() == 0.0 and np.abs(depth[:, 32:, 0] - 1.0).max() < 1e-3
    numbers = np.repeat(np.arange(8, dtype=np.float32), 8)[None, :, None] * np.ones((36, 1, 4), np.float32)
    numbers[..., 3] = 1.0
    still = graph.still(write_exr(gouache.folder / "numbers.exr", numbers))  # as an Object Index pass has them
    graph.link(still.outputs[0], graph.node.inputs["Objects"])
    graph.bake(graph.node.name)
    objects = read_float(source(gouache, graph.node.node_tree) / "objects" / "00003.exr")[0, 4::8, :3]
    apart = np.abs(objects[:, None] - objects[None]).sum(-1) + 9 * np.eye(8)
    assert objects.min() >= 0.0 and objects.max() <= 1.0 and apart.min() > 0.25
    color = graph.tree.nodes.new("CompositorNodeRGB")
    graph.link(color.outputs[0], graph.node.inputs["Objects"])
    with pytest.raises(RuntimeError, match="Objects of 'Collage' is a single color"):
        graph.bake(graph.node.name)


@pytest.mark.skipif(not NEW, reason="Blender 4.5 works in Linear Rec.709 only")
def test_objects_in_another_working_space(gouache, graph):
    """What tells objects apart is no color: converted to the space of the engine's files it would leave 0..1."""
    bpy.ops.wm.set_working_color_space(working_space="ACEScg")
    graph.link(graph.footage(name="numbers").outputs[0], graph.node.inputs["Objects"])
    graph.bake(graph.node.name)
    file = source(gouache, graph.node.node_tree) / "objects" / "00003.exr"
    objects = read_float(file, is_color=False)[..., :3]
    assert objects.min() >= 0.0 and objects.max() <= 1.0


def test_only_what_changes_the_collage_asks_for_a_new_bake(gouache, graph, capfd):
    group = graph.node.node_tree.gouache
    papers = write_png(gouache.folder / "papers" / "red.png", picture(3)).parent
    group.collage.materials.add().path = "//papers/"
    graph.bake(graph.node.name)
    assert gouache.jobs()[0]["options"]["materials"] == [str(papers)]
    group.style_scale, group.engine, group.collage.export_layers = 0.5, "fast", True
    assert state(gouache, graph).kind == "fresh"
    group.collage.grain = 0.9
    assert state(gouache, graph).text == "Bake again: settings changed"
    group.collage.grain = 0.5
    assert state(gouache, graph).kind == "fresh"
    write_png(papers / "blue.png", picture(5))
    assert state(gouache, graph).text == "Bake again: input changed"
    graph.bake(graph.node.name)
    painted_now(capfd)
    copy = graph.tree.nodes.new("CompositorNodeGroup")
    copy.node_tree = graph.node.node_tree
    graph.link(graph.plate.outputs[0], copy.inputs["Image"])
    graph.link(copy.outputs[0], graph.sink.inputs[0])
    assert shown(graph.render(2, 3)) == [2, 3]
    assert len(gouache.module("compositor.find").bakeable(graph.scene)) == 1
    copy.node_tree = graph.node.node_tree.copy()  # Make Single User
    copy.node_tree.gouache.collage.mode = "mosaic"
    assert group.collage.mode == "torn" and state(gouache, graph).kind == "fresh"
    assert shown(graph.render(2, 3)) == [2, 3]


def test_paper_does_not_shine(gouache, graph):
    """Highlights that the engine cannot see are not laid over the pieces."""
    bright = np.full((36, 64, 4), 4.0, np.float32)
    bright[..., 3] = 1.0
    graph.link(graph.still(write_exr(gouache.folder / "bright.exr", bright)).outputs[0], graph.node.inputs["Image"])
    graph.bake(graph.node.name, first=1, last=2)
    assert shown(graph.render(1, 2)) == [1, 2]
    graph.node.inputs["Strength"].default_value = 0.0
    assert np.abs(graph.render(1)[0] - bright).max() < 1e-3


def test_the_sidebar_has_the_collages_settings_and_no_styles(gouache, graph):
    """Its buttons work on the node's materials."""
    group = graph.node.node_tree.gouache.collage
    options = sys.modules["bl_ext.user_default.gouache.core.options"]
    seen = draw_nodes(graph)
    for name, _, _ in options.describe(options.CollageOptions):
        assert seen.count(("prop", name)) == 1, name
    for name in ("strength", "Style Strength", "engine", "Baked Keep Color", "styles"):
        assert ("prop", name) not in seen, name
    assert ("label", "Not baked yet") in seen and ("prop", "format") in seen and ("prop", "Keep Color") in seen
    assert ("label", "Uses Gouache's own papers") in seen
    group.mode = "layers"
    seen = draw_nodes(graph)
    assert ("label", "Add paintings of this clip under Materials") in seen
    assert ("operator", "gouache.material_paintings") not in seen  # a node has none of a strip's
    group.mode = "torn"
    with graph.editor():
        assert bpy.ops.gouache.material_add(path=str(gouache.style)) == {"FINISHED"}
        assert [material.path for material in group.materials] == [str(gouache.style)]
        bpy.types.GOUACHE_MT_materials.draw(SimpleNamespace(layout=Layout([])), bpy.context)
        assert bpy.ops.gouache.material_remove() == {"FINISHED"} and len(group.materials) == 0
    graph.link(graph.plate.outputs[0], graph.node.inputs["Objects"])
    seen = draw_nodes(graph)
    assert ("label", "Linked: Objects") in seen and ("prop", "mask") not in seen and ("prop", "depth") in seen
    group.export_layers = True
    for frame in (2, 5):
        graph.scene.frame_set(frame)
        with graph.editor():
            assert bpy.ops.gouache.preview_node() == {"FINISHED"}
    job = gouache.jobs()[-1]
    assert (job["effect"], job["files"]["frames"], job["files"]["format"]) == ("collage", "5-5", "png")
    assert (job["options"]["size"], job["options"]["export_layers"]) == (640, False)
    folder, = gouache.module("preferences").cache_folder().glob("preview/Collage")
    assert [file.name for file in sorted(folder.glob("source/*/*"))] == ["00005.exr"] * 2  # no older frame to follow
    assert ("label", "A quick look: Optimize paints finer") not in draw_nodes(graph)


def test_a_render_bakes_a_collage_whose_image_is_linked_and_says_what_a_node_lacks(gouache, graph, monkeypatch, capfd):
    due = gouache.module("due")
    assert [group.name for group in due.due_groups(graph.scene)] == ["Collage"]
    graph.node.node_tree.gouache.collage.mode = "layers"
    assert list(due.due_groups(graph.scene)) == []
    assert "'Collage' has no material or no image yet and is not baked" in capfd.readouterr().out
    graph.node.node_tree.gouache.collage.mode = "torn"
    graph.tree.links.remove(graph.node.inputs["Image"].links[0])
    assert list(due.due_groups(graph.scene)) == []
    graph.link(graph.plate.outputs[0], graph.node.inputs["Image"])
    graph.scene.gouache.bake_on_render = True
    monkeypatch.setattr(sys, "argv", [*sys.argv, "-a"])
    assert shown(graph.render(2, 4)) == [2, 3, 4]
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["2-4"]
    assert "Laid frame 3 (2 of 3)" in capfd.readouterr().out


@pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")
def test_a_collage_stands_on_a_strip_as_a_modifier(gouache):
    """As a modifier: the strip's settings go along, it is baked in its own pixels, the tab is the group's."""
    strip = gouache.clip()
    strip.gouache.effect, strip.gouache.collage.mode = "collage", "mosaic"
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        assert bpy.ops.gouache.add_modifier(effect="collage") == {"FINISHED"}
    group = strip.modifiers[0].node_group.gouache
    assert (group.effect, group.collage.mode, group.collage.pieces) == ("collage", "mosaic", 1400)
    seen = draw(gouache)
    assert ("prop", "mode") in seen and ("prop", "pieces") in seen and ("label", "Not baked yet") in seen
    assert not {("prop", "engine"), ("prop", "strength"), ("operator", "gouache.collage_to_planes")} & set(seen)
    bpy.ops.gouache.material_add(path=str(gouache.style))
    assert len(group.collage.materials) == 1 and len(strip.gouache.collage.materials) == 0
    before = gouache.render(1, 2)
    gouache.set_engine("invert")
    assert bpy.ops.gouache.bake_modifier(strip="Clip") == {"FINISHED"}
    assert gouache.jobs()[0]["effect"] == "collage" and len(gouache.strips) == 1
    inside = before[0][..., 3] == 255
    for now, then in zip(gouache.render(1, 2), before, strict=True):
        assert np.abs(now[inside][:, :3] - (255 - then[inside][:, :3])).max() <= 1
    every = SimpleNamespace(strip=[], node=[])
    asked, = gouache.module("command")._asked(gouache.scene, every, None)  # no other collage above the strip
    order = asked()
    assert (order.subject.name, order.folder) == ("Clip", source(gouache, strip.modifiers[0].node_group).parent)
    bpy.ops.gouache.preview_frame(strip="Clip")
    assert (gouache.jobs()[-1]["effect"], gouache.jobs()[-1]["options"]["size"]) == ("collage", 640)


@pytest.mark.skipif(not ENGINE, reason="GOUACHE_TEST_ENGINE_PYTHON names no engine")
def test_real_engine(gouache, graph):
    """A collage by the engine itself, in EXR with the image's alpha, along a linked mask; reloaded, it is the same."""
    gouache.preferences.engine_python = ENGINE
    gouache.preferences.device, gouache.preferences.threads = "cpu", 1
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[:, 32:], pixels[..., 3] = 255, 255
    half = graph.still(write_png(gouache.folder / "half.png", pixels))
    for name in ("Objects", "Depth"):
        graph.link(half.outputs[0], graph.node.inputs[name])
    collage = graph.node.node_tree.gouache.collage
    collage.pieces, collage.levels = 6, 1
    graph.bake(graph.node.name, first=1, last=2)
    folder = gouache.module("compositor.groups").painting_folder(graph.node.node_tree)
    assert {file.name for file in folder.glob("*.exr")} == {"00001.exr", "00002.exr"}
    frames = graph.render(1, 2)
    for number, frame in enumerate(frames, 1):
        made, plate = (read_float(path / f"{number:05d}.exr") for path in (folder, folder.parent / "source" / "image"))
        assert made.shape == frame.shape == (36, 64, 4) and np.abs(made[..., 3] - 1).max() < 1e-3
        assert np.abs(frame - made).max() < 2e-3  # what the engine made is what is seen
        assert 0.01 < np.abs(frame - plate)[..., :3].mean() < 0.5
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert all((a == b).all() for a, b in zip(graph.render(1, 2), frames, strict=True))
    graph.node = gouache.module("compositor.find").nodes_of(bpy.context.scene)[0]
    times = [file.stat().st_mtime_ns for file in sorted(folder.glob("*.exr"))]
    graph.bake(graph.node.name, first=1, last=2)
    assert times == [file.stat().st_mtime_ns for file in sorted(folder.glob("*.exr"))]  # nothing is made again


@pytest.mark.skipif(not ENGINE, reason="GOUACHE_TEST_ENGINE_PYTHON names no engine")
def test_real_engine_along_a_render(gouache):
    """A moving cube with its Object Index, Depth and Vector passes: all of it reaches the engine, which takes it."""
    gouache.preferences.engine_python = ENGINE
    gouache.preferences.device, gouache.preferences.threads = "cpu", 1
    graph = Graph(gouache, frames=2)
    scene, layer, cube = graph.scene, graph.scene.view_layers[0], bpy.data.objects["Cube"]
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    layer.use_pass_vector = layer.use_pass_z = layer.use_pass_object_index = True
    cube.pass_index = 3
    for frame in (1, 2):
        cube.location.x = frame / 3
        cube.keyframe_insert("location", frame=frame)
    layers = graph.tree.nodes.new("CompositorNodeRLayers")
    node = graph.add(layers, style=False, effect="collage")
    objects = next(socket for socket in layers.outputs if socket.name in ("IndexOB", "Object Index"))
    near, white = (graph.tree.nodes.new(f"CompositorNode{kind}") for kind in ("Normalize", "Invert"))
    graph.link(objects, node.inputs["Objects"])
    graph.link(layers.outputs["Depth"], near.inputs[0])
    graph.link(near.outputs[0], next(socket for socket in white.inputs if socket.type == "RGBA"))
    graph.link(white.outputs[0], node.inputs["Depth"])
    node.node_tree.gouache.collage.pieces, node.node_tree.gouache.collage.levels = 12, 1
    before = graph.render(2)[0]
    graph.bake(node.name)
    folder = source(gouache, node.node_tree)
    seen = read_float(folder / "objects" / "00002.exr")[..., 0]
    assert {round(float(value), 2) for value in np.unique(seen)} == {0.0, 0.26}  # the ground, and the cube's 3
    depth = read_float(folder / "depth" / "00002.exr")[..., 0]
    assert depth[seen > 0.1].mean() > 0.5 > depth[seen == 0.0].mean()
    assert (folder / "motion" / "00002.exr").is_file()
    after = graph.render(2)[0]
    assert after.shape == before.shape and 0.005 < np.abs(after - before)[..., :3].mean() < 0.5
