"""Rendering without a window bakes what is due first; the command `gouache`; errors end it, and harm nothing."""

import shutil
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from graph import Graph
from stage import NEW

ANIMATION = "import sys; sys.argv.append('-a'); s = bpy.context.scene; "


@pytest.fixture
def gouache(gouache):
    """The stage, with a scene that bakes when it is rendered, as a new one does."""
    if gouache is not None:
        gouache.scene.gouache.property_unset("bake_on_render")
        assert gouache.scene.gouache.bake_on_render
        gouache.save()
    return gouache


@pytest.fixture(params=["-a", "-f +1"])
def way(request, monkeypatch):
    """The two ways to render: the range is known at the beginning, or each frame only when its turn comes."""
    monkeypatch.setattr(sys, "argv", [*sys.argv, *request.param.split()])
    return request.param


def wanted(gouache, **options):
    """A strip, never painted, that asks for it."""
    strip = gouache.clip(**options)
    strip.gouache.paint_on_render = True
    return strip


def only(gouache):
    """The frames that each job was for."""
    return [job["files"]["only"] for job in gouache.jobs()]


def is_negative(gouache, strip, frame, shown):
    """Whether a rendered frame shows the negative of what was captured."""
    expected = 255 - gouache.captured(strip, frame)[..., :3]
    top, left = (54 - 36) // 2, (96 - 64) // 2
    return np.abs(shown[top:top + 36, left:left + 64, :3] - expected).max() <= 1


def test_a_render_paints_its_frames(gouache, way, capfd):
    strip = wanted(gouache)
    gouache.set_engine("invert")
    for frame, shown in zip((3, 4, 5), gouache.render(3, 5), strict=True):
        assert is_negative(gouache, strip, frame, shown)
    assert only(gouache) == (["3-5"] if way == "-a" else ["3", "4", "5"])
    assert gouache.jobs()[0]["files"]["frames"] == "1-6"  # as they are in the whole
    out = capfd.readouterr().out
    assert all(f"Painted frame {frame} " in out for frame in (3, 4, 5))
    assert len(bpy.data.scenes) == 1 and strip.gouache.painted_as == ""
    gouache.scene.gouache.bake_on_render = False  # what is not painted is not shown, and nothing breaks
    rest = gouache.render(1, 6)
    assert is_negative(gouache, strip, 4, rest[3]) and len(gouache.jobs()) == (1 if way == "-a" else 3)


def test_what_is_fresh_needs_no_engine(gouache, way, capfd):
    strip = gouache.clip()
    gouache.paint(strip)
    before = gouache.render(2, 5)
    gouache.preferences.engine_python = "/not/there"
    after = gouache.render(2, 5)
    assert len(gouache.jobs()) == 1 and all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert "Clip: painted already, " in capfd.readouterr().out
    gouache.set_engine("invert")
    file = gouache.folder / "footage Clip" / "0004.png"
    file.write_bytes((file.parent / "0001.png").read_bytes())
    strip.invalidate_cache("RAW")
    shown = gouache.render(2, 5)
    assert only(gouache) == (["", "2-5"] if way == "-a" else ["", "4"])
    assert is_negative(gouache, strip, 4, shown[2])
    strip.gouache.seed = 5
    gouache.render(6, 6)
    assert only(gouache)[-1] == "6"


def test_what_is_not_due(gouache, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["-a"])
    strip = gouache.clip()
    gouache.render(1, 2)
    assert "'Clip' has a style but was never painted: tick Paint When Rendering" in capfd.readouterr().out
    strip.gouache.paint_on_render = True
    gouache.render(20, 21)  # the strip does not show there
    gouache.scene.gouache.bake_on_render = False
    gouache.render(1, 2)
    gouache.scene.gouache.bake_on_render = True
    other, due = gouache.clip(name="Other", channel=7), gouache.module("due")
    strip.gouache.paint_on_render = False
    capfd.readouterr()
    list(due.due_strips(gouache.scene))
    assert capfd.readouterr().out == ("gouache: 'Clip' and 1 more strip were never painted: tick Paint When Rendering "
                                      "to have them painted\n")
    strip.gouache.paint_on_render = True
    assert list(due.due_strips(gouache.scene)) == [strip]
    strip.mute = True
    assert list(due.due_strips(gouache.scene)) == []
    strip.mute = False
    gouache.scene.sequence_editor.channels[strip.channel].mute = True
    assert list(due.due_strips(gouache.scene)) == []
    other.mute = True
    assert not due.shows_strips(gouache.scene)
    assert gouache.jobs() == []
    gouache.scene.sequence_editor.channels[strip.channel].mute = False
    result, = gouache.paint(strip)  # captures are renders too, and are no occasion to bake
    result.mute = True
    strip.gouache.seed = 3
    gouache.render(1, 2)
    assert len(gouache.jobs()) == 1


