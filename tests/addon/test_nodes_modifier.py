"""The group on a strip, as a modifier: added, baked, and live (Blender 5.2)."""

import bpy
import numpy as np
import pytest
from panel_spy import draw
from stage import CANVAS, NEW, picture, write_png

needs_modifiers = pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")


def add_modifier(gouache, strip):
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        assert bpy.ops.gouache.add_modifier(effect="style") == {"FINISHED"}
    return strip.modifiers[0]


def line(gouache, strip):
    """What the panel says of the modifier."""
    return gouache.module("sequencer.state").modifier_line(gouache.scene, strip, strip.modifiers[0])[0]


@needs_modifiers
def test_add_and_bake(gouache):
    """A strip smaller than the canvas and moved: what is painted lies where the strip does."""
    strip = gouache.clip()
    strip.transform.offset_x, strip.crop.min_x, strip.use_flip_x = 7, 5, True
    before = gouache.render(1, 6)
    modifier = add_modifier(gouache, strip)
    assert all((a == b).all() for a, b in zip(gouache.render(1, 6), before, strict=True))
    assert bpy.ops.gouache.bake_modifier(strip="Clip") == {"FINISHED"}
    assert line(gouache, strip) == "Baked: 6 frames"
    strip.use_reverse_frames = True
    assert line(gouache, strip) == "Bake again: input changed"
    strip.use_reverse_frames, strip.transform.offset_x = False, 8
    assert line(gouache, strip) == "Baked: 6 frames"
    strip.transform.offset_x = 7
    assert len(gouache.strips) == 1 and gouache.jobs()[0]["files"]["frames"] == "1-6"
    same = gouache.render(1, 6)
    assert max(np.abs(a - b).max() for a, b in zip(same, before, strict=True)) <= 1
    gouache.set_engine("invert")
    modifier.node_group.gouache.seed = 7
    bpy.ops.gouache.bake_modifier(strip="Clip")
    shown = gouache.render(1, 6)
    inside = before[0][..., 3] == 255
    for now, then in zip(shown, before, strict=True):
        assert np.abs(now[inside][:, :3] - (255 - then[inside][:, :3])).max() <= 1
    assert inside.sum() == 59 * 36


def painted_and_plain(gouache, strip, percentage):
    """A frame at a percentage of the render's size, with the modifier and without."""
    gouache.scene.render.resolution_percentage = percentage
    frames = []
    for strip.modifiers[0].mute in (False, True):
        frames += gouache.render(2)
    strip.modifiers[0].mute = False
    gouache.scene.render.resolution_percentage = 100
    return frames


@needs_modifiers
@pytest.mark.parametrize("kind", ["META", "TEXT", "IMAGE"])
def test_a_draft_in_another_size(gouache, kind):
    """What is as large as the render comes smaller in a draft, and so does its painting."""
    strip = gouache.clip(size=CANVAS)
    if kind == "META":
        strip = gouache.meta(strip)
    elif kind == "TEXT":
        strip = gouache.strips.new_effect(name="Title", type="TEXT", channel=3, **gouache.length(1, 7))
        strip.text, strip.font_size = "Gouache", 20
    gouache.add_style(strip)
    add_modifier(gouache, strip)
    assert bpy.ops.gouache.bake_modifier(strip=strip.name) == {"FINISHED"}
    for percentage in (100, 50):
        painted, plain = painted_and_plain(gouache, strip, percentage)
        assert np.abs(painted - plain).mean() <= (0 if percentage == 100 else 8)  # small letters are softer than shrunk


@needs_modifiers
def test_a_bake_from_before_drafts(gouache):
    """Its group shows the painting at its own size, and goes on doing so until it is baked again."""
    strip = gouache.meta(gouache.clip(size=CANVAS))
    gouache.add_style(strip)
    tree = add_modifier(gouache, strip).node_group
    groups, freshness = gouache.module("compositor.groups"), gouache.module("compositor.freshness")
    bpy.ops.gouache.bake_modifier(strip=strip.name)
    groups.show_painting(tree, freshness.files_in(groups.painting_folder(tree)))
    painted, plain = painted_and_plain(gouache, strip, 100)
    assert line(gouache, strip) == "Baked: 6 frames" and np.abs(painted - plain).max() <= 1
    bpy.ops.gouache.bake_modifier(strip=strip.name)
    painted, plain = painted_and_plain(gouache, strip, 50)
    assert np.abs(painted - plain).max() <= 5


