"""Planes that are built again: what is replaced, what follows the collage, and what stays as an artist has it."""

import json
from types import SimpleNamespace

import bpy
import pytest
from papers import PLACES, build, counts, matches, piece, render, small_collage, write_layers


def test_planes_are_replaced_when_they_are_built_again(gouache):
    """A second time replaces the planes, and leaves the camera and what an artist added; a scene keeps its settings."""
    path = small_collage(gouache.folder / "layers")
    scene = build(path)
    first = counts()
    collection = scene.collection.children[0]
    lamp = bpy.data.objects.new("Mine", None)
    collection.objects.link(lamp)
    scene.camera.location.x = 0.5
    scene.render.resolution_x, scene.render.resolution_y, scene.frame_start, scene.frame_end = 128, 128, 6, 90
    assert build(path, spacing=0.02, look="LIT") == scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == (128, 128)
    assert (scene.frame_start, scene.frame_end) == (6, 90)
    assert counts() == {**first, "objects": first["objects"] + 1}
    assert "Mine" in collection.objects and scene.camera.location.x == 0.5
    own, render = gouache.scene, gouache.scene.render
    facts = (own.frame_start, own.frame_end, own.view_settings.view_transform, own.camera, own.world,
             render.resolution_x, render.resolution_y, render.engine)
    assert bpy.ops.gouache.collage_to_planes(path=str(path), new_scene=False) == {"FINISHED"}
    assert facts == (own.frame_start, own.frame_end, own.view_settings.view_transform, own.camera, own.world,
                     render.resolution_x, render.resolution_y, render.engine)
    assert "Piece 0000.001" in own.objects and len(bpy.data.scenes) == 2
    assert len([thing for thing in collection.all_objects if thing.name.startswith("Piece")]) == 3


def test_again_after_the_strip_was_changed(gouache):
    """What only Gouache set in their scene follows the collage: else planes lie outside of the frames that play."""
    folder = gouache.folder / "layers"
    path = small_collage(folder)
    scene = build(path)
    pieces = json.loads(path.read_text(encoding="utf-8"))["pieces"]
    write_layers(folder, [{**piece, "places": {"107": piece["places"]["7"]}} for piece in pieces], (105, 106, 107))
    gouache.scene.render.fps = 30
    assert build(path) == scene
    assert (scene.frame_start, scene.frame_end, scene.frame_current, scene.render.fps) == (105, 107, 105, 30)


@pytest.mark.parametrize("change", ["height", "empty deleted"])
def test_again_the_camera_still_sees_the_collage(gouache, change):
    scene = build(small_collage(gouache.folder / "layers"), height=4.0)
    if change == "empty deleted":
        bpy.data.objects.remove(scene.camera.parent)
    build(gouache.folder / "layers" / "pieces.json", height=2.0 if change == "height" else 4.0)
    assert scene.camera.parent is not None
    matches(render(gouache, scene, 7, 7), (7,))


def test_again_after_an_artist_sorted_it_into_other_collections(gouache):
    path = small_collage(gouache.folder / "layers")
    scene = build(path)
    collage, mine = scene.collection.children[0], bpy.data.collections.new("Mine")
    collage.children.link(mine)
    mine.children.link(collage.children[1])
    collage.children.unlink(mine.children[0])
    rig = bpy.data.collections.new("Rig")
    scene.collection.children.link(rig)
    for thing in (piece(0), piece(2), scene.camera, scene.camera.parent):
        thing.users_collection[0].objects.unlink(thing)
        rig.objects.link(thing)
    scene.camera.parent.location.x = scene.camera.location.x = 0.5
    first = counts()
    build(path)
    assert counts() == first and list(rig.objects) == [scene.camera, scene.camera.parent]
    assert scene.camera.location.x == scene.camera.parent.location.x == 0.5
    assert list(mine.children[0].objects) == [piece(2)]


