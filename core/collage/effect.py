"""Collage as an effect: follows a clip's pieces from frame to frame, and lays those of a frame."""

from __future__ import annotations

from collections.abc import Iterator

from ..effects import Frame, Moment, Painted, Step
from ..manifest import COLLAGE
from ..options import CollageOptions
from .compose import Composer
from .follow import Follow
from .materials import Materials
from .pieces import Pieces


class CollageEffect:
    """Implements `effects.Follower`; what is known of a frame are its `Pieces`."""

    weights = COLLAGE

    def __init__(self, options: CollageOptions, materials: Materials) -> None:
        self.options, self.materials = options, materials
        self.notes = materials.notes
        self.composer = Composer(options, materials)
        self._follow = Follow(options, materials)

    def follow(self, moment: Moment, before: bytes | None) -> bytes:
        """The pieces of a frame, out of those of the frame before. Raises InputError."""
        return self._follow(moment, None if before is None else Pieces.from_bytes(before)).to_bytes()

    def paint(self, frame: Frame) -> Iterator[Step | Painted]:
        """Yields the collage of a frame. Raises InputError."""
        yield self.composer.paint(Pieces.from_bytes(frame.track), frame.picture.rgb, frame.companions)
