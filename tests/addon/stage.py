"""What the add-on's tests stand on: Blender with the installed extension, small pictures, strips, rendered pixels."""

import json
import os
import struct
import subprocess
import sys
import wave
import zlib
from pathlib import Path

import bpy
import numpy as np

MODULE = "bl_ext.user_default.gouache"
FAKE = Path(__file__).resolve().parent / "fake_engine.py"
SIZE = (64, 36)
CANVAS = (96, 54)
NEW = bpy.app.version >= (5, 0)


def write_png(path, pixels):
    """Write an 8-bit RGBA picture from an array (height, width, 4), row 0 on top."""
    height, width = pixels.shape[:2]
    raw = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels, np.uint8))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
    return path


def picture(number, size=SIZE, alpha=255):
    """A picture that no flip, shift or other frame equals: two ramps, and a red that tells the number."""
    width, height = size
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., 0] = (number * 20) % 256
    pixels[..., 1] = np.linspace(20, 235, width).astype(np.uint8)[None, :]
    pixels[..., 2] = np.linspace(30, 220, height).astype(np.uint8)[:, None]
    pixels[..., 3] = alpha
    return pixels


def read_picture(path):
    """The 8-bit pixels of a file as Blender reads them, row 0 on top."""
    image = bpy.data.images.load(str(path))
    try:
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(flat)
    finally:
        bpy.data.images.remove(image)
    return np.round(flat.reshape(height, width, 4)[::-1] * 255).astype(np.int32)


def set_range(strip, first, end):
    """Trim a strip to frames first..end-1."""
    sys.modules[f"{MODULE}.blender_addon.compat"].set_left_handle(strip, first)
    sys.modules[f"{MODULE}.blender_addon.compat"].set_right_handle(strip, end)