@needs_modifiers
def test_pictures_of_several_sizes(gouache):
    """What a modifier gets has each picture's own size: such a clip is refused in words."""
    strip = gouache.clip()
    add_modifier(gouache, strip)
    write_png(gouache.folder / "footage Clip" / "0003.png", picture(3, (32, 18)))
    with pytest.raises(RuntimeError, match=r"pictures of 'Clip' differ in size.* use Paint Strip"):
        bpy.ops.gouache.bake_modifier(strip="Clip")


@needs_modifiers
def test_strip_that_begins_before_frame_0(gouache):
    """Frames that Blender never renders are not missing."""
    strip = gouache.clip(start=-3)
    add_modifier(gouache, strip)
    bpy.ops.gouache.bake_modifier(strip="Clip")
    assert line(gouache, strip) == "Baked: 3 frames"


@needs_modifiers
def test_modifiers_above_and_the_color_space(gouache):
    """What is set deep inside a modifier above, or the strip's color space, is another input."""
    strip = gouache.clip()
    curves, balance = (strip.modifiers.new(kind, kind) for kind in ("CURVES", "COLOR_BALANCE"))
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        bpy.ops.gouache.add_modifier(effect="style")
    ours = strip.modifiers[2]
    assert bpy.ops.gouache.bake_modifier(strip="Clip") == {"FINISHED"}
    state = gouache.module("compositor.freshness").modifier_state
    point = curves.curve_mapping.curves[3].points[1]
    for owner, name, value, before in (
            (point, "location", (1.0, 0.5), tuple(point.location)),
            (balance.color_balance, "lift", (0.5, 1, 1), tuple(balance.color_balance.lift)),
            (strip.colorspace_settings, "name", "Non-Color", strip.colorspace_settings.name)):
        assert state(gouache.scene, strip, ours, 1, 6).kind == "fresh"
        setattr(owner, name, value)
        assert state(gouache.scene, strip, ours, 1, 6).reasons == ("input changed",), name
        setattr(owner, name, before)
    assert state(gouache.scene, strip, ours, 1, 6).kind == "fresh"


@needs_modifiers
def test_what_is_set_at_a_group_above(gouache):
    """Its inputs are on the modifier, values and keyframes."""
    strip = gouache.clip()
    grade = bpy.data.node_groups.new("Grade", "CompositorNodeTree")
    for name, way, kind in (("Image", "INPUT", "Color"), ("Stops", "INPUT", "Float"), ("Image", "OUTPUT", "Color")):
        grade.interface.new_socket(name, in_out=way, socket_type=f"NodeSocket{kind}")
    above = strip.modifiers.new("Grade", "COMPOSITOR")
    above.node_group = grade
    gouache.scene.sequence_editor.active_strip = strip
    with gouache.sequencer():
        bpy.ops.gouache.add_modifier(effect="style")
    told = gouache.module("compositor.freshness").strip_signature
    seen, stops = [told(gouache.scene, strip, strip.modifiers[1])], above.properties.inputs.Socket_1
    for key in (None, 3):
        stops.value = 2.0
        if key:
            stops.keyframe_insert("value", frame=key)
        seen.append(told(gouache.scene, strip, strip.modifiers[1]))
    assert len(set(seen)) == 3


@needs_modifiers
def test_the_halves_of_a_baked_strip(gouache):
    """Both go on showing what was baked, however they are trimmed; one that is moved shows other pictures."""
    left = gouache.clip()
    add_modifier(gouache, left)
    bpy.ops.gouache.bake_modifier(strip="Clip")
    right = left.split(4, "SOFT")
    assert [line(gouache, half) for half in (left, right)] == ["Baked: 3 frames"] * 2
    right.left_handle = 5
    assert line(gouache, right) == "Baked: 2 frames"
    right.content_start += 1
    assert line(gouache, right) == "Bake again: input changed"