def test_scene_strips_and_steps(gouache, way):
    """A scene strip's scene is rendered within a render; every second frame is no range."""
    strip = gouache.scene_strip()
    strip.gouache.paint_on_render = True
    strip.gouache.stability = 0.0
    gouache.scene.frame_step = 2
    gouache.scene.render.filepath = str(gouache.folder / "steps" / "#####")
    gouache.scene.frame_start, gouache.scene.frame_end = 1, 3
    bpy.ops.render.render(animation=True)
    assert only(gouache) == (["1,3"] if way == "-a" else ["1", "3"])
    captured = ["00001.png", "00003.png"] if way == "-a" else ["00001.png", "00002.png", "00003.png"]
    assert [file.name for file in gouache.source_files(strip)] == captured
    assert gouache.module("headless").current is None


def test_a_render_bakes_nodes(gouache, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["-a"])
    gouache.set_engine("invert")
    graph = Graph(gouache)
    node = graph.add(graph.footage())
    for number, frame in zip((3, 4, 5), graph.render(3, 5), strict=True):
        assert np.abs(frame[..., :3] - (number / 100, 0.25, 0.5)).max() < 1e-3
    graph.render(4, 5)
    assert f"{node.name}: baked already" in capfd.readouterr().out
    graph.render(5, 6)
    node.node_tree.gouache.seed = 9
    assert np.abs(graph.render(4, 4)[0][..., 0] - 0.04).max() < 1e-3
    frames = [job["files"]["frames"] for job in gouache.jobs()]
    assert frames == ["3-5", "6-6", "4-4"]
    node.mute = True
    node.node_tree.gouache.seed = 10
    graph.render(4, 4)
    assert len(gouache.jobs()) == 3 and len(bpy.data.scenes) == 1


def test_nodes_in_a_render_that_steps_over_frames(gouache, monkeypatch):
    """A node that holds steady is baked with the frames between; one whose frames are painted alone is not."""
    monkeypatch.setattr(sys, "argv", ["-a"])
    gouache.set_engine("resume")
    graph = Graph(gouache)
    node = graph.add(graph.footage())
    gouache.scene.frame_start, gouache.scene.frame_end, gouache.scene.frame_step = 1, 5, 2
    gouache.scene.render.use_sequencer, gouache.scene.render.filepath = False, str(gouache.folder / "steps" / "#####")
    for stability in (0.8, 0.0):
        node.node_tree.gouache.stability = stability
        bpy.ops.render.render(animation=True)
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["1-5", "1-1", "3-3", "5-5"]


def test_a_script_that_renders_is_left_alone(gouache):
    strip = wanted(gouache)
    gouache.render(1, 2)
    assert gouache.jobs() == [] and strip.gouache.painted_as == ""


def test_nodes_whose_frames_are_told_late(gouache, monkeypatch):
    """A still is baked; an animation must have been."""
    monkeypatch.setattr(sys, "argv", [*sys.argv, "-f", "+4"])
    graph = Graph(gouache)
    node = graph.add(graph.footage())
    gouache.scene.frame_set(4)
    gouache.scene.render.use_sequencer = False
    gouache.scene.render.filepath = str(gouache.folder / "still")
    bpy.ops.render.render(write_still=True)
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["4-4"]
    due = gouache.module("due")
    due.check_groups(gouache.scene, [4])
    with pytest.raises(Exception, match=r"Frame 5 of 'Style Transfer' is not baked, and .* Bake it before"):
        due.check_groups(gouache.scene, [4, 5])
    graph.bake(node.name)
    graph.render(1, 6)
    assert len(gouache.jobs()) == 2


@pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")
def test_a_render_bakes_strip_modifiers(gouache, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["-a"])
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        bpy.ops.gouache.add_modifier(effect="style")
    before = gouache.render(8, 9)[0]  # beside the strip nothing is due
    assert gouache.jobs() == [] and before[..., 3].max() == 0
    gouache.set_engine("invert")
    for frame, shown in zip((3, 4, 5), gouache.render(3, 5), strict=True):
        top, left = (54 - 36) // 2, (96 - 64) // 2
        assert np.abs(shown[top:top + 36, left:left + 64, 0] - (255 - 20 * frame)).max() <= 1
    gouache.render(4, 5)
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["3-5"] and len(gouache.strips) == 1
    assert "Clip: baked already" in capfd.readouterr().out
    assert command(gouache, "bake", "--strip", "Clip") == 0
    command(gouache, "list")
    assert "Scene\tmodifier\tClip\t1-6\tBaked: 6 frames" in capfd.readouterr().out


@pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")
def test_several_strip_modifiers_in_one_render(gouache, monkeypatch):
    """The copy that the first was captured from is kept until the end: the same strips once more, but no others."""
    monkeypatch.setattr(sys, "argv", ["-a"])
    for number, name in enumerate(("Boat", "Sea")):
        strip = gouache.scene.sequence_editor.active_strip = gouache.clip(name=name, channel=1 + number)
        with gouache.sequencer():
            bpy.ops.gouache.add_modifier(effect="style")
        strip.gouache.styles.clear()
    strip.split(4, "SOFT")
    gouache.render(2, 5)
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["2-5", "2-3", "4-5"]


def test_nodes_that_are_not_set_up(gouache, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["-a"])
    graph = Graph(gouache)
    graph.add(graph.footage(), style=False)
    graph.render(1, 2)
    assert gouache.jobs() == [] and "'Style Transfer' has no style or no image yet" in capfd.readouterr().out


def test_groups_of_another_file(gouache, monkeypatch, capfd):
    """They show what was baked there and are left out; what is this file's own is baked."""
    monkeypatch.setattr(sys, "argv", ["-a"])
    gouache.set_engine("resume")
    graph = Graph(gouache)
    graph.bake(graph.add(graph.footage()).name)
    gouache.save()
    library = bpy.data.filepath
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    gouache.set_engine("resume")
    scene = gouache.scene = bpy.context.scene
    gouache.save("other.blend")
    with bpy.data.libraries.load(library, link=True, relative=True) as (_, into):
        into.node_groups = ["Style Transfer"]
    there = Graph(gouache)
    linked = there.tree.nodes.new("CompositorNodeGroup")
    linked.name, linked.node_tree = "Linked", bpy.data.node_groups["Style Transfer"]
    there.link(there.footage(name="other").outputs[0], linked.inputs["Image"])
    there.link(linked.outputs[0], there.sink.inputs[0])
    assert np.abs(there.render(2, 3)[0][..., :3] - (0.02, 0.25, 0.5)).max() < 1e-3
    said = "'Linked' has a group that is linked from another file and is not baked here"
    assert len(gouache.jobs()) == 1 and said in capfd.readouterr().out
    if NEW:
        gouache.strips = scene.sequence_editor_create().strips
        strip = gouache.clip()
        strip.gouache.styles.clear()
        strip.modifiers.new("Style", "COMPOSITOR").node_group = linked.node_tree
    own = there.add(linked)
    bpy.ops.wm.save_mainfile()
    assert command(gouache, "bake") == 0
    assert len(gouache.jobs()) == 2 and gouache.module("compositor.groups").painting_folder(own.node_tree)
    out = capfd.readouterr().out
    assert said in out and ("'Clip' has a group" in out) == NEW
    assert command(gouache, "bake", "--node", "Linked") == 1
    assert "is linked from another file. Bake it there" in capfd.readouterr().out


def render_elsewhere(gouache, mode, lines="", first=3, last=5, **environ):
    """Render the saved file in another Blender, as `blender -b file -s FIRST -e LAST -a` does; the open process."""
    return gouache.script(f"{ANIMATION}s.frame_start, s.frame_end = {first}, {last}\n{lines}\n"
                          f"s.render.filepath = {str(gouache.folder / 'out' / '#####')!r}\n"
                          f"bpy.ops.render.render(animation=True)\nprint('came to the end')", mode, **environ)


FAILURES = (
    ("crash", "", "The engine stopped with code 3 in the middle of its work. Finished frames are kept: begin again"),
    ("kill", "", "The engine was ended by signal 9 in the middle of its work."),
    ("identity", "import os; os.remove({style!r})", "'Clip': The style picture 'style picture.png' is not there."),
    ("identity", "open({cache!r}, 'w').close()", "The folder '{cache}"),
    ("identity", "import os; bpy.context.preferences.addons[{module!r}].preferences.engine_python = ''; "
                 "os.environ['GOUACHE_ENGINE_PYTHON'] = '/nothing'", "The engine's Python is not there: "))


