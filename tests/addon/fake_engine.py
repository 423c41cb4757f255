#!/usr/bin/env python3
"""A stand-in for the engine in the add-on's tests: speaks the worker's protocol, and paints nothing or little.

It is started like the real one (`-m core serve`, which it ignores) and uses the standard library only. The
environment says how it behaves: GOUACHE_FAKE is one of

    identity   each result is a copy of its input
    invert     each result is the negative of its input (8-bit PNG as Blender writes it); of an EXR it is one color that
               tells the frame: red number / 100, green 0.25, blue 0.5
    convert    as identity, but through the engine's own way to display-referred pictures and back (needs its Python)
    resume     as invert; frames whose input did not change since they were made are not made again
    wait       as identity for one frame; in the second it stands still until it is cancelled
    deaf       as wait, but does not hear "cancel"
    crash      ends with code 3 in the middle of the second frame, with a message in the log
    kill       the same by SIGKILL
    error      an error event after the first frame
    noise      as identity, with text that is no event in between
    stale      as identity, with a warning, and frames that exist are not made again
    silent     ends at once, with a message in the log

As with the real one, a job for the fast engine and a collage tell of their frames only, not of steps, and a collage
counts two tasks a frame. Its layers are one piece that is as large as the frame.

GOUACHE_FAKE_LOG names a file that gets every job as one line of JSON, GOUACHE_FAKE_PID one for the process number.
"""

import hashlib
import json
import os
import queue
import shutil
import signal
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

sys.path[:1] = [str(Path.cwd())]
from core.manifest import Manifest, Record, engine_of  # noqa: E402 (the standard library's part of the engine)

MODE = os.environ.get("GOUACHE_FAKE", "identity")
commands: "queue.Queue[dict | None]" = queue.Queue()
stop = threading.Event()


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def listen():
    for line in sys.stdin:
        command = json.loads(line)
        if command["command"] == "cancel":
            if MODE != "deaf":
                stop.set()
        else:
            stop.clear()
            commands.put(command)
    if MODE == "deaf":
        return
    stop.set()
    commands.put(None)


def inputs(job, folder):
    """The frames of a job: number and file."""
    source = folder / job["input"]
    first, _, last = job["files"]["frames"].partition("-")
    only = [part.partition("-") for part in job["files"]["only"].split(",") if part]
    for number in range(int(first), int(last or first) + 1):
        if only and not any(int(a) <= number <= int(b or a) for a, _, b in only):
            continue
        file = source / f"{number:05d}.exr"
        yield number, file if file.is_file() else file.with_suffix(".png")


def run(path):
    job = json.loads(path.read_text(encoding="utf-8"))
    if "GOUACHE_FAKE_LOG" in os.environ:
        with Path(os.environ["GOUACHE_FAKE_LOG"]).open("a", encoding="utf-8") as log:
            log.write(json.dumps(job) + "\n")
    output = path.parent / job["output"]
    output.mkdir(parents=True, exist_ok=True)
    frames = list(inputs(job, path.parent))
    manifest = Manifest(output)
    cached = {number for number, file in frames if (MODE == "stale" and (output / f"{number:05d}.png").is_file())
               or (MODE == "resume" and manifest.has(number)
                   and (manifest.get(number).input, manifest.get(number).key) == (digest(file), MODE))}
    todo = (len(frames) - len(cached)) * (2 if job["effect"] == "collage" else 1)
    say("started", frames=len(frames), todo=todo, output=str(output))
    if MODE == "stale":
        say("warning", message="The picture is small.", hint="Use a larger one.", detail="")
    for number in sorted(cached):
        path = str(output / dict(frames)[number].name)
        say("frame", frame=number, index=0, of=todo, path=path, seconds=0.0, cached=True)
    for index, (number, file) in enumerate([frame for frame in frames if frame[0] not in cached], 1):
        target = output / file.name
        if not stop.is_set():
            paint(file, target, number, index, todo, job["options"].get("engine", "fast") != "fast")
        if stop.is_set():
            say("cancelled", frames=index - 1)
            return
        manifest.add(number, Record(target.name, digest(file), MODE, 0.0, engine_of(job["effect"]), digest(target)))
        say("frame", frame=number, index=index * todo // (len(frames) - len(cached)), of=todo, path=str(target),
            seconds=0.0, cached=False)
    if job["options"].get("export_layers"):
        export_layers(frames, output / "layers")
    say("done", frames=len(frames), seconds=0.0, output=str(output))


