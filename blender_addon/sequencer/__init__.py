"""Gouache in the Video Sequencer: operators and panels."""
