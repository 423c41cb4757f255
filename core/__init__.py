"""Gouache's engine: pictures and clips painted in the style of any picture. Runs without Blender.

Nothing is imported here: Blender imports `core.options` from this package and must not load torch with it.
"""

__version__ = "0.1.0"
