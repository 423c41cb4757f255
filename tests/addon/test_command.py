"""The command `gouache`: bake, list and doctor; a stray thing in the film keeps nothing else from being painted."""

from pathlib import Path

import bpy
import pytest
from graph import Graph
from stage import NEW, set_range


def command(gouache, *arguments):
    """The command's exit code, run in this Blender."""
    return gouache.module("command").main(arguments)


def only(gouache):
    """The frames that each job was for."""
    return [job["files"]["only"] for job in gouache.jobs()]


def test_command_bake(gouache, capfd):
    gouache.clip()
    gouache.clip(name="Other", channel=5, start=20)
    gouache.save()
    blend = Path(bpy.data.filepath)
    before = blend.read_bytes()
    assert command(gouache, "bake", "--strip", "Clip", "--frames", "2-3", "--no-save") == 0
    assert only(gouache) == ["2-3"] and blend.read_bytes() == before
    assert command(gouache, "bake", "--frames", "4-21") == 0
    assert only(gouache)[1:] == ["4-6", "20-21"] and blend.read_bytes() != before
    assert command(gouache, "bake", "--all", str(blend)) == 0  # opens the file anew
    assert "saved shot.blend" in capfd.readouterr().out
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    strips = bpy.context.scene.sequence_editor.strips_all
    for name in ("Clip", "Other"):
        assert gouache.module("results").find_result(bpy.context.scene, strips[name]) is not None
    command(gouache, "list")
    assert capfd.readouterr().out.splitlines()[-2:] == [
        "Scene\tstrip\tClip\t1-6\tPainted", "Scene\tstrip\tOther\t20-25\tPainted"]


def test_command_bake_nodes(gouache, capfd):
    graph = Graph(gouache)
    node = graph.add(graph.footage())
    gouache.save()
    assert command(gouache, "bake", "--node", node.name, "--frames", "2-3") == 0
    command(gouache, "list")
    assert f"Scene\tnode\t{node.name}\t1-6\t2 of 6 frames baked" in capfd.readouterr().out
    assert command(gouache, "bake") == 0
    assert [job["files"]["frames"] for job in gouache.jobs()] == ["2-3", "1-6"]


def test_command_errors(gouache, capfd):
    for arguments, code, message in (
            (["bake"], 1, "Scene 'Scene' has nothing to paint. Set a style on a strip"),
            (["bake", "--strip", "Nobody"], 1, "There is no strip 'Nobody'"),
            (["bake", "--node", "Nobody"], 1, "There is no Gouache node 'Nobody'"),
            (["bake", "--scene", "Nowhere"], 1, "There is no scene 'Nowhere'"),
            (["bake", "--frames", "5-2"], 1, "it ends before it begins"),
            (["bake", "nothing.blend"], 1, "The file 'nothing.blend' is not there"),
            (["bake", str(gouache.style)], 1, "cannot be opened"),
            (["bake", "--strip", "A", "--all"], 2, "not allowed with"),
            (["paint"], 2, "invalid choice"), ([], 2, "required"), (["--help"], 0, "bake")):
        assert command(gouache, *arguments) == code, arguments
        told = capfd.readouterr()
        assert message in told.out + told.err, arguments
        assert "Traceback" not in told.out + told.err
    strip = gouache.clip()
    gouache.save()
    for mode in ("crash", "kill", "error"):
        gouache.set_engine(mode)
        before = Path(bpy.data.filepath).read_bytes()
        assert command(gouache, "bake") == 1 and Path(bpy.data.filepath).read_bytes() == before
    gouache.set_engine("identity")
    assert command(gouache, "bake") == 0 and only(gouache)[-1] == "" and len(gouache.strips) == 2
    set_range(strip, 1, 3)
    assert command(gouache, "bake", "--strip", "Clip", "--frames", "5-6") == 1
    assert "'Clip' does not show at these frames. It has the frames 1 to 2." in capfd.readouterr().out


def test_command_doctor(gouache, capfd):
    assert command(gouache, "doctor") == 0
    assert "gouache: ok  Python: " in capfd.readouterr().out
    gouache.set_engine("crash")
    assert command(gouache, "doctor") == 1
    assert "gouache: error: The engine cannot work: weights: missing. Install it again." in capfd.readouterr().out


def bake(gouache, *arguments):
    """The exit code of the command, and the strips that are painted by now."""
    code = command(gouache, "bake", *arguments)
    return code, [strip.name for strip in gouache.strips if "gouache_source" in strip.keys()]  # noqa: SIM118


def lose_footage(gouache, strip):
    for file in (gouache.folder / f"footage {strip.name}").iterdir():
        file.unlink()


def test_what_is_wrong_with_one_strip_keeps_the_others_from_nothing(gouache, capfd):
    early, gone = gouache.clip(name="Early", start=-20), gouache.clip(name="Gone", channel=3)
    good = gouache.clip(name="Good", channel=5)
    lose_footage(gouache, gone)
    before = Path(bpy.data.filepath).read_bytes()
    assert bake(gouache) == (1, ["Good painted"])
    out = capfd.readouterr().out
    assert "error: 2 of 3 could not be made: 'Early' has no frame" in out and "of strip 'Gone' is not there." in out
    assert Path(bpy.data.filepath).read_bytes() != before and "saved shot.blend" in out
    assert bake(gouache, "--strip", "Good", "--strip", early.name) == (1, ["Good painted"])  # named: checked first
    assert len(gouache.jobs()) == 1 and good.gouache.painted_as


def test_what_fails_in_the_engine_keeps_the_next_from_nothing(gouache, monkeypatch):
    gouache.clip(name="First")
    gouache.clip(name="Second", channel=5)
    due = gouache.module("due")
    paint = due.paint

    def failing(orders):
        if orders[0].subject.name == "First":
            raise gouache.module("bake").GouacheError("The engine failed.")
        paint(orders)
    monkeypatch.setattr(due, "paint", failing)
    assert bake(gouache) == (1, ["Second painted"])


def test_what_is_not_shown_or_not_set_up_is_left_out(gouache):
    """As rendering without a window leaves it out."""
    gone, bare = gouache.clip(name="Gone", channel=3), gouache.clip(name="Bare", channel=5)
    graph = Graph(gouache)
    graph.add()
    gone.mute, bare.gouache.styles[0].path = True, ""
    lose_footage(gouache, gone)
    good = gouache.clip(name="Good", channel=7)
    good.gouache.mute_source = True
    assert bake(gouache) == (0, ["Good painted"])
    good.gouache.seed = 3
    assert good.mute and bake(gouache)[0] == 0 and len(gouache.jobs()) == 2  # its painting is seen
    for strip in gouache.strips:
        strip.mute = True
    assert bake(gouache)[0] == 1 and len(gouache.jobs()) == 2


@pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")
def test_a_strip_with_a_modifier_and_an_empty_style(gouache):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        bpy.ops.gouache.add_modifier(effect="style")
    strip.gouache.styles[0].path = ""
    assert bake(gouache) == (0, []) and len(gouache.jobs()) == 1
    strip.modifiers[0].mute = True
    assert bake(gouache) == (1, [])
