"""Builds a collage as planes: a collection with one for each level, the ground, a camera, and a light."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import bpy
from mathutils import Matrix, Vector

from ...core.errors import InputError
from ...core.options import CollageOptions
from .. import compat
from .depth import depths
from .motion import Space, animate_ground, animate_piece
from .paper import load, new_look, new_material
from .read import Collage, Piece

KEY = "gouache_planes"
"""On scenes and collections: which collage's they are. On objects and their materials: PIECE or GROUND, which are made
anew each time."""
WISHES = "gouache_wishes"
"""On collections: how they were built, which the next build begins with."""
HEIGHT, DISTANCE = "gouache_height", "gouache_distance"
"""On the empty and the camera: what they were placed for, to tell whether they were moved since."""
OWNER = "gouache_collage"
"""On the empty: which collage's it is, whatever collection it was moved to."""
LEVEL = "gouache_level"
"""On the collections inside: which level they are for, whatever they are called."""
NUMBER = "gouache_number"
"""On planes: that of their piece."""
PIECE, GROUND = "piece", "ground"
LENS, SENSOR = 50.0, 24.0
"""Millimeters; the sensor's are its height."""
MOST_OF_THE_WAY = 0.5
"""Pieces lie at most so far from the ground toward the camera."""
MARGIN = 0.05
"""The ground reaches so far over the frame, in heights, so that no filter finds its edge."""
MOST_BOUNCES = 1024
LIGHT_SLANT, LIGHT_SOFTNESS, LIGHT_STRENGTH = 0.75, math.radians(4), 2.6
WORLD_LIGHT = 0.35


@dataclass(frozen=True)
class Wishes:
    """What an artist chooses: lengths in meters, how pieces lie, and where all of it goes.

    `keys` say whose planes these are: they are built under the first, and those of the others are replaced too.
    `shadow_angle` is where shadows fall, in degrees: 0 to the right, -90 down.
    """

    name: str
    keys: tuple[str, ...]
    lit: bool = False
    lying: bool = False
    spacing: float = 0.004
    height: float = 2.0
    new_scene: bool = True
    shadow_angle: float = CollageOptions.shadow_angle


@dataclass(frozen=True)
class Built:
    """What came of it; `spacing` may be less than asked for, where there are many pieces."""

    scene: Any
    collection: Any
    planes: int
    spacing: float


class Home(NamedTuple):
    """A collage's collection, and the objects that stay of an earlier build, wherever an artist moved them.

    `stand_ins` are in the place of planes that something hangs on or points at, by what they show, until there are new
    ones.
    """

    collection: Any
    kept: list[Any]
    stand_ins: dict[Any, Any]


def build(collage: Collage, wishes: Wishes, origin: Any, here: Any) -> Built:
    """Build a collage of the scene `origin` into a scene of its own, or into `here`; what was there is replaced.

    Raises InputError if there are no pieces, no view that shows them as they are, or they would not be saved.
    """
    if not collage.pieces:
        raise InputError("This collage has no pieces.", "Make it with more Pieces, or lower Detail.")
    if not wishes.new_scene and not here.is_editable:
        raise InputError(f"The scene '{here.name}' is linked from another file: planes in it would not be saved.",
                         "Switch on New Scene, or make the scene local.")
    target = _scene(collage, wishes, origin) if wishes.new_scene else here
    above = depths(collage, wishes.lying)
    space = _space(wishes, 1 + max(max(depth.values()) for depth in above))
    home = _home(target, wishes)
    collection = home.collection
    look = new_look(f"{wishes.name} Paper", wishes.lit)
    collection["gouache_look"] = look
    collection[WISHES] = {"stack": "LYING" if wishes.lying else "ORDER", "spacing": wishes.spacing,
                          "height": wishes.height, "new_scene": wishes.new_scene}
    root, is_new = _root(home, wishes)
    wide = Matrix.Scale(_pixel_aspect(origin), 4, (1.0, 0.0, 0.0))
    levels = [_child(collection, level, f"{wishes.name} Level {level}") for level in range(1, collage.levels + 1)]
    ground = _ground(look, collage, wishes)
    collection.objects.link(ground)
    pieces = [_plane(piece, look, wishes) for piece in collage.pieces]
    for thing, piece, depth in zip(pieces, collage.pieces, above, strict=True):
        animate_piece(thing, piece, depth, space, collage)
        levels[min(piece.level, collage.levels) - 1].objects.link(thing)
    _hand_over(home, [ground, *pieces])
    for thing in (ground, *pieces):
        thing.parent, thing.matrix_parent_inverse = root, wide  # in there it comes after a piece's own turn
    camera = _camera(home, root, space, wishes)
    light = _light(home, root, wishes)
    for thing in (camera, light) if is_new else ():  # the empty that they hung on was deleted
        thing.parent = root
    if target.camera is None:
        target.camera = camera
    _see_through_all(target, collage)
    target.frame_set(target.frame_current)
    return Built(target, collection, len(collage.pieces), space.spacing)


