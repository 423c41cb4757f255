"""What a bake was made from, and whether that has changed since: nothing that shows is missed."""

import bpy
import pytest
from stage import picture, write_png


def state(gouache, graph):
    """The state of the node's bake, in words."""
    return gouache.module("compositor.freshness").state_of(graph.scene, graph.node, 1, 6).text


def bake_and_meanwhile(gouache, orders, change):
    """Bake, and change something once, while it is painted."""
    waiting = [change]
    for status in gouache.module("bake").Bake(orders, step_seconds=0.1):
        if status.text.startswith("Painted") and waiting:
            waiting.pop()()
    assert not waiting


def test_changed_while_it_is_baked(gouache, graph):
    """What was captured and ordered is what was baked, not what is there when the painting is done."""
    order_node, group = gouache.module("compositor.orders").order_node, graph.node.node_tree.gouache

    def change():
        group.strength = 0.2
        write_png(gouache.folder / "plate" / "00004.png", picture(9))
    bake_and_meanwhile(gouache, [order_node(graph.scene, graph.node, 1, 6)], change)
    assert state(gouache, graph) == "Bake again: settings changed, input changed"
    graph.bake(graph.node.name)
    assert state(gouache, graph) == "Baked: 6 frames" and gouache.jobs()[-1]["options"]["strength"] == 0.2


def test_a_strip_changed_while_it_is_painted(gouache):
    strip = gouache.clip()
    gouache.set_engine("resume")
    bake_and_meanwhile(gouache, [gouache.order(strip)], lambda: setattr(strip.gouache, "strength", 0.2))
    line = gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip)[0] == "Settings changed since painting"
    gouache.paint(strip)
    assert line(gouache.scene, strip)[0] == "Painted"


def changes_of(curve):
    """Do to a curve, one after the other, what an artist does in the Graph Editor; each is undone then."""
    key = curve.keyframe_points[0]
    for owner, name, value in ((key, "interpolation", "CONSTANT"), (key, "handle_right_type", "VECTOR"),
                               (curve, "extrapolation", "LINEAR"), (curve, "mute", True)):
        before = getattr(owner, name)
        setattr(owner, name, value)
        yield name
        setattr(owner, name, before)
    modifier = curve.modifiers.new("NOISE")
    yield "modifier"
    modifier.strength = 3.0
    yield "strength of the modifier"
    curve.modifiers.remove(modifier)


def test_the_shape_of_curves(gouache, graph):
    """Curves upstream and of a setting: all that changes their values is a change, and back it is none."""
    exposure, tree = graph.tree.nodes.new("CompositorNodeExposure"), graph.node.node_tree
    graph.link(graph.plate.outputs[0], exposure.inputs[0])
    graph.link(exposure.outputs[0], graph.node.inputs["Image"])
    for frame, value in ((1, 0.1), (6, 0.9)):
        exposure.inputs[1].default_value = tree.gouache.strength = value
        exposure.inputs[1].keyframe_insert("default_value", frame=frame)
        tree.keyframe_insert("gouache.strength", frame=frame)
    graph.bake(graph.node.name)
    for animated, what in ((graph.tree, "input"), (tree, "settings")):
        curve, = gouache.module("compat").fcurves(animated)
        for change in changes_of(curve):
            assert state(gouache, graph) == f"Bake again: {what} changed", change
        graph.scene.frame_set(3)
        assert state(gouache, graph) == "Baked: 6 frames"


def test_free_handles(gouache, graph):
    """They stand where an artist put them."""
    tree = graph.node.node_tree
    for frame, value in ((1, 0.1), (6, 0.9)):
        tree.gouache.strength = value
        tree.keyframe_insert("gouache.strength", frame=frame)
    key = gouache.module("compat").fcurves(tree)[0].keyframe_points[0]
    key.handle_right_type = "FREE"
    graph.bake(graph.node.name)
    assert state(gouache, graph) == "Baked: 6 frames"
    key.handle_right = (3.0, 0.9)
    assert state(gouache, graph) == "Bake again: settings changed"


