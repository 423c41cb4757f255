"""What a painting takes over from its source: blend, opacity and where it lies, with their keyframes and drivers.

What was taken over is noted on the painting. When it is painted again, what is still as noted is taken over anew, and
what an artist set otherwise on the painting stays.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import compat
from .animation import copy_curve, is_live, shape_of
from .capture import BLEND, PLACEMENT

TAKEN_KEY, PLACED = "gouache_taken", "placed"
LOOK = (*BLEND, *PLACEMENT, "transform.origin", "transform.filter")


def take_over(scene: Any, source: Any, painting: Any, is_placed: bool, is_new: bool) -> None:
    """Give a painting the look of its source; one that is not new keeps what an artist set on it.

    Where `is_placed`, transform, crop and flips are in the pictures already and must not be applied to them again.
    Where that was not so before, or no longer is, an artist's own would be wrong too. Paintings of earlier versions
    have no note: what they have in common with their source now counts as taken over.
    """
    noted = json.loads(painting.get(TAKEN_KEY) or "{}") or {path: _state(scene, source, path) for path in LOOK}
    is_turned = noted.get(PLACED, is_placed) != is_placed
    for path in [path for path in LOOK if _value(source, path) is not None]:
        is_own = not is_new and _state(scene, painting, path) != noted.get(path)
        if (is_own and not (is_turned and path in PLACEMENT)) or (not is_new and _is_hiding(scene, source, path)):
            continue
        _clear_animation(scene, painting, path)
        if is_placed and path in PLACEMENT:
            _set_value(painting, path, PLACEMENT[path])
        else:
            _set_value(painting, path, _value(source, path))
            _copy_animation(scene, source, painting, path)
        noted[path] = _state(scene, painting, path)
    painting[TAKEN_KEY] = json.dumps({**noted, PLACED: is_placed})


def _is_hiding(scene: Any, source: Any, path: str) -> bool:
    """Whether this is an opacity by which a source is hidden under its painting, which is to be seen."""
    return path == "blend_alpha" and source.blend_alpha == 0.0 and not _animation(scene, source, path)


def _value(strip: Any, path: str) -> Any:
    """What a strip has at a path; None if it has no such thing."""
    holder, _, name = path.rpartition(".")
    value = getattr(getattr(strip, holder, None) if holder else strip, name, None)
    return value[:] if name == "origin" and value is not None else value


def _set_value(strip: Any, path: str, value: Any) -> None:
    holder, _, name = path.rpartition(".")
    setattr(getattr(strip, holder) if holder else strip, name, value)


def _state(scene: Any, strip: Any, path: str) -> Any:
    """What a strip has at a path, as JSON has it: the value, or in place of it a hash of what animates it."""
    if animation := _animation(scene, strip, path):
        return hashlib.sha256(json.dumps(animation, default=str).encode()).hexdigest()[:16]
    value = _value(strip, path)
    return list(value) if isinstance(value, tuple) else value


def _animation(scene: Any, strip: Any, path: str) -> list[Any]:
    """What animates a value. Keys count from where the strip's content begins, for they are moved along with it."""
    start = compat.content_start(strip)
    keyed = [[curve.array_index, *([round(key.co[0] - start, 3), key.co[1]] for key in curve.keyframe_points),
              *shape_of(curve)] for curve in filter(is_live, _curves(scene, strip, path))]
    return keyed + [[curve.array_index, curve.driver.type, curve.driver.expression]
                    for curve in filter(is_live, _drivers(scene, strip, path))]


def _curves(scene: Any, strip: Any, path: str) -> list[Any]:
    at = f"{strip.path_from_id()}.{path}"
    return [curve for curve in compat.fcurves(scene) if curve.data_path == at]


def _drivers(scene: Any, strip: Any, path: str) -> list[Any]:
    at, data = f"{strip.path_from_id()}.{path}", scene.animation_data
    return [driver for driver in data.drivers if driver.data_path == at] if data else []


def _clear_animation(scene: Any, strip: Any, path: str) -> None:
    for curve in _curves(scene, strip, path):
        compat.fcurve_bag(scene).fcurves.remove(curve)
    for driver in _drivers(scene, strip, path):
        scene.animation_data.drivers.remove(driver)


def _copy_animation(scene: Any, source: Any, strip: Any, path: str) -> None:
    at = f"{strip.path_from_id()}.{path}"
    for curve in _curves(scene, source, path):
        copy_curve(curve, compat.fcurve_bag(scene).fcurves.new(at, index=curve.array_index))
    for driver in _drivers(scene, source, path):
        scene.animation_data.drivers.from_existing(src_driver=driver).data_path = at