def test_a_bake_that_fails_ends_the_render(gouache):
    wanted(gouache)
    gouache.save()
    blend, style, cache = Path(bpy.data.filepath), gouache.style.read_bytes(), gouache.folder / "gouache"
    before = blend.read_bytes()
    for mode, lines, message in FAILURES:
        named = {"style": str(gouache.style), "cache": str(cache), "module": "bl_ext.user_default.gouache"}
        blender = render_elsewhere(gouache, mode, lines.format(**named))
        out, err = blender.communicate(timeout=60)
        assert blender.returncode == 1, out + err
        assert f"gouache: error: {message.format(**named)}" in out and "gouache: The render is stopped." in out
        assert "came to the end" not in out and not (gouache.folder / "out").exists()
        assert blend.read_bytes() == before
        gouache.style.write_bytes(style)
        shutil.rmtree(cache) if cache.is_dir() else cache.unlink(missing_ok=True)


def test_two_machines_share_out_a_range(gouache):
    """At the same time, into one bake folder; what they made is found by a third."""
    strip = wanted(gouache, frames=12)
    gouache.save()
    machines = [render_elsewhere(gouache, "resume", first=a, last=b) for a, b in ((1, 6), (7, 12))]
    for machine in machines:
        out, err = machine.communicate(timeout=60)
        assert machine.returncode == 0, out + err
    assert len(list((gouache.folder / "out").iterdir())) == 12
    gouache.set_engine("resume")
    gouache.paint(strip)
    folder = gouache.bake_folder(strip)
    assert len(list((folder / "result").glob("*.png"))) == 12
    assert sorted(file.name for file in folder.glob("*.json")) == [
        "job-00001-00006.json", "job-00007-00012.json", "job.json"]
    assert not [file for file in folder.rglob("*") if file.name.startswith(".") or file.suffix == ".part"]
    assert len({file.stat().st_mtime_ns for file in (folder / "result").glob("*.png")}) >= 1


def command(gouache, *arguments):
    """The command's exit code, run in this Blender."""
    return gouache.module("command").main(arguments)


def test_frames_on_the_command_line(gouache):
    gouache.scene.frame_start, gouache.scene.frame_end, gouache.scene.frame_step = 1, 6, 2
    for arguments, frames in (
            ("blender -b file.blend", None), ("blender -b -f 7", [7]), ("blender -f +2", None), ("blender -f", None),
            ("blender -b --python x.py -- -a", None),
            ("blender --render-frame 7,9..11,9", [7, 9, 10, 11]), ("blender -f 7 -f 3", [3, 7]),
            ("blender -a", [1, 3, 5]), ("blender -f 7 --render-anim", [1, 3, 5])):
        assert gouache.module("headless").frames_of(gouache.scene, arguments.split()) == frames, arguments


def test_frames_that_are_rendered_already(gouache):
    """Without Overwrite Blender leaves them out, so they need no painting; with it, it renders them again."""
    scene, frames_of = gouache.scene, gouache.module("headless").frames_of
    scene.frame_start, scene.frame_end, scene.render.filepath = 1, 4, str(gouache.folder / "####")
    (gouache.folder / "0002.png").touch()
    for overwrites, frames in ((True, [1, 2, 3, 4]), (False, [1, 3, 4])):
        scene.render.use_overwrite = overwrites
        assert frames_of(scene, ["-a"]) == frames


def test_two_films_on_one_command_line(gouache, monkeypatch):
    """Each frame of each is baked, though scene and frame are called the same."""
    monkeypatch.setattr(sys, "argv", [*sys.argv, "-f", "1"])
    headless = gouache.module("headless")
    wanted(gouache)
    for name in ("one.blend", "two.blend"):
        gouache.save(name)
    for name in ("one.blend", "two.blend"):
        bpy.ops.wm.open_mainfile(filepath=str(gouache.folder / name))
        headless.begin(bpy.context.scene)
        headless.end(bpy.context.scene)
    assert only(gouache) == ["1", "1"]


def test_switching_off_takes_every_handler_out(gouache):
    handlers = gouache.module("headless").HANDLERS
    names = {"load_post", "render_init", "render_pre", "render_post", "render_complete", "render_cancel"}

    def there():
        return {name for name, handler in handlers.items() if handler in getattr(bpy.app.handlers, name)}
    assert there() == set(handlers) == names
    bpy.ops.wm.read_homefile(use_empty=True)
    assert there() == names
    gouache.disable()
    assert there() == set()
    assert not hasattr(bpy.types.Scene, "gouache")


def test_the_option_is_in_the_output_properties(gouache):
    from types import SimpleNamespace

    from panel_spy import Layout
    drawn = []
    panel = gouache.module("headless").GOUACHE_PT_render
    panel.draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
    assert ("prop", "bake_on_render") in drawn
