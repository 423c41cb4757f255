"""What a painting takes over from its source: at first, and again wherever an artist did not set it otherwise."""

import pytest
from test_capture import same


def paint_again_and_compare(gouache, strip, first, last):
    """Paint a strip that has a painting, and compare what that shows with what the strip itself does."""
    painting = gouache.module("results").find_result(gouache.scene, strip)
    painting.mute = True
    before = gouache.render(first, last)
    painting.mute = False
    assert gouache.paint(strip) == [painting]
    strip.mute = True
    same(before, gouache.render(first, last), 1)


def test_where_the_source_was_moved_and_faded_since(gouache):
    """Footage in twice the size, say, its scale halved, and a fade: with all that, the painting equals its source."""
    strip = gouache.clip(channel=2)
    strip.keyframe_insert("blend_alpha", frame=1)
    strip.transform.driver_add("offset_y").driver.expression = "9"
    gouache.paint(strip)
    strip.transform.driver_remove("offset_y")
    strip.transform.offset_x, strip.transform.offset_y, strip.use_flip_x = 5, 0, True
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    for frame, opacity in ((1, 0.2), (6, 1.0)):
        strip.blend_alpha = opacity
        strip.keyframe_insert("blend_alpha", frame=frame)
    paint_again_and_compare(gouache, strip, 1, 6)


def test_what_was_set_on_the_painting_stays(gouache):
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    painting.blend_alpha, painting.transform.offset_x = 0.5, 12
    strip.blend_alpha, strip.blend_type, strip.transform.offset_x = 0.8, "SCREEN", 7
    gouache.paint(strip)
    assert (painting.blend_alpha, painting.transform.offset_x, painting.blend_type) == (0.5, 12, "SCREEN")


def test_a_source_hidden_by_its_opacity_does_not_hide_its_painting(gouache):
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    strip.blend_alpha = 0
    gouache.paint(strip)
    assert painting.blend_alpha == 1


def test_keyframes_that_were_moved_with_both_strips(gouache):
    """They are no artist's own on the painting, so it goes on following its source."""
    strip = gouache.clip()
    for frame, opacity in ((1, 0.0), (6, 1.0)):
        strip.blend_alpha = opacity
        strip.keyframe_insert("blend_alpha", frame=frame)
    painting, = gouache.paint(strip)
    for moved in (strip, painting):
        name = "content_start" if hasattr(moved, "content_start") else "frame_start"
        setattr(moved, name, getattr(moved, name) + 10)
    strip.blend_alpha = 0.5
    strip.keyframe_insert("blend_alpha", frame=13)
    gouache.module("compat").set_left_handle(strip, 12)  # its keyframes stay where they are
    paint_again_and_compare(gouache, strip, 12, 16)


@pytest.mark.parametrize("before", [False, True])
def test_pictures_that_have_the_placement_in_them_now_or_no_longer(gouache, before):
    """Some modifiers depend on where the picture lies: with them the canvas is captured."""
    strip = gouache.clip(channel=2)
    strip.transform.offset_x, strip.transform.scale_x = 12, 0.8
    if before:
        strip.modifiers.new("Tones", "TONEMAP")
    painting, = gouache.paint(strip)
    painting.transform.offset_y = 3  # on the source's pictures, or on the canvas: it means nothing on the other
    if before:
        strip.modifiers.clear()
    else:
        strip.modifiers.new("Tones", "TONEMAP")
    paint_again_and_compare(gouache, strip, 1, 6)
    assert painting.transform.offset_x == (12 if before else 0)


def test_a_painting_by_an_earlier_version(gouache):
    """It has no note of what it took over: only what it has in common with its source is followed."""
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    del painting["gouache_taken"]
    painting.blend_alpha = 0.5
    gouache.paint(strip)
    strip.blend_alpha, strip.use_flip_x = 0.25, True
    gouache.paint(strip)
    assert painting.blend_alpha == 0.5 and painting.use_flip_x
