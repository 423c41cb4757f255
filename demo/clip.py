"""Renders the demo's clip with Blender: a small boat sails past a lighthouse at the end of a summer day.

Run by a Python that has bpy: `python demo/clip.py --output FOLDER [--frames N] [--width PX]`. Everything in the picture
is modeled here, in meters: x to the right, y away from the camera, z up, the sea at z = 0.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

FPS = 12                        # drawn "on twos", as animators call it: 24 frames are two seconds
Color = tuple[float, float, float]
Point = tuple[float, float, float]
Faces = list[tuple[int, ...]]

# ---------------------------------------------------------------------------------------------- modeling


def material(name: str, color: Color, roughness: float = 0.8, glow: float = 0.0) -> bpy.types.Material:
    """A plain painted surface; `glow` makes it shine by itself (0 none, 1 as bright as its color)."""
    made = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0):        # later ones always have nodes, and warn
        made.use_nodes = True
    inputs = made.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*color, 1.0)
    inputs["Roughness"].default_value = roughness
    inputs["Emission Color"].default_value = (*color, 1.0)
    inputs["Emission Strength"].default_value = glow
    return made


def solid(name: str, points: Iterable[Point], faces: Faces, materials: Sequence[bpy.types.Material],
          pick: Callable[[int], int] = lambda face: 0, smooth: bool = True) -> bpy.types.Object:
    """An object of these faces; `pick` chooses each face's material by its index."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(p) for p in points], [], faces)
    for item in materials:
        mesh.materials.append(item)
    mesh.polygons.foreach_set("material_index", [pick(i) for i in range(len(mesh.polygons))])
    mesh.polygons.foreach_set("use_smooth", [smooth] * len(mesh.polygons))
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def grid_faces(rows: int, columns: int) -> Faces:
    """The quads between `rows` x `columns` points that were listed row by row."""
    return [(r * columns + c, r * columns + c + 1, (r + 1) * columns + c + 1, (r + 1) * columns + c)
            for r in range(rows - 1) for c in range(columns - 1)]