def test_what_an_artist_deleted_of_the_look_breaks_neither_the_panel_nor_building_again(gouache):
    path = small_collage(gouache.folder / "layers")
    scene = build(path)
    paper, viewport = (gouache.module(f"planes.{name}") for name in ("paper", "viewport"))
    bpy.data.node_groups.remove(scene.collection.children[0]["gouache_look"])
    picture = piece(0).data.materials[0].node_tree.nodes
    picture.remove(picture["Picture"])
    picture.new("ShaderNodeRGB").name = "Picture"
    assert viewport.find(scene) and not paper.is_lit(scene.collection.children[0].get("gouache_look"))
    with bpy.context.temp_override(scene=scene):
        assert bpy.ops.gouache.planes_look(look="LIT") == {"FINISHED"}
    build(path)
    assert "Picture" in piece(0).data.materials[0].node_tree.nodes


def test_again_of_a_file_that_is_named_by_its_folder(gouache):
    path = small_collage(gouache.folder / "layers")
    build(path)
    first = counts()
    build(path.parent)
    assert counts() == first


def test_again_begins_with_what_was_chosen(gouache):
    path = small_collage(gouache.folder / "layers")
    bpy.ops.gouache.collage_to_planes(path=str(path), spacing=0.5, stack="LYING", look="LIT", new_scene=False)
    asked = SimpleNamespace(path=str(path))
    gouache.module("sequencer.to_planes").GOUACHE_OT_collage_to_planes._as_before(asked, bpy.context)
    assert (asked.spacing, asked.stack, asked.look, asked.new_scene) == (0.5, "LYING", "LIT", False)


def test_again_with_materials_of_the_artist(gouache):
    """What an artist put on a plane, or made of its paper and uses elsewhere, stays; the planes get paper again."""
    path = small_collage(gouache.folder / "layers")
    build(path)
    first = counts()
    own = bpy.data.materials.new("Own")
    kept, used = (piece(number).data.materials[0].copy() for number in (1, 2))
    kept.use_fake_user = True
    piece(0).data.materials[0] = own
    piece(1).data.materials[0], piece(2).data.materials[0] = kept, used
    piece(2).data.materials.append(None)
    elsewhere = bpy.data.meshes.new("Elsewhere")
    elsewhere.materials.append(used)
    twin = bpy.data.objects.new("Twin", piece(1).data)
    build(path)
    assert counts()["objects"] == first["objects"] + 1 and len(twin.data.vertices) == 4
    assert {own, kept, used} < set(bpy.data.materials) and elsewhere.materials[0] == used
    assert used.node_tree.nodes["Picture"].image.filepath.endswith("00002.png")
    assert all("Picture" in piece(number).data.materials[0].node_tree.nodes for number in PLACES)


def test_again_with_a_point_in_the_name(gouache):
    """As in the names of movies: each level keeps its one collection."""
    path = small_collage(gouache.folder / "shot.mov" / "layers")
    scene = build(path)
    first = counts()
    build(path)
    assert counts() == first
    assert all(level.objects for level in scene.collection.children[0].children)


def test_what_hangs_on_a_piece_or_looks_at_it_goes_over_to_the_new_one(gouache):
    """As long as there is one of its number."""
    path = small_collage(gouache.folder / "layers")
    scene = build(path)
    butterfly = bpy.data.objects.new("Butterfly", None)
    gouache.scene.collection.objects.link(butterfly)
    butterfly.parent, scene.camera.data.dof.focus_object = piece(1), piece(2)
    first = counts()
    build(path, spacing=0.02)
    assert counts() == first and (butterfly.parent, scene.camera.data.dof.focus_object) == (piece(1), piece(2))
    assert all(len(piece(number).users_collection) == 1 for number in PLACES)
    layers = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**layers, "pieces": layers["pieces"][:1]}), encoding="utf-8")
    build(path)
    assert butterfly.parent is None and not [thing for thing in bpy.data.objects if not thing.users_scene]
