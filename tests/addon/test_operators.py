"""Painting as artists and scripts ask for it: several strips, what is refused, cancel, scripts and exit codes."""

import shutil
from pathlib import Path

import bpy
import pytest
from stage import set_range


def test_several_strips_are_painted_one_after_the_other(gouache, capfd):
    second, first = gouache.clip(name="Second", channel=2, start=3), gouache.clip(name="First")
    results = gouache.paint(second, first)
    assert [result.name for result in results] == ["Second painted", "First painted"]
    jobs = gouache.jobs()
    assert [job["files"]["frames"] for job in jobs] == ["3-8", "1-6"]
    out = capfd.readouterr().out
    assert "Second (1 of 2): Painted frame 3" in out and "First (2 of 2): Painted frame 6" in out


def test_one_strip_that_fails_keeps_the_others_from_nothing(gouache):
    """What is wrong is told at the end, when what could be made is there."""
    gone, second, moved, last = (gouache.clip(name=name, channel=channel) for channel, name in enumerate("ABCD", 1))
    orders = [gouache.module("sequencer.orders").order_strip(gouache.scene, strip)
              for strip in (gone, second, moved, last)]
    for name in ("A", "C"):
        gouache.strips.remove(gouache.strips[name])
    bake = gouache.module("bake").Bake(orders, step_seconds=0.1)
    with pytest.raises(Exception, match=r"2 of 4 could not be made: .*'A'.* .*'C'") as error:
        list(bake)
    assert error.value.hint and bake.painted == ["B painted", "D painted"]


def test_the_selected_strips_are_painted_but_no_paintings(gouache):
    for channel, name in enumerate(("A", "B", "C"), 1):
        gouache.clip(name=name, channel=channel * 3).select = name != "C"
    gouache.sound(channel=2).select = True
    with gouache.sequencer():
        assert bpy.ops.gouache.stylize_strip() == {"FINISHED"}
    painted = {strip["gouache_source"] for strip in gouache.strips if "gouache_source" in strip.keys()}  # noqa: SIM118
    assert painted == {"A", "B"}
    for strip in gouache.strips:
        strip.select = True  # "select all" must not paint the paintings
    gouache.add_style(gouache.strips["C"])
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(gouache.strips) == 4 + 3


def test_strips_hidden_in_a_meta_are_left_alone(gouache):
    """Blender leaves what it puts into a meta selected; it is painted only once the meta is open."""
    inner = gouache.clip(name="Inner")
    meta = gouache.meta(inner)
    gouache.add_style(meta)
    inner.select = meta.select = True
    gouache.scene.sequence_editor.active_strip = meta
    meta.gouache.strength = 0.25
    with gouache.sequencer():
        bpy.ops.gouache.copy_settings()
        bpy.ops.gouache.stylize_strip()
    assert inner.gouache.strength != 0.25 and len(meta.strips) == 1 and len(gouache.strips) == 2
    gouache.scene.sequence_editor.display_stack(meta)
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(meta.strips) == 2 and len(gouache.strips) == 2


def test_a_painting_stands_for_its_source(gouache):
    strip = gouache.clip()
    result, = gouache.paint(strip)
    for other in gouache.strips:
        other.select = False
    gouache.scene.sequence_editor.active_strip = result
    strip.gouache.seed = 5
    with gouache.sequencer():
        bpy.ops.gouache.stylize_strip()
    assert len(gouache.strips) == 2 and len(gouache.jobs()) == 2


@pytest.mark.parametrize(("names", "message"), [
    ("Nobody", "There is no strip 'Nobody' in scene 'Scene'"), ("Tone", "'Tone' is a sound strip: it has no picture")])
def test_what_cannot_be_painted_is_told(gouache, names, message):
    gouache.sound(channel=1).gouache.styles.add().path = str(gouache.style)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.gouache.stylize_strip(strips=names)


def test_where_nothing_is_selected_that_is_told(gouache):
    gouache.clip().select = False
    gouache.scene.sequence_editor.active_strip = None
    with pytest.raises(RuntimeError, match=r"No strip is selected\."):
        bpy.ops.gouache.stylize_strip()


def test_all_is_checked_before_anything_is_painted(gouache):
    good, bad = gouache.clip(name="Good"), gouache.clip(name="Bad", channel=2)
    bad.gouache.styles.clear()
    with pytest.raises(RuntimeError, match=r"'Bad': No style picture is set\. Add one under Style in the Gouache"):
        gouache.paint(good, bad)
    gouache.add_style(bad)
    bad.gouache.mask = "//gone.png"
    with pytest.raises(RuntimeError, match=r"'Bad': The mask 'gone\.png' is not there"):
        gouache.paint(good, bad)
    assert gouache.jobs() == []


@pytest.mark.parametrize(("damage", "message"), [
    ("missing", "is not there"), ("empty", "is empty"), ("garbage", "cannot be read"), ("cut", "cannot be read")])
