"""The strip's second effect: settings and modes, materials, the bake, the panels; and on to planes."""

import importlib
import os
from pathlib import Path

import bpy
import pytest
from panel_spy import draw
from stage import picture, read_picture, write_png

ENGINE = os.environ.get("GOUACHE_TEST_ENGINE_PYTHON")


def core(name):
    return importlib.import_module(f"bl_ext.user_default.gouache.core.{name}")


def collage(gouache, **options):
    strip = gouache.clip(**options)
    strip.gouache.effect = "collage"
    gouache.scene.sequence_editor.active_strip = strip
    return strip


def test_options_and_modes(gouache):
    """Every option is a property; a mode sets all that modes differ in, as the command line does, and nothing else."""
    options = core("options")
    group = gouache.clip().gouache.collage
    for name, info, default in options.describe(options.CollageOptions):
        value, rna = getattr(group, name), group.bl_rna.properties[name]
        assert value == default or abs(value - default) < 1e-6, name
        assert (rna.name, rna.is_animatable) == (info.label, False), name
        assert (rna.subtype == "PIXEL") == (info.unit == "px"), name
    own = {"size": 640, "hold": 2, "seed": 9, "mask": "//mask.png", "export_layers": True, "match_color": 0.25}
    for name, value in own.items():
        setattr(group, name, value)
    for mode in (*options.COLLAGE_MODES, "torn"):
        group.mode = mode
        expected = options.CollageOptions.for_mode(mode)
        for name, _, _ in options.describe(options.CollageOptions):
            value = own.get(name, getattr(expected, name))
            assert getattr(group, name) == (pytest.approx(value) if isinstance(value, float) else value), (mode, name)


def test_choosing_the_same_mode_again_keeps_its_settings(gouache):
    """Also the first one, which was never chosen, and in a file that is opened again."""
    group = gouache.clip().gouache.collage
    for mode in ("torn", "cutouts"):
        group.mode, group.pieces = mode, 33
        group.mode = mode
        assert (group.mode, group.pieces) == (mode, 33)
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    group = bpy.context.scene.sequence_editor.strips_all["Clip"].gouache.collage
    group.mode = "cutouts"
    assert (group.mode, group.pieces) == ("cutouts", 33)
    group.mode = "mosaic"
    assert (group.mode, group.pieces) == ("mosaic", 1400)


def test_a_strip_becomes_a_collage(gouache, capfd):
    """From the operator to job.json, the strip above and the state of things; style and collage do not mix."""
    strip = gouache.clip()
    write_png(gouache.folder / "papers" / "red.png", picture(3))
    group = strip.gouache
    group.collage.materials.add().path = "//papers/"
    group.collage.materials.add().path = ""  # a line of the list without a material
    group.collage.mode, group.collage.pieces, group.collage.hold = "cutouts", 33, 2
    before = gouache.module("settings").fingerprint(group, {})
    assert bpy.ops.gouache.collage_strip(strips="Clip") == {"FINISHED"} and group.effect == "collage"
    job, = gouache.jobs()
    assert (job["effect"], job["files"]["frames"], job["animation"]) == ("collage", "1-6", {})
    wanted = {"mode": "cutouts", "pieces": 33, "hold": 2, "colors": 9, "materials": [str(gouache.folder / "papers")]}
    assert {name: job["options"][name] for name in wanted} == wanted
    assert core("job").Job.from_json(job, gouache.bake_folder(strip))
    result = gouache.module("results").find_result(gouache.scene, strip)
    assert result.name == "Clip collage" and len(gouache.strips) == 2
    out = capfd.readouterr().out
    assert "Cutting the pieces of the first frame" in out and "Laid frame 3 (3 of 6), " in out and "Paint" not in out
    folder, line = gouache.bake_folder(strip), gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip) == ("Collage made", "CHECKMARK")
    group.collage.export_layers = True  # changes no pixel
    group.collage.regularity = 0.9  # is not read for cut-outs
    assert line(gouache.scene, strip)[0] == "Collage made"
    group.collage.grain = 0.9
    assert line(gouache.scene, strip)[0] == "Settings changed since it was made"
    gouache.paint(strip)  # the other operator bakes what the strip is set to
    assert gouache.jobs()[1]["effect"] == "collage" and gouache.bake_folder(strip) != folder
    group.effect = "style"
    assert gouache.module("settings").fingerprint(group, {}) == before
    assert line(gouache.scene, strip)[0] == "Shows a collage: Paint Strip replaces it"
    gouache.paint(strip)
    assert gouache.jobs()[2]["effect"] == "style" and len(gouache.strips) == 2 and result.name == "Clip painted"
    group.effect, strip.name = "collage", "Shot"
    gouache.scene.sequence_editor.active_strip = strip
    drawn = draw(gouache)
    for text in ("Shows a painting: Make Collage replaces it", "Its frames are kept",
                 "Makes the collage, with its layers"):
        assert ("label", text) in drawn
    gouache.paint(strip)
    assert result.name == "Shot collage"
    result.name, group.effect = "An artist's", "style"
    gouache.paint(strip)
    assert result.name == "An artist's"


