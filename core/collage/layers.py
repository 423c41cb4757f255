"""How a collage's layers lie on disk: what the engine writes them by, and the add-on reads them.

`pieces.json` holds, with lengths in heights of the frame, x to the right and y down from the frame's upper left
corner: `size` (width, height; pixels), `frames` (their numbers), `levels`, `underpainting` (one file per frame), and
for each of `pieces` its `number`, `level` (1 is the coarsest), `material`, `outline` (corners from the piece's
center), `picture` (a PNG with alpha, without shadow), `box` (left, top, right, bottom of that picture from the
center) and `places`: per frame in which it lies there a, b, x, y, order. A point p from the center lies at
[[a, -b], [b, a]] p + (x, y); pieces are laid by rising order, from 0 in each frame. `keys` are the frames' hashes.

Standard library only, as the add-on imports it inside Blender.
"""

from __future__ import annotations

NAME = "pieces.json"
VERSION = 1
LAYERS, UNDERPAINTING = "layers", "underpainting"
"""The folder, inside that of the results, for pictures of each level, and there that of the lowest layer."""
PIECES = "pieces"
"""The folder, beside `pieces.json`, of the pieces' pictures."""


def layer_folders(levels: int) -> tuple[str, ...]:
    """The folders, inside that of the results, of the underpainting and of each level."""
    return tuple(f"{LAYERS}/{name}" for name in (UNDERPAINTING, *(f"level_{level}" for level in range(1, levels + 1))))
