"""The Blender properties of core's options: label, help, default and ranges come from there."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.options import OptionInfo, describe

FILE_FLAGS: Any = {"PATH_SUPPORTS_BLEND_RELATIVE"}  # else Blender 5 marks a path that starts with // as wrong


def property_from(info: OptionInfo, default: Any, **more: Any) -> Any:
    """The Blender property of one option, with its label, help, default and ranges, and what else is given."""
    common: dict[str, Any] = {"name": info.label, "description": info.help, "default": default,
                              "options": {"ANIMATABLE"} if info.animatable else set(), **more}
    if info.kind in ("float", "int"):
        common.update(_range(info))
        if info.kind == "int":
            return bpy.props.IntProperty(subtype="PIXEL" if info.unit == "px" else "NONE", **common)
        factor = (info.minimum, info.maximum) == (0.0, 1.0)
        fine = info.soft_maximum is not None and info.soft_maximum < 0.5  # else its values would all read 0.00
        subtype: Any = "FACTOR" if factor else "PIXEL" if info.unit == "px" else "NONE"
        return bpy.props.FloatProperty(subtype=subtype, precision=4 if fine else 2, **common)
    if info.kind == "bool":
        return bpy.props.BoolProperty(**common)
    if info.kind == "choice":
        items = [(key, label, info.meanings.get(key, "")) for key, label in info.choices.items()]
        return bpy.props.EnumProperty(items=items, **common)
    if info.kind == "file":
        return bpy.props.StringProperty(subtype="FILE_PATH", **{**common, "options": FILE_FLAGS})
    return bpy.props.StringProperty(**common)


def _range(info: OptionInfo) -> dict[str, float]:
    """Blender's names for the limits; a limit the option leaves open is left open."""
    limits = {"min": info.minimum, "max": info.maximum, "soft_min": info.soft_minimum, "soft_max": info.soft_maximum}
    return {name: value for name, value in limits.items() if value is not None}


def properties_from(options: type, *only: str) -> dict[str, Any]:
    """Annotations for a PropertyGroup: each described option of a dataclass, or those named."""
    return {name: property_from(info, default) for name, info, default in describe(options)
            if not only or name in only}
