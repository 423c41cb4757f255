"""What a node does to colors: nothing, with an effect that changes nothing; and its live parts, in numbers."""

import os
import sys

import bpy
import numpy as np
import pytest
from graph import Graph, read_float, write_exr
from stage import FAKE, NEW, SIZE

MOST = 1 / 1024  # what an identity may change, in scene linear


def demanding():
    """All that is hard: darkness, highlights, saturated and negative colors, soft alpha, glow without any."""
    width, height = SIZE
    pixels = np.zeros((height, width, 4), np.float32)
    pixels[..., 3] = 1.0
    pixels[:12, :, :3] = np.linspace(0.0, 1.0, width)[None, :, None]
    pixels[12:18, :, :3] = np.geomspace(1e-4, 60.0, width)[None, :, None] * np.array([1.0, 0.4, 0.05])
    pixels[18:22, :, 0], pixels[18:22, :, 2] = np.linspace(-0.2, 0.0, width), 0.5
    alpha = np.linspace(0.0, 1.0, width)[None, :]
    pixels[22:30, :, :3], pixels[22:30, :, 3] = (alpha * 0.7)[..., None], alpha
    pixels[30:, :, 3] = 0.0
    pixels[33:, :, :3] = np.linspace(0.0, 2.0, width)[None, :, None]
    return pixels


def use_converting_engine(gouache):
    """The fake engine in the real one's Python, so that pictures go through the engine's own conversions."""
    python = os.environ.get("GOUACHE_TEST_ENGINE_PYTHON")
    if not python or sys.platform == "win32":
        pytest.skip("GOUACHE_TEST_ENGINE_PYTHON names no engine")
    gouache.set_engine("convert")
    script = gouache.folder / "engine.sh"
    script.write_text(f'#!/bin/sh\nexec "{python}" "{FAKE}" "$@"\n')
    script.chmod(0o755)
    gouache.preferences.engine_python = str(script)


def test_identity(gouache):
    """Alpha, highlights and all come back, whatever the view transform and the file; see `demanding`."""
    use_converting_engine(gouache)
    graph = Graph(gouache, frames=1)
    node = graph.add(graph.still(write_exr(gouache.folder / "plate.exr", demanding())))

    def rendered():
        found = {}
        for view in ("Standard", "AgX"):
            graph.scene.view_settings.view_transform = view
            for kind in ("exr", "png"):
                found[view, kind], = graph.render(kind=kind)
        return found
    before = rendered()
    assert np.abs(before["Standard", "exr"] - demanding()).max() < 1e-6
    graph.bake(node.name)
    after = rendered()
    worst = {case: float(np.abs(after[case] - before[case]).max()) for case in before}
    print(worst)
    assert max(worst.values()) <= MOST, worst
    assert np.abs(after["Standard", "exr"][..., 3] - demanding()[..., 3]).max() == 0.0


@pytest.mark.skipif(not NEW, reason="Blender 4.5 works in Linear Rec.709 only")
@pytest.mark.parametrize("moved", [False, True], ids=["picture", "on the canvas"])
@pytest.mark.parametrize("space", ["ACEScg", "Linear Rec.2020"])
def test_identity_in_another_working_space(gouache, space, moved):
    """The engine's files are in Linear Rec.709, there and back, whatever space the .blend works in."""
    use_converting_engine(gouache)
    assert bpy.ops.wm.set_working_color_space(working_space=space) == {"FINISHED"}
    graph = Graph(gouache, frames=1)
    source = graph.still(write_exr(gouache.folder / "plate.exr", demanding()))
    if moved:
        still, source = source, graph.tree.nodes.new("CompositorNodeTranslate")
        graph.link(still.outputs[0], source.inputs[0])
    node = graph.add(source)
    before, = graph.render()
    graph.bake(node.name)
    after, = graph.render()
    captured, = gouache.folder.rglob("source/image/00001.exr")
    assert bpy.data.colorspace.working_space == space
    assert np.abs(read_float(captured, is_color=False) - demanding()).max() < 1e-4
    assert np.abs(after - before).max() <= MOST