def _see_through_all(scene: Any, collage: Collage) -> None:
    """Let a ray of Cycles cross all pieces, and none end by chance: that speckles the edges."""
    if hasattr(scene, "cycles"):
        bounces = min(collage.most_at_once() + 8, MOST_BOUNCES)
        for name in ("transparent_max_bounces", "min_transparent_bounces"):
            setattr(scene.cycles, name, max(getattr(scene.cycles, name), bounces))


def find(scene: Any) -> list[Any]:
    """The collections in a scene that hold a collage's planes."""
    return [collection for collection in scene.collection.children_recursive if KEY in collection]


def first_with(keys: tuple[str, ...], holders: Any) -> Any:
    """The scene or collection that holds the planes of one of these keys, the first key first; or None."""
    found = [holder for holder in holders if holder.library is None]  # what is linked cannot be built anew
    return next((holder for key in keys for holder in found if holder.get(KEY) == key), None)


def _scene(collage: Collage, wishes: Wishes, origin: Any) -> Any:
    """The scene this collage was built into before, as it is set now, or a new one that shows it as it is.

    Raises InputError.
    """
    found = first_with(wishes.keys, bpy.data.scenes)
    scene: Any = found or bpy.data.scenes.new(wishes.name)
    if found is None:
        try:
            compat.set_standard_view(scene)
        except InputError:
            bpy.data.scenes.remove(scene)
            raise
        world: Any = bpy.data.worlds.new(wishes.name)
        scene.world = world
        compat.use_nodes(world)
        world.node_tree.nodes["Background"].inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
        world.node_tree.nodes["Background"].inputs["Strength"].default_value = WORLD_LIGHT
    _follow(scene, collage, origin, is_new=found is None)
    scene[KEY] = wishes.keys[0]
    return scene


def _follow(scene: Any, collage: Collage, origin: Any, is_new: bool) -> None:
    """Set a scene's frames, size and speed as the collage's, but for what was set otherwise since the last build."""
    wanted = {"frames": [collage.frames[0], collage.frames[-1]], "size": [collage.width, collage.height],
              "speed": [origin.render.fps, origin.render.fps_base],
              "pixels": [origin.render.pixel_aspect_x, origin.render.pixel_aspect_y]}
    now = {"frames": [scene.frame_start, scene.frame_end],
           "size": [scene.render.resolution_x, scene.render.resolution_y],
           "speed": [scene.render.fps, scene.render.fps_base],
           "pixels": [scene.render.pixel_aspect_x, scene.render.pixel_aspect_y]}
    earlier = {"pixels": [1.0, 1.0]}  # what earlier versions left it at, without a note
    same = [name for name in wanted if is_new or list(scene.get(f"{KEY}_{name}", earlier.get(name, ()))) == now[name]]
    if "frames" in same and wanted["frames"] != now["frames"]:
        scene.frame_start, scene.frame_end = wanted["frames"]
        scene.frame_current = collage.frames[0]
    if "size" in same:
        scene.render.resolution_x, scene.render.resolution_y = wanted["size"]
    if "speed" in same:
        scene.render.fps, scene.render.fps_base = wanted["speed"]
    if "pixels" in same:
        scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = wanted["pixels"]
    for name in same:
        scene[f"{KEY}_{name}"] = wanted[name]


def _pixel_aspect(scene: Any) -> float:
    """How much wider than high a scene shows its pixels."""
    return float(scene.render.pixel_aspect_x / scene.render.pixel_aspect_y)


def _space(wishes: Wishes, slots: int) -> Space:
    distance = wishes.height * LENS / SENSOR
    return Space(wishes.height, distance, min(wishes.spacing, MOST_OF_THE_WAY * distance / slots))


