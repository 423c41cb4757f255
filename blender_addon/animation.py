"""Keyframes on Gouache's settings: set, removed, found, and their value at every frame of a job.

The settings belong to an owner (a strip, or a node's tree), their curves to an animated data-block (the strip's scene,
or the tree itself).

Blender makes no animation path for a PropertyGroup on a strip by itself, so its own keyframe button does not work
there; a path given to the scene works in every version and follows the strip when it is renamed.
"""

from __future__ import annotations

from typing import Any

from ..core.options import StyleOptions, describe
from . import compat


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


def keys_of(animated: Any, owner: Any) -> dict[str, list[tuple[float, float]]]:
    """The keyframes of each animated option as (frame, value), to see whether they changed."""
    curves = {name: curve_of(animated, owner, name) for name, info, _ in describe(StyleOptions) if info.animatable}
    return {name: [(round(key.co[0], 3), round(key.co[1], 6)) for key in curve.keyframe_points]
            for name, curve in curves.items() if curve is not None}


def animated_defaults(animation: dict[str, dict[int, float]]) -> dict[str, Any]:
    """What stands in a job's options for animated ones: the option's default.

    A property's present value depends on the playhead, and would make finished frames stale.
    """
    return {name: default for name, _, default in describe(StyleOptions) if name in animation}


def animated_values(animated: Any, owner: Any, first: int, last: int) -> dict[str, dict[int, float]]:
    """For each animated option its value at every frame first..last, inside the option's range."""
    values: dict[str, dict[int, float]] = {}
    for name, info, _ in describe(StyleOptions):
        curve = curve_of(animated, owner, name) if info.animatable else None
        if curve is None or curve.mute:
            continue
        low = -float("inf") if info.minimum is None else info.minimum
        high = float("inf") if info.maximum is None else info.maximum
        values[name] = {frame: float(f"{min(max(curve.evaluate(frame), low), high):.7g}")
                        for frame in range(first, last + 1)}
    return values
