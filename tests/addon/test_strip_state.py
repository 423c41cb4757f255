"""What the line on a strip's painting says, and when."""

import bpy
from stage import set_range


def test_the_line_says_where_a_strip_and_its_painting_part(gouache):
    strip = gouache.clip(8)
    set_range(strip, 2, 6)
    painting, = gouache.paint(strip)

    def line():
        return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]

    assert line() == "Painted"
    for ends, text in {(2, 7): "1 frame is not painted", (1, 8): "3 frames are not painted",
                       (3, 5): "The painting is 2 frames longer than the strip", (2, 6): "Painted"}.items():
        set_range(strip, *ends)
        assert line() == text
    for moved in (strip, painting):
        name = "content_start" if hasattr(strip, "content_start") else "frame_start"
        setattr(moved, name, getattr(moved, name) + 10)
    assert line() == "Painted"
    setattr(strip, name, getattr(strip, name) - 1)
    set_range(strip, 12, 16)
    assert line() == "Footage changed since painting"
    gouache.paint(strip)
    assert line() == "Painted"
    strip.directory = gouache.clip(8, channel=9, name="Other").directory
    assert line() == "Footage changed since painting"
    strip.gouache.painted_of = ""  # as by an earlier version
    assert line() == "Painted"


def test_the_line_says_that_a_strips_own_settings_changed(gouache):
    """A text, a still, a reversal, a modifier; what was done to the painting as well is no change."""
    text = gouache.strips.new_effect(name="Text", type="TEXT", channel=1, **gouache.length(1, 4))
    still, clip = gouache.clip(1, channel=4, name="Still_"), gouache.clip(channel=7)
    gouache.add_style(text)
    gouache.paint(text, still, clip)

    def line(strip):
        return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]

    assert {line(text), line(still), line(clip)} == {"Painted"}
    clip.use_proxy = clip.lock = clip.mute = True
    clip.use_reverse_frames = gouache.strips["Clip painted"].use_reverse_frames = True
    assert line(clip) == "Painted"
    gouache.strips["Clip painted"].use_reverse_frames = False
    text.text, still.elements[0].filename = "Other", "0002.png"
    assert {line(text), line(still), line(clip)} == {"Strip changed since painting"}
    gouache.paint(text, clip)
    assert line(text) == line(clip) == "Painted"
    text.modifiers.new("Bright", "BRIGHT_CONTRAST")
    assert line(text) == "Strip changed since painting"
    text.gouache.painted_from = ""  # as by an earlier version
    assert line(text) == "Painted"


def test_a_film_saved_elsewhere_has_the_same_footage(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    strip.directory = bpy.path.relpath(strip.directory) + "/"
    (gouache.folder / "other").mkdir()
    gouache.save("other/shot.blend")
    assert strip.directory.startswith("//../")
    assert gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0] == "Painted"
