"""A node from adding to rendering, by pixels."""

import os
import subprocess
import sys

import bpy
import numpy as np
import pytest
from graph import painted_now, read_float, shown
from stage import NEW, picture, write_png


def state_text(gouache, graph):
    return gouache.module("compositor.freshness").state_of(graph.scene, graph.node, 1, 6).text


def test_add_connect_bake_render(gouache, graph):
    baked = graph.render(1, 6)
    graph.link(graph.plate.outputs[0], graph.sink.inputs[0])
    plain = graph.render(1, 6)
    assert all((a == b).all() for a, b in zip(baked, plain, strict=True))  # before a bake it passes Image through
    graph.link(graph.node.outputs[0], graph.sink.inputs[0])
    frame = graph.tree.nodes.new("NodeFrame")
    graph.plate.parent = graph.node.parent = frame
    before = {name: len(getattr(bpy.data, name)) for name in ("scenes", "node_groups", "actions", "worlds")}
    graph.bake(graph.node.name)
    assert before == {name: len(getattr(bpy.data, name)) for name in before}  # it leaves nothing of its own behind
    assert shown(graph.render(1, 6)) == [1, 2, 3, 4, 5, 6]
    job, = gouache.jobs()
    assert job["files"] == {"frames": "1-6", "format": "exr", "restore_size": True, "chunk": "", "only": ""}
    assert job["options"]["styles"] == [{"path": str(gouache.style), "weight": 1.0}]
    before, after = graph.render(6, 7)  # beyond the bake Image is shown, not the last painting
    assert shown([before, after]) == [6, None]
    folder = gouache.module("compositor.groups").painting_folder(graph.node.node_tree)
    (folder / "00003.exr").unlink()
    assert shown(graph.render(2, 4)) == [2, None, 4]  # and where a file is missing, not black


def test_a_draft_leaves_the_film_alone(gouache, graph, capfd):
    """Baked at another percentage of the render's size it has frames of its own, and the film's are found again."""
    groups, tree = gouache.module("compositor.groups"), graph.node.node_tree
    graph.bake(graph.node.name)
    film = groups.painting_folder(tree)
    assert painted_now(capfd) == [1, 2, 3, 4, 5, 6]
    graph.scene.render.resolution_percentage = 50
    graph.bake(graph.node.name)
    assert groups.painting_folder(tree) != film and painted_now(capfd) == [1, 2, 3, 4, 5, 6]
    graph.scene.render.resolution_percentage = 100
    graph.bake(graph.node.name)
    assert groups.painting_folder(tree) == film and painted_now(capfd) == []
    assert state_text(gouache, graph) == "Baked: 6 frames"


ELSEWHERE = """
import bpy, sys
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
scene = bpy.context.scene
scene.frame_start, scene.frame_end, scene.render.filepath = 2, 4, sys.argv[2] + "/#####"
assert not hasattr(bpy.types.CompositorNodeTree, "gouache")
bpy.ops.render.render(animation=True, scene=scene.name)
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
"""


def test_the_same_everywhere(gouache, graph):
    """Saved and loaded, with the add-on off, and in a Blender that never had it: equal, and the settings survive."""
    graph.node.node_tree.gouache.style_scale = 0.5
    graph.node.inputs["Strength"].default_value = 0.8
    graph.bake(graph.node.name)
    first = graph.render(2, 4)
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert all((a == b).all() for a, b in zip(graph.render(2, 4), first, strict=True))
    gouache.disable()
    assert all((a == b).all() for a, b in zip(graph.render(2, 4), first, strict=True))
    folder, empty = gouache.folder / "elsewhere", gouache.folder / "empty"
    environ = {**os.environ, "BLENDER_USER_RESOURCES": str(empty)}
    subprocess.run([sys.executable, "-c", ELSEWHERE, bpy.data.filepath, str(folder)], env=environ, check=True,
                   timeout=60, stdout=subprocess.DEVNULL)
    there = [read_float(folder / f"{number:05d}.exr") for number in (2, 3, 4)]
    assert all((a == b).all() for a, b in zip(there, first, strict=True))
    gouache.enable()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)  # as the other Blender saved it
    node = gouache.module("compositor.find").nodes_of(bpy.context.scene)[0]
    assert round(node.node_tree.gouache.style_scale, 6) == 0.5
    state = gouache.module("compositor.freshness").state_of(bpy.context.scene, node, 1, 6)
    assert state.kind == "fresh"


def test_strength_is_animated_without_a_new_bake(graph):
    graph.bake(graph.node.name)
    for frame, value in ((1, 0.0), (5, 1.0)):
        graph.node.inputs["Strength"].default_value = value
        graph.node.inputs["Strength"].keyframe_insert("default_value", frame=frame)
    frames = graph.render(1, 5)
    red = [float(frame[0, 0, 0]) for frame in frames]
    plate = [(number * 20 / 255 + 0.055) ** 2.4 / 1.055 ** 2.4 for number in (1, 5)]
    assert abs(red[0] - plate[0]) < 1e-3 and abs(red[4] - 0.05) < 1e-3
    greens = [float(frame[0, 0, 1]) for frame in frames]
    assert greens == sorted(greens) and len({round(green, 4) for green in greens}) == 5


