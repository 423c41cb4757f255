"""Settings on strips: made from the engine's options, checked, keyframed, copied, and turned into job.json."""

import bpy
import pytest
from graph import Graph
from stage import NEW


def options_module(gouache, name="options"):
    import importlib
    return importlib.import_module(f"bl_ext.user_default.gouache.core.{name}")


def test_every_option_is_a_property_with_its_default_and_range(gouache):
    options = options_module(gouache)
    group = gouache.clip().gouache
    seen = 0
    for name, info, default in options.describe(options.StyleOptions):
        value, rna = getattr(group, name), group.bl_rna.properties[name]
        assert value == default or abs(value - default) < 1e-6, name
        assert rna.name == info.label and rna.is_animatable == info.animatable, name
        if info.kind in ("int", "float"):
            assert rna.hard_max == info.maximum, name
        if info.kind == "choice":
            assert [item.identifier for item in rna.enum_items] == list(info.choices), name
            assert {item.identifier: item.description for item in rna.enum_items if item.description} == info.meanings
        seen += 1
    assert seen > 10 and group.bl_rna.properties["strength"].is_animatable


def test_values_are_kept_in_range(gouache):
    group = gouache.clip().gouache
    group.strength, group.iterations = 7.0, -3
    assert (group.strength, group.iterations) == (1.0, 1)


def test_the_job_has_the_settings(gouache):
    strip = gouache.clip()
    strip.gouache.strength, strip.gouache.size, strip.gouache.hold = 0.7, 64, 2
    strip.gouache.styles.add().path = "//second.png"
    strip.gouache.styles[1].weight = 0.3
    (gouache.folder / "second.png").write_bytes(gouache.style.read_bytes())
    gouache.preferences.device, gouache.preferences.threads = "cpu", 2
    gouache.paint(strip)
    job, = gouache.jobs()
    assert (job["options"]["strength"], job["options"]["size"], job["options"]["hold"]) == (0.7, 64, 2)
    assert job["options"]["styles"] == [{"path": str(gouache.style), "weight": 1.0},
                                        {"path": str(gouache.folder / "second.png"), "weight": 0.3}]
    assert job["engine"] == {"device": "cpu", "precision": "auto", "tile": 0, "threads": 2}
    assert (job["input"], job["output"]) == ("source", "result")
    assert options_module(gouache, "job").Job.from_json(job, gouache.bake_folder(strip))


def test_the_job_says_how_movement_is_found(gouache):
    strip = gouache.clip()
    fingerprint = gouache.module("settings").fingerprint
    before = fingerprint(strip.gouache, {})
    assert "flow" not in before  # paintings made before there was a choice stay up to date
    gouache.paint(strip)
    first = gouache.bake_folder(strip)
    gouache.preferences.raft_weights = "//raft.safetensors"
    gouache.paint(strip)
    assert gouache.jobs()[-1]["motion"] == {"flow": "", "flow_method": "dis", "raft_weights": ""}
    strip.gouache.flow_method = "raft"
    assert fingerprint(strip.gouache, {}) != before
    with pytest.raises(RuntimeError, match=r"file of RAFT's weights 'raft\.safetensors' is not there"):
        gouache.paint(strip)
    (gouache.folder / "raft.safetensors").write_bytes(b"weights")
    (gouache.folder / "vectors").mkdir()
    strip.gouache.flow = "//vectors"
    gouache.paint(strip)
    assert gouache.jobs()[-1]["motion"] == {
        "flow": str(gouache.folder / "vectors"), "flow_method": "raft",
        "raft_weights": str(gouache.folder / "raft.safetensors")}
    assert gouache.bake_folder(strip) != first
    gouache.scene.sequence_editor.active_strip = strip
    bpy.ops.gouache.preview_frame()  # a frame alone moves nowhere
    assert gouache.jobs()[-1]["motion"]["flow_method"] == "dis"


def test_no_style(gouache):
    strip = gouache.clip()
    strip.gouache.styles.clear()
    with pytest.raises(RuntimeError, match=r"No style picture is set\. Add one"):
        gouache.paint(strip)
    strip.gouache.styles.add()  # a line of the list without a picture
    with pytest.raises(RuntimeError, match="No style picture is set"):
        gouache.paint(strip)


