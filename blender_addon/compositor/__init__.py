"""Gouache in the compositor: node groups, their bakes, operators and panels."""