@needs_modifiers
def test_a_bake_from_before_halves(gouache):
    """Then trims counted for every strip: it stays fresh until something changes."""
    strip = gouache.clip()
    group = add_modifier(gouache, strip).node_group.gouache
    bpy.ops.gouache.bake_modifier(strip="Clip")
    group.baked_from = gouache.module("compositor.strip_signature")._told(
        gouache.scene, strip, strip.modifiers[0], set())
    assert line(gouache, strip) == "Baked: 6 frames"
    strip.right_handle = 5
    assert line(gouache, strip) == "Bake again: input changed"


@needs_modifiers
def test_changed_while_it_is_baked(gouache):
    """What was ordered and captured is what was baked."""
    strip = gouache.clip()
    modifier = add_modifier(gouache, strip)
    gouache.set_engine("resume")
    order = gouache.module("sequencer.modifier").order_modifier(gouache.scene, strip)
    for status in gouache.module("bake").Bake([order], step_seconds=0.1):
        if status.text.startswith("Painted"):
            modifier.node_group.gouache.seed, strip.use_reverse_frames = 3, True
    assert line(gouache, strip) == "Bake again: settings changed, input changed"


@needs_modifiers
def test_the_scene_renamed_while_it_is_baked(gouache):
    strip = gouache.clip()
    add_modifier(gouache, strip)
    order = gouache.module("sequencer.modifier").order_modifier(gouache.scene, strip)
    for _ in gouache.module("bake").Bake([order], step_seconds=0.1):
        gouache.scene.name = "Opening"
    assert line(gouache, strip) == "Baked: 6 frames"


def changed(gouache, strip, before):
    """Whether what comes in at the strip's modifier is another than `before`, and what it is now."""
    now = gouache.module("compositor.freshness").strip_signature(gouache.scene, strip, strip.modifiers[0])
    return now != before, now


def add_to(gouache, *strips):
    for strip in strips:
        add_modifier(gouache, strip)


@needs_modifiers
def test_what_a_strip_is_made_of(gouache):
    """Strips in a meta, an effect's inputs and what lies below an adjustment layer count: each change is noticed."""
    one, two = gouache.clip(name="One"), gouache.clip(name="Two", channel=2, first_number=7)
    strips = gouache.strips
    cross = strips.new_effect(name="Cross", type="CROSS", channel=3, input1=one, input2=two, **gouache.length(1, 7))
    layer = strips.new_effect(name="Layer", type="ADJUSTMENT", channel=4, **gouache.length(1, 7))
    color = strips.new_effect(name="Color", type="COLOR", channel=8, **gouache.length(1, 7))
    inner = gouache.clip(name="Inner", channel=6)
    meta = gouache.meta(inner)
    add_to(gouache, cross, layer, meta, color)
    outer = {strip: changed(gouache, strip, "")[1] for strip in (cross, layer, meta, color)}
    other = gouache.clip(name="Other", channel=20, first_number=20).directory

    def expect(*strips):
        for strip, before in outer.items():
            is_other, outer[strip] = changed(gouache, strip, before)
            assert is_other == (strip in strips), strip.name
    expect()
    gouache.scene.frame_set(4)
    gouache.scene.sequence_editor.active_strip, inner.select = one, True
    expect()
    inner.mute = True
    expect(meta)
    inner.transform.offset_x = 9
    expect(meta)
    inner.modifiers.new("Dark", "BRIGHT_CONTRAST").bright = -5
    expect(meta)
    one.directory = other
    expect(cross, layer)
    one.color_multiply = 0.3
    expect(cross, layer)
    color.color = (1, 0, 0)
    expect(color)
    gouache.scene.sequence_editor.channels[3].mute = True
    expect(layer)


