"""The Blender side of Gouache: everything that imports bpy, and nothing else does."""

import bpy

from . import command, engine, headless, identity, paths, preferences, settings
from .compositor import operators as node_operators
from .compositor import panels as node_panels
from .compositor import watch
from .planes import viewport
from .sequencer import materials, menu, modifier, operators, panels, preview, to_planes
from .ui import jobs, modal, style_pictures, upkeep
from .ui import preview as quick_look

MODULES = (settings, identity, paths, engine, preferences, jobs, style_pictures, quick_look, upkeep, node_operators,
           node_panels, watch, viewport, materials, operators, preview, modifier, to_planes, panels, menu,
           headless, command)


def register() -> None:
    """Make Gouache known to Blender; what fails half way is taken back."""
    done = []
    try:
        for module in MODULES:
            module.register()
            done.append(module)
    except Exception:
        for module in reversed(done):
            module.unregister()
        raise


def unregister() -> None:
    """Take everything back, and end what runs and the engine."""
    modal.end_all(bpy.context)
    for module in reversed(MODULES):
        module.unregister()