def export_layers(frames, folder):
    for name in ("pieces", "underpainting"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, file in frames:
        shutil.copyfile(file, folder / "underpainting" / f"{number:05d}.png")
    shutil.copyfile(frames[0][1], folder / "pieces" / "00000.png")
    width, height = struct.unpack(">II", frames[0][1].read_bytes()[16:24])
    wide = width / height
    piece = {"number": 0, "level": 1, "material": "paper", "picture": "pieces/00000.png", "outline": [],
             "box": [-wide / 2, -0.5, wide / 2, 0.5],
             "places": {str(number): [1.0, 0.0, wide / 2, 0.5, 0] for number, _ in frames}}
    (folder / "pieces.json").write_text(json.dumps({
        "version": 1, "size": [width, height], "frames": [number for number, _ in frames], "levels": 1,
        "underpainting": [f"underpainting/{number:05d}.png" for number, _ in frames], "pieces": [piece]}))


def paint(file, target, number, index, of, tell):
    steps = 20
    for step in range(1, steps + 1):
        if tell:
            say("progress", frame=number, index=index, of=of, step=step, steps=steps, loss=1.0 / step, seconds=0.0)
        while MODE in ("wait", "deaf") and index == 2 and step == 7 and not stop.is_set():
            time.sleep(0.02)
        if stop.is_set():
            return
        if MODE == "noise":
            print("Downloading: 100%\n{\n[1, 2]\n", flush=True)
    if index == 2:
        break_down()
    temporary = target.with_suffix(".part")
    if MODE in ("invert", "resume") and file.suffix == ".exr":
        temporary.write_bytes(flat_exr(exr_size(file.read_bytes()), (number / 100, 0.25, 0.5, 1.0)))
    elif MODE == "convert":
        convert(file, temporary)
    elif MODE == "invert":
        temporary.write_bytes(negative(file.read_bytes()))
    else:
        shutil.copyfile(file, temporary)
    temporary.replace(target)


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def convert(file, target):
    sys.path.insert(0, str(Path.cwd()))  # the folder that holds `core`
    from core import frames
    written = target.with_suffix(".exr")
    frames.write(written, frames.read(file), "exr")
    written.rename(target)


def exr_size(data):
    """Width and height out of an EXR's header."""
    at = data.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    left, bottom, right, top = struct.unpack("<4i", data[at:at + 16])
    return right - left + 1, top - bottom + 1


def flat_exr(size, color):
    """An EXR of one RGBA color."""
    width, height = size
    return exr(width, height, [b"".join(struct.pack("<f", color[i]) * width for i in (3, 2, 1, 0))] * height)


def exr(width, height, rows):
    """An EXR of 32-bit floats, not compressed; a row is all its alphas, then blues, greens, reds."""
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name + b"\0" + struct.pack("<iBxxxii", 2, 0, 1, 1) for name in (b"A", b"B", b"G", b"R")) + b"\0"
    header = b"".join(
        name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value for name, kind, value in (
            (b"channels", b"chlist", channels), (b"compression", b"compression", b"\0"), (b"dataWindow", b"box2i", box),
            (b"displayWindow", b"box2i", box), (b"lineOrder", b"lineOrder", b"\0"),
            (b"pixelAspectRatio", b"float", struct.pack("<f", 1)), (b"screenWindowCenter", b"v2f", bytes(8)),
            (b"screenWindowWidth", b"float", struct.pack("<f", 1)))) + b"\0"
    start = 8 + len(header) + 8 * height
    lines = [struct.pack("<ii", y, len(row)) + row for y, row in enumerate(rows)]
    offsets = b"".join(struct.pack("<Q", start + y * len(lines[0])) for y in range(height))
    return struct.pack("<ii", 20000630, 2) + header + offsets + b"".join(lines)


def break_down():
    if MODE == "crash":
        print("RuntimeError: the paint has run out", file=sys.stderr, flush=True)
        os._exit(3)
    if MODE == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "error":
        say("error", message="The style picture cannot be read.", hint="Choose another.", detail="bad magic number")
        commands_forever()


def commands_forever():
    """After an error event the engine waits for the next job."""
    serve()
    sys.exit()


def negative(png):
    """The negative of an 8-bit RGBA PNG; alpha stays."""
    position, packed, chunks = 8, b"", []
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position:position + 8])
        body = png[position + 8:position + 8 + length]
        if kind == b"IDAT":
            packed += body
        elif kind in (b"IHDR", b"IEND"):
            chunks.append((kind, body))
        position += 12 + length
    width, height = struct.unpack(">II", chunks[0][1][:8])
    rows = unfilter(zlib.decompress(packed), width * 4, height)
    for row in rows:
        for index in range(len(row)):
            if index % 4 != 3:
                row[index] = 255 - row[index]
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return png[:8] + b"".join(chunk(kind, body) for kind, body in (chunks[0], (b"IDAT", data), chunks[-1]))


def unfilter(data, stride, height):
    rows, above = [], bytearray(stride)
    for y in range(height):
        kind = data[y * (stride + 1)]
        row = bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = row[x - 4] if x >= 4 else 0
            corner = above[x - 4] if x >= 4 else 0
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + above[x]) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + above[x]) // 2) & 255
            elif kind == 4:
                row[x] = (row[x] + paeth(left, above[x], corner)) & 255
        rows.append(row)
        above = row
    return rows


def paeth(a, b, c):
    guess = a + b - c
    return min((abs(guess - a), 0, a), (abs(guess - b), 1, b), (abs(guess - c), 2, c))[2]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def serve():
    while (command := commands.get()) is not None:
        if command["command"] == "run":
            run(Path(command["job"]))
        elif command["command"] == "doctor":
            ok = MODE != "crash"
            say("doctor", ok=ok, checks=[
                {"name": "Python", "ok": True, "value": sys.version.split()[0], "hint": ""},
                {"name": "weights", "ok": ok, "value": "vgg19" if ok else "missing", "hint": "Install it again."}])
        elif command["command"] == "quit":
            return


def main():
    if MODE == "silent":
        print("ModuleNotFoundError: No module named 'torch'", file=sys.stderr)
        sys.exit(1)
    if "GOUACHE_FAKE_PID" in os.environ:
        Path(os.environ["GOUACHE_FAKE_PID"]).write_text(str(os.getpid()))
    threading.Thread(target=listen, daemon=True).start()
    say("ready", version="0", device="cpu")
    serve()


if __name__ == "__main__":
    main()