def test_one_changed_frame(gouache, graph, capfd):
    """Only it is painted again; in the window the same files are shown anew."""
    graph.bake(graph.node.name)
    assert painted_now(capfd) == [1, 2, 3, 4, 5, 6]
    graph.bake(graph.node.name)
    assert painted_now(capfd) == []
    freshness = gouache.module("compositor.freshness")
    assert freshness.state_of(graph.scene, graph.node, 1, 6).kind == "fresh"
    for file in (gouache.folder / "plate").iterdir():
        os.utime(file)  # copied to another machine: no change
    assert freshness.state_of(graph.scene, graph.node, 1, 6).kind == "fresh"
    write_png(gouache.folder / "plate" / "00004.png", picture(9))
    state = freshness.state_of(graph.scene, graph.node, 1, 6)
    assert (state.kind, state.reasons) == ("stale", ("input changed",))
    graph.bake(graph.node.name)
    assert painted_now(capfd) == [4]
    assert freshness.state_of(graph.scene, graph.node, 1, 6).kind == "fresh"


def test_the_state_of_a_bake_is_told_with_its_reason(gouache, graph):
    """Never baked, a part, all, other settings, another input, another range: each said, and said why."""
    freshness, node, group = gouache.module("compositor.freshness"), graph.node, graph.node.node_tree.gouache

    def state(last=6):
        return freshness.state_of(graph.scene, node, 1, last)
    assert (state().kind, state().text) == ("never", "Not baked yet")
    graph.bake(node.name, first=2, last=3)
    assert (state().kind, state().frames, state().text) == ("partly", (1, 4, 5, 6), "2 of 6 frames baked")
    graph.bake(node.name, first=4, last=6)
    assert state().frames == (1,) and shown(graph.render(1, 6)) == [None, 2, 3, 4, 5, 6]
    graph.bake(node.name)
    assert state().kind == "fresh" and state(8).frames == (7, 8)
    group.style_scale = 0.5
    assert state().text == "Bake again: settings changed"
    group.style_scale = 1.0
    assert state().kind == "fresh"
    node.inputs["Strength"].default_value = 0.3  # live
    graph.scene.frame_set(3)
    node.name, node.label, graph.plate.location.x = "Other", "Other", 99
    assert state().kind == "fresh"
    blur = graph.tree.nodes.new("CompositorNodeBlur")
    graph.link(graph.plate.outputs[0], blur.inputs[0])
    graph.link(blur.outputs[0], node.inputs["Image"])
    assert state().text == "Bake again: input changed"
    graph.link(graph.plate.outputs[0], node.inputs["Image"])
    assert state().kind == "fresh"
    gouache.style.unlink()
    with pytest.raises(RuntimeError, match=r"style picture 'style picture\.png' is not there"):
        graph.bake(node.name)


def test_what_lies_deeper_in_the_settings_upstream(gouache, graph):
    """A curve, a color ramp, a picture's color space, a muted link: each is another input, and back it is not."""
    curves = graph.tree.nodes.new("CompositorNodeCurveRGB")
    ramp = graph.tree.nodes.new("ShaderNodeValToRGB" if NEW else "CompositorNodeValToRGB")
    graph.link(graph.plate.outputs[0], ramp.inputs[0])
    graph.link(ramp.outputs[0], curves.inputs["Image"])
    graph.link(curves.outputs[0], graph.node.inputs["Image"])
    graph.bake(graph.node.name)
    link = next(link for link in graph.tree.links if link.to_node == ramp)
    point, element = curves.mapping.curves[3].points[1], ramp.color_ramp.elements[1]
    for owner, name, value in (
            (point, "location", (1.0, 0.5)), (point, "handle_type", "VECTOR"), (curves.mapping, "extend", "HORIZONTAL"),
            (element, "position", 0.5), (element, "color", (1, 0, 0, 1)), (ramp.color_ramp, "interpolation", "EASE"),
            (graph.plate.image.colorspace_settings, "name", "Non-Color"), (link, "is_muted", True)):
        before = getattr(owner, name)
        before = before if isinstance(before, (str, bool, float)) else tuple(before)
        setattr(owner, name, value)
        assert state_text(gouache, graph) == "Bake again: input changed", name
        setattr(owner, name, before)
        assert state_text(gouache, graph) == "Baked: 6 frames", name
    point.select = not point.select
    assert state_text(gouache, graph) == "Baked: 6 frames"
    curves.mapping.curves[0].points.new(0.5, 0.6)
    assert state_text(gouache, graph) == "Bake again: input changed"


