"""The painting as a strip: where it stands, what it takes over from its source, and what happens when it is redone."""

import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from graph import write_exr
from stage import set_range, write_png


def refusal(gouache, *strips):
    """What an artist reads when painting is refused."""
    with pytest.raises(RuntimeError) as error:
        gouache.paint(*strips)
    return str(error.value)


def test_first_free_channel_above(gouache):
    strip = gouache.clip()
    gouache.clip(name="In the way", channel=2, start=6)
    gouache.clip(name="Elsewhere", channel=3, start=7)
    result, = gouache.paint(strip)
    assert result.channel == 3 and gouache.bounds(result) == gouache.bounds(strip)
    assert result["gouache_source"] == "Clip" and strip.gouache.result == result.name
    assert not strip.mute and not result.select


def test_muted_channels_are_passed_over(gouache):
    """A painting there would not be seen. One that is there already stays where the artist has it."""
    strip = gouache.clip()
    channels = gouache.scene.sequence_editor.channels
    channels[2].mute = True
    result, = gouache.paint(strip)
    assert result.channel == 3
    channels[3].mute = True
    assert gouache.paint(strip)[0].channel == 3


def test_locked_channels_are_passed_over(gouache):
    """A painting there could not be selected."""
    strip = gouache.clip()
    gouache.scene.sequence_editor.channels[2].lock = True
    assert gouache.paint(strip)[0].channel == 3


def test_a_painting_tells_what_it_covers(gouache, capfd):
    """What lay over the source, such as a title, lies under the painting; sound and other frames do not matter."""
    strip = gouache.clip()
    gouache.clip(name="Title", channel=2)
    gouache.sound(channel=3)
    gouache.clip(name="Hidden", channel=4)
    gouache.scene.sequence_editor.channels[4].mute = True
    gouache.clip(name="Later", channel=5, start=7)
    result, = gouache.paint(strip)
    note = "covers what was over 'Clip': Title. Move it down, or that up."
    assert result.channel == 5 and note in capfd.readouterr().out
    gouache.strips["Title"].channel = 6
    gouache.paint(strip)
    assert "covers" not in capfd.readouterr().out


def test_no_free_channel(gouache):
    strip = gouache.clip(channel=126)
    gouache.clip(name="A", channel=127)
    gouache.clip(name="B", channel=128)
    assert "no free channel above 'Clip'" in refusal(gouache, strip)
    assert gouache.jobs() == [] and len(gouache.scene.sequence_editor.strips_all) == 3


def test_mute_source(gouache):
    strip = gouache.clip()
    strip.gouache.mute_source = True
    gouache.paint(strip)
    assert strip.mute
    gouache.paint(strip)  # a muted source is still captured


def test_relative_and_absolute_paths(gouache):
    strip = gouache.clip()
    result, = gouache.paint(strip)
    assert result.directory.startswith("//gouache/Clip-")
    gouache.preferences.cache_directory = str(gouache.folder / "elsewhere")
    strip.gouache.seed = 5
    again, = gouache.paint(strip)
    assert again == result and "elsewhere" in result.directory
    assert (gouache.bake_folder(strip) / "result" / "00001.png").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_project_behind_a_link(gouache):
    """The paths in the .blend go to the folder beside it, so the project may move to another disk."""
    (gouache.folder / "disk").mkdir()
    (gouache.folder / "project").symlink_to("disk")
    gouache.save("project/shot.blend")
    result, = gouache.paint(gouache.clip())
    assert result.directory.startswith("//gouache/Clip-")
    gouache.preferences.cache_directory = "//../project/cache/"
    result, = gouache.paint(gouache.clip(name="Other", channel=3))
    assert result.directory.startswith("//cache/Other-")


def test_file_never_saved(gouache):
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    gouache.scene = bpy.context.scene
    gouache.strips = gouache.scene.sequence_editor_create().strips
    result, = gouache.paint(gouache.clip())
    folder = Path(bpy.path.abspath(result.directory))
    assert folder.is_absolute() and "cache" in folder.parts and (folder / "00001.png").is_file()


