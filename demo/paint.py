"""Paints the demo's clip as an artist would: installs the extension in Blender, lays a timeline, paints the strip.

Run by a Python that has bpy. Leaves in the output folder demo.blend, movie.mp4, frames/ and work/report.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import bpy

MODULE = "bl_ext.user_default.gouache"
FPS = 12
MOVIE = "movie.mp4"


def open_editor() -> None:
    """Start from Blender's own video editing template, so that the saved file opens on the timeline."""
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    bpy.context.preferences.filepaths.save_version = 0          # no demo.blend1 beside it
    if bpy.context.window_manager.windows and hasattr(bpy.types.WorkSpace, "sequencer_scene"):
        for window in bpy.context.window_manager.windows:
            window.workspace.sequencer_scene = bpy.context.scene


def install(archive: Path) -> None:
    """Install and enable the extension from its zip, the way the preferences do."""
    bpy.ops.extensions.package_install_files(filepath=str(archive), repo="user_default", enable_on_install=False,
                                             overwrite=True)
    bpy.ops.preferences.addon_enable(module=MODULE)


def lay_timeline(folder: Path, pictures: list[Path]) -> Any:
    """Save demo.blend in `folder` with the pictures as one strip, which is returned."""
    scene = bpy.context.scene
    width, height = picture_size(pictures[0])
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage, render.fps = width, height, 100, FPS
    scene.frame_start, scene.frame_end = 1, len(pictures)
    scene.view_settings.view_transform = "Standard"     # show the pictures' own colors
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "demo.blend"))
    strip = scene.sequence_editor_create().strips.new_image("Boat", str(pictures[0]), 1, 1)
    scene.sequence_editor.active_strip = strip
    # By the operator: `elements.append` leaves random picture sizes, on which Blender crashes if a file goes missing.
    shown = {"scene": scene, "sequencer_scene": scene} if hasattr(bpy.types.WorkSpace, "sequencer_scene") else {
        "scene": scene}
    with bpy.context.temp_override(**shown):
        bpy.ops.sequencer.change_path(directory=str(pictures[0].parent), relative_path=False,
                                      files=[{"name": picture.name} for picture in pictures])
    strip.directory = bpy.path.relpath(str(pictures[0].parent)) + "/"
    end = "right_handle" if bpy.app.version >= (5, 2) else "frame_final_end"
    setattr(strip, end, 1 + len(pictures))              # the operator keeps the strip's length: one frame
    return strip


def picture_size(picture: Path) -> tuple[int, int]:
    image = bpy.data.images.load(str(picture))
    try:
        return image.size[0], image.size[1]
    finally:
        bpy.data.images.remove(image)


def paint(strip: Any, style: str, size: int, iterations: int) -> Any:
    """Paint the strip through the add-on's operator; returns the strip with the painting."""
    settings = strip.gouache
    settings.styles.add().path = style
    settings.size, settings.iterations = size, iterations
    bpy.ops.gouache.stylize_strip(strips=strip.name)
    return bpy.context.scene.sequence_editor.strips_all[settings.result]


def render_movie(path: Path) -> None:
    """Render the sequencer, with the painting on top, to an H.264 movie."""
    scene = bpy.context.scene
    image, ffmpeg = scene.render.image_settings, scene.render.ffmpeg
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format, image.color_mode = "FFMPEG", "RGB"
    ffmpeg.format, ffmpeg.codec, ffmpeg.audio_codec = "MPEG4", "H264", "NONE"
    ffmpeg.constant_rate_factor, ffmpeg.gopsize = "PERC_LOSSLESS", FPS
    scene.render.use_sequencer = True
    path.unlink(missing_ok=True)
    scene.render.filepath = f"//{path.name}"
    bpy.ops.render.render(animation=True)
    if not path.is_file():
        raise RuntimeError(f"Blender rendered no movie {path}.")


def close() -> None:
    """Leave no engine behind, and none of the template's handlers: with one, 4.5 as a module never ends."""
    if MODULE in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_disable(module=MODULE)
    bpy.app.handlers.load_factory_startup_post.clear()
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("zip", "clip", "style", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True, help="long side of the painted frames")
    parser.add_argument("--iterations", type=int, required=True, help="optimizer steps per scale of the first frame")
    options = parser.parse_args()
    folder = options.output.resolve()
    for old in (folder / "gouache", folder / "frames"):         # the demo shows the work, not the cache
        shutil.rmtree(old, ignore_errors=True)
    shutil.copyfile(options.style, folder / f"style{options.style.suffix}")
    try:
        open_editor()
        install(options.zip)
        strip = lay_timeline(folder, sorted(options.clip.resolve().glob("*.png")))
        start = time.monotonic()
        painted = paint(strip, f"//style{options.style.suffix}", options.size, options.iterations)
        seconds = time.monotonic() - start
        if len(painted.elements) != len(strip.elements):
            raise RuntimeError(f"{len(painted.elements)} of {len(strip.elements)} frames were painted.")
        (folder / "frames").mkdir()
        for number, element in enumerate(painted.elements, 1):
            shutil.copyfile(Path(bpy.path.abspath(painted.directory), element.filename),
                            folder / "frames" / f"{number:04d}.png")
        render_movie(folder / MOVIE)
        bpy.ops.wm.save_mainfile()
        (folder / "work" / "report.json").write_text(json.dumps(
            {"frames": len(painted.elements), "seconds": seconds, "movie": MOVIE}), encoding="utf-8")
    finally:
        close()


if __name__ == "__main__":
    main()
