"""Strips that are renamed, copied and cut, and films that are saved under other names: whose painting is whose."""

from pathlib import Path

import bpy
import pytest
from stage import picture, set_range, write_png


def new_file(gouache):
    """Begin an empty film, as File > New does."""
    bpy.ops.wm.read_homefile(use_empty=True)
    gouache.enable()
    gouache.set_engine("identity")
    gouache.scene = bpy.context.scene
    gouache.strips = gouache.scene.sequence_editor_create().strips


def result_of(gouache, strip):
    return gouache.module("results").find_result(gouache.scene, strip)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.glob("*.png")}


def test_strips_of_one_name_in_two_new_films_have_folders_of_their_own(gouache):
    folders = []
    for _ in range(2):
        new_file(gouache)
        strip = gouache.clip()
        gouache.paint(strip)
        folders.append(gouache.bake_folder(strip))
        gouache.save(f"film {len(folders)}.blend")
    assert folders[0] != folders[1]


def test_painting_again_after_undo_finds_the_same_frames(gouache):
    new_file(gouache)
    strip = gouache.clip()
    orders = gouache.module("sequencer.orders")
    first = orders.order_strip(gouache.scene, strip).folder
    strip.gouache.identity = strip.gouache.identity_of = ""  # as undo leaves it
    assert orders.order_strip(gouache.scene, strip).folder == first


def test_the_next_version_of_a_film_goes_on_from_this_one(gouache):
    """What is painted is shown as finished there, and only what changes is painted; this version stays as it is."""
    strip = gouache.clip()
    gouache.paint(strip)
    first = gouache.bake_folder(strip)
    before = contents(first / "result")
    gouache.save("shot_v002.blend")
    gouache.scene.gouache.bake_on_render = True
    gouache.preferences.engine_python = "/not/there"
    gouache.render(2, 3)
    gouache.set_engine("resume")
    file = gouache.folder / "footage Clip" / "0004.png"
    file.write_bytes((file.parent / "0001.png").read_bytes())
    strip.invalidate_cache("RAW")
    gouache.paint(strip)
    second = gouache.bake_folder(strip)
    assert second != first and contents(first / "result") == before
    after = contents(second / "result")
    assert [name for name in before if after[name] != before[name]] == ["00004.png"]


def test_a_renamed_strip_keeps_its_folder(gouache):
    strip = gouache.clip()
    gouache.paint(strip)
    folder = gouache.bake_folder(strip)
    strip.name = "Opening"
    gouache.scene.name = "Film"
    gouache.paint(strip)
    assert gouache.bake_folder(strip) == folder and len(gouache.strips) == 2


def test_another_strip_that_takes_the_name_gets_a_painting_of_its_own(gouache):
    strip = gouache.clip()
    painted, = gouache.paint(strip)
    strip.name = "Old Clip"
    other = gouache.clip(channel=5, start=20)
    own, = gouache.paint(other)
    assert own != painted and result_of(gouache, strip) == painted and result_of(gouache, other) == own
    assert gouache.bake_folder(strip) != gouache.bake_folder(other)


def test_a_strip_that_is_renamed_while_it_is_painted(gouache):
    strip = gouache.clip()
    order = gouache.order(strip)
    working = iter(gouache.module("bake").Bake([order], step_seconds=0.1))
    next(working)
    strip.name = "Renamed"
    for _ in working:
        continue
    assert result_of(gouache, strip) is not None


@pytest.mark.parametrize("moment", ["Capturing", "Painted"])
def test_a_scene_that_is_renamed_while_a_strip_is_painted(gouache, moment):
    """Also where another scene takes the name."""
    strip = gouache.clip()
    for status in gouache.module("bake").Bake([gouache.order(strip)], step_seconds=0.1):
        if status.text.startswith(moment) and gouache.scene.name == "Scene":
            gouache.scene.name = "Opening"
            assert bpy.data.scenes.new("Scene").name == "Scene"
    assert result_of(gouache, strip) is not None


