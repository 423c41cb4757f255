"""The operators as artists and scripts use them: several strips, cancel, preview, panels, scripts and exit codes."""

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from panel_spy import Layout, draw
from stage import set_range


def test_several_strips_are_painted_one_after_the_other(gouache, capfd):
    second, first = gouache.clip(name="Second", channel=2, start=3), gouache.clip(name="First")
    results = gouache.paint(second, first)
    assert [result.name for result in results] == ["Second painted", "First painted"]
    jobs = gouache.jobs()
    assert [job["files"]["frames"] for job in jobs] == ["3-8", "1-6"]
    out = capfd.readouterr().out
    assert "Second (1 of 2): Painted frame 3" in out and "First (2 of 2): Painted frame 6" in out


def test_one_strip_that_fails_keeps_the_others_from_nothing(gouache):
    """What is wrong is told at the end, when what could be made is there."""
    gone, second, moved, last = (gouache.clip(name=name, channel=channel) for channel, name in enumerate("ABCD", 1))
    orders = [gouache.module("sequencer.orders").order_strip(gouache.scene, strip)
              for strip in (gone, second, moved, last)]
    for name in ("A", "C"):
        gouache.strips.remove(gouache.strips[name])
    bake = gouache.module("bake").Bake(orders, step_seconds=0.1)
    with pytest.raises(Exception, match=r"2 of 4 could not be made: .*'A'.* .*'C'") as error:
        list(bake)
    assert error.value.hint and bake.painted == ["B painted", "D painted"]


def test_the_selected_strips_are_painted_but_no_paintings(gouache):
    for channel, name in enumerate(("A", "B", "C"), 1):
        gouache.clip(name=name, channel=channel * 3).select = name != "C"
    gouache.sound(channel=2).select = True
    with gouache.sequencer():
        assert bpy.ops.gouache.stylize_strip() == {"FINISHED"}
    painted = {strip["gouache_source"] for strip in gouache.strips if "gouache_source" in strip.keys()}  # noqa: SIM118
    assert painted == {"A", "B"}
    for strip in gouache.strips:
        strip.select = True  # "select all" must not paint the paintings
    gouache.add_style(gouache.strips["C"])
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(gouache.strips) == 4 + 3


def test_strips_hidden_in_a_meta_are_left_alone(gouache):
    """Blender leaves what it puts into a meta selected; it is painted only once the meta is open."""
    inner = gouache.clip(name="Inner")
    meta = gouache.meta(inner)
    gouache.add_style(meta)
    inner.select = meta.select = True
    gouache.scene.sequence_editor.active_strip = meta
    meta.gouache.strength = 0.25
    with gouache.sequencer():
        bpy.ops.gouache.copy_settings()
        bpy.ops.gouache.stylize_strip()
    assert inner.gouache.strength != 0.25 and len(meta.strips) == 1 and len(gouache.strips) == 2
    gouache.scene.sequence_editor.display_stack(meta)
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(meta.strips) == 2 and len(gouache.strips) == 2


def test_a_painting_stands_for_its_source(gouache):
    strip = gouache.clip()
    result, = gouache.paint(strip)
    for other in gouache.strips:
        other.select = False
    gouache.scene.sequence_editor.active_strip = result
    strip.gouache.seed = 5
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(gouache.strips) == 2 and len(gouache.jobs()) == 2


@pytest.mark.parametrize(("names", "message"), [
    ("Nobody", "There is no strip 'Nobody' in scene 'Scene'"), ("Tone", "'Tone' is a sound strip: it has no picture")])
def test_what_cannot_be_painted_is_told(gouache, names, message):
    gouache.sound(channel=1).gouache.styles.add().path = str(gouache.style)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.gouache.stylize_strip(strips=names)


def test_where_nothing_is_selected_that_is_told(gouache):
    gouache.clip().select = False
    gouache.scene.sequence_editor.active_strip = None
    with pytest.raises(RuntimeError, match=r"No strip is selected\."):
        bpy.ops.gouache.stylize_strip()


def test_all_is_checked_before_anything_is_painted(gouache):
    good, bad = gouache.clip(name="Good"), gouache.clip(name="Bad", channel=2)
    bad.gouache.styles.clear()
    with pytest.raises(RuntimeError, match=r"'Bad': No style picture is set\. Add one under Style in the Gouache"):
        gouache.paint(good, bad)
    gouache.add_style(bad)
    bad.gouache.mask = "//gone.png"
    with pytest.raises(RuntimeError, match=r"'Bad': The mask 'gone\.png' is not there"):
        gouache.paint(good, bad)
    assert gouache.jobs() == []


@pytest.mark.parametrize(("damage", "message"), [
    ("missing", "is not there"), ("empty", "is empty"), ("garbage", "cannot be read"), ("cut", "cannot be read")])
