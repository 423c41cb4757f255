"""The nodes in a real Blender window: a graph with its sidebar, a bake, a stale bake, a strip modifier; screenshots.

    GOUACHE_TOUR=folder blender --python tests/addon/node_tour.py

The environment is that of window_tour.py: GOUACHE_TOUR, GOUACHE_TOUR_CLIP, GOUACHE_ENGINE_PYTHON, REAL_BLENDER_*.
"""

import os
import shutil
import sys
import traceback
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
MODULE = "bl_ext.user_default.gouache"
FOLDER = Path(os.environ["GOUACHE_TOUR"])
STYLE = "swirling_night.jpg"
SETTLE = 1.0
PATIENCE = 300.0


class Tour:
    """The stations are a generator: each `yield` gives Blender that many seconds to draw."""

    def __init__(self):
        self.lines = []
        self.stations = self.walk()

    def step(self):
        try:
            return next(self.stations)
        except StopIteration:
            self.note("tour", True, "complete")
        except Exception:
            self.note("tour", False, traceback.format_exc())
        (FOLDER / "report.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        if "REAL_BLENDER_READY" in os.environ:
            Path(os.environ["REAL_BLENDER_READY"]).touch()
        return None

    def note(self, station, ok, text):
        self.lines.append(f"{'ok   ' if ok else 'WRONG'} {station}: {text}")
        print(self.lines[-1], flush=True)

    def shot(self, name):
        yield SETTLE
        if "REAL_BLENDER_SHOTS" in os.environ:
            wish = Path(os.environ["REAL_BLENDER_SHOTS"]) / name
            wish.touch()
            while wish.exists():
                yield 0.2

    def wait_for(self, what, condition, seconds=PATIENCE):
        waited = 0.0
        while not condition():
            waited += 0.25
            if waited > seconds:
                self.note(what, False, f"did not happen in {seconds:.0f} s")
                return
            yield 0.25
        self.note(what, True, f"after {waited:.1f} s")

    # ------------------------------------------------------------------ the stations

    def walk(self):
        self.window = bpy.context.window_manager.windows[0]
        self.scene = bpy.context.scene
        shutil.copytree(os.environ["GOUACHE_TOUR_CLIP"], FOLDER / "clip", dirs_exist_ok=True)
        shutil.copy(HERE.parent.parent / "blender_addon" / "styles" / STYLE, FOLDER)
        self.files = sorted((FOLDER / "clip").glob("*.png"))
        bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "nodes.blend"))
        if "GOUACHE_ENGINE_PYTHON" not in os.environ:
            os.environ["GOUACHE_FAKE"] = "convert"
            bpy.context.preferences.addons[MODULE].preferences.engine_python = str(HERE / "fake_engine.py")
        self.window.workspace = bpy.data.workspaces["Compositing"]
        yield SETTLE
        with self.editor():
            bpy.ops.screen.screen_full_area()
        yield SETTLE
        self.build_graph()
        yield SETTLE
        yield from self.show_sidebar()
        yield from self.shot("unbaked")
        yield from self.bake()
        yield from self.stale()
        yield from self.undo()
        yield from self.inside()
        yield from self.modifier()

    def build_graph(self):
        """Footage -> Style Transfer, with a style linked, -> output and Viewer."""
        image = bpy.data.images.load(str(self.files[0]))
        self.scene.render.resolution_x, self.scene.render.resolution_y = image.size
        image.source = "SEQUENCE"
        self.scene.frame_start, self.scene.frame_end = 1, 4
        self.scene.frame_set(2)
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        self.scene.compositing_node_group = self.tree = tree
        self.space().node_tree = tree
        plate = tree.nodes.new("CompositorNodeImage")
        plate.image, plate.location = image, (-420, 260)
        plate.frame_duration = len(self.files)
        plate.label = "Plate"
        style = tree.nodes.new("CompositorNodeImage")
        style.image = bpy.data.images.load(str(FOLDER / STYLE))
        style.location = (-420, -200)
        style.label = "Style"
        with self.editor():
            bpy.ops.gouache.add_node(effect="style")
        self.node = tree.nodes.active
        self.node.location = (-140, 160)
        group = self.node.node_tree.gouache
        group.engine, group.size = "fast", 480
        sink = tree.nodes.new("NodeGroupOutput")
        viewer = tree.nodes.new("CompositorNodeViewer")
        sink.location, viewer.location = (160, 200), (160, 40)
        tree.links.new(plate.outputs[0], self.node.inputs["Image"])
        tree.links.new(style.outputs[0], self.node.inputs["Style"])
        tree.links.new(self.node.outputs[0], sink.inputs[0])
        tree.links.new(self.node.outputs[0], viewer.inputs[0])
        tree.nodes.active = self.node
        bpy.ops.ed.undo_push(message="Set up the tour")

    def show_sidebar(self):
        area, space = self.area(), self.space()
        space.show_region_ui = True
        space.show_backdrop = True
        yield SETTLE
        next(r for r in area.regions if r.type == "UI").active_panel_category = "Gouache"
        space.show_region_asset_shelf = False
        space.backdrop_zoom, space.backdrop_offset = 1.5, (150, -90)
        with self.editor():
            bpy.ops.node.view_all()
        yield SETTLE

    def bake(self):
        with self.editor():
            bpy.ops.gouache.bake_nodes("INVOKE_DEFAULT")
        yield from self.wait_for("baking runs", lambda: self.module("bake").current is not None, 30)
        yield from self.wait_for("baked", lambda: self.module("bake").current is None)
        inner = self.module("compositor.groups").sequence_node(self.node.node_tree)
        self.note("the group shows frames", inner is not None, "")
        yield from self.shot("baked")

    def stale(self):
        self.node.node_tree.gouache.style_scale = 0.5
        self.area().tag_redraw()
        yield from self.shot("stale")
        with self.editor():
            bpy.ops.gouache.bake_nodes("INVOKE_DEFAULT")
        yield 0.5
        yield from self.wait_for("baked again", lambda: self.module("bake").current is None)
        yield from self.shot("again")

    def undo(self):
        self.node.inputs["Strength"].default_value = 0.5
        bpy.ops.ed.undo_push(message="Strength")
        bpy.ops.ed.undo()
        yield SETTLE
        bpy.ops.ed.undo()
        yield SETTLE
        bpy.ops.ed.redo()
        yield SETTLE
        self.scene = bpy.context.scene
        self.tree = self.scene.compositing_node_group
        self.node = next(n for n in self.tree.nodes if n.bl_idname == "CompositorNodeGroup")
        shown = self.module("compositor.groups").painting_folder(self.node.node_tree)
        self.note("undo and redo keep the bake", shown is not None and shown.is_dir(), str(shown))
        self.tree.nodes.active = self.node

    def inside(self):
        with self.editor():
            bpy.ops.node.group_edit(exit=False)
        yield SETTLE
        with self.editor():
            bpy.ops.node.view_all()
        yield from self.shot("inside")
        with self.editor():
            bpy.ops.node.group_edit(exit=True)
            bpy.ops.screen.back_to_previous()
        yield SETTLE

    def modifier(self):
        for template in bpy.utils.app_template_paths():
            file = Path(template) / "Video_Editing" / "startup.blend"
            if file.is_file():
                bpy.ops.workspace.append_activate(idname="Video Editing", filepath=str(file))
                break
        yield SETTLE
        self.window.workspace.sequencer_scene = self.scene
        strips = self.scene.sequence_editor_create().strips
        strip = strips.new_image("Plate", str(self.files[0]), 1, 1)
        for file in self.files[1:]:
            strip.elements.append(file.name)
        strip.directory = "//clip/"
        self.module("compat").set_right_handle(strip, 5)
        self.scene.sequence_editor.active_strip, strip.select = strip, True
        strip.gouache.styles.add().path = f"//{STYLE}"
        strip.gouache.engine, strip.gouache.size = "fast", 480
        area = next(a for a in self.window.screen.areas
                    if a.type == "SEQUENCE_EDITOR" and a.spaces.active.view_type == "SEQUENCER")
        region = next(r for r in area.regions if r.type == "WINDOW")
        area.spaces.active.show_region_ui = True
        yield SETTLE
        next(r for r in area.regions if r.type == "UI").active_panel_category = "Gouache"
        with bpy.context.temp_override(window=self.window, area=area, region=region):
            bpy.ops.sequencer.view_all()
            bpy.ops.gouache.add_modifier()
            bpy.ops.gouache.bake_modifier("INVOKE_DEFAULT")
        yield 0.5
        yield from self.wait_for("the modifier is baked", lambda: self.module("bake").current is None)
        for other in self.window.screen.areas:
            if other.type == "PROPERTIES":
                other.spaces.active.context = "STRIP_MODIFIER"
        yield from self.shot("modifier")

    # ------------------------------------------------------------------ what the stations use

    @staticmethod
    def module(name):
        return sys.modules[f"{MODULE}.blender_addon.{name}"]

    def area(self):
        return next(a for a in self.window.screen.areas if a.type == "NODE_EDITOR")

    def space(self):
        return self.area().spaces.active

    def editor(self):
        region = next(r for r in self.area().regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, area=self.area(), region=region)


tour = Tour()
bpy.app.timers.register(tour.step, first_interval=2.0)