def test_both_halves_of_a_strip_that_was_cut_with_its_painting(gouache):
    strip = gouache.clip(8)
    painting, = gouache.paint(strip)
    for half in (strip, painting):
        half.select = True
    with gouache.sequencer():
        bpy.ops.sequencer.split(frame=5, type="SOFT", side="RIGHT", use_cursor_position=False, ignore_selection=False)
    right = next(s for s in gouache.strips if s.type == "IMAGE" and s.name.startswith("Clip")
                 and "painted" not in s.name and s != strip)
    there = {source.name: result_of(gouache, source) for source in (strip, right)}
    assert {gouache.bounds(found) for found in there.values()} == {(1, 5), (5, 9)}
    right.gouache.strength = 0.9
    again, = gouache.paint(right)
    assert again == there[right.name] and len(gouache.strips) == 4
    assert result_of(gouache, strip) == there["Clip"]


def test_a_half_that_moves_to_the_other_ones_frames_leaves_its_pictures_alone(gouache):
    """Both show pictures of one folder, by numbers that the other half has now."""
    strip = gouache.clip(8)
    painting, = gouache.paint(strip)
    with gouache.sequencer():
        for half in gouache.strips:
            half.select = True
        bpy.ops.sequencer.split(frame=5, type="SOFT", side="RIGHT", use_cursor_position=False, ignore_selection=False)
        left, right = (strip, painting), [half for half in gouache.strips if half not in (strip, painting)]
        for by, halves in ((10, right), (4, left)):
            for half in gouache.strips:
                half.select = half in halves
            bpy.ops.transform.seq_slide(value=(by, 0))
    other, = (half for half in right if half.get("gouache_source"))
    assert gouache.bounds(painting) == (5, 9) and gouache.bounds(other) == (15, 19)
    shown = Path(bpy.path.abspath(other.directory))
    before = contents(shown)
    write_png(gouache.folder / "footage Clip" / "0002.png", picture(9))
    assert gouache.paint(strip) == [painting] and contents(shown) == before
    assert gouache.bake_folder(strip) != shown.parent


def test_a_copy_beside_its_original(gouache):
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    with gouache.sequencer():
        for other in gouache.strips:
            other.select = other == strip
        bpy.ops.sequencer.duplicate()
    copy = next(s for s in gouache.strips if s not in (strip, painting))
    assert result_of(gouache, copy) is None and result_of(gouache, strip) == painting
    copy.channel = 6
    set_range(copy, 2, 5)
    own, = gouache.paint(copy)
    assert own != painting and result_of(gouache, strip) == painting
    assert gouache.bake_folder(copy) != gouache.bake_folder(strip)
    assert gouache.module("results").source_of(gouache.scene, own) == copy
    assert Path(gouache.bake_folder(strip) / "result" / "00006.png").is_file()


def test_copies_that_had_one_name_after_the_other(gouache):
    """A copy is painted and renamed, and the next copy gets its old name."""
    strip = gouache.clip()
    gouache.paint(strip)
    copies = []
    for name in ("A", "Z"):
        with gouache.sequencer():
            for other in gouache.strips:
                other.select = other == strip
            bpy.ops.sequencer.duplicate()
        copy = next(s for s in gouache.strips if s.select)
        copy.channel = 10 + len(copies)
        copies.append((copy, gouache.paint(copy)[0]))
        copy.name = name
    paintings = [result_of(gouache, strip), *(painting for _, painting in copies)]
    assert len({painting.name for painting in paintings}) == 3
    assert [result_of(gouache, copy) for copy, _ in copies] == paintings[1:]
    assert len({gouache.bake_folder(source) for source in (strip, *(copy for copy, _ in copies))}) == 3


