"""Strips that are moved, trimmed or set otherwise while they are painted, or while they wait for that."""

import bpy
import pytest
from stage import picture, read_picture, set_range, write_png


def painting(gouache, *strips):
    """Strips being painted in small steps, as a window does it: the job, and its steps."""
    job = gouache.module("bake").Bake([gouache.order(strip) for strip in strips], 0.02, capture_seconds=0.0)
    return job, iter(job)


def until(steps, found):
    """Take steps up to the one that is looked for."""
    return next(status for status in steps if found(status))


def result_of(gouache, strip):
    return gouache.module("results").find_result(gouache.scene, strip)


def line(gouache, strip):
    return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]


def reds(gouache, strip):
    """What tells the pictures of a painting, one a frame."""
    folder, result = gouache.bake_folder(strip) / "result", result_of(gouache, strip)
    return [int(read_picture(folder / element.filename)[0, 0, 0]) // 20 for element in result.elements]


def move(strip, frames):
    """Move a strip on the timeline, as dragging does."""
    name = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


def test_a_strip_moved_and_trimmed_while_it_waits(gouache):
    first, second = gouache.clip(name="First"), gouache.clip(name="Second", channel=4, frames=8)
    job, steps = painting(gouache, first, second)
    next(steps)
    set_range(second, 2, 7)
    move(second, 10)
    list(steps)
    assert gouache.bounds(result_of(gouache, second)) == (12, 17) and reds(gouache, second) == [2, 3, 4, 5, 6]
    assert line(gouache, second) == "Painted" and job.warnings == []


def test_a_strip_moved_while_it_is_captured(gouache):
    strip = gouache.clip()
    job, steps = painting(gouache, strip)
    until(steps, lambda status: "Capturing frame 3" in status.text)
    move(strip, 10)
    list(steps)
    assert gouache.bounds(result_of(gouache, strip)) == (11, 17) and reds(gouache, strip) == [1, 2, 3, 4, 5, 6]
    assert line(gouache, strip) == "Painted" and job.warnings == []


def test_a_strip_moved_while_it_is_painted(gouache):
    """The painting goes along."""
    strip = gouache.clip()
    job, steps = painting(gouache, strip)
    until(steps, lambda status: status.frame == 2)
    move(strip, 10)
    list(steps)
    assert gouache.bounds(result_of(gouache, strip)) == (11, 17) and reds(gouache, strip) == [1, 2, 3, 4, 5, 6]
    assert line(gouache, strip) == "Painted" and job.warnings == []


@pytest.mark.parametrize("slipped", [False, True])
def test_a_strip_trimmed_while_it_is_painted(gouache, slipped):
    """Also on the same frames with other pictures."""
    strip = gouache.clip(8)
    set_range(strip, 3, 6)
    job, steps = painting(gouache, strip)
    until(steps, lambda status: status.frame == 3)
    if slipped:
        move(strip, 1)
    set_range(strip, 3, 6 if slipped else 8)
    list(steps)
    assert job.warnings == ["'Clip' was trimmed or changed while it was painted: paint it again."]
    assert gouache.bounds(result_of(gouache, strip)) == (3, 6) and line(gouache, strip) == "Painted in part"
    gouache.paint(strip)
    assert reds(gouache, strip) == ([2, 3, 4] if slipped else [3, 4, 5, 6, 7]) and line(gouache, strip) == "Painted"


def test_a_strip_that_gets_other_footage_while_it_is_painted(gouache):
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=9, first_number=4)
    job, steps = painting(gouache, strip)
    until(steps, lambda status: status.frame == 2)
    strip.directory = other.directory
    list(steps)
    assert "was trimmed or changed while it was painted" in job.warnings[0]
    assert line(gouache, strip) == "Painted in part"


def test_settings_changed_while_it_is_painted(gouache):
    strip = gouache.clip()
    _, steps = painting(gouache, strip)
    until(steps, lambda status: status.frame == 2)
    strip.gouache.strength = 0.1
    list(steps)
    assert line(gouache, strip) == "Settings changed since painting"


def slide(gouache, frames):
    """Move all strips on the timeline by Blender's own operator, which takes their keyframes along."""
    for strip in gouache.strips:
        strip.select = True
    with gouache.sequencer():
        bpy.ops.transform.seq_slide(value=(frames, 0))


def is_fresh(gouache, strip):
    return gouache.module("sequencer.orders").is_fresh(gouache.scene, strip, gouache.order(strip))


@pytest.mark.parametrize("frames", [2, 500])
def test_a_strip_moved_with_its_painting_and_keyframes_is_fresh(gouache, frames):
    """Also where a curve's values are rounded otherwise; but not if the strip is moved alone."""
    strip = gouache.clip(40)
    path = f"{strip.path_from_id()}.gouache.strength"
    for frame, strip.gouache.strength in ((1, 0.2), (17, 0.5), (40, 0.8)):
        gouache.scene.keyframe_insert(path, frame=frame)
    gouache.paint(strip)
    before = gouache.order(strip).job.animation["strength"]
    slide(gouache, frames)
    assert line(gouache, strip) == "Painted" and is_fresh(gouache, strip)
    assert gouache.order(strip).job.animation["strength"] == {n + frames: value for n, value in before.items()}
    move(strip, 1)
    assert line(gouache, strip) == "Footage changed since painting" and not is_fresh(gouache, strip)


