"""What is captured is what Blender showed: with an engine that copies, a painting equals its source, pixel by pixel."""

import bpy
import numpy as np
import pytest
from stage import CANVAS, NEW, picture, set_range, write_png


def same(before, after, tolerance=0, edges=None):
    """Both lists of frames show the same, and something at all; `edges` is the tolerance where alpha is partial."""
    assert max(frame[..., 3].max() for frame in before) > 0, "nothing is shown: this would prove nothing"
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        allowed = np.where(old[..., 3:] % 255, tolerance if edges is None else edges, tolerance)
        excess = (np.abs(visible(old) - visible(new)) - allowed).max()
        assert excess <= 0, f"frame {number} differs by up to {excess} more than allowed"


def visible(pixels):
    """Pixels with their colors as far as alpha lets them be seen."""
    color = pixels[..., :3] * pixels[..., 3:] / 255
    return np.concatenate([color, pixels[..., 3:]], axis=2)


def paint_and_compare(gouache, strip, first, last, tolerance=0, edges=None):
    """Paint a strip, hide it, and compare what is shown; returns the painting."""
    before = gouache.render(first, last)
    result, = gouache.paint(strip)
    strip.mute = True
    same(before, gouache.render(first, last), tolerance, edges)
    return result


def place(strip):
    """Give a strip every kind of placement, and a crop."""
    strip.transform.offset_x, strip.transform.offset_y = 7, -5
    strip.transform.scale_x, strip.transform.scale_y = 0.8, 1.2
    strip.transform.rotation = 0.3
    strip.crop.min_x, strip.crop.max_y = 6, 4
    strip.use_flip_x = True


def test_image_sequence(gouache):
    result = paint_and_compare(gouache, gouache.clip(), 1, 6)
    assert [element.filename for element in result.elements] == [f"{n:05d}.png" for n in range(1, 7)]


def test_trimmed_and_moved(gouache):
    strip = gouache.clip(frames=10, start=5)
    set_range(strip, 8, 13)
    result = paint_and_compare(gouache, strip, 6, 15)
    assert gouache.bounds(result) == (8, 13)


def test_reversed(gouache):
    strip = gouache.clip()
    strip.use_reverse_frames = True
    paint_and_compare(gouache, strip, 1, 6)


def test_one_picture_held(gouache):
    strip = gouache.clip(frames=1)
    set_range(strip, 1, 6)
    paint_and_compare(gouache, strip, 1, 5)


def test_transformed(gouache):
    gouache.clip(name="Ground", first_number=3)
    strip = gouache.clip(channel=2)
    place(strip)
    strip.blend_alpha = 0.6
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)


def test_picture_larger_than_the_canvas(gouache):
    strip = gouache.clip(size=(200, 120))
    strip.transform.scale_x = strip.transform.scale_y = 0.4
    paint_and_compare(gouache, strip, 1, 6)
    assert gouache.captured(strip, 1).shape[:2] == (120, 200)


def test_keyframed_transform(gouache):
    strip = gouache.clip()
    for frame, shift, opacity in ((1, 0, 1.0), (6, 20, 0.3)):
        strip.transform.offset_x, strip.blend_alpha = shift, opacity
        strip.transform.keyframe_insert("offset_x", frame=frame)
        strip.keyframe_insert("blend_alpha", frame=frame)
        strip.transform.offset_y = shift
        strip.transform.keyframe_insert("offset_y", frame=frame)
    curves = {curve.data_path.rpartition(".")[2]: curve for curve in gouache.module("compat").fcurves(gouache.scene)}
    limits = curves["offset_x"].modifiers.new("LIMITS")
    limits.use_max_y, limits.max_y = True, 12
    curves["offset_y"].mute, strip.transform.offset_y = True, 5
    actions = len(bpy.data.actions)
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)
    assert len(bpy.data.actions) == actions and len(bpy.data.scenes) == 1


