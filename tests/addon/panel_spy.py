"""What our panels draw, without a window: names and texts in the order they appear."""

from types import SimpleNamespace

import bpy


class Layout:
    """Records what a panel draws; every layout made from it writes into the same list."""

    def __init__(self, drawn):
        self.__dict__["drawn"] = drawn

    def __setattr__(self, name, value):
        self.drawn.append((name, value))

    def __getattr__(self, name):
        def call(*arguments, **options):
            if name == "prop":
                arguments[0].bl_rna.properties[arguments[1]]  # a wrong name must fail here as in Blender
            if name == "panel":
                return Layout(self.drawn), Layout(self.drawn)  # its header, and what is in it while it is open
            self.drawn.append((name, options.get("text") or next((a for a in arguments if isinstance(a, str)), "")))
            return Layout(self.drawn)
        return call


def draw(gouache):
    """Everything our panels show for the active strip."""
    drawn = []
    for panel in gouache.module("sequencer.panels").CLASSES:
        if panel.poll(bpy.context):
            panel.draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
    return drawn


def draw_nodes(graph):
    """Everything our panels show in the node editor."""
    drawn = []
    with graph.editor():
        for panel in graph.gouache.module("compositor.panels").CLASSES:
            if hasattr(panel, "bl_category") and panel.poll(bpy.context):
                panel.draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
    return drawn
