"""What Blender would show black, or not at all, and say nothing: strips whose files or scenes are gone are refused."""

import bpy
import pytest
from stage import set_range


def test_scenes_that_show_nothing(gouache):
    """Blender would render them as nothing, and say nothing."""
    strip = gouache.scene_strip()
    scene, capture = strip.scene, gouache.module("capture")
    camera, scene.camera = scene.camera, None
    with pytest.raises(RuntimeError, match=r"scene 'Stage Set' of strip 'Scene' has no camera\. Add one there"):
        gouache.paint(strip)
    strip.scene_camera = camera
    capture.make_plan(gouache.scene, strip)
    strip.scene_camera = None
    scene.timeline_markers.new("Cut", frame=1).camera = camera
    capture.make_plan(gouache.scene, strip)
    scene.timeline_markers.clear()
    strip.scene_input = "SEQUENCER"
    capture.make_plan(gouache.scene, strip)
    bpy.data.scenes.remove(scene)
    with pytest.raises(RuntimeError, match=r"The scene of strip 'Scene' is gone"):
        gouache.paint(strip)


def test_strips_made_of_footage_that_is_gone(gouache):
    """Metas, effects and adjustment layers are refused too: Blender would show black. What is muted is not seen."""
    inner, below = gouache.clip(name="Inner", channel=8), gouache.clip(name="Below")
    layer = gouache.strips.new_effect(name="Layer", type="ADJUSTMENT", channel=2, **gouache.length(3, 7))
    blur = gouache.strips.new_effect(name="Blur", type="GAUSSIAN_BLUR", channel=3, input1=below, **gouache.length(1, 7))
    gouache.strips.new_effect(name="Color", type="COLOR", channel=4, **gouache.length(1, 7))
    meta = gouache.meta(inner)
    for strip in (layer, blur, meta):
        gouache.add_style(strip)
    make_plan = gouache.module("capture").make_plan
    (gouache.folder / "footage Below" / "0002.png").unlink()
    (gouache.folder / "footage Inner" / "0004.png").unlink()
    assert make_plan(gouache.scene, layer).count == 4  # it shows nothing of frame 2
    for strip, told in ((blur, "'0002.png' of strip 'Below'"), (meta, "'0004.png' of strip 'Inner'")):
        with pytest.raises(RuntimeError, match=f"{told} is not there"):
            gouache.paint(strip)
    below.mute = inner.mute = True
    make_plan(gouache.scene, meta)
    with pytest.raises(Exception, match="of strip 'Below' is not there"):  # an effect shows its input all the same
        make_plan(gouache.scene, blur)


def test_scene_strips_made_of_footage_that_is_gone(gouache):
    """What a scene's own strips show is looked at, in the frames that the strip has of it, inside metas too."""
    inner = bpy.data.scenes.new("Cut")
    inner.frame_start, inner.frame_end = 3, 12
    film = gouache.clip(frames=12, name="Film", level=inner.sequence_editor_create().strips)
    strip = gouache.strips.new_scene("Scene", inner, 1, 10)
    strip.scene_input = "SEQUENCER"
    meta = gouache.meta(strip)
    gouache.add_style(meta)
    make_plan = gouache.module("capture").make_plan
    (gouache.folder / "footage Film" / "0007.png").unlink()
    with pytest.raises(RuntimeError, match=r"'0007.png' of strip 'Film' is not there"):
        gouache.paint(meta)
    set_range(strip, 15, 20)  # from the scene's frame 8 on
    make_plan(gouache.scene, strip)
    set_range(strip, 10, 14)  # up to its frame 6
    make_plan(gouache.scene, strip)
    strip.use_reverse_frames = True
    with pytest.raises(Exception, match="of strip 'Film' is not there"):
        make_plan(gouache.scene, strip)
    film.mute = True
    make_plan(gouache.scene, strip)


def test_scenes_that_show_each_other(gouache):
    other = bpy.data.scenes.new("Other")
    other.frame_end = 5000
    back = other.sequence_editor_create().strips.new_scene("Back", gouache.scene, 1, 2)
    strip = gouache.strips.new_scene("Forth", other, 1, 1)
    strip.scene_input = back.scene_input = "SEQUENCER"
    gouache.module("capture").make_plan(gouache.scene, strip)


@pytest.mark.parametrize("name", ["reel.3gp", "reel"])
def test_a_movie_needs_no_common_ending(gouache, name):
    movie = gouache.movie(2)
    (gouache.folder / "reel.mkv").rename(gouache.folder / name)
    strip = gouache.strips.new_movie("Other", str(gouache.folder / name), 3, 1)
    gouache.strips.remove(movie)
    gouache.module("capture").make_plan(gouache.scene, strip)


def test_movies_and_movie_clips_that_show_nothing(gouache):
    movie = gouache.movie(4)
    clip = bpy.data.movieclips.load(bpy.path.abspath(movie.filepath))
    strip = gouache.strips.new_clip("Tracked", clip, 3, 1)
    gouache.add_style(strip)
    make_plan = gouache.module("capture").make_plan
    for each in (movie, strip):
        make_plan(gouache.scene, each)
    (gouache.folder / "reel.mkv").write_bytes(b"no movie")
    for each in (movie, strip):
        with pytest.raises(RuntimeError, match=f"'reel.mkv' of strip '{each.name}' cannot be read"):
            gouache.paint(each)
    (gouache.folder / "reel.mkv").unlink()
    with pytest.raises(RuntimeError, match=r"'reel.mkv' of strip 'Tracked' is not there"):
        gouache.paint(strip)
    bpy.data.movieclips.remove(clip)
    with pytest.raises(RuntimeError, match="The movie clip of strip 'Tracked' is gone"):
        gouache.paint(strip)