def test_a_driver_upstream(gouache, graph):
    """Its variables count beside its expression."""
    exposure = graph.tree.nodes.new("CompositorNodeExposure")
    graph.link(graph.plate.outputs[0], exposure.inputs[0])
    graph.link(exposure.outputs[0], graph.node.inputs["Image"])
    driver = exposure.inputs[1].driver_add("default_value").driver
    driver.type, driver.expression = "SCRIPTED", "a / 100"
    variable = driver.variables.new()
    variable.name, variable.type = "a", "SINGLE_PROP"
    target, = variable.targets
    target.id_type, target.id, target.data_path = "SCENE", graph.scene, "frame_start"
    graph.bake(graph.node.name)
    assert state(gouache, graph) == "Baked: 6 frames"
    target.data_path = "frame_end"
    assert state(gouache, graph) == "Bake again: input changed"


def test_a_driver_on_a_setting(gouache, graph):
    """It would be painted as one constant: refused, on a node and on a strip, unless it is muted."""
    strip = gouache.clip()
    of_strip = gouache.module("animation").data_path(strip, "strength")
    for animated, path, paint in ((graph.node.node_tree, "gouache.strength", lambda: graph.bake(graph.node.name)),
                                  (gouache.scene, of_strip, lambda: gouache.paint(strip))):
        curve = animated.driver_add(path)
        curve.driver.expression = "frame / 10"
        with pytest.raises(RuntimeError, match=r"Strength has a driver\. Set keyframes in its place"):
            paint()
        curve.mute = True
        paint()


def pictured(gouache, graph, make):
    """Link a picture of the .blend's own to the node, and bake."""
    node = graph.tree.nodes.new("CompositorNodeImage")
    node.image = make
    graph.link(node.outputs[0], graph.node.inputs["Image"])
    graph.bake(graph.node.name)
    assert state(gouache, graph) == "Baked: 6 frames"


def test_pictures_that_live_in_the_file(gouache, graph):
    """Generated, painted on, packed: no file on disk tells that they changed."""
    image = bpy.data.images.new("Own", 64, 36)
    pictured(gouache, graph, image)
    image.generated_color = (0, 1, 0, 1)
    assert state(gouache, graph) == "Bake again: input changed"
    for value in (0.3, 0.7):
        image.pixels[:] = [value] * (64 * 36 * 4)
        assert image.is_dirty and state(gouache, graph) == "Bake again: input changed"
        graph.bake(graph.node.name)
        assert state(gouache, graph) == "Baked: 6 frames"
        image.update()
        image.pack()
        graph.bake(graph.node.name)
        assert state(gouache, graph) == "Baked: 6 frames"


def test_packing_is_no_change(gouache, graph):
    """A file's content is the same in the .blend as on disk."""
    file = write_png(gouache.folder / "still.png", picture(5))
    image = bpy.data.images.load(str(file))
    pictured(gouache, graph, image)
    image.pack()
    file.unlink()
    assert state(gouache, graph) == "Baked: 6 frames"


def test_a_mask_that_is_drawn_again(gouache, graph):
    """In a window Gouache watches; here it is told to."""
    mask = bpy.data.masks.new("Roto")
    spline = mask.layers.new(name="Layer").splines.new()
    spline.points.add(3)
    node = graph.tree.nodes.new("CompositorNodeMask")
    node.mask = mask
    graph.link(node.outputs[0], graph.node.inputs["Mask"])
    graph.link(graph.plate.outputs[0], graph.node.inputs["Image"])
    watch = gouache.module("compositor.watch")
    watch.start()
    try:
        bpy.context.view_layer.update()
        graph.bake(graph.node.name)
        for _ in range(2):
            graph.scene.frame_set(4)
            bpy.context.view_layer.update()
            assert state(gouache, graph) == "Baked: 6 frames"
        spline.points[0].co = 0.4, 0.4
        mask.update_tag()
        bpy.context.view_layer.update()
        assert state(gouache, graph) == "Bake again: input changed"
    finally:
        watch.stop()


def test_two_nodes_in_a_row(gouache, graph):
    """What the first was baked for elsewhere changes nothing in what the second was made from; here it does."""
    second, first = graph.add(graph.node), graph.node
    freshness = gouache.module("compositor.freshness")

    def text():
        return freshness.state_of(graph.scene, second, 1, 6).text
    for start, end in ((1, 3), (4, 6)):
        graph.bake(all=True, first=start, last=end)
    assert text() == "Baked: 6 frames"
    first.node_tree.gouache.seed = second.node_tree.gouache.seed = 7
    graph.bake(first.name, first=1, last=3)
    graph.bake(second.name)
    assert text() == "Baked: 6 frames"
    graph.bake(first.name, first=7, last=8)
    assert text() == "Baked: 6 frames"
    graph.bake(first.name)
    assert text() == "Bake again: input changed"
