"""Keyframes on Gouache's settings: set, removed, found, and their value at every frame of a job.

The settings belong to an owner (a strip, or a node's tree), their curves to an animated data-block (the strip's scene,
or the tree itself).

Blender makes no animation path for a PropertyGroup on a strip by itself, so its own keyframe button does not work
there; a path given to the scene works in every version and follows the strip when it is renamed.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import InputError
from ..core.options import StyleOptions, describe
from . import compat

EASING = ("back", "amplitude", "period")
FROM_NLA = "Bring its keyframes back into the action (Tab in the NLA Editor), or mute that strip there."
MODIFIER_LOOKS = {"name", "show_expanded", "active", "is_valid"}


def data_path(owner: Any, name: str) -> str:
    """The path of a setting of `owner.gouache`, from the data-block that is animated."""
    if owner == owner.id_data:
        return f"gouache.{name}"
    return f"{owner.path_from_id()}.gouache.{name}"


def curve_of(animated: Any, owner: Any, name: str) -> Any:
    """The F-curve of a setting, or None."""
    path = data_path(owner, name)
    return next((curve for curve in compat.fcurves(animated) if curve.data_path == path), None)


def has_key(curve: Any, frame: float) -> bool:
    """Whether an F-curve has a keyframe on a frame."""
    return any(abs(key.co[0] - frame) < 0.5 for key in curve.keyframe_points)


def set_key(animated: Any, owner: Any, name: str, frame: float) -> None:
    """Key a setting at its present value."""
    animated.keyframe_insert(data_path(owner, name), frame=frame)


def remove_key(animated: Any, owner: Any, name: str, frame: float) -> None:
    """Take the key of a frame away."""
    animated.keyframe_delete(data_path(owner, name), frame=frame)


def copy_keys(animated: Any, owner: Any, to_animated: Any, to_owner: Any) -> None:
    """Give the settings of another owner the keyframes that they have here, and none where there are none."""
    for name in [name for name, info, _ in describe(StyleOptions) if info.animatable]:
        curve = curve_of(animated, owner, name)
        if curve is not None:
            set_key(to_animated, to_owner, name, 0)  # so that Blender makes what holds curves
            copy_curve(curve, curve_of(to_animated, to_owner, name))
        elif (other := curve_of(to_animated, to_owner, name)) is not None:
            compat.fcurve_bag(to_animated).fcurves.remove(other)


def copy_curve(curve: Any, made: Any) -> None:
    """Let an F-curve run as another one, with its modifiers."""
    made.keyframe_points.clear()
    made.extrapolation, made.mute = curve.extrapolation, not is_live(curve)
    made.keyframe_points.add(len(curve.keyframe_points))
    for key, new in zip(curve.keyframe_points, made.keyframe_points, strict=True):
        new.co, new.interpolation, new.easing = key.co, key.interpolation, key.easing
        new.handle_left_type, new.handle_right_type = key.handle_left_type, key.handle_right_type
        new.handle_left, new.handle_right = key.handle_left, key.handle_right
        for name in EASING:
            setattr(new, name, getattr(key, name))
    for modifier in list(made.modifiers):
        made.modifiers.remove(modifier)
    for modifier in curve.modifiers:
        _copy_modifier(modifier, made.modifiers.new(modifier.type))
    made.update()


def _copy_modifier(modifier: Any, made: Any) -> None:
    """Set a new modifier of an F-curve to what another one of its kind is set to."""
    for _ in range(2):  # a start cannot pass the end that is there
        for prop in modifier.bl_rna.properties:
            if prop.type not in {"COLLECTION", "POINTER"} and not prop.is_readonly:
                setattr(made, prop.identifier, getattr(modifier, prop.identifier))
    if modifier.type == "ENVELOPE":
        _copy_points(modifier.control_points, made.control_points)


def _copy_points(points: Any, made: Any) -> None:
    """Copy an envelope's control points, all at once: Blender may crash where a value of one of them is set."""
    for index in range(len(points)):
        made.add(index)
    for name in ("frame", "min", "max"):
        values = [0.0] * len(points)
        points.foreach_get(name, values)
        made.foreach_set(name, values)


def is_live(curve: Any) -> bool:
    """Whether an F-curve counts: neither it nor its group of channels is muted."""
    return not (curve.mute or (curve.group is not None and curve.group.mute))