def test_linked_scene(gouache):
    """Blender saves nothing of it, so a painting there is refused before any work."""
    gouache.clip()
    gouache.scene.name = "Library"
    gouache.save()
    library = bpy.data.filepath
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    gouache.set_engine("identity")
    with bpy.data.libraries.load(library, link=True) as (_, into):
        into.scenes = ["Library"]
    command = gouache.module("command")
    with pytest.raises(RuntimeError, match=r"'Library' is linked from another file.* Paint its strips there"):
        bpy.ops.gouache.stylize_strip(scene="Library", strips="Clip")
    gouache.save("other.blend")
    assert command.main(["bake", "--scene", "Library"]) == 1
    assert gouache.jobs() == []


def test_survives_save_and_load(gouache):
    strip = gouache.clip()
    strip.gouache.strength, strip.gouache.keep_color, strip.gouache.style_layers = 0.25, "luminance", "conv2_2=3"
    strip.gouache.styles.add().weight = 2.5
    gouache.paint(strip)
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    strip = scene.sequence_editor.strips_all["Clip"]
    settings = strip.gouache
    assert (settings.strength, settings.keep_color, settings.style_layers) == (0.25, "luminance", "conv2_2=3")
    assert [style.weight for style in settings.styles] == [1.0, 2.5]
    result = gouache.module("results").find_result(scene, strip)
    strip.mute = True
    assert result.name == "Clip painted" and gouache.render(3, scene=scene)[0][..., 3].min() < 255
    assert gouache.render(3, scene=scene)[0][27, 48, 0] == 60  # the red of picture 3


@pytest.mark.parametrize("renamed", ["source", "painting"])
def test_painting_again_replaces_the_painting(gouache, renamed):
    strip = gouache.clip()
    result, = gouache.paint(strip)
    first, old = gouache.bake_folder(strip), gouache.render(2)
    (strip if renamed == "source" else result).name = "Another"
    strip.gouache.strength = 0.9
    gouache.set_engine("invert")
    again, = gouache.paint(strip)
    assert again == result and len(gouache.scene.sequence_editor.strips_all) == 2
    assert gouache.bake_folder(strip) != first
    new = gouache.render(2)
    inside = old[0][..., 3] == 255
    assert (new[0][inside][:, :3] == 255 - old[0][inside][:, :3]).all()


def test_same_settings_in_the_same_folder_show_new_pixels(gouache):
    """The source changed: the folder stays, and Blender must not show what it remembers."""
    strip = gouache.clip()
    gouache.paint(strip)
    folder = gouache.bake_folder(strip)
    strip.mute = True
    before = gouache.render(1)
    strip.use_reverse_frames = True
    gouache.paint(strip)
    assert gouache.bake_folder(strip) == folder
    after = gouache.render(1)
    assert before[0][27, 48, 0] == 20 and after[0][27, 48, 0] == 120


@pytest.mark.parametrize(("first", "end"), [(3, 6), (1, 11), (7, 12)])
def test_other_frames_are_followed(gouache, first, end):
    """The painting is changed, not made anew, so that what was done to it stays."""
    strip = gouache.clip(frames=12)
    set_range(strip, 4, 9)
    result, = gouache.paint(strip)
    result.blend_alpha, result.channel = 0.5, 6
    set_range(strip, first, end)
    gouache.clip(name="In the way", channel=6, start=end - 1)
    again, = gouache.paint(strip)
    assert again == result and gouache.bounds(result) == (first, end) and len(result.elements) == end - first
    assert result.blend_alpha == 0.5 and result.channel == 2
    result.blend_alpha, strip.mute = 1.0, True
    gouache.strips["In the way"].mute = True
    shown = gouache.render(first, end - 1)
    assert [frame[27, 48, 0] for frame in shown] == [20 * n % 256 for n in range(first, end)]


