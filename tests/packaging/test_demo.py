"""The demo's own scripts, on a clip as small as the network takes: zip, Blender, engine, movie and sheet together."""

import json
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

import build
import package

ROOT = Path(build.__file__).parent
FRAMES, WIDTH, HEIGHT = 4, 96, 54
SECONDS = 240


def write_picture(path, number):
    """An 8-bit RGB PNG of a square that moves with the frame number."""
    rows = [b"\0" + b"".join(bytes((250, 200, 40)) if abs(x - 20 - 6 * number) < 14 and abs(y - 27) < 14
                             else bytes((30, 60 + 2 * y, 160)) for x in range(WIDTH)) for y in range(HEIGHT)]

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


@pytest.fixture(params=list(build.BLENDERS))
def blender(request):
    env = build.BLENDERS[request.param]
    if not (env.is_ready() and build.ENGINE.is_ready()):
        pytest.skip(f"{env.label} or the engine is not installed")
    return env


def run(env, script, *arguments, **extra):
    done = subprocess.run([env.python, ROOT / "demo" / script, *arguments], capture_output=True, text=True,
                          timeout=SECONDS, env=build.clean_environ(**extra))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_demo_paints_every_frame(blender, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "DIST", tmp_path / "dist")
    clip, output = tmp_path / "clip", tmp_path / "output"
    clip.mkdir()
    (output / "work").mkdir(parents=True)
    for number in range(1, FRAMES + 1):
        write_picture(clip / f"{number:04d}.png", number)
    style = ROOT / "blender_addon/styles/cut_paper.jpg"
    run(blender, "paint.py", "--zip", package.make(), "--clip", clip, "--style", style, "--output", output,
        "--size", str(WIDTH), "--iterations", "2", GOUACHE_ENGINE_PYTHON=str(build.ENGINE.python),
        BLENDER_USER_RESOURCES=str(tmp_path / "blender"), XDG_DATA_HOME=str(tmp_path / "data"))
    run(build.ENGINE, "sheet.py", "--clip", clip, "--style", style, "--output", output)

    frames = sorted((output / "frames").iterdir())
    assert [frame.name for frame in frames] == [f"{number:04d}.png" for number in range(1, FRAMES + 1)]
    assert len({frame.read_bytes() for frame in frames}) == FRAMES
    report = json.loads((output / "work/report.json").read_text())
    assert report["frames"] == FRAMES and report["seconds"] > 0
    assert (output / report["movie"]).stat().st_size > 1000
    assert (output / "demo.blend").is_file() and not (output / "demo.blend1").exists()
    width, height = struct.unpack(">II", (output / "before_after.png").read_bytes()[16:24])
    assert width > 5 * WIDTH and height > 2 * HEIGHT