def test_driven_transform(gouache):
    strip = gouache.clip()
    driver = strip.transform.driver_add("offset_x").driver
    driver.expression = "frame * 3"
    gouache.scene.frame_set(1)
    paint_and_compare(gouache, strip, 1, 6)


def test_alpha(gouache):
    gouache.clip(name="Ground", first_number=3)
    strip = gouache.clip(channel=2, alpha=np.linspace(0, 255, 64).astype(np.uint8)[None, :])
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)
    alpha = gouache.captured(strip, 1)[..., 3]
    assert alpha.min() == 0 and alpha.max() == 255


def test_pictures_of_different_sizes(gouache):
    strip = gouache.clip(frames=3)
    write_png(gouache.folder / "footage Clip" / "0002.png", picture(2, size=(90, 50)))
    place(strip)
    paint_and_compare(gouache, strip, 1, 3, tolerance=1)


def test_pictures_replaced_by_larger_ones(gouache):
    """Blender has the size that the file was saved with, until it has read the new ones."""
    strip = gouache.clip()
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    gouache.paint(strip)
    gouache.save()
    for number in range(1, 7):
        write_png(gouache.folder / "footage Clip" / f"{number:04d}.png", picture(number, size=(128, 72)))
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    gouache.scene = bpy.context.scene
    gouache.strips = gouache.scene.sequence_editor.strips
    strip = gouache.strips["Clip"]
    assert strip.elements[0].orig_width == 64
    result, = gouache.paint(strip)
    assert gouache.captured(strip, 6).shape[:2] == (72, 128)
    after, result.mute = gouache.render(1, 6), True
    same(gouache.render(1, 6), after)


@pytest.mark.parametrize("kind", ["pointwise", "masked"])
def test_modifiers(gouache, kind):
    strip = gouache.clip(channel=2)
    place(strip)
    modifier = strip.modifiers.new("Bright", "BRIGHT_CONTRAST")
    modifier.bright = 30
    if kind == "masked":
        mask = gouache.strips.new_effect("Mask", "COLOR", 5, **gouache.length(1, 6))
        mask.color, mask.mute = (1, 1, 1), True
        mask.transform.offset_x = 40
        modifier.input_mask_strip = mask
    result = paint_and_compare(gouache, strip, 1, 6, tolerance=1)
    assert (result.transform.offset_x == 0) == (kind == "masked")


@pytest.mark.parametrize("alpha", [False, True])
def test_movie(gouache, alpha):
    ramp = np.linspace(0, 255, 64).astype(np.uint8)[None, :]
    strip = gouache.movie(frames=8, **({"alpha": ramp} if alpha else {}))
    set_range(strip, 3, 8)
    place(strip)
    result = paint_and_compare(gouache, strip, 1, 9, tolerance=int(alpha))
    assert gouache.bounds(result) == (3, 8) and np.ptp(gouache.captured(strip, 3)[..., 3]) == 255 * alpha


def test_scene(gouache):
    """Blender 4.5 scales the soft edge of a rendered thing in linear light, that of a PNG in sRGB."""
    strip = gouache.scene_strip()
    place(strip)
    paint_and_compare(gouache, strip, 1, 3, tolerance=2, edges=2 if NEW else 16)


FILM_ONLY = """ocio_profile_version: 2
roles: {scene_linear: Linear Rec.709, default: Linear Rec.709, data: Non-Color, color_picking: sRGB,
  default_byte: sRGB, default_float: Linear Rec.709, default_sequencer: sRGB}
displays: {sRGB: [!<View> {name: Film, colorspace: sRGB}]}
colorspaces:
  - !<ColorSpace> {name: Linear Rec.709}
  - !<ColorSpace> {name: sRGB}
  - !<ColorSpace> {name: Non-Color, isdata: true}
"""


def test_colors_of_the_studio(gouache):
    """A color configuration without Blender's plain view is refused in words."""
    gouache.clip()
    gouache.save()
    config = gouache.folder / "config.ocio"
    config.write_text(FILM_ONLY, encoding="utf-8")
    _, said = gouache.script("bpy.ops.gouache.stylize_strip(strips='Clip')", "identity",
                             OCIO=str(config)).communicate(timeout=60)
    assert "no view 'Standard' for the display 'sRGB'. Start Blender without OCIO" in said and "TypeError" not in said


