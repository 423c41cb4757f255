"""The sidebar, the Add menu and the live values, as an artist meets them."""

import time
from types import SimpleNamespace

import bpy
import numpy as np
from graph import shown
from panel_spy import Layout, draw_nodes


def test_the_sidebar_shows_what_a_node_has_and_what_it_lacks(gouache, graph):
    node, group = graph.node, graph.node.node_tree.gouache
    seen = draw_nodes(graph)
    assert ("operator", "gouache.bake_nodes") in seen and ("label", "Not baked yet") in seen
    assert [text for kind, text in seen if kind == "prop" and text in ("Mask", "Strength", "Keep Color")] == [
        "Mask", "Strength", "Keep Color"]
    assert ("prop", "Style Strength") in seen and ("prop", "Baked Keep Color") in seen and ("prop", "format") in seen
    assert [item.identifier for item in group.bl_rna.properties["format"].enum_items] == ["exr", "exr32"]
    graph.bake(node.name)
    assert ("label", "Baked: 6 frames") in draw_nodes(graph)
    group.seed = 4
    assert ("label", "Bake again: settings changed") in draw_nodes(graph)
    render = graph.scene.render
    warning = ("label", "Crop to Render Region shifts the painting: turn it off")
    assert warning not in draw_nodes(graph)
    render.use_border = render.use_crop_to_border = True
    assert warning in draw_nodes(graph)
    copy = graph.tree.nodes.new("CompositorNodeGroup")
    copy.node_tree = node.node_tree
    node.mute = True
    seen = draw_nodes(graph)
    assert ("label", "2 nodes share this bake") in seen
    assert ("label", "The node is muted: its painting does not show") in seen
    graph.link(graph.plate.outputs[0], node.inputs["Style"])
    assert ("label", "Linked: Style") in draw_nodes(graph)
    graph.tree.links.remove(node.inputs["Image"].links[0])
    seen = draw_nodes(graph)
    assert ("label", "Link a picture to Image to begin") in seen and ("enabled", False) in seen
    gouache.preferences.engine_python = "/not/there"
    assert ("operator", "Install Engine…") in draw_nodes(graph)
    graph.tree.nodes.active = graph.plate
    assert draw_nodes(graph) == []
    menu = []
    gouache.module("compositor.panels").draw_add_menu(SimpleNamespace(layout=Layout(menu)), bpy.context)
    assert menu == [("menu", "GOUACHE_MT_add")]
    gouache.scene.sequence_editor.active_strip = gouache.clip()
    with gouache.sequencer():
        assert bpy.ops.gouache.add_modifier.poll() == (bpy.app.version >= (5, 2))


def test_nodes_of_several_scenes_that_share_a_bake(gouache, graph):
    gouache.module("compat").copy_compositor_scene(graph.scene)
    assert ("label", "2 nodes share this bake") in draw_nodes(graph)


def test_styles_and_keyframes_of_a_node(gouache, graph):
    """The list's buttons and the diamond work on the node in the node editor, and keyed settings reach the engine."""
    group = graph.node.node_tree.gouache
    with graph.editor():
        bpy.ops.gouache.style_add(path=str(gouache.style))
        assert len(group.styles) == 2
        bpy.ops.gouache.style_remove()
        for frame, value in ((1, 0.25), (3, 0.75)):
            graph.scene.frame_set(frame)
            group.strength = value
            bpy.ops.gouache.keyframe(name="strength")
    graph.bake(graph.node.name, first=1, last=3)
    assert gouache.jobs()[0]["animation"] == {"strength": {"1": 0.25, "2": 0.5, "3": 0.75}}
    with graph.editor():
        gouache.scene.frame_set(2)
        bpy.ops.gouache.preview_node()
    preview = gouache.jobs()[-1]
    assert preview["options"]["engine"] == "fast" and preview["files"]["frames"] == "2-2"
    assert "Gouache Preview" in bpy.data.images and shown(graph.render(2)) == [2]