def turned(name: str, profile: Sequence[tuple[float, float]], materials: Sequence[bpy.types.Material],
           bands: Sequence[int] | None = None, around: int = 32) -> bpy.types.Object:
    """A body of revolution about z from (radius, height) pairs; `bands` gives each ring its material."""
    points = [(r * math.cos(a), r * math.sin(a), z) for r, z in profile
              for a in (2 * math.pi * k / around for k in range(around + 1))]
    return solid(name, points, grid_faces(len(profile), around + 1), materials,
                 lambda face: bands[face // around] if bands else 0)


def ball(name: str, center: Point, radii: Point, item: bpy.types.Material, rough: float = 0.0,
         seed: int = 0) -> bpy.types.Object:
    """An ellipsoid; `rough` (a share of the radius) makes a rock of it."""
    rows, columns, noise = 14, 24, random.Random(seed)
    waves = [(noise.uniform(1, 4), noise.uniform(1, 4), noise.uniform(0, 6)) for _ in range(5)]
    points = []
    for r in range(rows):
        for c in range(columns + 1):
            up, turn = math.pi * r / (rows - 1), 2 * math.pi * (c % columns) / columns
            x, y, z = math.sin(up) * math.cos(turn), math.sin(up) * math.sin(turn), math.cos(up)
            size = 1 + rough * sum(math.sin(a * 2 * x + b * 2 * z + y * 3 + p) for a, b, p in waves) / 3
            points.append((center[0] + radii[0] * x * size, center[1] + radii[1] * y * size,
                           center[2] + radii[2] * z * size))
    return solid(name, points, grid_faces(rows, columns + 1), [item], smooth=not rough)


# ---------------------------------------------------------------------------------------------- the sea

WAVES = (               # direction (degrees from x), length (m), height (m), phase
    (-62, 9.0, 0.26, 0.0), (-35, 5.2, 0.15, 1.3), (-80, 3.1, 0.085, 2.1), (-15, 1.9, 0.05, 0.4),
    (-50, 1.15, 0.03, 4.0), (-95, 0.8, 0.022, 5.1))


def swell(x: np.ndarray, y: np.ndarray, seconds: float) -> np.ndarray:
    """Height (m) of the sea; crests are sharper than troughs, and short waves die away with distance."""
    away = np.maximum(y + 14.0, 1.0)
    height = np.zeros_like(x)
    for degrees, length, tall, phase in WAVES:
        turn, k = math.radians(degrees), 2 * math.pi / length
        angle = k * (x * math.cos(turn) + y * math.sin(turn)) - math.sqrt(9.8 * k) * seconds + phase
        height += tall * (1.6 * np.exp(np.sin(angle) - 1) - 0.75) * np.clip(length * 12 / away, 0, 1)
    return height


def sea_points(seconds: float) -> np.ndarray:
    """The sea's surface: rows grow wider and farther apart toward the horizon."""
    rows, columns = 260, 240
    far = np.linspace(0, 1, rows)[:, None]
    y = -11 + 4 * far + 340 * far ** 4 + 26 * far ** 2
    x = np.linspace(-1, 1, columns)[None, :] * (9 + (y + 12) * 0.62)
    y = np.broadcast_to(y, x.shape)
    return np.stack([x, y, swell(x, y, seconds)], -1).reshape(-1, 3)


def add_sea() -> bpy.types.Object:
    water = material("water", (0.012, 0.16, 0.24), 0.16)
    return solid("sea", sea_points(0.0).tolist(), grid_faces(260, 240), [water])


# ---------------------------------------------------------------------------------------------- the boat


def add_boat() -> bpy.types.Object:
    """A dinghy 4.4 m long, bow toward +x; its parts follow the empty that is returned."""
    boat = bpy.data.objects.new("boat", None)
    bpy.context.scene.collection.objects.link(boat)
    paint, stripe = material("hull", (0.02, 0.09, 0.32), 0.35), material("stripe", (0.85, 0.8, 0.68), 0.4)
    wood, cream = material("wood", (0.33, 0.15, 0.05), 0.5), material("cream", (0.95, 0.86, 0.68), 0.9, 0.12)
    red, gold = material("red", (0.75, 0.06, 0.03), 0.9, 0.12), material("gold", (0.95, 0.5, 0.06), 0.9, 0.12)
    stations, ribs = 25, 13
    hull = []
    for i in range(stations):
        s = i / (stations - 1)                              # 0 stern, 1 bow
        half = 0.72 * (1 - max(0, (s - 0.35) / 0.65) ** 2.2) * (0.8 + 0.2 * min(1, s / 0.35)) + 0.01
        top, keel = 0.62 + 0.45 * abs(s - 0.4) ** 2 * 2, -0.35 + 0.5 * max(0, s - 0.6) ** 1.5
        for j in range(ribs):
            u = math.pi * j / (ribs - 1)                    # from port rail under the keel to starboard
            hull.append((4.4 * s - 2.2 + 0.25 * s * math.cos(u) ** 2, half * math.cos(u) ** 1
                         if abs(math.cos(u)) > 1e-6 else 0.0, top + (keel - top) * math.sin(u) ** 0.8))
    side = solid("hull", hull, grid_faces(stations, ribs), [paint, stripe],
                 lambda face: int(face % (ribs - 1) in (0, ribs - 2)))
    deck = [(x, y * 0.97, z - 0.06) for i in range(stations) for x, y, z in (hull[i * ribs], hull[i * ribs + ribs - 1])]
    parts = [side, solid("deck", deck, grid_faces(stations, 2), [wood])]
    for name, radius, start, end in (("mast", 0.05, (0.35, 0, 0.3), (0.35, 0, 6.0)),
                                     ("boom", 0.045, (0.35, 0, 1.15), (-2.15, -0.35, 1.2))):
        parts.append(spar(name, radius, Vector(start), Vector(end), wood))
    parts.append(sail("mainsail", Vector((0.28, 0, 5.8)), Vector((0.28, 0, 1.25)), Vector((-2.1, -0.34, 1.3)),
                      [cream, red], lambda level: int(0.30 < level < 0.47 or 0.62 < level < 0.68)))
    parts.append(sail("jib", Vector((0.5, 0, 5.0)), Vector((2.45, 0, 1.0)), Vector((0.62, -0.4, 1.15)),
                      [gold, cream], lambda level: int(level > 0.8)))
    parts.append(sail("pennant", Vector((0.33, 0, 6.05)), Vector((0.33, 0, 5.72)), Vector((-0.55, -0.2, 5.9)),
                      [red], lambda level: 0))
    coat, skin = material("coat", (0.9, 0.62, 0.05)), material("skin", (0.7, 0.35, 0.2))
    parts += [ball("sailor", (-1.85, 0.1, 1.05), (0.22, 0.2, 0.42), coat),
              ball("head", (-1.83, 0.1, 1.57), (0.15, 0.15, 0.17), skin),
              ball("hat", (-1.83, 0.1, 1.68), (0.24, 0.24, 0.07), red)]
    for part in parts:
        part.parent = boat
    return boat


def spar(name: str, radius: float, start: Vector, end: Vector, item: bpy.types.Material) -> bpy.types.Object:
    made = turned(name, [(radius, 0.0), (radius * 0.7, (end - start).length), (0.0, (end - start).length)], [item])
    made.matrix_local = Matrix.Translation(start) @ (end - start).to_track_quat("Z", "Y").to_matrix().to_4x4()
    return made


def sail(name: str, head: Vector, tack: Vector, clew: Vector, cloths: Sequence[bpy.types.Material],
         pick: Callable[[float], int]) -> bpy.types.Object:
    """A bellied triangle of cloth; `pick` chooses the cloth by height (0 foot, 1 head)."""
    rows, columns = 36, 12
    belly = (tack - head).cross(clew - head).normalized() * (clew - tack).length * 0.16
    if belly.y > 0:
        belly = -belly
    points = []
    for r in range(rows):
        up = r / (rows - 1)
        for c in range(columns):
            across = c / (columns - 1)
            flat = tack.lerp(head, up).lerp(clew.lerp(head, up), across)
            points.append(tuple(flat + belly * math.sin(math.pi * across) * math.sin(math.pi * min(up + 0.15, 1))))
    return solid(name, points, grid_faces(rows, columns), cloths, lambda face: pick(face // (columns - 1) / (rows - 1)))


# ---------------------------------------------------------------------------------------------- land and sky


def add_lighthouse(x: float, y: float) -> None:
    """A striped tower, 11 m tall, with a keeper's house, on its rock."""
    white, red = material("lime", (0.92, 0.9, 0.84), 0.9), material("bands", (0.72, 0.05, 0.03), 0.8)
    dark, lamp = material("iron", (0.03, 0.05, 0.09), 0.5), material("lamp", (1.0, 0.78, 0.25), glow=5.0)
    rock, grass = material("rock", (0.2, 0.13, 0.12), 0.95), material("grass", (0.16, 0.3, 0.05), 0.95)
    ball("rock", (x, y, -0.6), (8.5, 6.0, 2.6), rock, 0.22, 3)
    ball("rock", (x - 6.5, y - 2.5, -0.5), (3.2, 2.4, 1.5), rock, 0.3, 8)
    ball("rock", (x + 7.0, y - 3.0, -0.3), (3.0, 2.0, 1.7), rock, 0.3, 5)
    ball("meadow", (x + 0.6, y - 0.3, 1.0), (6.2, 4.2, 1.35), grass, 0.1, 4)
    rings = [(1.75 - 0.75 * h / 8.4, 1.6 + h) for h in np.linspace(0, 8.4, 8)]
    parts = [turned("tower", rings, [white, red], [0, 1, 0, 1, 0, 1, 0]),
             turned("gallery", [(0.9, 9.6), (1.55, 10.0), (1.55, 10.25), (0.8, 10.25)], [dark]),
             turned("lantern", [(0.72, 10.25), (0.72, 11.5)], [lamp]),
             turned("dome", [(1.05, 11.45), (0.85, 11.95), (0.4, 12.5), (0.06, 12.7), (0.05, 13.3), (0, 13.3)], [red])]
    for part in parts:
        part.location = (x, y, 0)
    add_house(x + 3.4, y - 1.0, 2.0, white, red)


def add_house(x: float, y: float, z: float, wall: bpy.types.Material, roof: bpy.types.Material) -> None:
    """A gabled house, 3 x 2.4 m, its foot at z."""
    w, d, h, top = 1.5, 1.2, 1.5, 2.7
    points = [(x + a * w, y + b * d, z + c) for c in (0, h) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    points += [(x - w, y, z + top), (x + w, y, z + top)]
    walls: Faces = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (5, 6, 9), (7, 4, 8)]
    roofs: Faces = [(4, 5, 9, 8), (6, 7, 8, 9)]
    solid("house", points, walls + roofs, [wall, roof], lambda face: int(face >= len(walls)), smooth=False)


def add_hills(y: float, tall: float, color: Color, seed: int, trees: int = 0) -> None:
    """A ridge of hills `tall` meters high across the picture, with round trees on it."""
    noise = random.Random(seed)
    waves = [(noise.uniform(0.5, 1.0) / n, n * noise.uniform(0.8, 1.2), noise.uniform(0, 6))
             for n in (1, 2, 3, 5, 9, 15)]
    rows, columns, wide = 24, 220, y * 1.5

    def height(u: float, v: float) -> float:
        ridge = sum(a * math.sin(2 * math.pi * k * (u + 0.15 * v) + p) for a, k, p in waves)
        return tall * (0.55 + 0.3 * ridge) * math.sin(math.pi / 2 * v) - 0.5
    points = [((u - 0.5) * wide, y + v * tall * 2.2, height(u, v))
              for v in np.linspace(0, 1, rows) for u in np.linspace(0, 1, columns)]
    solid("hills", points, grid_faces(rows, columns), [material("hill", color, 0.95)])
    leaves = [material("leaves", (color[0] * k, color[1] * k, color[2] * k), 0.95) for k in (0.35, 0.55, 0.75)]
    for i in range(trees):
        u, v, size = noise.uniform(0.05, 0.95), noise.uniform(0.15, 0.8), noise.uniform(0.03, 0.06) * tall
        ball("tree", ((u - 0.5) * wide, y + v * tall * 2.2, height(u, v) + size * 0.6), (size, size, size * 1.25),
             leaves[i % 3], 0.12, i)


def add_clouds() -> list[bpy.types.Object]:
    """Heaps of white balls with flat bottoms; the empties returned carry them."""
    noise, white = random.Random(12), material("cloud", (0.95, 0.82, 0.74), 1.0, 0.25)
    carriers = []
    for x, z, size in ((-118, 74, 1.25), (-20, 98, 0.85), (62, 70, 1.35), (150, 104, 1.1), (-190, 112, 1.0)):
        carrier = bpy.data.objects.new("cloud", None)
        bpy.context.scene.collection.objects.link(carrier)
        for i in range(13):
            across = (i / 12 - 0.5) * 2
            lift = (1 - across ** 2) * noise.uniform(0.2, 1.0) * 13
            radius = (5 + 8 * (1 - across ** 2)) * noise.uniform(0.7, 1.1)
            part = ball("puff", (across * 30 * size, noise.uniform(-8, 8), lift * size),
                        (radius * size * 1.25, radius * size, radius * size * 0.8), white, 0.06, i)
            part.data.shade_smooth()
            part.parent = carrier
        carrier.location = (x, 300, z)
        carriers.append(carrier)
    return carriers


def add_gulls() -> list[tuple[bpy.types.Object, float]]:
    """Four gulls and where each is in its wing beat (radians)."""
    white = material("gull", (0.16, 0.17, 0.25), 0.9)
    gulls = []
    for i, (x, y, z) in enumerate(((-0.4, 9, 6.4), (1.0, 11, 6.6), (-6.6, 12, 6.2), (4.6, 13, 5.9))):
        gull = solid("gull", wings(0.0), grid_faces(2, 7), [white])
        gull.location = (x, y, z)
        gulls.append((gull, i * 1.3))
    return gulls


def wings(beat: float) -> list[Point]:
    """The fourteen points of a gull, bow-shaped, its wings at `beat` (radians)."""
    lift = 0.3 * math.sin(beat)
    spine = [(0.0, -1.1, lift - 0.1), (0.16, -0.75, 0.16 + lift * 0.7), (0.14, -0.35, 0.2 + lift * 0.2), (0.1, 0, 0),
             (0.14, 0.35, 0.2 + lift * 0.2), (0.16, 0.75, 0.16 + lift * 0.7), (0.0, 1.1, lift - 0.1)]
    behind = [(x - 0.28 * (1 - abs(y) / 1.15), y, z) for x, y, z in spine]
    return spine + behind


def add_sky() -> None:
    """A glowing horizon under a deep blue, the low sun, and its light from the left."""
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("sky")
    if bpy.app.version < (5, 0):
        scene.world.use_nodes = True
    nodes, link = scene.world.node_tree.nodes, scene.world.node_tree.links.new
    place, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    ramp = nodes.new("ShaderNodeValToRGB")
    link(place.outputs["Generated"], split.inputs[0])
    link(split.outputs["Z"], ramp.inputs[0])
    link(ramp.outputs[0], nodes["Background"].inputs[0])
    stops = ramp.color_ramp.elements
    stops[0].position, stops[0].color = 0.0, (1.0, 0.55, 0.2, 1)
    stops[1].position, stops[1].color = 0.6, (0.03, 0.12, 0.5, 1)
    for position, color in ((0.07, (1.0, 0.62, 0.34, 1)), (0.16, (0.62, 0.66, 0.62, 1)), (0.3, (0.12, 0.4, 0.75, 1))):
        stops.new(position).color = color
    ball("sun", (46, 330, 50), (18, 18, 18), material("sun", (1.0, 0.5, 0.06), glow=1.9))
    light = bpy.data.objects.new("sunlight", bpy.data.lights.new("sunlight", "SUN"))
    light.data.energy, light.data.angle, light.data.color = 4.2, 0.05, (1.0, 0.82, 0.58)
    light.rotation_euler = Vector((0.85, 0.45, -0.52)).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(light)


# ---------------------------------------------------------------------------------------------- the shot


def set_up(width: int, frames: int) -> None:
    """An empty scene that renders small, clean frames on any CPU."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 12, True
    # Frames this small need no careful denoising, which would take two thirds of the time.
    scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "FAST", "BALANCED"
    scene.cycles.max_bounces, scene.cycles.seed, scene.cycles.use_adaptive_sampling = 3, 1, False
    scene.render.resolution_x, scene.render.resolution_y = width, width * 9 // 16
    scene.render.fps, scene.frame_start, scene.frame_end = FPS, 1, frames
    scene.render.use_persistent_data = True
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0.0


def build_scene() -> Callable[[float, float], None]:
    """Model everything; the function returned moves it to a time (s) and a share of the shot (0..1)."""
    scene = bpy.context.scene
    add_sky()
    sea, boat, clouds, gulls = add_sea(), add_boat(), add_clouds(), add_gulls()
    add_lighthouse(17.5, 34)
    add_hills(120, 20, (0.2, 0.33, 0.08), 6, trees=70)
    add_hills(190, 40, (0.16, 0.2, 0.34), 21)
    add_hills(260, 62, (0.38, 0.3, 0.46), 9)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera, camera.data.lens, camera.data.clip_end = camera, 33, 1000

    def move(seconds: float, share: float) -> None:
        sea.data.vertices.foreach_set("co", sea_points(seconds).ravel())
        sea.data.update()
        x, y = -2.7 + 1.5 * share, 1.9
        around = swell(np.array([x, x + 1.6, x - 1.6, x, x]), np.array([y, y, y, y + 0.7, y - 0.7]), seconds)
        boat.location = (x, y, float(around[0]) * 0.7 - 0.05)
        boat.rotation_euler = (0.10 + 0.5 * float(around[3] - around[4]) / 1.4,
                               -0.6 * float(around[1] - around[2]) / 3.2, -0.22)
        for k, cloud in enumerate(clouds):
            cloud.location.x += 0.25 + 0.06 * k
        for gull, beat in gulls:
            flap = beat + seconds * 9
            gull.data.vertices.foreach_set("co", np.array(wings(flap)).ravel())
            gull.data.update()
            gull.location.x += 0.06
            gull.rotation_euler = (0.3 * math.sin(beat), -0.2, 1.15)
        camera.location = (-0.6 + 1.2 * share, -11.5 + 0.5 * share, 2.7)
        aim = Vector((0.9 + 0.5 * share, 10.0, 3.75)) - camera.location
        camera.rotation_euler = aim.to_track_quat("-Z", "Y").to_euler()
    return move


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder for 0001.png and so on")
    parser.add_argument("--frames", type=int, default=24, help="length of the clip (default: %(default)s)")
    parser.add_argument("--width", type=int, default=384, help="width in pixels, 16:9 (default: %(default)s)")
    parser.add_argument("--only", type=int, help="render this frame alone")
    options = parser.parse_args()
    set_up(options.width, options.frames)
    move = build_scene()
    for frame in range(1, options.frames + 1):
        move(frame / FPS, (frame - 1) / max(1, options.frames - 1))
        if options.only in (None, frame):
            bpy.context.scene.frame_set(frame)
            bpy.context.scene.render.filepath = str(options.output.resolve() / f"{frame:04d}.png")
            bpy.ops.render.render(write_still=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
