"""Collage to Planes on small collages: the same picture, depth order, keyframes, looks, and bad layers."""

import json
import time

import bpy
import numpy as np
import pytest
from papers import (
    GROUND,
    HEIGHT,
    PLACES,
    WIDTH,
    build,
    counts,
    expected,
    matches,
    piece,
    render,
    small_collage,
    write_layers,
    write_piece,
)


@pytest.mark.parametrize("stack", ["ORDER", "LYING"])
def test_same_picture(gouache, stack):
    """From the start pose, frame for frame, with births, turns, growth, a changed order and a held ground."""
    before = gouache.scene.render.resolution_x
    scene = build(small_collage(gouache.folder / "clip" / "layers"), stack=stack, spacing=0.05)
    assert scene.name == "clip Planes" and scene != gouache.scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == (WIDTH, HEIGHT)
    assert (scene.frame_start, scene.frame_end, scene.view_settings.view_transform) == (5, 7, "Standard")
    assert gouache.scene.render.resolution_x == before and not gouache.scene.objects.get("Piece 0000")
    matches(render(gouache, scene, 5, 7))
    gouache.save("planes.blend")
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)  # nothing of it needs the add-on
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.gouache")
    matches(render(gouache, bpy.data.scenes["clip Planes"], 7, 7), (7,))


@pytest.mark.parametrize("pixel", [(2, 1), (1, 2)])
def test_pixels_are_as_wide_as_in_the_strips_scene(gouache, pixel):
    """Pieces that lie turned too; and a scene that shows other pixels sees the same shapes."""
    gouache.scene.render.pixel_aspect_x, gouache.scene.render.pixel_aspect_y = pixel
    path = small_collage(gouache.folder / "layers")
    scene = build(path)
    assert (scene.render.pixel_aspect_x, scene.render.pixel_aspect_y) == pixel
    matches(render(gouache, scene, 5, 7))
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1
    scene.render.resolution_x, scene.render.resolution_y = WIDTH * pixel[0], HEIGHT * pixel[1]
    wide, = render(gouache, scene, 7, 7)
    matches([wide[::pixel[1], ::pixel[0]]], (7,))


def test_a_collage_as_small_as_a_stamp_is_seen(gouache):
    scene = build(small_collage(gouache.folder / "layers"), height=0.02)
    matches(render(gouache, scene, 5, 7))


def test_frames_may_have_gaps(gouache):
    """As a sequence that was made on twos: the ground holds its picture meanwhile."""
    folder = gouache.folder / "layers"
    paper = write_piece(folder, 0, (4, 4), (200, 100, 50))
    paper["places"] = {str(frame): [1, 0, 0.5, 0.5, 0] for frame in (5, 7)}
    scene = build(write_layers(folder, [paper], (5, 7), 1))
    assert [tuple(image[2, 2]) for image in render(gouache, scene, 5, 7)] == [GROUND[5], GROUND[5], GROUND[7]]


def test_pieces_move_by_keyframes(gouache):
    scene = build(small_collage(gouache.folder / "layers"), spacing=0.05, height=3.0)
    curves_of = gouache.module("compat").fcurves

    def at(number, frame, path, index=0):
        found = [c for c in curves_of(piece(number)) if (c.data_path, c.array_index) == (path, index)]
        value = getattr(piece(number), path)
        return found[0].evaluate(frame) if found else value if path.startswith("hide") else value[index]
    heights = {}
    for frame in (5, 6, 7):
        present = [number for number in PLACES if not at(number, frame, "hide_render")]
        assert present == [number for number in PLACES if frame in PLACES[number]]
        assert all(at(n, frame, "hide_viewport") == at(n, frame, "hide_render") for n in PLACES)
        by_depth = sorted(present, key=lambda n: at(n, frame, "location", 2))
        assert by_depth == sorted(present, key=lambda n: PLACES[n][frame][4])
        heights[frame] = [at(n, frame, "location", 2) for n in by_depth]
    assert heights[7] == pytest.approx([0.05, 0.1, 0.15]) and heights[6] == pytest.approx(heights[7])
    turns = [at(1, frame, "rotation_euler", 2) for frame in (5, 6, 7)]  # 0, 3, 4 quarters clockwise
    assert turns == pytest.approx([0, np.pi / 2, 0], abs=1e-5)  # the short way round
    curves = [c for c in curves_of(piece(1)) if c.data_path == "location"]
    assert {key.interpolation for curve in curves for key in curve.keyframe_points} == {"LINEAR"}
    corners = np.array([vertex.co for vertex in piece(0).data.vertices])
    assert np.abs(corners).max(0) == pytest.approx([15 / HEIGHT * 3, 11 / HEIGHT * 3, 0])  # the origin is the center
    assert corners.sum(0) == pytest.approx([0, 0, 0], abs=1e-6)
    levels = [[thing.name for thing in level.objects] for level in scene.collection.children[0].children]
    assert levels == [["Piece 0000", "Piece 0001"], ["Piece 0002"]]
    image = piece(0).data.materials[0].node_tree.nodes["Picture"].image
    assert (image.colorspace_settings.name, image.alpha_mode) == ("sRGB", "STRAIGHT")
    assert min(scene.cycles.transparent_max_bounces, scene.cycles.min_transparent_bounces) >= 10


