"""The add-on's preferences, with an engine and without."""

from types import SimpleNamespace

import bpy
import pytest
from panel_spy import Layout


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
    assert ("operator", "Allow Online Access") not in drawn, "there is nothing to install"


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