def test_a_collage_that_another_version_made_is_left_to_the_engine(gouache):
    strip = gouache.clip()
    for _ in range(2):
        bpy.ops.gouache.collage_strip(strips="Clip")
    assert len(gouache.jobs()) == 1
    record = gouache.bake_folder(strip) / "result" / "records" / "4.json"
    record.write_text(record.read_text().replace(core("manifest").COLLAGE, "collage 4"))
    bpy.ops.gouache.collage_strip(strips="Clip")
    assert len(gouache.jobs()) == 2


def test_several_strips_and_copies(gouache):
    first, second = collage(gouache), gouache.clip(name="Second", channel=3)
    first.gouache.collage.mode, first.gouache.collage.roughness = "mosaic", 3.5
    first.gouache.collage.materials.add().path = str(gouache.style)
    first.select = second.select = True
    with gouache.sequencer():
        bpy.ops.gouache.copy_settings()
        copied = second.gouache.collage
        assert (second.gouache.effect, copied.mode, copied.roughness) == ("collage", "mosaic", 3.5)
        assert copied.pieces == 1400 and [m.path for m in copied.materials] == [str(gouache.style)]
        second.gouache.effect = "style"  # a batch may mix effects
        bpy.ops.gouache.stylize_strip()
    assert sorted(job["effect"] for job in gouache.jobs()) == ["collage", "style"]
    assert {s.name for s in gouache.strips} == {"Clip", "Second", "Clip collage", "Second painted"}


def test_missing_files(gouache):
    strip = collage(gouache)
    group = strip.gouache.collage
    for name, what in (("mask", "object mask"), ("depth", "depth")):
        setattr(group, name, "//not there.png")
        with pytest.raises(RuntimeError, match=rf"The {what} 'not there.png' is not there\. Choose"):
            gouache.paint(strip)
        setattr(group, name, "")
    group.materials.add().path = "//not there.png"
    with pytest.raises(RuntimeError, match=r"The material 'not there.png' is not there\. Choose"):
        gouache.paint(strip)
    group.mode = "joiner"  # has no list to choose it again in, and is cut from the clip
    gouache.paint(strip)
    assert gouache.jobs()[-1]["options"]["materials"] == []
    group.materials.clear()
    assert gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0] == "Collage made"


def test_objects_and_depth_by_a_pattern(gouache):
    strip = collage(gouache)
    for name in ("mask", "depth"):
        write_png(gouache.folder / name / "p0001.png", picture(1))
        setattr(strip.gouache.collage, name, f"//{name}/p####.png")
    gouache.paint(strip)
    options = gouache.jobs()[0]["options"]
    assert [Path(options[name]).name for name in ("mask", "depth")] == ["p####.png"] * 2


def test_materials_of_the_timeline(gouache):
    """Other strips and a strip's own paintings are offered; layered styles say what they need."""
    strip, other = collage(gouache), gouache.clip(name="Other", channel=4)
    group, materials = strip.gouache.collage, gouache.module("sequencer.materials")
    group.mode = "layers"
    with pytest.raises(RuntimeError, match=r"Layered Styles need painted versions of this clip\. Paint it"):
        gouache.paint(strip)
    with pytest.raises(RuntimeError, match=r"This strip has no painting\. Set the effect to Style Transfer"):
        bpy.ops.gouache.material_paintings()
    assert materials.paintings(strip) == []
    strip.gouache.effect = "style"
    gouache.paint(strip)
    painted = gouache.bake_folder(strip)
    strip.gouache.effect = "collage"
    assert [name for name, _ in materials.paintings(strip)] == ["style picture"]
    bpy.ops.gouache.material_paintings()
    bpy.ops.gouache.material_paintings()  # not twice
    assert [Path(bpy.path.abspath(m.path)) for m in group.materials] == [painted / "result"]
    gouache.paint(strip)
    assert gouache.jobs()[-1]["options"]["materials"] == [str(painted / "result")]
    gouache.paint(other)
    offered = dict(materials.offered(gouache.scene, strip))
    assert set(offered) == {"Other", "Other painted"}
    bpy.ops.gouache.material_add(path=offered["Other"])
    assert group.active_material == 1 and Path(group.materials[1].path) == gouache.folder / "footage Other"
    bpy.ops.gouache.material_remove()
    assert len(group.materials) == 1 and group.active_material == 0
    (painted / "result" / "00003.png").unlink()
    assert materials.paintings(strip) == []  # no longer whole
    with pytest.raises(RuntimeError, match=r"no painting of all its frames where it stands now: it was moved or"):
        bpy.ops.gouache.material_paintings()


