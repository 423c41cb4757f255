"""The fast engine in Blender: its options in the panel, its frames as progress, its paintings in the timeline."""

import bpy
import pytest
from panel_spy import draw

OPTIMIZER_ONLY = ("iterations", "scales", "passes", "init", "loss", "style_layers", "content_layers", "encoder",
                  "optimizer", "tolerance", "tv", "seed", "content_weight")
BOTH = ("engine", "strength", "stability", "hold", "anchor", "style_scale", "keep_color", "mask", "size", "format",
        "mute_source")


def fast_clip(gouache, **options):
    strip = gouache.clip(**options)
    strip.gouache.engine = "fast"
    return strip


def state(gouache, strip):
    return gouache.module("sequencer.state").painting_line(gouache.scene, strip)[0]


def test_a_fast_bake(gouache, capfd):
    """Progress from frames alone, the result above the strip, and the job's engine as chosen."""
    gouache.set_engine("invert")
    strip = fast_clip(gouache)
    before = gouache.render(1, 6)
    result, = gouache.paint(strip)
    job, = gouache.jobs()
    assert job["options"]["engine"] == "fast" and job["files"]["restore_size"]
    out = capfd.readouterr().out
    assert "Painted frame 1 (1 of 6), " in out and " s left" in out and "Painted frame 6 (6 of 6)\n" in out
    assert "step" not in out
    assert gouache.bounds(result) == gouache.bounds(strip) and result.channel == 2
    assert state(gouache, strip) == "Painted"
    for shown, source in zip(gouache.render(1, 6), before, strict=True):
        inside = source[..., 3] == 255
        assert abs(shown + source - 255)[inside][:, :3].max() <= 2


def test_what_the_fast_engine_does_not_read_makes_nothing_out_of_date(gouache):
    strip = fast_clip(gouache)
    gouache.paint(strip)
    folder = gouache.bake_folder(strip)
    strip.gouache.iterations, strip.gouache.style_layers = 7, "no layers at all"
    assert state(gouache, strip) == "Painted"
    gouache.paint(strip)
    assert gouache.bake_folder(strip) == folder
    strip.gouache.engine = "optimize"
    assert state(gouache, strip) == "Settings changed since painting"
    strip.gouache.style_layers = "conv1_1=1"
    gouache.paint(strip)
    assert gouache.bake_folder(strip) != folder and state(gouache, strip) == "Painted"
    assert gouache.jobs()[-1]["options"]["iterations"] == 7
    strip.gouache.engine = "fast"
    strip.gouache.strength = 0.9
    assert state(gouache, strip) == "Settings changed since painting"


def test_escape_between_frames(gouache):
    bake = gouache.module("bake")
    gouache.set_engine("wait")
    job = bake.Bake([gouache.order(fast_clip(gouache))], 0.05)
    with pytest.raises(Exception) as stopped:
        for status in job:
            if status.frame == 1:
                job.cancel()
    assert type(stopped.value).__name__ == "Cancelled" and gouache.module("engine")._kept.alive
    folder = next((gouache.folder / "gouache").glob("Clip-*"))
    assert [file.name for file in (folder / "result").glob("*.png")] == ["00001.png"]


def test_frames_that_are_there_already(gouache, capfd):
    strip = fast_clip(gouache)
    gouache.set_engine("stale")
    gouache.paint(strip)
    folder = gouache.bake_folder(strip) / "result"
    for number in (2, 5):
        (folder / f"{number:05d}.png").unlink()
    capfd.readouterr()
    gouache.paint(strip)
    out = capfd.readouterr().out
    assert "4 of 6 frames are there already" in out
    assert "Painted frame 2 (1 of 2), " in out and "100% Painted frame 5 (2 of 2)\n" in out


def test_previews_and_paintings_share_one_process(gouache):
    strip = gouache.clip()
    bpy.ops.gouache.preview_frame(strip=strip.name)
    kept = gouache.module("engine")._kept
    bpy.ops.gouache.preview_frame(strip=strip.name)
    gouache.paint(strip)
    assert gouache.module("engine")._kept is kept and kept.alive
    assert [job["options"]["engine"] for job in gouache.jobs()] == ["fast", "fast", "optimize"]
    assert not gouache.module("engine").stop_if_idle(0.0) and not kept.alive


