"""Keyframes on a strip's settings: set, removed, found, and their value at every frame of a job.

Blender makes no animation path for a PropertyGroup on a strip by itself, so its own keyframe button does not work
there; a path given to the scene works in every version and follows the strip when it is renamed.
"""

from __future__ import annotations

from typing import Any

from ..core.options import StyleOptions, describe
from . import compat


def data_path(strip: Any, name: str) -> str:
    """The path of a setting of `strip.gouache`, from the scene."""
    return f"{strip.path_from_id()}.gouache.{name}"


def curve_of(scene: Any, strip: Any, name: str) -> Any:
    """The F-curve of a setting, or None."""
    path = data_path(strip, name)
    return next((curve for curve in compat.fcurves(scene) if curve.data_path == path), None)


def has_key(curve: Any, frame: float) -> bool:
    """Whether an F-curve has a keyframe on a frame."""
    return any(abs(key.co[0] - frame) < 0.5 for key in curve.keyframe_points)


def set_key(scene: Any, strip: Any, name: str, frame: float) -> None:
    """Key a setting at its present value."""
    scene.keyframe_insert(data_path(strip, name), frame=frame)


def remove_key(scene: Any, strip: Any, name: str, frame: float) -> None:
    """Take the key of a frame away."""
    scene.keyframe_delete(data_path(strip, name), frame=frame)


def keys_of(scene: Any, strip: Any) -> dict[str, list[tuple[float, float]]]:
    """The keyframes of each animated option as (frame, value), to see whether they changed."""
    curves = {name: curve_of(scene, strip, name) for name, info, _ in describe(StyleOptions) if info.animatable}
    return {name: [(round(key.co[0], 3), round(key.co[1], 6)) for key in curve.keyframe_points]
            for name, curve in curves.items() if curve is not None}


def animated_defaults(animation: dict[str, dict[int, float]]) -> dict[str, Any]:
    """What stands in a job's options for animated ones: the option's default.

    A property's present value depends on the playhead, and would make finished frames stale.
    """
    return {name: default for name, _, default in describe(StyleOptions) if name in animation}


def animated_values(scene: Any, strip: Any, first: int, last: int) -> dict[str, dict[int, float]]:
    """For each animated option its value at every frame first..last, inside the option's range."""
    values: dict[str, dict[int, float]] = {}
    for name, info, _ in describe(StyleOptions):
        curve = curve_of(scene, strip, name) if info.animatable else None
        if curve is None or curve.mute:
            continue
        low = -float("inf") if info.minimum is None else info.minimum
        high = float("inf") if info.maximum is None else info.maximum
        values[name] = {frame: float(f"{min(max(curve.evaluate(frame), low), high):.7g}")
                        for frame in range(first, last + 1)}
    return values
