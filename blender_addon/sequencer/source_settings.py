"""What Blender's own settings of a strip are, as far as its picture depends on them: noted when it is painted.

Of strips in it, in its scene or below it nothing is told: those are looked at where a render compares pixels.
"""

from __future__ import annotations

import json
from typing import Any

from .. import compat
from ..compositor.signature import settings_of, values_of
from ..compositor.strip_signature import INNER_LOOKS, STRIP_LOOKS

ELSEWHERE = {"duration", "content_start", "content_trim_start", "content_trim_end", "left_handle", "right_handle",
             "left_handle_offset", "right_handle_offset", "use_reverse_frames", "directory", "filepath", "use_proxy",
             "volume"}
"""What is no part of the picture, may change along with the painting, or is told in another way."""


def source_settings(scene: Any, strip: Any, painting: Any = None) -> str:
    """A strip's settings and its modifiers' as JSON, without values that are animated, for keyframes may be moved.

    Nothing is told of a reversal or retiming that its painting has as well.
    """
    drivers = scene.animation_data.drivers if scene.animation_data else ()
    animated = dict.fromkeys((curve.data_path for curve in (*compat.fcurves(scene), *drivers)), "animated")
    told: dict[str, Any] = values_of(strip, strip.path_from_id(), animated, STRIP_LOOKS | INNER_LOOKS | ELSEWHERE)
    told["modifiers"] = [[modifier.type, modifier.mute] for modifier in strip.modifiers]
    for modifier in strip.modifiers:
        values = settings_of(modifier, modifier.path_from_id(), animated, STRIP_LOOKS)
        told |= {f"{modifier.name}.{name}": value for name, value in values.items() if not name.startswith("show_")}
    if strip.type == "IMAGE" and len(strip.elements) == 1:
        told["still"] = strip.elements[0].filename
    told["timing"] = "" if painting is not None and _timing(painting) == _timing(strip) else _timing(strip)
    return json.dumps(told, default=str)


def _timing(strip: Any) -> Any:
    keys = [key.timeline_frame - compat.content_start(strip) for key in getattr(strip, "retiming_keys", ())]
    return [strip.use_reverse_frames, *keys] if strip.use_reverse_frames or keys else ""


def differ(noted: str, now: str) -> bool:
    """Whether two texts of settings differ in what both tell: one of another Blender, or of none, tells less."""
    before, after = json.loads(noted or "{}"), json.loads(now)
    return any(before[name] != after[name] for name in before.keys() & after.keys())