def test_footage_that_cannot_be_read_is_told_by_its_name(gouache, damage, message):
    strip = gouache.clip()
    file = gouache.folder / "footage Clip" / "0003.png"
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes({"empty": b"", "garbage": b"no picture" * 100, "cut": whole[:60]}[damage])
    with pytest.raises(RuntimeError, match=f"'0003.png' of strip 'Clip' {message}"):
        gouache.paint(strip)
    set_range(strip, 4, 7)  # what is not seen need not be there
    gouache.paint(strip)


def test_a_strip_out_of_reach_is_refused(gouache):
    with pytest.raises(RuntimeError, match="has no frame that Blender can render"):
        gouache.paint(gouache.clip(start=-20))
    with pytest.raises(RuntimeError, match="goes on after frame 99999"):
        gouache.paint(gouache.clip(start=99997, name="Late"))


def test_cancel_keeps_what_is_painted(gouache):
    strip = gouache.clip()
    bake = gouache.module("bake")
    gouache.set_engine("wait")
    job = bake.Bake([gouache.order(strip)], 0.05)
    with pytest.raises(Exception) as stopped:
        for status in job:
            if status.frame == 1:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled"
    folder = next((gouache.folder / "gouache").glob("Clip-*"))
    assert [file.name for file in (folder / "result").iterdir() if file.is_file()] == ["00001.png"]
    assert len(gouache.strips) == 1 and gouache.module("engine")._kept.alive  # ready for the next job
    line = gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    gouache.module("sequencer.orders").note_kept(job.at, len(job.files))
    assert line(gouache.scene, strip)[0] == "1 of 6 frames are painted: Paint Strip goes on"
    strip.gouache.strength = 0.1
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    gouache.set_engine("identity")
    gouache.paint(strip)


def test_cancel_stops_capturing(gouache):
    bake = gouache.module("bake")
    job = bake.Bake([gouache.order(gouache.clip())], capture_seconds=0.0)
    steps = iter(job)
    assert "Capturing frame 1 of 6" in next(steps).text
    job.cancel()
    with pytest.raises(Exception) as stopped:
        list(steps)
    assert type(stopped.value).__name__ == "Cancelled" and gouache.jobs() == [] and len(bpy.data.scenes) == 1


def test_an_engine_that_does_not_hear_cancel_is_ended(gouache, monkeypatch):
    bake, engine = gouache.module("bake"), gouache.module("engine")
    monkeypatch.setattr(engine, "GRACE_SECONDS", 0.3)
    gouache.set_engine("deaf")
    job = bake.Bake([gouache.order(gouache.clip())], 0.05)
    with pytest.raises(Exception) as stopped:
        for status in job:
            if status.frame == 1:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled" and not engine._kept.alive


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


def test_the_cache_folder_opens_once_there_is_one(gouache, capfd):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    assert not bpy.ops.gouache.cancel.poll()
    with pytest.raises(RuntimeError, match="There is no cache yet"):
        bpy.ops.gouache.open_cache()
    gouache.paint(strip)
    bpy.ops.gouache.open_cache()
    assert str(gouache.bake_folder(strip)) in capfd.readouterr().out


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
    assert ("operator", "gouache.stylize_strip") in drawn and ("label", "Not painted yet") in drawn
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


def test_a_strip_larger_than_its_painting_is_told_how_it_is_enlarged(gouache):
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    strip.gouache.size, strip.gouache.collage.size = 64, 32
    assert not [text for _, text in draw(gouache) if "enlarged" in str(text)]
    strip.gouache.size = 48
    assert ("label", "Painted at 48 px, enlarged to 64") in draw(gouache)
    strip.gouache.effect = "collage"
    assert ("label", "Made at 32 px, enlarged to 64") in draw(gouache)


def test_the_line_says_where_a_strip_and_its_painting_part(gouache):
    strip = gouache.clip(8)
    set_range(strip, 2, 6)
    painting, = gouache.paint(strip)

    def line():
        return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]

    assert line() == "Painted"
    for ends, text in {(2, 7): "1 frame is not painted", (1, 8): "3 frames are not painted",
                       (3, 5): "The painting is 2 frames longer than the strip", (2, 6): "Painted"}.items():
        set_range(strip, *ends)
        assert line() == text
    for moved in (strip, painting):
        name = "content_start" if hasattr(strip, "content_start") else "frame_start"
        setattr(moved, name, getattr(moved, name) + 10)
    assert line() == "Painted"
    setattr(strip, name, getattr(strip, name) - 1)
    set_range(strip, 12, 16)
    assert line() == "Footage changed since painting"
    gouache.paint(strip)
    assert line() == "Painted"
    strip.directory = gouache.clip(8, channel=9, name="Other").directory
    assert line() == "Footage changed since painting"
    strip.gouache.painted_of = ""  # as by an earlier version
    assert line() == "Painted"


