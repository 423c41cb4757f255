"""Collage: a clip rebuilt from cut and torn pieces of paper that stick to what moves."""