def test_keep_color_in_numbers(gouache, graph):
    """Luma of the painting with the color of the image, live."""
    graph.bake(graph.node.name)
    plain, = graph.render(2)
    graph.link(graph.plate.outputs[0], graph.sink.inputs[0])
    image, = graph.render(2)
    graph.link(graph.node.outputs[0], graph.sink.inputs[0])

    def encode(x):
        return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055)

    def luma(x):
        return encode(x)[..., :3] @ (0.2126, 0.7152, 0.0722)
    graph.node.inputs["Keep Color"].default_value = 1.0
    kept, = graph.render(2)
    inside = (kept[..., :3] > 1e-4).all(-1)  # what would be negative becomes 0, and has another luma
    wrong = np.abs(luma(kept) - luma(plain))[inside]
    assert inside.mean() > 0.2 and wrong.max() < 2e-3
    chroma = (encode(kept)[..., 0] - luma(kept)) - (encode(image)[..., 0] - luma(image))
    assert np.abs(chroma[inside]).max() < 2e-3


def test_nodes_are_added_in_the_compositor_only(gouache, graph):
    """Elsewhere the operator is not offered; there, and for scripts without an editor, it is."""
    assert bpy.ops.gouache.add_node.poll()
    with graph.editor():
        assert bpy.ops.gouache.add_node.poll()
    for editor in ("VIEW_3D", "ShaderNodeTree", "SEQUENCE_EDITOR"):
        with graph.editor():
            bpy.context.area.ui_type = editor
            with bpy.context.temp_override(space_data=bpy.context.area.spaces.active):
                assert not bpy.ops.gouache.add_node.poll()


def in_a_window(gouache, monkeypatch):
    """Have what is known of inputs looked after as in a window, where panels ask for it again and again."""
    window = SimpleNamespace(app=SimpleNamespace(background=False), path=bpy.path)
    monkeypatch.setattr(gouache.module("compositor.facts"), "bpy", window)


def slowed(monkeypatch, module, name, seconds):
    """Let a function take longer; returns a list that tells how often it was asked."""
    asked, real = [], getattr(module, name)

    def slow(*arguments):
        asked.append(1)
        time.sleep(seconds)
        return real(*arguments)
    monkeypatch.setattr(module, name, slow)
    return asked


def test_redrawing_a_large_graph(gouache, graph, monkeypatch):
    """What takes long to find out is not asked for at every redraw; after a while, what changed is seen."""
    graph.bake(graph.node.name)
    in_a_window(gouache, monkeypatch)
    asked = slowed(monkeypatch, gouache.module("compositor.freshness"), "signature", 0.1)
    graph.plate.frame_duration = 5
    for _ in range(20):
        assert ("label", "Bake again: input changed") in draw_nodes(graph)
    assert len(asked) == 1
    graph.plate.frame_duration = 6
    time.sleep(2)
    assert ("label", "Baked: 6 frames") in draw_nodes(graph)


def test_redrawing_a_small_graph(gouache, graph, monkeypatch):
    """There a change is seen at once."""
    graph.bake(graph.node.name)
    in_a_window(gouache, monkeypatch)
    for duration, text in ((5, "Bake again: input changed"), (6, "Baked: 6 frames")):
        graph.plate.frame_duration = duration
        time.sleep(0.5)
        assert ("label", text) in draw_nodes(graph)


def test_redrawing_a_strip_of_many_files(gouache, monkeypatch):
    """So with a strip's modifier: thousands of files are not looked at each time."""
    if not gouache.module("compat").HAS_STRIP_MODIFIERS:
        return
    strip, line = gouache.clip(), gouache.module("sequencer.state").modifier_line
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        bpy.ops.gouache.add_modifier(effect="style")
    in_a_window(gouache, monkeypatch)
    asked = slowed(monkeypatch, gouache.module("compositor.freshness"), "strip_signature", 0.1)
    for _ in range(20):
        line(gouache.scene, strip, strip.modifiers[0])
    assert len(asked) == 1


def test_an_input_without_links(gouache):
    """Is not asked for them: Blender would go through all links of the tree."""
    assert gouache.module("compositor.find").links_into(SimpleNamespace(is_linked=False)) == []
