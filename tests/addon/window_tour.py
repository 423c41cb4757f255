"""A walk through the add-on in a real Blender window, taking a screenshot at each station.

Start Blender with this script and the extension enabled:

    GOUACHE_TOUR=folder blender --python tests/addon/window_tour.py

Environment
    GOUACHE_TOUR          folder for the .blend, the cache and report.txt (one line per station: ok or what was wrong)
    GOUACHE_TOUR_CLIP     folder of numbered PNG frames to paint; without it, flat pictures are made
    GOUACHE_ENGINE_PYTHON an engine; without it the tests' fake one is used, which stands still in the second frame
    REAL_BLENDER_SHOTS    a driver's folder: an empty file NAME asks for a screenshot, and is gone when it is taken
    REAL_BLENDER_READY    a driver's file: made when the tour is over
Without a driver no screenshots are taken. Everything runs from timers, for the window draws only between them.
"""

import os
import sys
import traceback
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
MODULE = "bl_ext.user_default.gouache"
FOLDER = Path(os.environ["GOUACHE_TOUR"])
SETTLE = 1.0
PATIENCE = 400.0


class Tour:
    """The stations are a generator: each `yield` gives Blender that many seconds to draw."""

    def __init__(self):
        self.lines = []
        self.stations = self.walk()

    def step(self):
        """Called by Blender's timer; returns the seconds until the next call, None at the end."""
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
        """Ask the driver for a screenshot and wait for it."""
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
        self.open_workspace()
        yield SETTLE
        yield from self.make_strip()
        yield SETTLE
        yield from self.show_sidebar()
        yield from self.shot("panel")
        yield from self.preview()
        yield from self.fast()
        yield from self.escape()
        yield from self.button()
        yield from self.paint()
        yield from self.undo()
        yield from self.planes()
        yield from self.preferences()

    def open_workspace(self):
        """Blender's own Video Editing workspace; it is there at the next step."""
        for template in bpy.utils.app_template_paths():
            file = Path(template) / "Video_Editing" / "startup.blend"
            if file.is_file():
                bpy.ops.workspace.append_activate(idname="Video Editing", filepath=str(file))
                break

    def make_strip(self):
        """A clip on channel 1, with the first bundled style, quick settings, and the file saved."""
        self.scene = bpy.context.scene
        if hasattr(self.window.workspace, "sequencer_scene"):
            self.window.workspace.sequencer_scene = self.scene
        source = os.environ.get("GOUACHE_TOUR_CLIP")
        if source:
            files = sorted(Path(source).glob("*.png"))
        else:
            from stage import picture, write_png
            files = [write_png(FOLDER / "clip" / f"{n:04d}.png", picture(n, (384, 216))) for n in range(1, 13)]
        image = bpy.data.images.load(str(files[0]))
        self.scene.render.resolution_x, self.scene.render.resolution_y = image.size
        bpy.data.images.remove(image)
        strips = self.scene.sequence_editor_create().strips
        self.strip = strips.new_image("Sailing boat", str(files[0]), 1, 1)
        for file in files[1:]:
            self.strip.elements.append(file.name)
        self.scene.view_settings.view_transform = "Standard"
        self.scene.frame_start, self.scene.frame_end = 1, len(files)
        self.scene.frame_set(len(files) // 2)
        self.scene.sequence_editor.active_strip, self.strip.select = self.strip, True
        group = self.strip.gouache
        group.size, group.iterations = 384, 40  # no less: a real engine must still paint when Esc is pressed
        bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "tour.blend"))
        if "GOUACHE_ENGINE_PYTHON" not in os.environ:
            os.environ["GOUACHE_FAKE"] = "wait"
            bpy.context.preferences.addons[MODULE].preferences.engine_python = str(HERE / "fake_engine.py")
        yield SETTLE
        with self.timeline():
            bpy.ops.gouache.style_add()
            bpy.ops.ed.undo_push(message="Set up the tour")

    def show_sidebar(self):
        """Open the sidebar beside the timeline on our tab; its tabs are there once it was drawn."""
        area = next(a for a in self.areas() if a.spaces.active.view_type == "SEQUENCER")
        area.spaces.active.show_region_ui = True
        yield SETTLE
        next(r for r in area.regions if r.type == "UI").active_panel_category = "Gouache"
        area.tag_redraw()
        yield SETTLE
        with self.timeline():
            bpy.ops.sequencer.view_all()

    def preview(self):
        self.invoke("preview_frame")
        yield from self.wait_for("preview", lambda: self.bake().current is None)
        self.note("preview image", "Gouache Preview" in bpy.data.images, "")
        yield from self.shot("preview")

    def fast(self):
        """What the panel shows for the other engine."""
        self.strip.gouache.engine = "fast"
        for area in self.areas():
            area.tag_redraw()
        yield from self.shot("fast")
        self.strip.gouache.engine = "optimize"

    def escape(self):
        self.invoke("stylize_strip")
        yield from self.wait_for("painting runs", lambda: self.fraction() > 0.12)
        yield from self.shot("painting")
        self.key("Escape")
        yield from self.wait_for("Esc cancels", lambda: self.bake().current is None, 30)
        self.note("nothing was added", len(self.scene.sequence_editor.strips_all) == 1, "")

    def button(self):
        self.invoke("stylize_strip")
        yield from self.wait_for("painting goes on", lambda: self.fraction() > 0.12)
        bpy.ops.gouache.cancel()
        yield from self.wait_for("the button cancels", lambda: self.bake().current is None, 30)

    def paint(self):
        os.environ["GOUACHE_FAKE"] = "identity"
        sys.modules[f"{MODULE}.blender_addon.engine"].stop_kept()
        self.invoke("stylize_strip")
        yield from self.wait_for("painted", lambda: self.bake().current is None)
        strips = self.scene.sequence_editor.strips_all
        self.note("the painting is there", len(strips) == 2, ", ".join(s.name for s in strips))
        yield from self.shot("painted")

    def undo(self):
        bpy.ops.ed.undo()
        yield SETTLE
        self.scene = bpy.context.scene
        names = [s.name for s in self.scene.sequence_editor.strips_all]
        self.note("one undo takes the painting away", names == ["Sailing boat"], ", ".join(names))
        bpy.ops.ed.redo()
        yield SETTLE
        names = [s.name for s in bpy.context.scene.sequence_editor.strips_all]
        self.note("redo brings it back", len(names) == 2, ", ".join(names))

    def planes(self):
        """The layers are made while the window lives, and then the planes; each is one step to undo."""
        bpy.context.scene.sequence_editor.strips_all["Sailing boat"].gouache.collage.pieces = 40
        self.invoke("collage_to_planes")
        yield from self.shot("planes_dialog")
        self.key("Return")
        yield from self.wait_for("layers are made", lambda: self.bake().current is not None, 30)
        yield from self.wait_for("planes", lambda: self.bake().current is None)
        self.note("the planes are there", "Sailing boat Planes" in bpy.data.scenes, ", ".join(bpy.data.scenes.keys()))
        bpy.ops.ed.undo()
        yield SETTLE
        group = bpy.context.scene.sequence_editor.strips_all["Sailing boat"].gouache
        self.note("one undo takes the planes away, not the collage",
                  len(bpy.data.scenes) == 1 and group.effect == "collage" and bool(group.painted_as), group.effect)
        bpy.ops.ed.undo()
        yield SETTLE
        group = bpy.context.scene.sequence_editor.strips_all["Sailing boat"].gouache
        self.note("another one takes the collage away", group.effect == "style", group.effect)

    def preferences(self):
        bpy.ops.screen.userpref_show("INVOKE_DEFAULT")
        yield SETTLE
        bpy.context.preferences.active_section = "ADDONS"
        bpy.context.window_manager.addon_search = "gouache"
        with bpy.context.temp_override(window=self.window):
            bpy.ops.preferences.addon_expand(module=MODULE)
            bpy.ops.gouache.check_engine("INVOKE_DEFAULT")
        yield from self.wait_for(
            "check", lambda: sys.modules[MODULE + ".blender_addon.preferences"].doctor is not None, 60)
        yield from self.shot("preferences")

    # ------------------------------------------------------------------ what the stations use

    def areas(self):
        return [area for area in self.window.screen.areas if area.type == "SEQUENCE_EDITOR"]

    def timeline(self):
        """A context in the sequencer's timeline."""
        area = next(a for a in self.areas() if a.spaces.active.view_type == "SEQUENCER")
        region = next(r for r in area.regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, area=area, region=region)

    def invoke(self, operator):
        with self.timeline():
            getattr(bpy.ops.gouache, operator)("INVOKE_DEFAULT")

    @staticmethod
    def bake():
        return sys.modules[f"{MODULE}.blender_addon.bake"]

    def fraction(self):
        current = self.bake().current
        return current.status.fraction if current else 0.0

    @staticmethod
    def key(name):
        """Press a key as a person would."""
        import subprocess
        subprocess.run(["xdotool", "key", name], check=False)


tour = Tour()
bpy.app.timers.register(tour.step, first_interval=2.0)
