"""A node from adding to rendering, by pixels."""

import numpy as np
from graph import Graph

FLAT = (0.25, 0.5)  # green and blue of what the fake engine paints


def painted(frame, number):
    """Whether all of a rendered frame is what the fake engine paints for a number."""
    return np.abs(frame[..., :3] - (number / 100, *FLAT)).max() < 1e-3 and frame[..., 3].min() == 1.0


def test_add_connect_bake_render(gouache):
    gouache.set_engine("invert")
    graph = Graph(gouache)
    plate = graph.footage()
    graph.link(plate.outputs[0], graph.sink.inputs[0])
    before = graph.render(1, 6)
    node = graph.add(plate)
    assert [np.abs(a - b).max() for a, b in zip(graph.render(1, 6), before, strict=True)] == [0.0] * 6
    graph.bake(node.name)
    after = graph.render(1, 6)
    assert [painted(frame, number) for number, frame in enumerate(after, 1)] == [True] * 6
    job, = gouache.jobs()
    assert job["files"] == {"frames": "1-6", "format": "exr", "restore_size": True, "chunk": ""}
    assert job["options"]["styles"] == [{"path": str(gouache.style), "weight": 1.0}]