def test_the_panel_shows_what_the_engine_reads(gouache):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    drawn = draw(gouache)
    for name in BOTH + OPTIMIZER_ONLY:
        assert drawn.count(("prop", name)) == 1, name
    assert drawn.index(("prop", "engine")) < drawn.index(("operator", "Paint Strip"))
    strip.gouache.engine = "fast"
    drawn = draw(gouache)
    for name in BOTH:
        assert drawn.count(("prop", name)) == 1, name
    assert not [name for name in OPTIMIZER_ONLY if ("prop", name) in drawn]


def test_the_panel_says_what_a_preview_is(gouache):
    strip = gouache.clip()
    gouache.scene.sequence_editor.active_strip = strip
    note = ("label", "A quick look: Optimize paints finer")
    assert note not in draw(gouache)
    bpy.ops.gouache.preview_frame()
    assert note in draw(gouache)
    strip.gouache.engine = "fast"
    assert note not in draw(gouache)


def test_settings_survive_save_and_load(gouache):
    chosen = {"engine": "fast", "encoder": "lite", "init": "fast", "tolerance": 0.0025, "size": 512}
    strip, old = gouache.clip(), gouache.clip(name="Old", channel=3)
    for name, value in chosen.items():
        if name != "size":
            setattr(strip.gouache, name, value)
    assert not old.gouache.is_property_set("engine")  # as in a file of before there was a choice
    gouache.save()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    strips = bpy.context.scene.sequence_editor.strips_all
    loaded = {name: getattr(strips["Clip"].gouache, name) for name in chosen}
    assert abs(loaded.pop("tolerance") - chosen.pop("tolerance")) < 1e-7
    assert loaded == chosen
    group = strips["Old"].gouache
    assert (group.engine, group.encoder, group.init, group.tolerance) == ("optimize", "auto", "auto", 0.0)
    options = gouache.module("settings").style_options(strips["Clip"].gouache, "optimize")
    assert (options.encoder, options.init, options.tolerance) == ("lite", "fast", 0.0025)


def _left_after_the_first(gouache, monkeypatch, engine, stability):
    """What is said of a clip of five frames when the first one took 12 seconds."""
    strip = gouache.strips.get("Clip") or gouache.clip()
    strip.gouache.engine, strip.gouache.stability = engine, stability
    progress, clock = gouache.module("progress"), iter((0.0, 12.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    painting = progress.progress_of(gouache.order(strip).job, 5)
    painting.hear(progress.Started(5, 5, ""))
    painting.hear(progress.Frame(1, 1, 5, "", 12.0, cached=False))
    return painting.text


def test_progress_of_each_engine(gouache, monkeypatch):
    """The bar moves with steps where there are some, else with frames; the time left is that of whole frames."""
    progress = gouache.module("progress")
    clock = iter((100.0, 104.0, 106.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    painting = progress.Painting(4, 0.2)
    assert (painting.text, painting.fraction) == ("Starting the engine", 0.2)
    painting.hear(progress.Started(4, 3, ""))
    painting.hear(progress.Frame(7, 0, 3, "", 0.0, cached=True))
    assert (painting.text, round(painting.fraction, 6)) == ("1 of 4 frames are there already", 0.4)
    painting.hear(progress.Progress(8, 1, 3, 5, 10, 0.1, 2.0))
    assert (painting.text, round(painting.fraction, 6)) == ("Painting frame 8 (1 of 3), step 5 of 10", 0.5)
    painting.hear(progress.Frame(8, 1, 3, "", 4.0, cached=False))
    assert (painting.text, round(painting.fraction, 6)) == ("Painted frame 8 (1 of 3), 8 s left", 0.6)
    painting.hear(progress.Progress(9, 2, 3, 5, 10, 0.1, 5.0))
    assert painting.text == "Painting frame 9 (2 of 3), 6 s left"
    painting.hear(progress.Frame(9, 2, 3, "", 2.0, cached=False))
    assert (painting.text, round(painting.fraction, 6)) == ("Painted frame 9 (2 of 3), 2 s left", 0.8)
    assert _left_after_the_first(gouache, monkeypatch, "optimize", 0.5) == "Painted frame 1 (1 of 5), 16 s left"
    assert _left_after_the_first(gouache, monkeypatch, "optimize", 0.0) == "Painted frame 1 (1 of 5), 48 s left"
    assert _left_after_the_first(gouache, monkeypatch, "fast", 0.5) == "Painted frame 1 (1 of 5), 48 s left"
    words = {0.2: "1 s", 90.0: "90 s", 91.0: "2 min", 3599.0: "1 h 0 min", 7500.0: "2 h 5 min"}
    assert {seconds: progress.in_words(seconds) for seconds in words} == words