@pytest.mark.parametrize("what", ["style picture", "mask"])
def test_missing_pictures(gouache, what):
    strip = gouache.clip()
    if what == "mask":
        strip.gouache.mask = "//not there.png"
    else:
        strip.gouache.styles[0].path = "//not there.png"
    with pytest.raises(RuntimeError, match=rf"The {what} 'not there.png' is not there\. Choose"):
        gouache.paint(strip)


@pytest.mark.parametrize("pattern", ["m_####.png", "m_%04d.png", "m_*.png"])
def test_mask_by_a_pattern(gouache, pattern):
    """As the engine takes it: a mask for each frame; one that no file has is not there."""
    strip = gouache.clip()
    strip.gouache.mask = f"//masks/{pattern}"
    with pytest.raises(RuntimeError, match=r"The mask 'm_.*png' is not there\. Choose"):
        gouache.paint(strip)
    (gouache.folder / "masks").mkdir()
    for number in range(1, 7):
        (gouache.folder / "masks" / f"m_{number:04d}.png").write_bytes(gouache.style.read_bytes())
    gouache.paint(strip)
    assert gouache.jobs()[0]["options"]["mask"] == str(gouache.folder / "masks" / pattern)


def test_wrong_layers(gouache):
    strip = gouache.clip()
    strip.gouache.style_layers = "conv9_9=1"
    with pytest.raises(RuntimeError, match="Option 'style_layers' cannot be"):
        gouache.paint(strip)


def key(gouache, strip, values):
    """Set keyframes of a strip's strength."""
    for frame, value in values.items():
        strip.gouache.strength = value
        gouache.module("animation").set_key(gouache.scene, strip, "strength", frame)


def test_keyframed_strength(gouache):
    strip = gouache.clip(name='Clip "A"')
    path = strip.path_from_id() + ".gouache.strength"
    for frame, value in ((1, 0.0), (5, 1.0)):
        strip.gouache.strength = value
        assert gouache.scene.keyframe_insert(path, frame=frame)
    for curve in gouache.module("compat").fcurves(gouache.scene):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
    gouache.paint(strip)
    job, = gouache.jobs()
    assert job["animation"]["strength"] == {"1": 0, "2": 0.25, "3": 0.5, "4": 0.75, "5": 1, "6": 1}
    assert options_module(gouache, "job").Job.from_json(job).at(3, "strength") == 0.5
    folder, line = gouache.bake_folder(strip), gouache.module("sequencer.state").painting_line
    gouache.scene.frame_set(3)  # the playhead changes the property, but not the painting
    assert round(strip.gouache.strength, 3) == 0.5
    assert line(gouache.scene, strip)[0] == "Painted"
    gouache.paint(strip)
    assert gouache.bake_folder(strip) == folder
    gouache.scene.keyframe_insert(path, frame=2)
    assert line(gouache.scene, strip)[0] == "Settings changed since painting"


def test_keys_beside_those_of_the_compositor(gouache):
    """Blender puts the keys of a scene and of its compositor into one action, whichever was keyed first."""
    exposure = Graph(gouache).tree.nodes.new("CompositorNodeExposure")
    exposure.inputs["Exposure"].keyframe_insert("default_value", frame=1)
    strip = gouache.clip()
    key(gouache, strip, {1: 0.25, 6: 0.75})
    values = gouache.order(strip).job.animation["strength"]
    assert (values[1], values[6]) == (0.25, 0.75)


def test_keyframes_in_a_stretched_scene(gouache):
    """Time Stretching in the Output properties: at frame 6 Blender is where it is at frame 3 without it."""
    strip = gouache.clip()
    for frame, value in ((1, 0.0), (5, 1.0)):
        strip.gouache.strength = value
        gouache.module("animation").set_key(gouache.scene, strip, "strength", frame)
    curve = gouache.module("animation").curve_of(gouache.scene, strip, "strength")
    for key in curve.keyframe_points:
        key.interpolation = "LINEAR"
    gouache.scene.render.frame_map_old, gouache.scene.render.frame_map_new = 100, 200
    gouache.paint(strip)
    told = gouache.jobs()[0]["animation"]["strength"]
    for frame in range(1, 7):
        gouache.scene.frame_set(frame)
        assert told[str(frame)] == pytest.approx(strip.gouache.strength, abs=1e-6)
    assert told["6"] == 0.5


