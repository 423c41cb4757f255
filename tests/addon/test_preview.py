"""The quick look at one frame: by which engine, where it is shown, and when there is none."""

import bpy
import pytest
from panel_spy import draw


@pytest.mark.parametrize("engine", ["optimize", "fast"])
def test_a_preview_is_painted_by_the_fast_engine(gouache, engine):
    """Whatever the strip's own is, with all the settings that it reads."""
    strip = gouache.clip()
    strip.gouache.engine, strip.gouache.size, strip.gouache.format = engine, 2048, "exr"
    strip.gouache.iterations, strip.gouache.style_layers = 300, "not read"  # by the fast engine
    strip.gouache.strength, strip.gouache.style_scale, strip.gouache.keep_color = 0.75, 0.5, "luminance"
    strip.gouache.mask = str(gouache.style)
    gouache.scene.sequence_editor.active_strip = strip
    gouache.scene.frame_set(4)
    assert bpy.ops.gouache.preview_frame() == {"FINISHED"}
    job, = gouache.jobs()
    assert job["files"] == {"frames": "4-4", "format": "png", "restore_size": False, "chunk": "", "only": ""}
    read = {"engine": "fast", "size": 640, "strength": 0.75, "style_scale": 0.5, "keep_color": "luminance",
            "mask": str(gouache.style), "styles": [{"path": str(gouache.style), "weight": 1.0}]}
    assert {name: job["options"][name] for name in read} == read
    assert strip.gouache.engine == engine
    image = bpy.data.images["Gouache Preview"]
    assert tuple(image.size) == (64, 36) and round(image.pixels[0] * 255) == 80
    assert len(gouache.strips) == 1 and strip.gouache.result == ""
    gouache.scene.frame_set(6)
    bpy.ops.gouache.preview_frame(strip="Clip")
    assert bpy.data.images.get("Gouache Preview.001") is None and round(image.pixels[0] * 255) == 120


def test_a_preview_is_shown_to_what_it_is_of(gouache, graph):
    """Not to other strips and nodes, nor after the effect was changed."""
    clip, other = gouache.clip(), gouache.clip(name="Other", channel=3)
    editor = gouache.scene.sequence_editor
    editor.active_strip = clip
    gouache.scene.frame_set(4)
    bpy.ops.gouache.preview_frame()
    shown = ("operator", "gouache.view_preview")
    assert shown in draw(gouache)
    clip.gouache.effect = "collage"
    assert shown not in draw(gouache)
    bpy.ops.gouache.preview_frame()
    assert shown in draw(gouache)
    editor.active_strip = other
    assert shown not in draw(gouache)
    panel = gouache.module("compositor.panels").GOUACHE_PT_node_preview
    with graph.editor():
        assert not panel.poll(bpy.context)
        bpy.ops.gouache.preview_node()
        assert panel.poll(bpy.context)


def test_a_preview_needs_the_playhead_on_the_strip(gouache):
    gouache.scene.sequence_editor.active_strip = gouache.clip()
    gouache.scene.frame_set(50)
    with pytest.raises(RuntimeError, match=r"'Clip' does not show at frame 50\. Move the playhead to .* from 1 to 6"):
        bpy.ops.gouache.preview_frame()