def keys_of(animated: Any, owner: Any, start: int | None = None) -> dict[str, list[Any]]:
    """The keyframes of each animated option as (frame, value) and its curve's shape, to see whether they changed.

    Where they count from a `start`, moving all of them with it is no change. Those of a curve with modifiers do not,
    for these stay where they are.
    """
    curves = {name: curve_of(animated, owner, name) for name, info, _ in describe(StyleOptions) if info.animatable}
    return {name: _keys(curve, None if any(not modifier.mute for modifier in curve.modifiers) else start)
            for name, curve in curves.items() if curve is not None and is_live(curve)}


def _keys(curve: Any, start: int | None) -> list[Any]:
    first = start or 0
    keys = [(round(key.co[0] - first, 3), round(key.co[1], 6)) for key in curve.keyframe_points]
    return [*([] if start is None else ["from the start"]), *keys, *shape_of(curve, first)]


def shape_of(curve: Any, start: int = 0) -> list[Any]:
    """How an F-curve runs between and beyond its keys; empty for one that is as Blender makes it from new keys."""
    bends = {index: bend for index, key in enumerate(curve.keyframe_points) if (bend := _bend(key, start))}
    modifiers = [_settings(modifier) for modifier in curve.modifiers if not modifier.mute]
    shape = {"keys": bends, "modifiers": modifiers,
             "beyond": curve.extrapolation if curve.extrapolation != "CONSTANT" else ""}
    return [shape] if any(shape.values()) else []


def _bend(key: Any, start: int) -> list[Any]:
    """How a curve runs at a key, as far as it is not as usual; Blender finds the place of automatic handles itself."""
    bend: list[Any] = []
    if key.interpolation != "BEZIER":
        bend += [key.interpolation, key.easing, *(round(getattr(key, name), 4) for name in EASING)]
    for side in ("left", "right"):
        kind = getattr(key, f"handle_{side}_type")
        if kind != "AUTO_CLAMPED":
            bend += [side, kind]
        if kind in {"FREE", "ALIGNED"}:
            frame, value = getattr(key, f"handle_{side}")
            bend += [round(frame - start, 3), round(value, 3)]
    return bend


def _settings(part: Any) -> dict[str, Any]:
    """What a curve's modifier, or a control point of one, is set to."""
    found: dict[str, Any] = {}
    for prop in part.bl_rna.properties:
        value = getattr(part, prop.identifier)
        if prop.type == "COLLECTION":
            found[prop.identifier] = [_settings(point) for point in value]
        elif prop.type != "POINTER" and prop.identifier not in MODIFIER_LOOKS:
            found[prop.identifier] = list(value) if getattr(prop, "is_array", False) else value
    return found


def animated_defaults(animation: dict[str, dict[int, float]]) -> dict[str, Any]:
    """What stands in a job's options for animated ones: the option's default.

    A property's present value depends on the playhead, and would make finished frames stale.
    """
    return {name: default for name, _, default in describe(StyleOptions) if name in animation}


def _is_driven(animated: Any, path: str) -> bool:
    drivers = animated.animation_data.drivers if animated.animation_data else ()
    return any(curve.data_path == path and is_live(curve) for curve in drivers)


def _is_in_nla(animated: Any, path: str) -> bool:
    return any(curve.data_path == path and is_live(curve) for curve in compat.nla_curves(animated))


def animated_values(scene: Any, animated: Any, owner: Any, first: int, last: int) -> dict[str, dict[int, float]]:
    """For each animated option its value at every frame first..last of a scene, inside the option's range.

    Raises InputError for a driver and for the NLA, whose values only Blender knows, frame by frame.
    """
    values: dict[str, dict[int, float]] = {}
    stretch = scene.render.frame_map_old / scene.render.frame_map_new  # Time Stretching, in the Output properties
    for name, info, _ in describe(StyleOptions):
        if info.animatable and _is_driven(animated, data_path(owner, name)):
            raise InputError(f"{info.label} has a driver.", "Set keyframes in its place, or delete the driver.")
        if info.animatable and _is_in_nla(animated, data_path(owner, name)):
            raise InputError(f"{info.label} is animated in the NLA.", FROM_NLA)
        curve = curve_of(animated, owner, name) if info.animatable else None
        if curve is None or not is_live(curve):
            continue
        values[name] = {
            frame: float(f"{min(max(curve.evaluate(frame * stretch), info.minimum), info.maximum):.7g}")
            for frame in range(first, last + 1)}
    return values