def test_the_line_says_that_a_strips_own_settings_changed(gouache):
    """A text, a still, a reversal, a modifier; what was done to the painting as well is no change."""
    text = gouache.strips.new_effect(name="Text", type="TEXT", channel=1, **gouache.length(1, 4))
    still, clip = gouache.clip(1, channel=4, name="Still_"), gouache.clip(channel=7)
    gouache.add_style(text)
    gouache.paint(text, still, clip)

    def line(strip):
        return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]

    assert {line(text), line(still), line(clip)} == {"Painted"}
    clip.use_proxy = clip.lock = clip.mute = True
    clip.use_reverse_frames = gouache.strips["Clip painted"].use_reverse_frames = True
    assert line(clip) == "Painted"
    gouache.strips["Clip painted"].use_reverse_frames = False
    text.text, still.elements[0].filename = "Other", "0002.png"
    assert {line(text), line(still), line(clip)} == {"Strip changed since painting"}
    gouache.paint(text, clip)
    assert line(text) == line(clip) == "Painted"
    text.modifiers.new("Bright", "BRIGHT_CONTRAST")
    assert line(text) == "Strip changed since painting"
    text.gouache.painted_from = ""  # as by an earlier version
    assert line(text) == "Painted"


def test_a_film_saved_elsewhere_has_the_same_footage(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    strip.directory = bpy.path.relpath(strip.directory) + "/"
    (gouache.folder / "other").mkdir()
    gouache.save("other/shot.blend")
    assert strip.directory.startswith("//../")
    assert gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0] == "Painted"


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


def test_copying_to_no_other_strip_says_what_to_select(gouache, capfd):
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    strip.select = True
    assert bpy.ops.gouache.copy_settings() == {"CANCELLED"} and "Select other strips too" in capfd.readouterr().out


def test_the_preferences_show_what_was_checked_and_hide_what_experts_set(gouache):
    bpy.ops.gouache.check_engine()
    drawn = []
    preferences = gouache.module("preferences")
    panel = preferences.GOUACHE_preferences
    holder = SimpleNamespace(layout=Layout(drawn))
    holder.bl_rna = gouache.preferences.bl_rna
    panel.draw(holder, bpy.context)
    assert ("operator", "gouache.check_engine") in drawn and ("label", "weights") in drawn
    order = [drawn.index(("operator", "Install Engine")), drawn.index(("prop", "cache_directory")),
             drawn.index(("label", "Expert")), drawn.index(("prop", "engine_python"))]
    assert order == sorted(order) and ("prop", "Threads (0: Automatic)") in drawn


@pytest.mark.parametrize("online", [False, True])
def test_preferences_without_an_engine_begin_with_its_button(gouache, monkeypatch, online):
    """The button is right there, and so is what it needs."""
    preferences, drawn = gouache.module("preferences"), []
    gouache.preferences.engine_python = ""
    monkeypatch.setattr(preferences, "bpy", SimpleNamespace(app=SimpleNamespace(online_access=online), path=bpy.path,
                                                            context=bpy.context, utils=bpy.utils))
    preferences.draw_engine(Layout(drawn))
    assert ("label", "No painting engine is installed.") in drawn and not any("Press" in text for _, text in drawn)
    assert (("operator", "Allow Online Access") in drawn) != online


def test_settings_survive_switching_off_and_on_again(gouache):
    strip = gouache.clip()
    strip.gouache.strength = 0.3
    for _ in range(2):
        gouache.disable()
        assert not hasattr(bpy.types.Strip, "gouache") and not hasattr(bpy.types, "GOUACHE_PT_strip")
        assert "stylize_strip" not in dir(bpy.ops.gouache)
        gouache.enable()
    assert round(strip.gouache.strength, 6) == 0.3
    gouache.set_engine("identity")
    assert gouache.paint(strip)[0] is not None


@pytest.mark.parametrize("mode", ["identity", "crash"])
def test_a_script_tells_by_its_exit_code(gouache, mode):
    """A few lines, in a Blender of its own, on the saved file."""
    gouache.clip()
    gouache.save()
    blender = gouache.script("bpy.ops.gouache.stylize_strip(strips='Clip')\nbpy.ops.wm.save_mainfile()", mode)
    out, err = blender.communicate(timeout=60)
    if mode == "crash":
        assert blender.returncode == 1 and "RuntimeError: Error: The engine stopped with code 3" in err
        return
    assert blender.returncode == 0, err
    assert out.count("gouache: ") > 6
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    result = bpy.context.scene.sequence_editor.strips_all["Clip painted"]
    assert Path(bpy.path.abspath(result.directory), result.elements[0].filename).is_file()