def test_no_keyframes_no_animation(gouache):
    strip = gouache.clip()
    strip.keyframe_insert("blend_alpha", frame=1)
    gouache.paint(strip)
    assert gouache.jobs()[0]["animation"] == {}


def test_keyframe_button(gouache):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    animation = gouache.module("animation")
    gouache.scene.frame_set(4)
    assert bpy.ops.gouache.keyframe(name="strength") == {"FINISHED"}
    assert animation.has_key(animation.curve_of(gouache.scene, strip, "strength"), 4)
    assert bpy.ops.gouache.keyframe(name="strength") == {"FINISHED"}
    curve = animation.curve_of(gouache.scene, strip, "strength")
    assert curve is None or not animation.has_key(curve, 4)


def test_style_list(gouache):
    strip = gouache.clip()
    strip.gouache.styles.clear()
    gouache.scene.sequence_editor.active_strip = strip
    bpy.ops.gouache.style_add(path="a.png")
    bpy.ops.gouache.style_add(path="b.png")
    bpy.ops.gouache.style_add(path="c.png")
    strip.gouache.active_style = 1
    bpy.ops.gouache.style_remove()
    assert [style.path for style in strip.gouache.styles] == ["a.png", "c.png"] and strip.gouache.active_style == 1
    bpy.ops.gouache.style_remove()
    bpy.ops.gouache.style_remove()
    bpy.ops.gouache.style_remove()  # of an empty list
    assert len(strip.gouache.styles) == 0
    bpy.ops.gouache.style_add()
    assert strip.gouache.styles[0].path == gouache.module("bundled").first_bundled()
    bpy.ops.gouache.style_bundled(path="d.png")
    assert [style.path for style in strip.gouache.styles] == ["d.png"]


def test_copy_settings(gouache):
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=2)
    gouache.scene.sequence_editor.active_strip = strip
    strip.select = other.select = True
    strip.gouache.strength, strip.gouache.keep_color = 0.125, "histogram"
    strip.gouache.styles.add().path = "second.png"
    other.gouache.painted_as = "kept"
    bpy.ops.gouache.copy_settings()
    assert (other.gouache.strength, other.gouache.keep_color) == (0.125, "histogram")
    assert [style.path for style in other.gouache.styles] == [str(gouache.style), "second.png"]
    assert other.gouache.painted_as == "kept"


def test_copy_settings_with_keyframes(gouache):
    """They replace those that are there, and a setting without any takes them away."""
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=2)
    gouache.scene.sequence_editor.active_strip = strip
    strip.select = other.select = True
    key(gouache, strip, {1: 0.1, 5: 0.9})
    keys_of = gouache.module("animation").keys_of
    for _ in range(2):
        bpy.ops.gouache.copy_settings()
        assert keys_of(gouache.scene, other) == keys_of(gouache.scene, strip) != {}
    values = gouache.module("animation").animated_values
    assert values(gouache.scene, gouache.scene, other, 1, 6) == values(gouache.scene, gouache.scene, strip, 1, 6)
    for frame in (1, 5):
        gouache.module("animation").remove_key(gouache.scene, strip, "strength", frame)
    bpy.ops.gouache.copy_settings()
    assert keys_of(gouache.scene, other) == {}


CURVE_MODIFIERS = {"CYCLES": {"mode_after": "MIRROR", "cycles_after": 3},
                   "GENERATOR": {"mode": "POLYNOMIAL_FACTORISED", "poly_order": 2, "coefficients": (1, 0.5, -1, 0.25),
                                 "use_additive": True},
                   "FNGENERATOR": {"function_type": "COS", "amplitude": 0.2, "use_additive": True},
                   "ENVELOPE": {"reference_value": 0.1, "default_max": 0.8},
                   "NOISE": {"strength": 0.3, "scale": 2.5, "use_restricted_range": True, "frame_start": 2,
                             "frame_end": 9, "blend_in": 3},
                   "LIMITS": {"use_min_y": True, "use_max_y": True, "min_y": 0.2, "max_y": 0.7},
                   "STEPPED": {"frame_step": 3, "mute": True}}


