"""Collage to Planes: a collage's layers as textured, keyframed planes that can be lit and flown through."""
