"""What a strip shows beside its own files: the strips in a meta, an effect's inputs, what lies below an adjustment."""

from __future__ import annotations

from typing import Any

from . import compat

SHOWS_BELOW = {"ADJUSTMENT", "MULTICAM"}
WITHOUT_PICTURE = {"SOUND"}


def parts_of(scene: Any, strip: Any) -> list[Any]:
    """The strips that a strip shows, muted ones too."""
    found = seen(getattr(strip, "strips", ()), getattr(strip, "channels", None))
    found += inputs_of(strip)
    if strip.type in SHOWS_BELOW:
        (first, end), level = compat.bounds(strip), strip.parent_meta() or scene.sequence_editor
        found += [other for other in seen(level.strips, level.channels) if other.channel < strip.channel
                  and compat.bounds(other)[0] < end and compat.bounds(other)[1] > first]
    return found


def inputs_of(strip: Any) -> list[Any]:
    """The inputs of an effect, which it shows even where they are muted."""
    return [other for name in ("input_1", "input_2") if (other := getattr(strip, name, None)) is not None]


def seen(strips: Any, channels: Any) -> list[Any]:
    """The strips with a picture in channels that are not muted, in an order that does not depend on how they came."""
    found = [strip for strip in strips if strip.type not in WITHOUT_PICTURE and not channels[strip.channel].mute]
    return sorted(found, key=lambda strip: (strip.channel, compat.bounds(strip)))
