"""Small collages as layers on disk, what their frames look like, and the planes that are built of them."""

import json

import bpy
import numpy as np
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