def _home(scene: Any, wishes: Wishes) -> Home:
    """A new collection, or this collage's own in the scene, without what was built into it before."""
    collection = first_with(wishes.keys, find(scene))
    if collection is None:
        collection = bpy.data.collections.new(wishes.name)
        scene.collection.children.link(collection)
    collection[KEY] = wishes.keys[0]
    family = _family(collection, scene, wishes.keys)
    kept = [thing for thing in family if not thing.get(KEY)]
    planes = [thing for thing in family if thing.get(KEY)]
    home = Home(collection, kept, _stand_ins(planes))
    _clear(collection, planes)
    return home


def _family(collection: Any, scene: Any, keys: tuple[str, ...]) -> list[Any]:
    """The objects in a collage's collection, its empty, and what else hangs on that, in whatever collections."""
    inside = list(collection.all_objects)
    roots = ([thing for thing in scene.objects if thing.get(OWNER) in keys and thing.library is None]
             or [thing for thing in inside if thing.get("gouache_role") == "root"])[:1]  # of earlier versions
    return list(dict.fromkeys([*inside, *roots, *(thing for root in roots for thing in root.children)]))


def _stand_ins(planes: list[Any]) -> dict[Any, Any]:
    """Let everything but collections use an empty for each plane that is about to go."""
    going, found = set(planes), {}
    used: dict[Any, Any] = bpy.data.user_map(subset=going)
    for plane, users in used.items():
        if all(isinstance(user, (bpy.types.Collection, bpy.types.Scene)) for user in users - going):
            continue
        for collection in plane.users_collection:
            collection.objects.unlink(plane)
        if _shown_by(plane) not in found:
            found[_shown_by(plane)] = bpy.data.objects.new(plane.name, None)
        plane.user_remap(found[_shown_by(plane)])
    return found


def _hand_over(home: Home, planes: list[Any]) -> None:
    """Let what uses a stand-in use the plane that shows the same."""
    for plane in planes:
        if _shown_by(plane) in home.stand_ins:
            home.stand_ins[_shown_by(plane)].user_remap(plane)
    bpy.data.batch_remove(list(home.stand_ins.values()))


def _shown_by(plane: Any) -> tuple[str, Any]:
    return plane[KEY], plane.get(NUMBER)


def _clear(collection: Any, things: list[Any]) -> None:
    """Remove the planes of an earlier build and all that only they used; the camera and what an artist added stay."""
    meshes = {thing.data for thing in things if hasattr(thing.data, "materials")}
    materials = {material for mesh in meshes for material in mesh.materials if material is not None and KEY in material}
    pictures = {getattr(material.node_tree.nodes.get("Picture"), "image", None) for material in materials}
    animated = [*things, *(material.node_tree for material in materials)]
    actions = {data.action for thing in animated if (data := thing.animation_data)}
    look = collection.get("gouache_look")
    collection["gouache_look"] = None
    bpy.data.batch_remove(things)
    for blocks in (meshes, materials, {*pictures, *actions, look}):  # in this order they lose their users
        bpy.data.batch_remove([block for block in blocks if block is not None and not block.users])


def _child(parent: Any, level: int, name: str) -> Any:
    """The collection of a level inside another, made or found."""
    earlier = re.compile(rf"{re.escape(name)}(\.\d{{3}})?")  # as earlier versions knew it: by name only
    found = next((child for child in parent.children_recursive if child.get(LEVEL) == level
                  or (LEVEL not in child and earlier.fullmatch(child.name))), None)
    if found is None:
        found = bpy.data.collections.new(name)
        parent.children.link(found)
    found[LEVEL] = level
    return found


def _object(home: Home, role: str, name: str, data: Any) -> tuple[Any, bool]:
    """This collage's object of a role (root, camera, light), and whether it is new: old ones stay as they are."""
    found = next((thing for thing in home.kept if thing.get("gouache_role") == role), None)
    if found is not None:
        return found, False
    thing: Any = bpy.data.objects.new(name, data() if data else None)
    thing["gouache_role"] = role
    home.collection.objects.link(thing)
    return thing, True