@pytest.mark.parametrize("percentage", [100, 50])
def test_scene_of_another_size(gouache, percentage):
    strip = gouache.scene_strip(size=(120, 100), percentage=percentage)
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    paint_and_compare(gouache, strip, 1, 3, tolerance=2, edges=2 if NEW else 16)


@pytest.mark.parametrize("percentage", [50, 200])
def test_render_percentage(gouache, percentage):
    gouache.scene.render.resolution_percentage = percentage
    strip = gouache.clip()
    place(strip)
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)


@pytest.mark.parametrize("kind", ["CROSS", "GAMMA_CROSS", "ALPHA_OVER", "GLOW", "SPEED", "GAUSSIAN_BLUR", "WIPE"])
def test_effects(gouache, kind):
    inputs = {"input1": gouache.clip(name="A")}
    if kind not in ("GLOW", "SPEED", "GAUSSIAN_BLUR"):
        inputs["input2"] = gouache.clip(name="B", channel=2, first_number=7)
        place(inputs["input2"])
    effect = gouache.strips.new_effect("Effect", kind, 3, **gouache.length(1, 7), **inputs)
    if kind == "SPEED":
        effect.speed_control, effect.speed_factor = "MULTIPLY", 0.5
    effect.transform.offset_x = 9
    gouache.add_style(effect)
    before = gouache.render(1, 6)
    result, = gouache.paint(effect)
    assert result.channel == 4
    for strip in (*inputs.values(), effect):
        strip.mute = True
    same(before, gouache.render(1, 6), 1)


@pytest.mark.parametrize("kind", ["COLOR", "TEXT"])
def test_generators(gouache, kind):
    strip = gouache.strips.new_effect("Made", kind, 1, **gouache.length(2, 5))
    strip.transform.offset_x = 11
    strip.blend_type = "ALPHA_OVER"
    if kind == "COLOR":
        strip.color = (0.8, 0.4, 0.2)
    gouache.add_style(strip)
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)


def test_text_that_is_turned_about_a_corner(gouache):
    strip = gouache.strips.new_effect("Made", "TEXT", 1, **gouache.length(2, 5))
    strip.text, strip.font_size, strip.blend_type = "Ab", 30, "ALPHA_OVER"
    strip.transform.rotation, strip.transform.scale_x, strip.transform.origin = 0.3, 0.5, (0.2, 0.7)
    gouache.add_style(strip)
    paint_and_compare(gouache, strip, 1, 6, tolerance=1)


def test_adjustment(gouache):
    gouache.clip(name="Below")
    above = gouache.clip(name="Above", channel=3, first_number=9)
    layer = gouache.strips.new_effect("Layer", "ADJUSTMENT", 2, **gouache.length(1, 7))
    layer.modifiers.new("Bright", "BRIGHT_CONTRAST").bright = 40
    gouache.add_style(layer)
    above.mute = True
    before = gouache.render(1, 6)
    above.mute = False
    result, = gouache.paint(layer)
    assert result.channel == 4
    above.mute = layer.mute = True
    same(before, gouache.render(1, 6), 1)


@pytest.mark.parametrize("depth", [1, 2])
def test_meta(gouache, depth):
    inner = [gouache.clip(name="A"), gouache.clip(name="B", channel=2, first_number=7)]
    place(inner[1])
    meta = gouache.meta(*inner)
    for _ in range(depth - 1):
        meta = gouache.meta(meta)
    place(meta)
    meta.blend_type = "ALPHA_OVER"
    gouache.add_style(meta)
    paint_and_compare(gouache, meta, 1, 6, tolerance=1)