def test_a_copied_meta_keeps_the_painting_inside(gouache):
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    meta = gouache.meta(strip, painting)
    with gouache.sequencer():
        for other in gouache.scene.sequence_editor.strips_all:
            other.select = other == meta
        bpy.ops.sequencer.duplicate()
    copied = next(s for s in gouache.strips if s.type == "META" and s != meta)
    inside = next(s for s in copied.strips if not s.get("gouache_source"))
    own = result_of(gouache, inside)
    assert own is not None and own.parent_meta() == copied
    gouache.paint(inside)
    assert len(copied.strips) == 2 and result_of(gouache, strip) == painting


def test_a_strip_that_is_saved_before_it_is_painted(gouache):
    """Machines that render the file agree on its folder with the artist, who opens it in a window."""
    strip = gouache.clip()
    gouache.save()
    identity = strip.gouache.identity
    assert identity
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    gouache.scene = bpy.context.scene
    assert gouache.order(gouache.scene.sequence_editor.strips_all["Clip"]).subject.plan.identity == identity


def test_a_painting_that_was_undone_while_it_was_made(gouache):
    strip = gouache.clip()
    order = gouache.order(strip)
    working = iter(gouache.module("bake").Bake([order], step_seconds=0.1))
    next(working)
    strip.gouache.identity = strip.gouache.identity_of = ""  # as undo leaves it
    for _ in working:
        continue
    assert result_of(gouache, strip) is not None
    gouache.paint(strip)
    assert len(gouache.strips) == 2


def test_a_painting_that_shows_delivered_pictures_is_not_taken_over(gouache):
    """They lie in a folder that is not Gouache's, beside anything else."""
    strip = gouache.clip()
    painting, = gouache.paint(strip)
    delivered = gouache.folder / "delivered"
    delivered.mkdir()
    for file in (gouache.bake_folder(strip) / "result").glob("*.png"):
        (delivered / file.name).write_bytes(file.read_bytes())
    painting.directory = str(delivered)
    gouache.save("shot_v002.blend")
    gouache.paint(strip)
    assert gouache.bake_folder(strip).parent != delivered.parent
    assert (gouache.bake_folder(strip) / "result" / "records").is_dir()


def test_machines_that_begin_at_once_with_what_is_painted(gouache):
    files = gouache.module("files")
    (gouache.folder / "begun").mkdir()
    (gouache.folder / "begun" / "1.png").write_bytes(b"one")
    (gouache.folder / "there").mkdir()
    (gouache.folder / "there" / "2.png").write_bytes(b"two")
    files.copy_folder(gouache.folder / "begun", gouache.folder / "there")
    files.copy_folder(gouache.folder / "begun", gouache.folder / "new")
    assert {file.name for file in (gouache.folder / "there").iterdir()} == {"2.png"}
    assert {file.name for file in (gouache.folder / "new").iterdir()} == {"1.png"}
    assert not [file for file in gouache.folder.iterdir() if file.name.startswith(".")]


def test_a_copy_that_is_kept_in_a_render_is_no_other_strip(gouache):
    """It is the same strip once more, whatever name its scene gets."""
    strip = gouache.clip()
    gouache.paint(strip)
    capture, identity, rendering = (gouache.module(name) for name in ("capture", "identity", "rendering"))
    rendering.hold_copies()
    with capture.isolated_copy(gouache.scene, capture.make_plan(gouache.scene, strip)):
        pass
    assert len(bpy.data.scenes) == 2 and identity.twins(strip) == []
    rendering.drop_copies()
    assert len(bpy.data.scenes) == 1


def test_all_strips_are_looked_up_once_for_a_whole_film(gouache, monkeypatch):
    identity, due = gouache.module("identity"), gouache.module("due")
    for number in range(9):
        gouache.add_style(gouache.strips.new_effect(f"Color {number}", "COLOR", number + 1, **gouache.length(1, 5)))
    every, looked = identity.film_strips, []
    monkeypatch.setattr(identity, "film_strips", lambda: looked.append(1) or every())
    identity.keep()
    due.due_strips(gouache.scene)
    assert len(looked) == 2
    assert len({strip.gouache.identity for strip in gouache.strips}) == 9