def _root(home: Home, wishes: Wishes) -> tuple[Any, bool]:
    """What all planes hang on: the collage stands upright on the floor and looks to the front."""
    root, is_new = _object(home, "root", wishes.name, None)
    if is_new:
        root.location, root.rotation_euler = (0.0, 0.0, wishes.height / 2), (math.pi / 2, 0.0, 0.0)
        root.empty_display_size = wishes.height / 4
    elif root.get(HEIGHT) and root.location.z == root[HEIGHT] / 2:
        root.location.z = wishes.height / 2
    root[HEIGHT], root[OWNER] = wishes.height, wishes.keys[0]
    return root, is_new


def _camera(home: Home, root: Any, space: Space, wishes: Wishes) -> Any:
    """A camera that frames the collage exactly; one that is there stays where the artist has it."""
    name = f"{wishes.name} Camera"
    camera, is_new = _object(home, "camera", name, lambda: bpy.data.cameras.new(name))
    if is_new:
        camera.parent, camera.location = root, (0.0, 0.0, space.distance)
        camera.data.sensor_fit, camera.data.sensor_height, camera.data.lens = "VERTICAL", SENSOR, LENS
    elif DISTANCE in camera and not camera.animation_data and _stands_at(camera, camera[DISTANCE]):
        camera.location.z = space.distance
    camera[DISTANCE] = space.distance
    camera.data.clip_start = min(camera.data.clip_start, space.distance / 10)
    camera.data.clip_end = max(camera.data.clip_end, 10 * space.distance)
    return camera


def _stands_at(camera: Any, distance: float) -> bool:
    """Whether nobody moved it from where a build put it."""
    return bool((camera.location - Vector((0.0, 0.0, distance))).length < 1e-4 * distance)


def _light(home: Home, root: Any, wishes: Wishes) -> Any:
    """A sun from where the collage's own shadows have their light; the flat look ignores it."""
    name = f"{wishes.name} Light"
    light, is_new = _object(home, "light", name, lambda: bpy.data.lights.new(name, "SUN"))
    if is_new:
        angle = math.radians(wishes.shadow_angle)
        along = Vector((math.cos(angle) * LIGHT_SLANT, math.sin(angle) * LIGHT_SLANT, -1.0))
        light.parent, light.rotation_euler = root, along.to_track_quat("-Z", "Y").to_euler()
        light.location = -along * wishes.height
        light.data.angle, light.data.energy = LIGHT_SOFTNESS, LIGHT_STRENGTH
    return light


def _plane(piece: Piece, look: Any, wishes: Wishes) -> Any:
    name = f"Piece {piece.number:04d}"
    left, top, right, bottom = (edge * wishes.height for edge in piece.box)
    thing = _quad(name, PIECE, (left, -bottom, right, -top), (0.0, 0.0, 1.0, 1.0))
    thing[NUMBER] = piece.number
    material = new_material(f"{piece.material} {piece.number:04d}", look, load(piece.picture))
    material[KEY] = PIECE
    thing.data.materials.append(material)
    return thing


def _ground(look: Any, collage: Collage, wishes: Wishes) -> Any:
    """The underpainting behind everything, a little larger than the frame."""
    name = f"{wishes.name} Underpainting"
    across, up = collage.aspect / 2 + MARGIN, 0.5 + MARGIN
    beyond = MARGIN / collage.aspect, MARGIN
    thing = _quad(name, GROUND, tuple(edge * wishes.height for edge in (-across, -up, across, up)),
                  (-beyond[0], -beyond[1], 1 + beyond[0], 1 + beyond[1]))
    material = new_material(name, look, load(collage.underpainting[0]))
    material[KEY] = GROUND
    material.node_tree.nodes["Picture"].extension = "EXTEND"
    animate_ground(material, collage)
    thing.data.materials.append(material)
    return thing


def _quad(name: str, what: str, box: tuple[float, ...], uv: tuple[float, float, float, float]) -> Any:
    """A plane with a rectangle of its picture; boxes are left, bottom, right, top."""
    mesh: Any = bpy.data.meshes.new(name)
    mesh.from_pydata([(x, y, 0.0) for x, y in _corners(*box)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", [value for corner in _corners(*uv) for value in corner])
    thing: Any = bpy.data.objects.new(name, mesh)
    thing[KEY] = what
    return thing


def _corners(left: float, bottom: float, right: float, top: float) -> list[tuple[float, float]]:
    return [(left, bottom), (right, bottom), (right, top), (left, top)]