def test_footage_that_cannot_be_read_is_told_by_its_name(gouache, damage, message):
    strip = gouache.clip()
    file = gouache.folder / "footage Clip" / "0003.png"
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes({"empty": b"", "garbage": b"no picture" * 100, "cut": whole[:60]}[damage])
    with pytest.raises(RuntimeError, match=f"'0003.png' of strip 'Clip' {message}"):
        gouache.paint(strip)
    set_range(strip, 4, 7)  # what is not seen need not be there
    gouache.paint(strip)


def test_a_strip_out_of_reach_is_refused(gouache):
    with pytest.raises(RuntimeError, match="has no frame that Blender can render"):
        gouache.paint(gouache.clip(start=-20))
    with pytest.raises(RuntimeError, match="goes on after frame 99999"):
        gouache.paint(gouache.clip(start=99997, name="Late"))


def test_cancel_keeps_what_is_painted(gouache):
    strip = gouache.clip()
    bake = gouache.module("bake")
    gouache.set_engine("wait")
    job = bake.Bake([gouache.order(strip)], 0.05)
    with pytest.raises(Exception) as stopped:
        for status in job:
            if status.frame == 1:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled"
    folder = next((gouache.folder / "gouache").glob("Clip-*"))
    assert [file.name for file in (folder / "result").iterdir() if file.is_file()] == ["00001.png"]
    assert len(gouache.strips) == 1 and gouache.module("engine")._kept.alive  # ready for the next job
    line = gouache.module("sequencer.state").painting_line
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    gouache.module("sequencer.orders").note_kept(job.at, job.files.values())
    assert line(gouache.scene, strip)[0] == "1 of 6 frames are painted: Paint Strip goes on"
    strength, strip.gouache.strength = strip.gouache.strength, 0.1
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    strip.gouache.strength = strength
    gouache.save("next version.blend")
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    gouache.save()
    assert line(gouache.scene, strip)[0] == "1 of 6 frames are painted: Paint Strip goes on"
    shutil.rmtree(folder)
    assert line(gouache.scene, strip)[0] == "Not painted yet"
    gouache.set_engine("identity")
    gouache.paint(strip)


def test_cancel_stops_capturing(gouache):
    bake = gouache.module("bake")
    job = bake.Bake([gouache.order(gouache.clip())], capture_seconds=0.0)
    steps = iter(job)
    assert "Capturing frame 1 of 6" in next(steps).text
    job.cancel()
    with pytest.raises(Exception) as stopped:
        list(steps)
    assert type(stopped.value).__name__ == "Cancelled" and gouache.jobs() == [] and len(bpy.data.scenes) == 1


def test_an_engine_that_does_not_hear_cancel_is_ended(gouache, monkeypatch):
    bake, engine = gouache.module("bake"), gouache.module("engine")
    monkeypatch.setattr(engine, "GRACE_SECONDS", 0.3)
    gouache.set_engine("deaf")
    job = bake.Bake([gouache.order(gouache.clip())], 0.05)
    with pytest.raises(Exception) as stopped:
        for status in job:
            if status.frame == 1:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled" and not engine._kept.alive


def test_the_cache_folder_opens_once_there_is_one(gouache, capfd):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    assert not bpy.ops.gouache.cancel.poll()
    with pytest.raises(RuntimeError, match="There is no cache yet"):
        bpy.ops.gouache.open_cache()
    gouache.paint(strip)
    bpy.ops.gouache.open_cache()
    assert str(gouache.bake_folder(strip)) in capfd.readouterr().out


def test_copying_to_no_other_strip_says_what_to_select(gouache, capfd):
    strip = gouache.scene.sequence_editor.active_strip = gouache.clip()
    strip.select = True
    assert bpy.ops.gouache.copy_settings() == {"CANCELLED"} and "Select other strips too" in capfd.readouterr().out


def test_settings_survive_switching_off_and_on_again(gouache):
    strip = gouache.clip()
    strip.gouache.strength = 0.3
    for _ in range(2):
        gouache.disable()
        assert not hasattr(bpy.types.Strip, "gouache") and not hasattr(bpy.types, "GOUACHE_PT_strip")
        assert "stylize_strip" not in dir(bpy.ops.gouache)
        gouache.enable()
    assert round(strip.gouache.strength, 6) == 0.3
    gouache.set_engine("identity")
    assert gouache.paint(strip)[0] is not None


@pytest.mark.parametrize("mode", ["identity", "crash"])
def test_a_script_tells_by_its_exit_code(gouache, mode):
    """A few lines, in a Blender of its own, on the saved file."""
    gouache.clip()
    gouache.save()
    blender = gouache.script("bpy.ops.gouache.stylize_strip(strips='Clip')\nbpy.ops.wm.save_mainfile()", mode)
    out, err = blender.communicate(timeout=60)
    if mode == "crash":
        assert blender.returncode == 1 and "RuntimeError: Error: The engine stopped with code 3" in err
        return
    assert blender.returncode == 0, err
    assert out.count("gouache: ") > 6
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    result = bpy.context.scene.sequence_editor.strips_all["Clip painted"]
    assert Path(bpy.path.abspath(result.directory), result.elements[0].filename).is_file()
