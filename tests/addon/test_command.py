"""`--command gouache bake` with stray things in the film: all else is painted, and what is wrong is told at the end."""

from pathlib import Path

import bpy
import pytest
from graph import Graph
from stage import NEW


def bake(gouache, *arguments):
    """The exit code of the command, and the strips that are painted by now."""
    code = gouache.module("command").main(["bake", *arguments])
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
