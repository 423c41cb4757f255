"""The add-on with the real engine, on tiny pictures: what the stand-in cannot prove.

GOUACHE_TEST_ENGINE_PYTHON names a Python with the engine's packages; without it these tests are skipped by name.
"""

import os
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from stage import read_picture, write_png

ENGINE = os.environ.get("GOUACHE_TEST_ENGINE_PYTHON")
pytestmark = pytest.mark.skipif(not ENGINE, reason="GOUACHE_TEST_ENGINE_PYTHON names no engine")


@pytest.fixture
def studio(gouache):
    """The stage with the real engine, a colorful style, and the smallest amount of work."""
    if gouache is None:
        yield None
        return
    gouache.preferences.engine_python = ENGINE
    gouache.preferences.device, gouache.preferences.threads = "cpu", 1
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 4), np.uint8)
    noise[..., 3] = 255
    gouache.style = write_png(gouache.folder / "Stil Öl 油.png", noise)
    yield gouache


def quick_clip(studio, **options):
    strip = studio.clip(**options)
    strip.gouache.iterations, strip.gouache.scales = 2, 1
    return strip


def test_paint_and_paint_again(studio, capfd):
    """Painted at another size than captured, shown at the old one, with alpha kept; again, nothing is computed."""
    strip = quick_clip(studio, frames=2, alpha=np.linspace(0, 255, 64).astype(np.uint8)[None, :])
    strip.gouache.size = 48
    for frame, value in ((1, 0.0), (2, 1.0)):
        strip.gouache.strength = value
        studio.scene.keyframe_insert(f"{strip.path_from_id()}.gouache.strength", frame=frame)
    before = studio.render(1, 2)
    studio.paint(strip)
    strip.mute = True
    after = studio.render(1, 2)
    folder = studio.bake_folder(strip)
    painted = [read_picture(folder / "result" / name) for name in ("00001.png", "00002.png")]
    captured = [studio.captured(strip, frame) for frame in (1, 2)]
    for new, old, shown, source in zip(painted, captured, after, before, strict=True):
        assert new.shape == old.shape == (36, 64, 4)
        assert np.abs(new[..., 3] - old[..., 3]).max() <= 1  # alpha kept
        assert np.abs(new - old)[:, 32:, :3].mean() > 2  # painted
        assert np.abs(shown[..., 3] - source[..., 3]).max() <= 1  # and shown in the same place
    assert {file.name for file in (folder / "result" / "records").iterdir()} == {"1.json", "2.json"}
    times = [(folder / "result" / name).stat().st_mtime_ns for name in ("00001.png", "00002.png")]
    studio.paint(strip)
    assert times == [(folder / "result" / name).stat().st_mtime_ns for name in ("00001.png", "00002.png")]
    assert len(studio.strips) == 2 and "step" not in capfd.readouterr().err


def test_exr_and_bad_pictures(studio):
    """One engine for all: linear EXR comes back as it was meant, and broken styles end in a sentence."""
    strip = quick_clip(studio, frames=1)
    strip.gouache.format = "exr"
    result, = studio.paint(strip)
    assert result.elements[0].filename == "00001.exr" and result.colorspace_settings.name == "Linear Rec.709"
    painted = studio.render(1)[0]
    strip.gouache.format = "png"
    studio.paint(strip)
    assert result.colorspace_settings.name == "sRGB"
    inside = painted[..., 3] == 255
    assert np.abs(painted - studio.render(1)[0])[inside].max() <= 2
    for damage in (b"", studio.style.read_bytes()[:200], b"no picture at all"):
        broken = studio.folder / "broken.png"
        broken.write_bytes(damage)
        strip.gouache.styles[0].path = str(broken)
        with pytest.raises(RuntimeError, match=r"broken\.png") as error:
            studio.paint(strip)
        assert "Traceback" not in str(error.value)


TINY = """#!{python}
# The installed engine with the tiny networks of its own tests in place of the trained ones.
import os, sys
sys.path[:0] = [os.getcwd(), {tests!r}]
from conftest import tiny_decoder, tiny_layers
from core import weights
weights.load = lambda file: tiny_decoder() if file is weights.DECODER else tiny_layers()
from core.worker import serve
sys.exit(serve())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows starts no script by its first line")
def test_fast_engine(studio, capfd):
    """Preview, bake and a start for the optimizer, all by one process, and the options come through."""
    tiny = studio.folder / "tiny engine"
    tiny.write_text(TINY.format(python=ENGINE, tests=str(Path(__file__).parents[1] / "core")), encoding="utf-8")
    tiny.chmod(0o755)
    studio.preferences.engine_python = str(tiny)
    strip = quick_clip(studio, frames=3)
    bpy.ops.gouache.preview_frame(strip=strip.name)
    assert tuple(bpy.data.images["Gouache Preview"].size) == (64, 36)
    kept = studio.module("engine")._kept
    strip.gouache.engine, strip.gouache.keep_color = "fast", "luminance"
    mask = np.zeros((36, 64, 4), np.uint8)
    mask[:, 32:], mask[..., 3] = 255, 255
    strip.gouache.mask = str(write_png(studio.folder / "right half.png", mask))
    capfd.readouterr()
    studio.paint(strip)
    out = capfd.readouterr().out
    assert "Painted frame 1 (1 of 3), " in out and "100% Painted frame 3 (3 of 3)\n" in out and "step" not in out
    painted = read_picture(studio.bake_folder(strip) / "result" / "00002.png")
    change = np.abs(painted - studio.captured(strip, 2))
    assert change[:, :30].max() <= 1 and change[:, 34:, :3].mean() > 2
    strip.gouache.engine, strip.gouache.init = "optimize", "fast"
    studio.paint(strip)
    assert studio.module("engine")._kept is kept


def test_check_engine(studio):
    assert bpy.ops.gouache.check_engine() == {"FINISHED"}
    assert studio.module("preferences").doctor.ok