def add_modifier(curve, kind):
    """Add a modifier to an F-curve, set otherwise than it comes."""
    modifier = curve.modifiers.new(kind)
    for _ in range(2):  # a start cannot pass the end that is there
        for name, value in CURVE_MODIFIERS[kind].items():
            setattr(modifier, name, value)
    if kind == "ENVELOPE":
        for frame in (2, 6):
            modifier.control_points.add(frame)
        modifier.control_points.foreach_set("max", (0.3, 0.6))  # Blender may crash where one point's is set


def test_copy_settings_with_modifiers_of_keyframes(gouache):
    """They take the place of those that are there; a copy runs as its original, also where no key is."""
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=2)
    gouache.scene.sequence_editor.active_strip = strip
    strip.select = other.select = True
    key(gouache, strip, {1: 0.1, 5: 0.9})
    animation, seen = gouache.module("animation"), set()
    curve = animation.curve_of(gouache.scene, strip, "strength")
    curve.keyframe_points[0].interpolation, curve.keyframe_points[0].back = "BACK", 3.0
    for kinds in ([], *([kind] for kind in CURVE_MODIFIERS), list(CURVE_MODIFIERS)):
        for old in list(curve.modifiers):
            curve.modifiers.remove(old)
        for kind in kinds:
            add_modifier(curve, kind)
        bpy.ops.gouache.copy_settings()
        made = animation.curve_of(gouache.scene, other, "strength")
        runs, copied = ([one.evaluate(number / 4) for number in range(80)] for one in (curve, made))
        assert copied == runs, kinds
        assert [(one.type, one.mute) for one in made.modifiers] == [(one.type, one.mute) for one in curve.modifiers]
        assert animation.keys_of(gouache.scene, other) == animation.keys_of(gouache.scene, strip)
        seen.add(tuple(runs))
    assert len(seen) == len(CURVE_MODIFIERS) + 1  # each changes something, but for the muted one


def test_copy_settings_with_muted_keyframes(gouache):
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=2)
    gouache.scene.sequence_editor.active_strip = strip
    strip.select = other.select = True
    key(gouache, strip, {1: 0.1, 5: 0.9})
    curve_of = gouache.module("animation").curve_of
    curve_of(gouache.scene, strip, "strength").mute = True
    bpy.ops.gouache.copy_settings()
    assert curve_of(gouache.scene, other, "strength").mute


@pytest.mark.skipif(not NEW, reason="strip modifiers with nodes came with Blender 5.2")
def test_copy_settings_with_keyframes_to_a_modifier(gouache):
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=2)
    keys_of = gouache.module("animation").keys_of
    gouache.scene.sequence_editor.active_strip = other
    bpy.ops.gouache.add_modifier()
    key(gouache, strip, {1: 0.1, 5: 0.9})
    gouache.scene.sequence_editor.active_strip = strip
    strip.select = other.select = True
    bpy.ops.gouache.copy_settings()
    tree = other.modifiers[0].node_group
    assert keys_of(tree, tree) == keys_of(gouache.scene, strip) != {}
    bpy.ops.gouache.add_modifier()
    tree = strip.modifiers[0].node_group
    assert keys_of(tree, tree) == keys_of(gouache.scene, strip)


def test_a_folder_is_no_style_picture(gouache):
    strip = gouache.clip()
    strip.gouache.styles[0].path = "//footage Clip/"
    with pytest.raises(RuntimeError, match=r"The style picture 'footage Clip' is a folder\. Choose a picture in it"):
        gouache.paint(strip)


def test_folder_follows_the_look(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    first = gouache.bake_folder(strip)
    assert first.name.startswith("Clip-") and len(first.name) == len("Clip-") + 16
    gouache.preferences.threads = 3  # not part of the look
    gouache.paint(strip)
    assert gouache.bake_folder(strip) == first
    strip.gouache.tv = 0.5
    gouache.paint(strip)
    second = gouache.bake_folder(strip)
    strip.gouache.tv = 0.0
    gouache.paint(strip)
    assert second != first == gouache.bake_folder(strip)
    from stage import picture, write_png
    write_png(gouache.style, picture(9))  # the same name, another picture
    gouache.paint(strip)
    assert gouache.bake_folder(strip) not in (first, second)


def test_two_files_beside_each_other_do_not_share_frames(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    first = gouache.bake_folder(strip)
    gouache.save("shot 2.blend")
    gouache.paint(strip)
    assert gouache.bake_folder(strip) != first