def test_a_preview_is_of_one_frame(gouache):
    strip = collage(gouache)
    strip.gouache.collage.size, strip.gouache.collage.export_layers, strip.gouache.format = 2048, True, "exr"
    gouache.scene.frame_set(4)
    assert bpy.ops.gouache.preview_frame() == {"FINISHED"}
    job, = gouache.jobs()
    assert (job["effect"], job["files"]["frames"], job["files"]["format"]) == ("collage", "4-4", "png")
    assert (job["options"]["size"], job["options"]["export_layers"]) == (640, False)
    assert tuple(bpy.data.images["Gouache Preview"].size) == (64, 36)
    gouache.scene.frame_set(2)
    bpy.ops.gouache.preview_frame()
    folder = gouache.module("preferences").cache_folder() / "preview" / "Clip" / "source"
    assert [file.name for file in folder.iterdir()] == ["00002.png"]  # no other frame to follow pieces from


def test_the_panels_show_what_a_mode_reads(gouache):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    assert ("prop", "strength") in draw(gouache) and ("operator", "Make Collage") not in draw(gouache)
    strip.gouache.effect = "collage"
    strip.gouache.styles.clear()  # which a collage does not need
    drawn = draw(gouache)
    for name, _, _ in core("options").describe(core("options").CollageOptions):
        assert drawn.count(("prop", name)) == 1, name
    assert ("operator", "Make Collage") in drawn and ("label", "Not made yet") in drawn
    assert ("prop", "strength") not in drawn and ("enabled", False) not in drawn
    assert ("label", "Uses Gouache's own papers") in drawn
    assert ("label", "Makes the collage, with its layers") in drawn
    strip.gouache.collage.mode = "layers"
    drawn = draw(gouache)
    assert ("label", "Add paintings of this clip under Materials") in drawn and ("enabled", False) in drawn
    assert ("operator", "gouache.material_paintings") in drawn
    strip.gouache.collage.mode = "joiner"
    drawn = draw(gouache)
    assert any("photographs of the clip itself" in str(text) for _, text in drawn)
    assert ("prop", "roughness") in drawn and ("prop", "reuse") not in drawn  # no material is chosen


def test_planes_of_a_strip(gouache):
    """Layers that are missing are made first; the planes are found again by their strip whatever its settings."""
    strip = collage(gouache, start=11)
    gouache.paint(strip)
    assert not gouache.jobs()[0]["options"]["export_layers"]
    assert bpy.ops.gouache.collage_to_planes() == {"FINISHED"}
    assert strip.gouache.collage.export_layers and len(gouache.jobs()) == 2
    scene = bpy.data.scenes["Clip Planes"]
    assert (scene.frame_start, scene.frame_end, len(bpy.data.scenes)) == (11, 16, 2)
    assert ("operator", "Open") in draw(gouache) and not any(
        "with its layers" in str(text) for _, text in draw(gouache))
    assert ("label", "Of the collage as it was made") not in draw(gouache)
    strip.gouache.collage.seed = 2
    assert ("label", "Of the collage as it was made") in draw(gouache)
    gouache.paint(strip)
    bpy.ops.gouache.collage_to_planes(strip="Clip", look="LIT")
    assert len(gouache.jobs()) == 3 and len(bpy.data.scenes) == 2
    assert len([thing for thing in scene.objects if thing.name.startswith("Piece")]) == 1
    gouache.set_engine("crash")
    strip.gouache.collage.export_layers = False
    strip.gouache.collage.seed = 3
    with pytest.raises(RuntimeError, match="The engine stopped"):
        gouache.paint(strip)


