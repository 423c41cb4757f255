"""Collage to Planes on small collages made here: the same picture, depth order, keyframes, looks, and bad layers."""

import json
import time
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from stage import write_png

WIDTH, HEIGHT = 64, 36
PAD = 3  # transparent pixels around each piece's picture, as in the engine's
GROUND = {5: (40, 90, 160), 6: (40, 90, 160), 7: (170, 160, 60)}
"""Three frames on two pictures: the first is held."""


def write_piece(folder, number, size, color):
    pixels = np.zeros((size[1] + 2 * PAD, size[0] + 2 * PAD, 4), np.uint8)
    pixels[PAD:-PAD, PAD:-PAD] = (*color, 255)
    write_png(folder / "pieces" / f"{number:05d}.png", pixels)
    half = [(side / 2 + PAD) / HEIGHT for side in size]
    return {"number": number, "level": 1 + number // 2, "material": f"paper{number}", "outline": [],
            "picture": f"pieces/{number:05d}.png", "box": [-half[0], -half[1], half[0], half[1]], "places": {}}


def write_layers(folder, pieces, frames=(5, 6, 7), levels=2):
    for frame in (5, 7):
        ground = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
        ground[..., :3] = GROUND[frame]
        write_png(folder / "underpainting" / f"{frame:05d}.png", ground)
    data = {"version": 1, "size": [WIDTH, HEIGHT], "frames": list(frames), "levels": levels, "pieces": pieces,
            "underpainting": [f"underpainting/{5 if frame < 7 else 7:05d}.png" for frame in frames]}
    (folder / "pieces.json").write_text(json.dumps(data), encoding="utf-8")
    return folder / "pieces.json"


PAPERS = {0: ((24, 16), (220, 60, 50)), 1: ((20, 12), (60, 200, 90)), 2: ((10, 10), (250, 240, 230))}
# center in pixels, quarter turns clockwise, scale, order
PLACES = {0: {5: (20, 14, 0, 1, 0), 6: (24, 14, 1, 1, 0), 7: (28, 16, 2, 1, 1)},
          1: {5: (30, 20, 0, 1, 1), 6: (30, 20, 3, 1, 1), 7: (30, 20, 4, 1, 0)},
          2: {6: (50, 26, 0, 2, 2), 7: (48, 26, 0, 1, 2)}}
"""A red and a green one that change their order in the last frame, and a white one that is born in the second."""


def small_collage(folder):
    pieces = []
    for number, (size, color) in PAPERS.items():
        piece = write_piece(folder, number, size, color)
        for frame, (x, y, turns, scale, order) in PLACES[number].items():
            a, b = (scale * f for f in ((1, 0), (0, 1), (-1, 0), (0, -1))[turns % 4])
            piece["places"][str(frame)] = [a, b, x / HEIGHT, y / HEIGHT, order]
        pieces.append(piece)
    return write_layers(folder, pieces)


def expected(frame):
    """The frame in numbers, and where the picture is the same all around: soft edges are not told by these."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.int32)
    picture[:] = GROUND[frame]
    present = sorted((n for n in PLACES if frame in PLACES[n]), key=lambda n: PLACES[n][frame][4])
    for number in present:
        (width, height), color = PAPERS[number]
        x, y, turns, scale, _ = PLACES[number][frame]
        if turns % 2:
            width, height = height, width
        w, h = width * scale // 2, height * scale // 2
        picture[y - h:y + h, x - w:x + w] = color
    around = [np.roll(picture, shift, (0, 1)) for shift in ((i, j) for i in (-2, 0, 2) for j in (-2, 0, 2))]
    return picture, np.all([np.all(other == picture, axis=-1) for other in around], axis=0)


def render(gouache, scene, first, last):
    if not scene.render.engine.startswith("CYCLES"):
        scene.render.engine = "CYCLES"
        scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.use_adaptive_sampling = 8, False, False
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 1.0
        scene.render.dither_intensity = 0.0
    return [image[..., :3] for image in gouache.render(first, last, scene)]


def build(path, **options):
    assert bpy.ops.gouache.collage_to_planes(path=str(path), **options) == {"FINISHED"}
    return next(scene for scene in bpy.data.scenes if "gouache_planes" in scene)


def matches(images, frames=(5, 6, 7)):
    for image, frame in zip(images, frames, strict=True):
        picture, inside = expected(frame)
        assert np.abs(image - picture)[inside].max() <= 1, frame
        assert np.abs(image - picture).mean() < 4, frame
        assert inside.mean() > 0.5


def piece(number):
    return bpy.data.objects[f"Piece {number:04d}"]


def counts():
    return {name: len(getattr(bpy.data, name)) for name in (
        "objects", "meshes", "materials", "images", "actions", "node_groups", "collections", "scenes", "cameras")}


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


def test_keyframes(gouache):
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


def test_again(gouache):
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


def test_pieces_that_reach_beyond_all_measure_are_built_in_time(gouache):
    path = small_collage(gouache.folder / "layers")
    data = json.loads(path.read_text(encoding="utf-8"))
    data["pieces"][0]["box"] = [-1e5, -1e5, 1e5, 1e5]
    path.write_text(json.dumps(data), encoding="utf-8")
    build(path, stack="LYING")
    assert piece(1).location.z > piece(0).location.z


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


def test_looks(gouache):
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
    refused("has version 2, this add-on reads version 1", {**good, "version": 2})
    refused("This collage has no pieces", {**good, "pieces": []})
    path.write_text(json.dumps(good), encoding="utf-8")
    (folder / "pieces" / "00001.png").unlink()
    refused("1 pictures of the layers are missing, the first is '00001.png'")
    with pytest.raises(RuntimeError, match="No strip is active"):
        bpy.ops.gouache.collage_to_planes()