class Stage:
    """The add-on in Blender, a scene with a canvas of 96 x 54, and a folder for everything."""

    def __init__(self, folder):
        self.folder = folder
        self.enable()
        self.set_engine("identity")
        self.scene = bpy.context.scene
        self.scene.render.resolution_x, self.scene.render.resolution_y = CANVAS
        self.scene.render.resolution_percentage = 100
        self.scene.gouache.bake_on_render = False  # a test that renders looks at what is there
        self.strips = self.scene.sequence_editor_create().strips
        self.style = write_png(folder / "style picture.png", picture(7))
        self.save()

    def enable(self):
        bpy.ops.preferences.addon_enable(module=MODULE)

    def disable(self):
        bpy.ops.preferences.addon_disable(module=MODULE)

    def close(self):
        """Take the add-on out, so that no handler or process is left when Blender ends."""
        if MODULE in bpy.context.preferences.addons:
            self.disable()

    @property
    def preferences(self):
        return bpy.context.preferences.addons[MODULE].preferences

    def module(self, name):
        """A module of the installed add-on."""
        return sys.modules[f"{MODULE}.blender_addon.{name}"]

    def set_engine(self, mode):
        """Use the fake engine in one of its modes."""
        self.module("engine").stop_kept()
        os.environ["GOUACHE_FAKE"] = mode
        os.environ["GOUACHE_FAKE_LOG"] = str(self.folder / "jobs.log")
        self.preferences.engine_python = str(FAKE)

    def script(self, lines, mode, **environ):
        """Start another Blender that opens the saved file and runs some lines, with the fake engine in a mode."""
        file = self.folder / f"script {len(list(self.folder.glob('script *')))}.py"
        file.write_text(f"import bpy\nbpy.ops.wm.open_mainfile(filepath={bpy.data.filepath!r})\n"
                        f"bpy.ops.preferences.addon_enable(module={MODULE!r})\n"
                        f"bpy.context.preferences.addons[{MODULE!r}].preferences.engine_python = {str(FAKE)!r}\n"
                        f"{lines}\n", encoding="utf-8")
        return subprocess.Popen([sys.executable, str(file)], env={**os.environ, "GOUACHE_FAKE": mode, **environ},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def jobs(self):
        """Every job the fake engine got."""
        log = self.folder / "jobs.log"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []

    def save(self, name="shot.blend"):
        bpy.ops.wm.save_as_mainfile(filepath=str(self.folder / name))

    def clip(self, frames=6, start=1, channel=1, name="Clip", first_number=1, level=None, **look):
        """An image strip of numbered pictures."""
        folder = self.folder / f"footage {name}"
        files = [write_png(folder / f"{number:04d}.png", picture(number, **look))
                 for number in range(first_number, first_number + frames)]
        strip = (self.strips if level is None else level).new_image(name, str(files[0]), channel, start)
        for file in files[1:]:
            strip.elements.append(file.name)
        self.add_style(strip)
        return strip

    def movie(self, frames=8, **look):
        """A movie strip of numbered pictures, without loss."""
        clip = self.clip(frames, name="Reel", **look)
        scene = self.scene
        image, ffmpeg = scene.render.image_settings, scene.render.ffmpeg
        size = scene.render.resolution_x, scene.render.resolution_y
        if hasattr(image, "media_type"):
            image.media_type = "VIDEO"
        image.file_format = "FFMPEG"
        ffmpeg.format, ffmpeg.codec, ffmpeg.audio_codec = "MKV", "FFV1", "NONE"
        image.color_mode = "RGBA" if look else "RGB"
        scene.render.resolution_x, scene.render.resolution_y = SIZE
        scene.view_settings.view_transform, scene.render.dither_intensity = "Standard", 0.0
        scene.frame_start, scene.frame_end = 1, frames
        scene.render.filepath = str(self.folder / "reel.mkv")
        bpy.ops.render.render(animation=True)
        scene.render.resolution_x, scene.render.resolution_y = size
        self.strips.remove(clip)
        strip = self.strips.new_movie("Movie", str(self.folder / "reel.mkv"), 1, 1)
        self.add_style(strip)
        return strip

    def sound(self, channel):
        """A sound strip of one second."""
        file = self.folder / "tone.wav"
        with wave.open(str(file), "wb") as tone:
            tone.setnchannels(1)
            tone.setsampwidth(2)
            tone.setframerate(8000)
            tone.writeframes(b"\0\x20\0\xe0" * 4000)
        return self.strips.new_sound("Tone", str(file), channel, 1)

    def scene_strip(self, size=CANVAS, percentage=100):
        """A strip of a scene with a moving cube on transparent ground."""
        scene = bpy.data.scenes.new("Stage Set")
        scene.render.engine = "BLENDER_WORKBENCH"
        scene.render.film_transparent = True
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.resolution_percentage = percentage
        camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        camera.location = (0, 0, 6)
        mesh = bpy.data.meshes.new("Cube")
        mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
        plane = bpy.data.objects.new("Plane", mesh)
        for thing in (camera, plane):
            scene.collection.objects.link(thing)
        scene.camera = camera
        for frame in (1, 3):
            plane.location.x = frame / 2
            plane.keyframe_insert("location", frame=frame)
        scene.frame_start, scene.frame_end = 1, 3
        strip = self.strips.new_scene("Scene", scene, 1, 1)
        set_range(strip, 1, 4)
        strip.blend_type = "ALPHA_OVER"
        self.add_style(strip)
        return strip

    def meta(self, *strips):
        """A meta strip of strips, made by Blender's own operator."""
        for strip in self.scene.sequence_editor.strips_all:
            strip.select = strip in strips
        with self.sequencer():
            bpy.ops.sequencer.meta_make()
        return strips[0].parent_meta()

    def sequencer(self):
        """A context with a Video Sequencer, for operators that ask for one."""
        window = bpy.context.window_manager.windows[0]
        area = max(window.screen.areas, key=lambda a: a.width * a.height)
        area.type = "SEQUENCE_EDITOR"
        if hasattr(window.workspace, "sequencer_scene"):
            window.workspace.sequencer_scene = self.scene
        region = next(r for r in area.regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=window, area=area, region=region, scene=self.scene)

    @staticmethod
    def length(first, end):
        """The arguments of `new_effect` for frames first..end-1."""
        return {"frame_start": first, ("length" if NEW else "frame_end"): end - first if NEW else end}

    def bounds(self, strip):
        return self.module("compat").bounds(strip)

    def bake_folder(self, strip):
        """The bake folder of a painted strip."""
        result = self.module("results").find_result(self.scene, strip)
        return Path(bpy.path.abspath(result.directory)).parent

    def source_files(self, strip):
        return sorted((self.bake_folder(strip) / "source").iterdir())

    def captured(self, strip, frame):
        """What was captured of a strip at a frame."""
        return read_picture(self.bake_folder(strip) / "source" / f"{frame:05d}.png")

    def add_style(self, strip):
        strip.gouache.styles.clear()
        strip.gouache.styles.add().path = str(self.style)

    def paint(self, *strips):
        """Paint strips by name, the way of a script; returns their painted strips."""
        names = [strip.name for strip in strips]
        answer = bpy.ops.gouache.stylize_strip(strips="\n".join(names))
        assert answer == {"FINISHED"}
        results = self.module("results")
        return [results.find_result(self.scene, self.scene.sequence_editor.strips_all[name]) for name in names]

    def order(self, strip):
        """What painting a strip would order."""
        return self.module("sequencer.orders").order_strip(self.scene, strip)

    def render(self, first, last=None, scene=None):
        """What the sequencer shows at frames first..last, as 8-bit pixels on transparent ground."""
        scene = scene or self.scene
        folder = self.folder / f"render {len(list(self.folder.iterdir()))}"
        image = scene.render.image_settings
        if hasattr(image, "media_type"):
            image.media_type = "IMAGE"
        image.file_format, image.color_mode, image.color_depth = "PNG", "RGBA", "8"
        scene.view_settings.view_transform = "Standard"
        scene.render.dither_intensity = 0.0
        scene.render.use_sequencer, scene.render.use_compositing = True, False
        scene.frame_start, scene.frame_end = first, last if last is not None else first
        scene.render.filepath = f"{folder}/#####"
        bpy.ops.render.render(animation=True, scene=scene.name)
        return [read_picture(folder / f"{frame:05d}.png") for frame in range(scene.frame_start, scene.frame_end + 1)]