def after_the_bake(gouache, monkeypatch, change):
    """Have something happen when a collage's layers were made, and before its planes are."""
    bake = gouache.module("bake")
    run = bake.run_to_end

    def run_and_change(job):
        seconds = run(job)
        change()
        return seconds
    monkeypatch.setattr(bake, "run_to_end", run_and_change)


def test_planes_of_a_strip_that_was_renamed_while_its_layers_were_made(gouache, monkeypatch):
    strip = collage(gouache)
    after_the_bake(gouache, monkeypatch, lambda: setattr(strip, "name", "Renamed"))
    assert bpy.ops.gouache.collage_to_planes(strip="Clip") == {"FINISHED"}
    assert len(gouache.jobs()) == 1 and "Renamed Planes" in bpy.data.scenes


@pytest.mark.parametrize(("change", "said"), [
    (lambda file: file.write_text("{", encoding="utf-8"), r"'pieces\.json' is damaged"),
    (lambda file: file.unlink(), "The collage of 'Clip' has no layers")])
def test_planes_that_cannot_be_made(gouache, monkeypatch, change, said):
    strip = collage(gouache)
    layers_of = gouache.module("sequencer.to_planes").layers_of
    after_the_bake(gouache, monkeypatch, lambda: change(layers_of(gouache.scene, strip)))
    with pytest.raises(RuntimeError, match=rf"The collage is made, but not its planes\. {said}"):
        bpy.ops.gouache.collage_to_planes()


def test_planes_are_as_fast_as_the_strips_scene(gouache):
    collage(gouache, name="Renamed")
    gouache.scene.render.fps, gouache.scene.render.fps_base = 30, 1.001
    with bpy.context.temp_override(scene=bpy.data.scenes.new("Shown")):
        bpy.ops.gouache.collage_to_planes(scene=gouache.scene.name, strip="Renamed")
    scene = next(scene for scene in bpy.data.scenes if "gouache_planes" in scene)
    assert (scene.render.fps, round(scene.render.fps_base, 3)) == (30, 1.001)


def test_planes_of_a_renamed_strip(gouache):
    """They are found by the strip's identity; those of an earlier version were built under its name."""
    strip = collage(gouache)
    assert bpy.ops.gouache.collage_to_planes() == {"FINISHED"}
    scene = bpy.data.scenes["Clip Planes"]
    strip.name, gouache.scene.name = "Opening", "Film"
    assert ("operator", "Open") in draw(gouache)
    bpy.ops.gouache.collage_to_planes()
    assert len(bpy.data.scenes) == 2 and len(scene.collection.children) == 1
    scene["gouache_planes"] = scene.collection.children[0]["gouache_planes"] = "Film/Opening"
    assert ("operator", "Open") in draw(gouache)
    bpy.ops.gouache.collage_to_planes()
    strip.name = "First"
    assert ("operator", "Open") in draw(gouache)
    bpy.ops.gouache.collage_to_planes()
    assert len(bpy.data.scenes) == 2 and len(scene.collection.children) == 1
    other = collage(gouache, channel=6, name="Opening")
    assert ("operator", "Open") not in draw(gouache) and other.name == "Opening"
    copy = gouache.clip(channel=8, name="Zebra")  # as Blender duplicates it: with the identity
    copy.gouache.effect, copy.gouache.identity = "collage", strip.gouache.identity
    gouache.scene.sequence_editor.active_strip = copy
    assert ("operator", "Open") not in draw(gouache)
    bpy.ops.gouache.collage_to_planes()
    assert len(bpy.data.scenes) == 3


@pytest.mark.skipif(not ENGINE, reason="GOUACHE_TEST_ENGINE_PYTHON names no engine")
def test_real_engine(gouache):
    """A collage of the bundled papers by the real engine, killed by nobody, and its planes."""
    gouache.preferences.engine_python = ENGINE
    gouache.preferences.device, gouache.preferences.threads = "cpu", 1
    strip = collage(gouache, frames=2)
    strip.gouache.collage.pieces, strip.gouache.collage.levels = 6, 1
    bpy.ops.gouache.collage_to_planes()
    result = gouache.bake_folder(strip) / "result"
    painted = [read_picture(result / f"{n:05d}.png") for n in (1, 2)]
    assert all(frame.shape == (36, 64, 4) for frame in painted)
    assert "Clip Planes" in bpy.data.scenes and len(list((result / "layers" / "pieces").iterdir())) >= 3
