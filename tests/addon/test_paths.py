"""Paths of settings that start with //, where a film is saved into another folder."""

import os

import bpy
import pytest
from stage import picture, write_png


def give_paths(gouache, group):
    """Settings with a relative path wherever there can be one; those files are there."""
    for file in ("mask.png", "objects.png", "depth.png", "paper.png"):
        write_png(gouache.folder / file, picture(3))
    (gouache.folder / "motion").mkdir(exist_ok=True)
    group.styles.clear()
    group.styles.add().path = "//style picture.png"
    group.mask, group.collage.mask, group.collage.depth = "//mask.png", "//objects.png", "//depth.png"
    group.collage.materials.add().path = "//paper.png"
    if hasattr(group, "flow"):
        group.flow = "//motion"


def texts(group):
    found = [group.styles[0].path, group.mask, group.collage.mask, group.collage.depth, group.collage.materials[0].path]
    return [*found, group.flow] if hasattr(group, "flow") else found


def save(gouache, name):
    (gouache.folder / name).parent.mkdir(parents=True, exist_ok=True)
    gouache.save(name)


def files(group):
    return [os.path.normpath(bpy.path.abspath(path)) for path in texts(group)]


@pytest.mark.parametrize("of", ["strip", "node"])
def test_save_as_into_another_folder(graph, of):
    gouache = graph.gouache
    strip = gouache.clip()
    group = strip.gouache if of == "strip" else graph.node.node_tree.gouache
    give_paths(gouache, group)
    there = files(group)
    save(gouache, "other/shot.blend")
    assert files(group) == there and texts(group)[0] == "//../style picture.png"
    save(gouache, "other/deep/shot.blend")
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    group = (scene.sequence_editor.strips_all["Clip"].gouache if of == "strip"
             else next(tree for tree in bpy.data.node_groups if tree.gouache.effect).gouache)
    assert files(group) == there and texts(group)[1] == "//../../mask.png"


@pytest.mark.parametrize("how", ["copy", "failure"])
def test_the_open_film_keeps_its_paths(gouache, how):
    """The copy has paths of its own."""
    strip = gouache.clip()
    give_paths(gouache, strip.gouache)
    before, there, film = texts(strip.gouache), files(strip.gouache), bpy.data.filepath
    other = gouache.folder / "other" / "copy.blend"
    other.parent.mkdir()
    if how == "failure":
        other.mkdir()
        with pytest.raises(RuntimeError):
            bpy.ops.wm.save_as_mainfile(filepath=str(other))
    else:
        bpy.ops.wm.save_as_mainfile(filepath=str(other), copy=True)
    assert texts(strip.gouache) == before and bpy.data.filepath == film
    if how == "copy":
        bpy.ops.wm.open_mainfile(filepath=str(other))
        group = bpy.context.scene.sequence_editor.strips_all["Clip"].gouache
        assert files(group) == there and texts(group) != before


def test_what_is_painted_and_baked_is_not_out_of_date(graph):
    """The pictures are the same; the film goes on from what is painted. What was out of date still is."""
    gouache, node = graph.gouache, graph.node
    strip, stale = gouache.clip(), gouache.clip(name="Stale", channel=5)
    groups = strip.gouache, stale.gouache, node.node_tree.gouache
    for group in groups:
        group.styles.clear()
        group.styles.add().path = "//style picture.png"
    gouache.paint(strip, stale)
    graph.bake()
    stale.gouache.strength = 0.1
    save(gouache, "other/shot.blend")
    line, state = gouache.module("sequencer.state").painting_line, gouache.module("compositor.freshness").state_of
    assert line(gouache.scene, strip)[0] == "Painted" and line(gouache.scene, stale)[0].startswith("Settings changed")
    assert state(gouache.scene, node, 1, 6).kind == "fresh"
    assert gouache.order(strip).begun == gouache.bake_folder(strip) / "result"


def append(film, kind, name):
    bpy.ops.wm.append(directory=f"{film}/{kind}/", filename=name)


@pytest.mark.parametrize("name", ["other/deep/film.blend", "film.blend", ""])
def test_appended_from_a_film_in_another_folder(graph, name):
    """A scene with a painted strip, and a baked group, come into a film in another folder, the same, or none yet."""
    gouache, tree = graph.gouache, graph.node.node_tree
    strip = gouache.clip()
    for group in (strip.gouache, tree.gouache):
        give_paths(gouache, group)
    there = [files(group) for group in (strip.gouache, tree.gouache)]
    gouache.scene.name, tree.name = "Act One", "Act One Paint"
    gouache.paint(strip)
    graph.bake()
    gouache.save("shot.blend")
    film = bpy.data.filepath
    bpy.ops.wm.read_homefile(use_empty=True)
    if name:
        save(gouache, name)
    append(film, "Scene", "Act One")
    scene = bpy.data.scenes["Act One"]
    strip, tree = scene.sequence_editor.strips_all["Clip"], bpy.data.node_groups["Act One Paint"]
    groups = strip.gouache, tree.gouache
    assert [files(group) for group in groups] == there
    assert all(text.startswith("//") == bool(name) for group in groups for text in texts(group))
    assert gouache.module("sequencer.state").painting_line(scene, strip)[0] == "Painted"
    assert tree.gouache.baked_as == gouache.module("owner").group_owner(tree).fingerprint()


def test_linked_from_a_film_in_another_folder(graph):
    """What is not this film's own stays as it is there."""
    gouache, tree = graph.gouache, graph.node.node_tree
    give_paths(gouache, tree.gouache)
    gouache.save("shot.blend")
    before, film, name = texts(tree.gouache), bpy.data.filepath, tree.name
    bpy.ops.wm.read_homefile(use_empty=True)
    save(gouache, "other/film.blend")
    bpy.ops.wm.link(directory=f"{film}/NodeTree/", filename=name)
    assert texts(bpy.data.node_groups[name].gouache) == before