def test_a_strip_moved_and_then_trimmed_shows_the_frames_that_it_has(gouache):
    strip = gouache.clip(8)
    gouache.paint(strip)
    slide(gouache, 3)
    for _ in range(2):
        result, = gouache.paint(strip)
        assert reds(gouache, strip) == list(range(1, 9)) and gouache.bounds(result) == (4, 12)
    set_range(strip, 5, 11)
    result, = gouache.paint(strip)
    assert reds(gouache, strip) == [2, 3, 4, 5, 6, 7] and gouache.bounds(result) == (5, 11)
    assert line(gouache, strip) == "Painted" and len(gouache.jobs()) == 1


def test_a_strip_that_was_moved_shows_its_painting_until_it_is_painted_again(gouache):
    """Also where that was stopped on the way, after frames that have numbers of others by now."""
    strip = gouache.clip()
    painted, = gouache.paint(strip)
    slide(gouache, 3)
    write_png(gouache.folder / "footage Clip" / "0006.png", picture(9))
    gouache.set_engine("wait")
    job, steps = painting(gouache, strip)
    with pytest.raises(Exception) as stopped:
        for status in steps:
            if status.frame == 4:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled"
    assert reds(gouache, strip) == [1, 2, 3, 4, 5, 6] and line(gouache, strip) == "Painted"
    before = gouache.bake_folder(strip)
    gouache.set_engine("identity")
    for _ in range(2):
        assert gouache.paint(strip) == [painted] and gouache.bake_folder(strip) != before
        assert reds(gouache, strip) == [1, 2, 3, 4, 5, 9] and line(gouache, strip) == "Painted"
    assert len(gouache.jobs()) == 3


def test_a_painting_whose_keyframes_were_noted_by_an_earlier_version(gouache):
    strip = gouache.clip()
    gouache.scene.keyframe_insert(f"{strip.path_from_id()}.gouache.strength", frame=3)
    gouache.paint(strip)
    keys = gouache.module("animation").keys_of(gouache.scene, strip)
    strip.gouache.painted_as = gouache.module("settings").fingerprint(strip.gouache, keys)
    assert line(gouache, strip) == "Painted"
    (gouache.folder / "elsewhere").mkdir()
    gouache.save("elsewhere/shot.blend")
    assert line(gouache, strip) == "Painted"


def test_a_modifier_of_a_curve_stays_where_it_is(gouache):
    strip = gouache.clip()
    gouache.scene.keyframe_insert(f"{strip.path_from_id()}.gouache.strength", frame=3)
    gouache.module("animation").curve_of(gouache.scene, strip, "strength").modifiers.new("NOISE")
    gouache.paint(strip)
    slide(gouache, 10)
    assert line(gouache, strip) == "Settings changed since painting"


def test_a_preview_of_a_strip_that_was_moved(gouache):
    strip = gouache.clip()
    order = gouache.module("sequencer.orders").order_preview(gouache.scene, strip, 3)
    move(strip, 10)
    with pytest.raises(Exception, match="'Clip' was moved or trimmed while it was captured"):
        list(gouache.module("bake").Bake([order], 0.02, preview=True))


def test_a_strip_that_was_trimmed_shows_the_frames_that_it_has(gouache, capfd):
    """None is painted again, though each would begin with another one now."""
    strip = gouache.clip(8)
    gouache.paint(strip)
    set_range(strip, 2, 8)
    assert line(gouache, strip) == "The painting is 2 frames longer than the strip"
    result, = gouache.paint(strip)
    assert gouache.bounds(result) == (2, 8) and reds(gouache, strip) == [2, 3, 4, 5, 6, 7]
    assert line(gouache, strip) == "Painted" and len(gouache.jobs()) == 1
    assert "Painted already, 6 frames" in capfd.readouterr().out
    set_range(strip, 2, 10)
    write_png(gouache.folder / "footage Clip" / "0005.png", picture(9))
    gouache.paint(strip)
    assert reds(gouache, strip)[3] == 9 and len(gouache.jobs()) == 2


@pytest.mark.parametrize("change", ["a mask", "a finished frame", "the engine"])
def test_what_only_the_engine_knows_is_left_to_it(gouache, change):
    strip = gouache.clip()
    strip.gouache.mask = str(gouache.style) if change == "a mask" else ""
    gouache.paint(strip)
    if change == "a finished frame":
        (gouache.bake_folder(strip) / "result" / "00004.png").write_bytes(b"damaged")
    if change == "the engine":
        record = gouache.bake_folder(strip) / "result" / "records" / "4.json"
        record.write_text(record.read_text().replace('"engine": "', '"engine": "0.'))
    gouache.paint(strip)
    assert len(gouache.jobs()) == 2
