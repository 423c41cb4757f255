"""The add-on's preferences: where the engine and the cache are, how the engine computes, and its state in a table."""

# No `from __future__ import annotations` here: Blender reads property annotations as objects.
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..core.events import Doctor
from ..core.options import EngineOptions, MotionOptions, describe
from . import engine, install
from .properties import FILE_FLAGS, properties_from

ZERO_TOLD = {"tile": {"text": "Tile (0: Automatic)"}, "threads": {"text": "Threads (0: Automatic)"}}
PACKAGE = (__package__ or "").rpartition(".")[0]  # the extension's: bl_ext.user_default.gouache


class GOUACHE_preferences(bpy.types.AddonPreferences):
    """What is the same for all strips and files of this computer."""

    bl_idname = PACKAGE
    __annotations__ = {
        "engine_python": bpy.props.StringProperty(
            name="Engine Python", subtype="FILE_PATH",
            description="The Python that has the painting engine's packages; empty finds it by itself"),
        "cache_directory": bpy.props.StringProperty(
            name="Cache Folder", subtype="DIR_PATH", default="//gouache/", options=FILE_FLAGS,
            description="Where frames are kept; // is the folder of the .blend file"),
        "idle_minutes": bpy.props.FloatProperty(
            name="Keep Engine For (Minutes)", default=5.0, min=0.0, max=1440.0, soft_max=60.0, precision=0,
            description="Minutes the engine waits, ready, for the next job; 0 gives its memory back at once"),
        **properties_from(EngineOptions),
        **properties_from(MotionOptions, "raft_weights"),
    }

    def draw(self, context: Any) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        draw_engine(layout)
        layout.prop(self, "cache_directory")
        layout.prop(self, "idle_minutes")
        draw_doctor(layout)
        header, expert = layout.panel("GOUACHE_expert", default_closed=True)
        header.label(text="Expert")
        if expert is not None:
            computing = (name for name, _, _ in describe(EngineOptions))
            for name in ("engine_python", *computing, "raft_weights"):
                expert.prop(self, name, **ZERO_TOLD.get(name, {}))


def draw_engine(layout: Any) -> None:
    """Where the engine is, and its buttons."""
    install_text, is_wanted = "Install Engine", True
    try:
        found = find_engine()
        is_wanted = found.outdated
        layout.label(text=f"Found by {found.origin}: {found.python}", icon="CHECKMARK")
        if found.outdated:
            install_text = "Update Engine"
            layout.label(text=engine.OUTDATED, icon="ERROR")
            layout.label(text=engine.UPDATE)
    except engine.EngineError as error:
        layout.label(text=error.message, icon="ERROR")
        if error.hint != engine.INSTALL:  # the button is right here
            layout.label(text=error.hint)
    row = layout.row()
    row.operator("gouache.check_engine", icon="VIEWZOOM")
    row.operator("gouache.install_engine", text=install_text, icon="IMPORT")
    if is_wanted and not bpy.app.online_access:
        row = layout.row()
        row.label(text="Installing needs online access", icon="INTERNET_OFFLINE")
        row.operator("extensions.userpref_allow_online", text="Allow Online Access")
    if install.current is not None:
        layout.progress(factor=install.current.fraction, text=install.current.text)
        layout.operator("gouache.cancel_install", icon="CANCEL")


def draw_doctor(layout: Any) -> None:
    """What the last check of the engine found."""
    if doctor is None:
        return
    box = layout.box()
    for check in doctor.checks:
        line = box.row()
        line.label(text=check.name, icon="CHECKMARK" if check.ok else "ERROR")
        line.label(text=check.value)
        if not check.ok and check.hint:
            box.label(text=check.hint, icon="BLANK1")


doctor: Doctor | None = None  # what the last check found


def get() -> Any:
    """This add-on's preferences."""
    addon = bpy.context.preferences.addons.get(PACKAGE)  # type: ignore[union-attr]
    if addon is None:  # an add-on that is being switched off
        raise engine.EngineError("Gouache is not enabled.", "Enable it in the preferences.")
    return addon.preferences


def idle_minutes() -> float:
    """How long an engine is kept; not at all once the add-on is switched off."""
    with contextlib.suppress(engine.EngineError):
        return float(get().idle_minutes)
    return 0.0


def user_folder(name: str = "") -> Path:
    """A folder of this extension's own, kept over updates."""
    return Path(bpy.utils.extension_path_user(PACKAGE, path=name, create=True))


def log_file() -> Path:
    """The engine's log."""
    return user_folder() / "engine.log"


def find_engine() -> engine.Found:
    """The engine to use, by preference, environment variable, build.py or Install Engine. Raises EngineError."""
    chosen, folder = get().engine_python, user_folder()
    found = engine.find_python(bpy.path.abspath(chosen) if chosen else "", install.finished_python(folder))
    return replace(found, outdated=found.origin == engine.INSTALLED and install.is_outdated(folder))


def engine_trouble() -> str:
    """Why there is no engine to use, in words; empty if there is one."""
    try:
        find_engine()
    except engine.EngineError as error:
        return error.message
    return ""


def cache_folder() -> Path:
    """Where bake folders go. A file never saved has no folder of its own: its frames go to the extension's."""
    chosen = get().cache_directory or "//gouache/"
    if chosen.startswith("//") and not bpy.data.filepath:
        return user_folder("cache")
    return Path(os.path.normpath(Path(bpy.path.abspath(chosen)).absolute()))  # links stay: paths count from the .blend


def register() -> None:
    bpy.utils.register_class(GOUACHE_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(GOUACHE_preferences)