def test_a_painting_that_was_trimmed_by_itself_stays_so(gouache):
    """Its pictures are all there. Where the source is trimmed otherwise, it follows."""
    strip = gouache.clip(frames=12)
    painting, = gouache.paint(strip)
    set_range(painting, 4, 9)
    line = gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip)[0] == "The painting is 7 frames shorter than the strip"
    gouache.paint(strip)
    assert gouache.bounds(painting) == (4, 9) and len(painting.elements) == 12
    set_range(strip, 2, 13)
    gouache.paint(strip)
    assert gouache.bounds(painting) == (2, 9)
    strip.mute = True
    assert [frame[27, 48, 0] // 20 for frame in gouache.render(2, 8)] == list(range(2, 9))


def test_frames_that_are_only_held_are_not_painted(gouache):
    """Source and painting were drawn out together, or slipped: the painting holds a picture there."""
    strip = gouache.clip(frames=12)
    set_range(strip, 4, 8)
    painting, = gouache.paint(strip)
    line = gouache.module("sequencer.state").painting_line
    for both in (strip, painting):
        set_range(both, 3, 10)
    assert line(gouache.scene, strip)[0] == "3 frames are not painted"
    for both in (strip, painting):
        name = "content_start" if hasattr(both, "content_start") else "frame_start"
        setattr(both, name, getattr(both, name) + 2)
        set_range(both, 4, 8)
    assert line(gouache.scene, strip)[0] == "2 frames are not painted"


def test_a_painting_reversed_along_with_its_source(gouache):
    """Its new pictures are reversed, so it is not to be."""
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    strip.use_reverse_frames = painting.use_reverse_frames = True
    gouache.paint(strip)
    strip.mute = True
    assert [frame[27, 48, 0] // 20 for frame in gouache.render(1, 6)] == [6, 5, 4, 3, 2, 1]


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="retiming keys crash Blender 4.5")
def test_a_painting_retimed_along_with_its_source(gouache):
    strip = gouache.clip(12)
    painting, = gouache.paint(strip)
    with gouache.sequencer():
        for both in (strip, painting):
            for other in gouache.strips:
                other.select = other == both
            gouache.scene.sequence_editor.active_strip = both
            bpy.ops.sequencer.retiming_key_add(timeline_frame=5)
            bpy.ops.sequencer.retiming_key_add(timeline_frame=9)
            bpy.ops.sequencer.select_all(action="DESELECT")
            both.retiming_keys[1].timeline_frame = 7
    gouache.paint(strip)
    strip.mute = True
    captured = [gouache.captured(strip, number)[18, 32, 0] for number in range(1, 13)]
    assert [frame[27, 48, 0] for frame in gouache.render(1, 12)] == captured and len(set(captured)) > 5


def test_a_painting_alone_in_a_meta(gouache):
    """It is found there, and painted again there."""
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    meta = gouache.meta(painting)
    strip.gouache.seed = 5
    assert gouache.paint(strip) == [painting] and painting.parent_meta() == meta and len(gouache.strips) == 2
    assert gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0] == "Painted"


def test_of_two_copies_of_a_painting_the_one_that_is_seen_is_kept_up_to_date(gouache):
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    for other in gouache.strips:
        other.select = other == painting
    with gouache.sequencer():
        bpy.ops.sequencer.duplicate()
    copy = next(other for other in gouache.strips if other not in (strip, painting))
    for muted, seen in ((painting, copy), (copy, painting)):
        muted.mute, seen.mute = True, False
        assert gouache.module("results").find_result(gouache.scene, strip) == seen


def test_missing_frames_do_not_crash_blender(gouache):
    """Blender makes a placeholder of the size it keeps for each picture: that must be a size, not random memory."""
    strip = gouache.clip(frames=12)
    result, = gouache.paint(strip)
    assert gouache.scene.sequence_editor.show_missing_media
    assert {(e.orig_width, e.orig_height) for e in result.elements} <= {(0, 0), (64, 36)}
    for file in (gouache.bake_folder(strip) / "result").glob("*.png"):
        file.unlink()
    strip.mute = True
    gouache.render(1, 12)


