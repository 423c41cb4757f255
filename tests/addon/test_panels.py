"""What the tab in the Video Sequencer and the menu of strips show."""

from types import SimpleNamespace

import bpy
from panel_spy import Layout, draw


def test_the_panels_show_what_a_strip_has_and_what_it_lacks(gouache):
    assert draw(gouache) == [("label", "Select a strip to paint")]
    strip = gouache.clip()
    strip.gouache.styles.clear()
    gouache.scene.sequence_editor.active_strip = strip
    assert ("label", "Add a style picture to begin") in draw(gouache)
    gouache.add_style(strip)
    drawn = draw(gouache)
    for name in ("strength", "style_scale", "keep_color", "size", "iterations", "stability", "passes", "hold",
                 "mask", "seed", "format", "mute_source", "optimizer"):
        assert drawn.count(("prop", name)) == 1, name
    assert ("operator", "Paint Strip") in drawn and ("label", "Not painted yet") in drawn
    gouache.paint(strip)
    assert ("label", "Painted") in draw(gouache)
    strip.gouache.strength = 0.1
    assert ("label", "Settings changed since painting") in draw(gouache)
    (gouache.bake_folder(strip) / "result" / "00001.png").unlink()
    assert ("label", "Painted frames are missing: paint again") in draw(gouache)
    gouache.preferences.engine_python = "/not/there"
    drawn = draw(gouache)
    assert ("label", "The engine's Python is not there: /not/there") in drawn
    assert ("operator", "Install Engine…") in drawn and ("enabled", False) in drawn
    bake = gouache.module("bake")
    bake.current = bake.Bake([])
    bake.current.status = bake.Status("Painting frame 3", 0.4)
    drawn = draw(gouache)
    bake.current = None
    assert ("progress", "Painting frame 3") in drawn and ("operator", "gouache.cancel") in drawn
    gouache.scene.sequence_editor.active_strip = gouache.sound(channel=5)
    assert draw(gouache) == [("label", "This strip has no picture to paint")]


def test_the_eye_shows_the_original_and_the_painting_again(gouache):
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    assert not bpy.ops.gouache.show_original.poll()
    painting, = gouache.paint(strip)
    assert ("operator", "gouache.show_original") in draw(gouache)
    for mute_source in (False, True):
        strip.gouache.mute_source = mute_source
        gouache.paint(strip)
        bpy.ops.gouache.show_original()
        assert (painting.mute, strip.mute) == (True, False) and ("label", "'Clip painted' is muted") in draw(gouache)
        gouache.paint(strip)
        assert (painting.mute, strip.mute) == (True, False)
        bpy.ops.gouache.show_original()
        assert (painting.mute, strip.mute) == (False, mute_source)
    strip.gouache.mute_source, strip.mute = False, True  # by hand
    bpy.ops.gouache.show_original()
    assert (painting.mute, strip.mute) == (True, False)


def test_a_strip_larger_than_its_painting_is_told_how_it_is_enlarged(gouache):
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    strip.gouache.size, strip.gouache.collage.size = 64, 32
    assert not [text for _, text in draw(gouache) if "enlarged" in str(text)]
    strip.gouache.size = 48
    assert ("label", "Painted at 48 px, enlarged to 64") in draw(gouache)
    strip.gouache.effect = "collage"
    assert ("label", "Made at 32 px, enlarged to 64") in draw(gouache)


def test_strips_have_a_menu_while_gouache_is_on(gouache):
    """What the search for menu entries finds too; switched off, Gouache leaves nothing in Blender's menus."""
    menu = gouache.module("sequencer.menu")

    def lines(draw_one):
        drawn = []
        draw_one(SimpleNamespace(layout=Layout(drawn)), bpy.context)
        return [text for kind, text in drawn if kind in ("menu", "operator")]

    assert lines(menu.draw_menu) == []
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    assert lines(menu.draw_menu) == ["GOUACHE_MT_strip"]
    entries = lines(menu.GOUACHE_MT_strip.draw)
    assert entries == [f"gouache.{name}" for name in ("stylize_strip", "collage_strip", "preview_frame",
                                                      "collage_to_planes", "copy_settings", "open_cache")]
    strip.gouache.effect = "collage"
    assert lines(menu.GOUACHE_MT_strip.draw) == entries[1:]
    gouache.disable()
    for blender in (bpy.types.SEQUENCER_MT_strip, bpy.types.SEQUENCER_MT_context_menu):
        assert not [draw for draw in blender.draw._draw_funcs if "gouache" in draw.__module__]


def test_a_style_picture_that_is_missing_is_told(gouache):
    """Before the button is pressed, and in the list as well."""
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    strip.gouache.styles[0].path = "//nope.jpg"
    drawn = draw(gouache)
    assert ("label", "A style picture is missing: nope.jpg") in drawn and ("enabled", False) in drawn
    drawn, row = [], gouache.module("ui.style_pictures").GOUACHE_UL_styles.draw_item
    row(None, bpy.context, Layout(drawn), strip.gouache, strip.gouache.styles[0], None, None, None)
    assert ("label", "nope.jpg") in drawn