@pytest.mark.parametrize("is_open", [False, True])
def test_strip_in_metas(gouache, is_open):
    strip = gouache.clip(frames=8)
    place(strip)
    inner = gouache.meta(strip)
    inner.transform.offset_y, inner.blend_alpha = 6, 0.7
    outer = gouache.meta(inner)
    place(outer)
    outer.modifiers.new("Bright", "BRIGHT_CONTRAST").bright = 30
    set_range(outer, 2, 7)
    before = gouache.render(1, 8)
    if is_open:  # the artist has opened it with Tab
        gouache.scene.sequence_editor.display_stack(inner)
    result, = gouache.paint(strip)
    gouache.scene.sequence_editor.display_stack(None)
    assert result.parent_meta() == inner and gouache.bounds(result) == (2, 7)
    strip.mute = True
    same(before, gouache.render(1, 8), 1)


def test_muted_strip_in_a_muted_channel(gouache):
    strip = gouache.clip(channel=2)
    before = gouache.render(1, 6)
    strip.mute = True
    gouache.scene.sequence_editor.channels[2].mute = True
    gouache.paint(strip)
    same(before, gouache.render(1, 6))


def test_frames_before_zero_are_left_out(gouache):
    strip = gouache.clip(frames=8, start=-3)
    before = gouache.render(0, 4)
    result, = gouache.paint(strip)
    strip.mute = True
    same(before, gouache.render(0, 4))
    assert gouache.bounds(result) == (0, 5)


def test_the_view_of_the_scene_is_not_painted_in(gouache):
    strip = gouache.clip(frames=2)
    gouache.scene.view_settings.view_transform = "AgX"
    gouache.scene.view_settings.exposure = 1.0
    gouache.paint(strip)
    assert gouache.scene.view_settings.exposure == 1.0
    assert (gouache.captured(strip, 1) == picture(1)).all()


def test_odd_paths(gouache):
    """Blender gives meaning to # and braces in output paths, and Windows' users have spaces and umlauts."""
    folder = gouache.folder / "Färg #3 {take}" / "墨 絵"
    folder.mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    paint_and_compare(gouache, gouache.clip(name="Ståle / 墨: 'clip' #1", frames=2), 1, 2)


def test_the_scene_is_as_before(gouache):
    strip = gouache.clip()
    render = gouache.scene.render
    before = (render.filepath, CANVAS, gouache.scene.frame_start, len(bpy.data.scenes), bpy.context.scene.name)
    gouache.paint(strip)
    assert before == (render.filepath, (render.resolution_x, render.resolution_y), gouache.scene.frame_start,
                      len(bpy.data.scenes), bpy.context.scene.name)


def test_unchanged_frames_are_not_written_again(gouache):
    strip = gouache.clip(frames=2)
    gouache.paint(strip)
    for file in gouache.source_files(strip):
        assert b"tEXt" not in file.read_bytes(), "a date inside makes equal frames differ"
    times = [file.stat().st_mtime_ns for file in gouache.source_files(strip)]
    gouache.paint(strip)
    assert len(times) == 2 and times == [file.stat().st_mtime_ns for file in gouache.source_files(strip)]
    gouache.scene.render.pixel_aspect_x = 1.5  # it is told beside the pixels, as more is by another version of Blender
    gouache.paint(strip)
    assert times == [file.stat().st_mtime_ns for file in gouache.source_files(strip)]


@pytest.mark.parametrize(("fixed", "each", "longest", "together"), [
    (0.005, 0.002, 0.2, 2.2), (0.0, 0.03, 0.2, 31.0), (0.0, 3.0, 6.0, 3010.0), (3.0, 0.01, 6.0, 60.0)])
def test_a_step_captures_as_many_frames_as_are_worth_it(gouache, fixed, each, longest, together):
    """As many as a window may wait for, and more where most of the time is none of theirs."""
    pace, steps = gouache.module("bake").Pace(0.1), []
    while sum(frames for frames, _ in steps) < 1000:
        steps.append((pace.frames, fixed + each * pace.frames))
        pace.took(*steps[-1])
    assert max(seconds for _, seconds in steps) <= longest
    assert sum(seconds for _, seconds in steps) <= together