def test_a_copy_of_a_source_gets_a_painting_of_its_own(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    other = gouache.clip(name="Clip.001", channel=5)
    other.gouache.result = strip.gouache.result  # as duplicating in Blender does
    result, = gouache.paint(other)
    assert result.name == "Clip.001 painted" and result.channel == 6


def test_sound_is_untouched(gouache):
    movie = gouache.movie()
    tone = gouache.sound(channel=2)
    before = {p.identifier: repr(getattr(tone, p.identifier)) for p in tone.bl_rna.properties}
    result, = gouache.paint(movie)
    assert result.channel == 3
    assert before == {p.identifier: repr(getattr(tone, p.identifier)) for p in tone.bl_rna.properties}


def test_everything_of_the_look_is_taken_over(gouache):
    strip = gouache.clip()
    strip.transform.origin = (0.2, 0.7)
    strip.transform.filter = "NEAREST"
    strip.blend_type, strip.blend_alpha = "SCREEN", 0.5
    strip.use_flip_y = True
    strip.crop.max_x = 3
    result, = gouache.paint(strip)
    assert np.allclose(result.transform.origin[:], (0.2, 0.7)) and result.transform.filter == "NEAREST"
    assert (result.blend_type, result.blend_alpha) == ("SCREEN", 0.5) and result.use_flip_y and result.crop.max_x == 3


@pytest.mark.parametrize("kind", ["exr", "tiff"])
def test_other_file_formats(gouache, kind):
    """The stand-in writes PNG bytes whatever is asked; what counts is how the strip is told to read them."""
    strip = gouache.clip()
    strip.gouache.format = kind
    assert gouache.paint(strip)[0] is not None
    assert gouache.jobs()[0]["files"] == {"frames": "1-6", "format": kind, "restore_size": True, "chunk": "",
                                          "only": ""}


def test_half_transparent_frames_in_another_format(gouache):
    """EXR has its colors multiplied by alpha, PNG has not; the strip stays, and is told of the change."""
    strip = gouache.clip(2, alpha=128)
    results, plan = gouache.module("results"), gouache.order(strip).subject.plan
    exr, png = np.full((36, 64, 4), 0.25, np.float32), np.full((36, 64, 4), (137, 137, 137, 128), np.uint8)
    exr[..., 3] = 0.5
    folder = gouache.folder / "made"
    files = {"exr": {n: write_exr(folder / f"{n:05d}.exr", exr) for n in (1, 2)},
             "png": {n: write_png(folder / f"{n:05d}.png", png) for n in (1, 2)},
             "not there": {n: folder / "not there" / f"{n:05d}.exr" for n in (1, 2)}}
    shown = {}
    for kinds in (("exr",), ("png", "exr"), ("not there", "exr"), ("png",), ("exr", "png")):
        for kind in kinds:
            result = results.put_result(gouache.scene, strip, plan, files[kind])
        strip.mute = True
        shown[kinds] = gouache.render(1)[0][27, 48].tolist()
        strip.mute = False
        gouache.strips.remove(result)
    assert shown["png", "exr"] == shown["not there", "exr"] == shown["exr",]
    assert shown["exr", "png"] == shown["png",]


def test_linear_name_exists(gouache):
    strip = gouache.clip()
    strip.colorspace_settings.name = gouache.module("compat").linear_name()
    assert strip.colorspace_settings.name == "Linear Rec.709"


def test_a_painted_file_that_is_gone(gouache):
    """The panel says so, wherever in the clip it is, and painting again makes that one."""
    strip = gouache.clip()
    gouache.paint(strip)
    line = gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip)[0] == "Painted"
    (gouache.bake_folder(strip) / "result" / "00003.png").unlink()
    assert line(gouache.scene, strip)[0] == "Painted frames are missing: paint again"
    gouache.paint(strip)
    assert line(gouache.scene, strip)[0] == "Painted"


@pytest.mark.parametrize(("alpha", "blend", "told"), [(128, "ALPHA_OVER", True), (255, "ALPHA_OVER", False),
                                                      (0, "ALPHA_OVER", False), (128, "REPLACE", False)])
def test_a_half_transparent_source(gouache, capfd, alpha, blend, told):
    """It is seen through its painting, which is as transparent: that is told. A painting that replaces it is not."""
    strip = gouache.clip(alpha=alpha)
    strip.blend_type = blend
    gouache.paint(strip)
    assert ("'Clip' is blended with its painting: Mute Source hides it." in capfd.readouterr().out) == told