def test_an_animated_color_ramp_is_not_the_playhead(gouache, graph):
    ramp = graph.tree.nodes.new("ShaderNodeValToRGB" if NEW else "CompositorNodeValToRGB")
    graph.link(graph.plate.outputs[0], ramp.inputs[0])
    graph.link(ramp.outputs[0], graph.node.inputs["Image"])
    element = ramp.color_ramp.elements[0]
    for frame, color in ((1, (0, 0, 0, 1)), (6, (1, 1, 1, 0))):
        element.color = color
        element.keyframe_insert("color", frame=frame)
    graph.bake(graph.node.name)
    graph.scene.frame_set(3)
    assert state_text(gouache, graph) == "Baked: 6 frames"
    element.color = (1, 0, 0, 1)
    element.keyframe_insert("color", frame=3)
    assert state_text(gouache, graph) == "Bake again: input changed"


def test_animated_values_upstream_are_not_the_playhead(gouache, graph):
    exposure = graph.tree.nodes.new("CompositorNodeExposure")
    graph.link(graph.plate.outputs[0], exposure.inputs[0])
    graph.link(exposure.outputs[0], graph.node.inputs["Image"])
    for frame, value in ((1, 0.0), (6, 1.0)):
        exposure.inputs[1].default_value = value
        exposure.inputs[1].keyframe_insert("default_value", frame=frame)
    graph.bake(graph.node.name)
    state_of = gouache.module("compositor.freshness").state_of
    graph.scene.frame_set(5)
    assert state_of(graph.scene, graph.node, 1, 6).kind == "fresh"
    exposure.inputs[1].default_value = 3.0
    exposure.inputs[1].keyframe_insert("default_value", frame=4)
    assert state_of(graph.scene, graph.node, 1, 6).kind == "stale"


def test_style_and_mask_are_linked(gouache, graph):
    """A linked style counts in place of the list; what the mask covers is painted, how much of it shows is live."""
    for number, name in ((3, "Style"), (5, "Style 2")):
        graph.link(graph.still(write_png(gouache.folder / f"{name}.png", picture(number, (40, 30)))).outputs[0],
                   graph.node.inputs[name])
    mask = np.zeros((36, 64, 4), np.uint8)
    mask[:, 32:], mask[..., 3] = 128, 255
    still = graph.still(write_png(gouache.folder / "mask.png", mask))
    still.image.colorspace_settings.name = "Non-Color"
    graph.link(still.outputs[0], graph.node.inputs["Mask"])
    graph.bake(graph.node.name)
    job, = gouache.jobs()
    folder = gouache.module("compositor.groups").painting_folder(graph.node.node_tree).parent
    assert [style["path"] for style in job["options"]["styles"]] == [
        "source/style/picture.exr", "source/style_2/picture.exr"] and job["options"]["mask"] == "source/mask"
    style = read_float(folder / "source" / "style" / "picture.exr")
    assert style.shape == (30, 40, 4)
    covered = read_float(folder / "source" / "mask" / "00003.exr")
    assert covered[:, :32, 0].max() == 0.0 and covered[:, 32:, 0].min() == 1.0
    plate = read_float(folder / "source" / "image" / "00003.exr")
    frame, = graph.render(3)
    assert np.abs(frame[:, :32] - plate[:, :32]).max() < 1e-4

    def encode(x):
        return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055)
    half = encode(plate[:, 32:, 1]) * (127 / 255) + encode(np.float32(0.25)) * (128 / 255)
    assert np.abs(encode(frame[:, 32:, 1]) - half).max() < 2e-3


def test_muted_links_bring_nothing(gouache, graph):
    """Blender renders the socket's own value there: the mask is 1, and the sidebar's style counts."""
    black = graph.still(write_png(gouache.folder / "black.png", np.array([[[0, 0, 0, 255]] * 4] * 4)))
    for name in ("Mask", "Style"):
        graph.link(black.outputs[0], graph.node.inputs[name])
        graph.node.inputs[name].links[0].is_muted = True
    graph.bake(graph.node.name)
    job, = gouache.jobs()
    assert job["options"]["mask"] == "" and job["options"]["styles"] == [{"path": str(gouache.style), "weight": 1.0}]
    assert shown(graph.render(1, 6)) == [1, 2, 3, 4, 5, 6] and state_text(gouache, graph) == "Baked: 6 frames"
    assert gouache.module("compositor.panels").linked_among(graph.node, ("Image", "Mask", "Style")) == ["Image"]
    blur = graph.tree.nodes.new("CompositorNodeBlur")
    graph.link(black.outputs[0], blur.inputs[0])
    blur.inputs[0].links[0].is_muted = True
    graph.link(blur.outputs[0], graph.node.inputs["Image"])
    blur.inputs[0].default_value = (1, 0, 0, 1)
    changed = gouache.module("compositor.signature").signature
    before = changed(graph.scene, graph.node)
    blur.inputs[0].default_value = (0, 1, 0, 1)
    assert changed(graph.scene, graph.node) != before
    graph.node.inputs["Image"].links[0].is_muted = True
    with pytest.raises(RuntimeError, match="Nothing is linked to Image"):
        graph.bake(graph.node.name)
