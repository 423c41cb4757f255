"""The style pictures that come with Gouache, in films from other computers and from before an upgrade of Blender."""

from pathlib import Path

import bpy
import pytest
from stage import picture, write_png

ELSEWHERE = ("/home/ann/blender/4.5/extensions/user_default/gouache/blender_addon/styles/{}",
             "C:\\Users\\Ann\\Blender\\5.2\\extensions\\user_default\\gouache\\blender_addon\\styles\\{}")


@pytest.mark.parametrize("folder", ELSEWHERE)
def test_a_strip_with_a_bundled_style_from_elsewhere(gouache, folder):
    """Its painting stays; and painted again, it takes this computer's own picture."""
    strip = gouache.clip()
    style = strip.gouache.styles[0].path = str(gouache.module("bundled").bundled()[0])
    gouache.paint(strip)
    strip.gouache.styles[0].path = elsewhere = folder.format(Path(style).name)
    gouache.paint(strip)
    assert [job["options"]["styles"][0]["path"] for job in gouache.jobs()] == [style, style]
    assert strip.gouache.styles[0].path == elsewhere and gouache.order(strip).folder == gouache.bake_folder(strip)


def test_a_node_with_a_bundled_style_from_elsewhere(graph):
    """What it was baked from is the same."""
    gouache, tree = graph.gouache, graph.node.node_tree
    name = gouache.module("bundled").bundled()[0].name
    tree.gouache.styles[0].path = str(gouache.module("bundled").bundled()[0])
    before = gouache.module("compositor.signature").signature(graph.scene, graph.node)
    tree.gouache.styles[0].path = ELSEWHERE[0].format(name)
    assert gouache.module("compositor.signature").signature(graph.scene, graph.node) == before


def test_the_first_style(gouache):
    """The one that suits most; in lists the bundled ones have names, others are called as their files are."""
    gouache.scene.sequence_editor.active_strip = strip = gouache.clip()
    strip.gouache.styles.clear()
    bpy.ops.gouache.style_add()
    path, title_of = strip.gouache.styles[0].path, gouache.module("bundled").title_of
    assert title_of(path) == "Swirling Night" and title_of(ELSEWHERE[0].format("cut_paper.jpg")) == "Cut Paper"
    assert title_of("//mine/cut_paper.jpg") == "cut_paper.jpg"


def test_an_artists_own_pictures(gouache):
    """They are never replaced: neither one that is there, nor one of the same name that is missing."""
    name, full_path = gouache.module("bundled").bundled()[0].name, gouache.module("bundled").full_path
    own = gouache.folder / "mine" / "blender_addon" / "styles" / name
    write_png(own, picture(1))
    assert full_path(str(own)) == own and full_path(f"//mine/blender_addon/styles/{name}") == own
    assert full_path(f"/nowhere/styles/{name}") == Path(f"/nowhere/styles/{name}")
    strip = gouache.clip()
    strip.gouache.styles[0].path = f"/nowhere/styles/{name}"
    with pytest.raises(RuntimeError, match=r"The style picture .* is not there"):
        gouache.paint(strip)