def test_pieces_that_reach_beyond_all_measure_are_built_in_time(gouache):
    path = small_collage(gouache.folder / "layers")
    data = json.loads(path.read_text(encoding="utf-8"))
    data["pieces"][0]["box"] = [-1e5, -1e5, 1e5, 1e5]
    path.write_text(json.dumps(data), encoding="utf-8")
    build(path, stack="LYING")
    assert piece(1).location.z > piece(0).location.z


def test_a_linked_scene_is_refused(gouache):
    path = small_collage(gouache.folder / "layers")
    gouache.scene.name = "Library"
    gouache.save()
    library = bpy.data.filepath
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    with bpy.data.libraries.load(library, link=True) as (_, into):
        into.scenes = ["Library"]
    bpy.context.window.scene = bpy.data.scenes["Library"]
    before = counts()
    with pytest.raises(RuntimeError, match=r"'Library' is linked from another file.* Switch on New Scene"):
        bpy.ops.gouache.collage_to_planes(path=str(path), new_scene=False)
    assert counts() == before
    build(path)


def test_the_two_looks_are_one_node_apart(gouache):
    """Flat shows the pictures whatever the light; lit takes it, and the switch is one node."""
    scene = build(small_collage(gouache.folder / "layers"), spacing=0.05)
    sun = next(thing for thing in scene.objects if thing.type == "LIGHT")
    sun.data.color = (1.0, 0.0, 0.0)
    matches(render(gouache, scene, 7, 7), (7,))
    with bpy.context.temp_override(scene=scene):
        bpy.ops.gouache.planes_look(look="LIT")
    lit, = render(gouache, scene, 7, 7)
    assert np.abs(lit - expected(7)[0]).mean() > 10
    with bpy.context.temp_override(scene=scene):
        bpy.ops.gouache.planes_look(look="FLAT")
    matches(render(gouache, scene, 7, 7), (7,))


@pytest.mark.parametrize("stack", ["ORDER", "LYING"])
def test_many_pieces(gouache, stack):
    """700 large pieces over 24 frames come in seconds, and where they would reach the camera they lie closer."""
    folder = gouache.folder / "layers"
    pieces = []
    for number in range(700):
        piece = write_piece(folder, 0, (4, 4), (200, 100, 50)) if not number else dict(pieces[0])
        piece["number"], piece["level"] = number, 1
        piece["places"] = {str(frame): [8, 0, (number % 50) / 30 + frame / 99, (number // 50) / 15, number]
                           for frame in range(1, 25)}
        pieces.append(piece)
    path = write_layers(folder, pieces, range(1, 25), 1)
    start = time.monotonic()
    scene = build(path, spacing=0.1, stack=stack)
    seconds = time.monotonic() - start
    print(f"700 planes, 24 frames: {seconds:.1f} s")
    assert seconds < 25
    highest = max(thing.location.z for thing in scene.objects if thing.name.startswith("Piece"))
    assert 1.0 < highest < scene.camera.location.z * 0.51


def test_bad_layers(gouache):
    """Every kind of damage is a sentence, and nothing is built."""
    folder = gouache.folder / "layers"
    path = small_collage(folder)
    good = json.loads(path.read_text(encoding="utf-8"))
    before = counts()

    def refused(message, data=None, file=path):
        if data is not None:
            path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.gouache.collage_to_planes(path=str(file))
        assert counts() == before
    refused("There are no layers at", file=gouache.folder / "nothing")
    for broken in ("", "[]", "{", '{"version": 1}', {**good, "size": [0, 36]}, {**good, "frames": []},
                   {**good, "frames": [7, 6, 5]}, {**good, "underpainting": []}, "[" * 100000,
                   {**good, "size": [1e999, 36]}, {**good, "size": [10**9, 36]}, {**good, "levels": 0},
                   {**good, "levels": 20000}, {**good, "frames": [5, 6, 10**12]},
                   {**good, "pieces": [{**good["pieces"][0], "level": 0}]},
                   {**good, "pieces": [{**good["pieces"][0], "box": [1, 0, 0, 1]}]},
                   {**good, "pieces": [{**good["pieces"][0], "places": {"99": [1, 0, 0, 0, 0]}}]},
                   {**good, "pieces": [{**good["pieces"][0], "places": {"5": [1, None, 0, 0, 0]}}]}):
        refused("'pieces.json' is damaged", broken)
    refused("this add-on reads version 1. Make the collage again with this version", {**good, "version": 2})
    refused("This collage has no pieces", {**good, "pieces": []})
    path.write_text(json.dumps(good), encoding="utf-8")
    (folder / "pieces" / "00001.png").unlink()
    refused("1 pictures of the layers are missing, the first is '00001.png'")
    with pytest.raises(RuntimeError, match="No strip is active"):
        bpy.ops.gouache.collage_to_planes()


def test_an_import_without_a_file_leaves_the_active_strip_alone(gouache):
    gouache.scene.sequence_editor.active_strip = gouache.clip()
    with pytest.raises(RuntimeError, match=r"No file is chosen\. Choose pieces\.json"):
        bpy.ops.gouache.import_planes()
    assert gouache.jobs() == []


def test_a_strip_that_no_collage_can_be_made_of_stays_as_it_is(gouache):
    strip = gouache.clip()
    (gouache.folder / "footage Clip" / "0002.png").unlink()
    with pytest.raises(RuntimeError, match=r"'0002.png' of strip 'Clip' is not there"):
        bpy.ops.gouache.collage_to_planes(strip="Clip")
    assert (strip.gouache.effect, strip.gouache.collage.export_layers) == ("style", False)
