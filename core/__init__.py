"""Gouache's engine: pictures and clips painted in any picture's style, or made of paper. Runs without Blender.

Nothing is imported here: Blender imports some modules of this package and must not load torch with them.
"""

__version__ = "0.1.0"
