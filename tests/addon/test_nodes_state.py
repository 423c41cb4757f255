"""What a bake was made from, and whether that has changed since: nothing that shows is missed."""

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
    line = gouache.module("sequencer.panels").painting_line
    assert line(gouache.scene, strip)[0] == "Settings changed since painting"
    gouache.paint(strip)
    assert line(gouache.scene, strip)[0] == "Painted"