@needs_modifiers
def test_retimed_and_scene_strips(gouache):
    """Retiming keys, and which scene a strip shows through which camera or strips."""
    strip, shows = gouache.clip(8), gouache.scene_strip()
    shows.channel = 4
    add_to(gouache, strip, shows)
    strip.retiming_keys.add(timeline_frame=3)
    _, before = changed(gouache, strip, "")
    strip.retiming_keys[1].timeline_frame = 5
    assert changed(gouache, strip, before)[0]
    _, before = changed(gouache, shows, "")
    shows.scene["gouache_changes"] = 1
    is_other, before = changed(gouache, shows, before)
    stage_set, shows.scene = shows.scene, bpy.data.scenes.new("Else")
    assert is_other and changed(gouache, shows, before)[0]
    shows.scene, shows.scene_input = stage_set, "SEQUENCER"
    own = stage_set.sequence_editor_create().strips.new_effect(name="Color", type="COLOR", channel=1,
                                                               **gouache.length(1, 7))
    _, before = changed(gouache, shows, "")
    own.color = (0, 1, 0)
    assert changed(gouache, shows, before)[0]


@needs_modifiers
def test_strips_that_share_a_group(gouache):
    """The panel says so, and parts them: each has a bake of its own then."""
    one, two = gouache.clip(name="One"), gouache.clip(name="Two", channel=2, first_number=9)
    modifier = add_modifier(gouache, one)
    assert bpy.ops.gouache.bake_modifier(strip="One") == {"FINISHED"}
    two.modifiers.new("Style Transfer", "COMPOSITOR").node_group = modifier.node_group
    gouache.scene.sequence_editor.active_strip = two
    with gouache.sequencer():
        assert ("label", "2 strips share this bake") in draw(gouache)
        assert ("operator", "gouache.single_modifier") in draw(gouache)
        assert bpy.ops.gouache.single_modifier() == {"FINISHED"}
        assert ("label", "2 strips share this bake") not in draw(gouache)
    assert bpy.ops.gouache.bake_modifier(strip="Two") == {"FINISHED"}
    folder = gouache.module("compositor.groups").painting_folder
    assert folder(one.modifiers[0].node_group) != folder(two.modifiers[0].node_group)
    assert [line(gouache, strip) for strip in (one, two)] == ["Baked: 6 frames"] * 2


@needs_modifiers
def test_overlapping_strips_that_share_a_group(gouache, capfd):
    """One bake cannot show two pictures at one frame: they are refused in words; the halves of a cut strip are not."""
    one, two = gouache.clip(name="One"), gouache.clip(name="Two", channel=2, start=3, first_number=9)
    group = add_modifier(gouache, one).node_group
    assert bpy.ops.gouache.bake_modifier(strip="One") == {"FINISHED"}
    two.modifiers.new("Style Transfer", "COMPOSITOR").node_group = group
    for strip in (one, two):
        strip.gouache.styles.clear()
        with pytest.raises(RuntimeError, match=r"' share one bake, .* press Make Single User"):
            bpy.ops.gouache.bake_modifier(strip=strip.name)
    gouache.scene.frame_set(4)
    assert bpy.ops.gouache.preview_frame(strip="Two") == {"FINISHED"}
    gouache.save()
    assert gouache.module("command").main(["bake"]) == 1
    assert "'One' and 'Two' share one bake" in capfd.readouterr().out and len(gouache.jobs()) == 2
    gouache.strips.remove(two)
    with gouache.sequencer():
        one.select = True
        bpy.ops.sequencer.split(frame=4, type="SOFT", side="BOTH")
    assert len(gouache.strips) == 2
    assert gouache.module("command").main(["bake"]) == 0


@needs_modifiers
def test_equal_strips_that_share_a_group(gouache):
    """A duplicate right above its original shows the same."""
    one, two = gouache.clip(), gouache.clip(channel=2)
    two.modifiers.new("Style Transfer", "COMPOSITOR").node_group = add_modifier(gouache, one).node_group
    assert bpy.ops.gouache.bake_modifier(strip=two.name) == {"FINISHED"}
    assert [line(gouache, strip) for strip in (one, two)] == ["Baked: 6 frames"] * 2
