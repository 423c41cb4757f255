"""The worker as its callers see it: a process that takes lines and answers lines, stops at once and never lingers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import __version__
from core.job import Job

Jobs = Callable[..., Job]
ROOT = Path(__file__).parents[2]
TIMEOUT = 120

# The worker with the tests' tiny networks in place of the real ones: same process, same protocol, quick.
TINY_WORKER = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests' / 'core')!r}]
from conftest import tiny_decoder, tiny_layers
from core import weights
weights.load = lambda file: tiny_decoder() if file is weights.DECODER else tiny_layers()
from core.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Engine:
    """A worker process under test."""

    def __init__(self, program: str = TINY_WORKER) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", program, "serve"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def send(self, line: str | dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()

    def until(self, *names: str) -> list[dict[str, Any]]:
        """Events up to and with the first of these names."""
        heard = []
        assert self.process.stdout
        for line in self.process.stdout:
            heard.append(json.loads(line))
            if heard[-1]["event"] in names:
                return heard
        raise AssertionError(f"the engine ended without {names}: {heard[-3:]}")

    def end(self) -> None:
        """Whatever it is doing."""
        self.process.kill()
        self.process.wait(TIMEOUT)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One worker for all tests that leave it running: that it goes on is what they test, too."""
    worker = Engine()
    assert worker.until("ready")[0]["version"] == __version__
    yield worker
    worker.send({"command": "quit"})
    assert worker.process.wait(TIMEOUT) == 0


@pytest.fixture
def victim() -> Iterator[Engine]:
    """A worker of the test's own."""
    worker = Engine()
    yield worker
    worker.end()


@pytest.fixture
def job_file(sequence: Path, job: Jobs, tmp_path: Path) -> Callable[..., Path]:
    def make(**options: object) -> Path:
        path = tmp_path / "job.json"
        path.write_text(json.dumps(job(sequence, **options).to_json(tmp_path)), "utf-8")
        return path
    return make


def test_a_job_from_start_to_end_and_a_second_one(engine: Engine, job_file: Callable[..., Path],
                                                  tmp_path: Path) -> None:
    for _ in range(2):
        engine.send({"command": "run", "job": str(job_file())})
        heard = engine.until("done", "error")
        assert next(e["event"] for e in heard if e["event"] != "looking") == "started"
        assert heard[-1] == {"event": "done", "frames": 4, "seconds": heard[-1]["seconds"],
                             "output": str(tmp_path / "result")}
    assert [e["cached"] for e in heard if e["event"] == "frame"] == [True] * 4


def test_cancel_takes_effect_within_one_step_and_the_next_job_resumes(engine: Engine,
                                                                      job_file: Callable[..., Path]) -> None:
    path = job_file(iterations=200)
    engine.send({"command": "run", "job": str(path)})
    engine.until("frame")
    engine.until("progress")
    engine.send({"command": "cancel"})
    began = time.monotonic()
    heard = engine.until("cancelled", "done")
    assert heard[-1] == {"event": "cancelled", "frames": 1}
    assert time.monotonic() - began < 10
    engine.send({"command": "run", "job": str(path)})
    heard = engine.until("done")
    assert [e["frame"] for e in heard if e["event"] == "frame" and e["cached"]] == [7]


def test_a_cancel_is_for_the_runs_before_it_alone(engine: Engine, job_file: Callable[..., Path]) -> None:
    long = job_file(iterations=10000)
    engine.send({"command": "run", "job": str(long)})
    engine.until("progress")
    short = long.with_name("short.json")
    short.write_text(long.read_text().replace("10000", "1"))
    assert engine.process.stdin
    engine.process.stdin.write("\n".join(json.dumps(line) for line in (
        {"command": "run", "job": str(long)}, {"command": "cancel"}, {"command": "run", "job": str(short)})) + "\n")
    engine.process.stdin.flush()
    assert [engine.until("cancelled", "done")[-1]["event"] for _ in range(3)] == ["cancelled", "cancelled", "done"]


def test_a_cancel_with_nothing_running_harms_nothing(engine: Engine, job_file: Callable[..., Path]) -> None:
    engine.send({"command": "cancel"})
    engine.send({"command": "run", "job": str(job_file())})
    assert engine.until("done", "cancelled")[-1]["event"] == "done"


def test_a_job_can_be_stopped_before_the_first_frame_is_painted(engine: Engine, job_file: Callable[..., Path]) -> None:
    """All frames of a long clip are looked at first, which takes minutes."""
    engine.send({"command": "run", "job": str(job_file(iterations=10000))})
    engine.until("looking")
    engine.send({"command": "cancel"})
    assert engine.until("cancelled", "done")[-1] == {"event": "cancelled", "frames": 0}


@pytest.mark.parametrize("line", ["not json", "[1, 2]", '{"command": "dance"}', '{"command": "run"}',
                                  '{"command": "run", "job": "missing.json"}', '{"no": "command"}', '"text"'])
def test_nonsense_is_answered_and_the_worker_goes_on(engine: Engine, line: str) -> None:
    engine.send(line)
    error = engine.until("error")[-1]
    assert error["message"] and error["hint"]


def test_a_line_too_deep_to_read_is_answered_in_short(engine: Engine) -> None:
    engine.send("[" * 200_000)
    error = engine.until("error")[-1]
    assert len(error["message"]) < 200 and "run, cancel" in error["hint"]


def test_the_worker_ends_when_it_cannot_listen_any_more() -> None:
    worker = Engine("import sys; sys.stdin.reconfigure(encoding='utf-8', errors='strict')\n" + TINY_WORKER)
    assert worker.process.stdin
    try:
        worker.process.stdin.buffer.write(b'{"command": "caf\xe9"}\n')  # type: ignore[attr-defined]
        worker.process.stdin.flush()
        assert worker.process.wait(30) == 0
    finally:
        worker.end()


def test_a_bad_frame_is_a_warning_then_an_error_that_tells(engine: Engine, job_file: Callable[..., Path],
                                                           sequence: Path) -> None:
    (sequence / "shot_0008.png").write_bytes(b"")
    engine.send({"command": "run", "job": str(job_file())})
    heard = engine.until("error", "done")
    assert "shot_0008.png" in next(e for e in heard if e["event"] == "warning")["message"]
    assert "1 of 4" in heard[-1]["message"]
    assert [e["frame"] for e in heard if e["event"] == "frame"] == [7, 9, 10]


def test_the_worker_ends_when_its_caller_is_gone(victim: Engine, job_file: Callable[..., Path]) -> None:
    victim.send({"command": "run", "job": str(job_file(iterations=10000))})
    victim.until("progress")
    assert victim.process.stdin
    victim.process.stdin.close()
    assert victim.process.wait(30) == 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_killed_in_mid_run_and_resumed_equals_the_uninterrupted_run(engine: Engine, job: Jobs, tmp_path: Path,
                                                                    sequence: Path) -> None:
    orders = {}
    for name in ("whole", "killed"):
        orders[name] = tmp_path / f"{name}.json"
        order = job(sequence, tmp_path / name, iterations=60, stability=0.5)
        orders[name].write_text(json.dumps(order.to_json()), "utf-8")
    for told in (["progress"] * 30, ["frame", *["progress"] * 5]):  # in the first frame; in what is left, a frame later
        victim = Engine()
        victim.send({"command": "run", "job": str(orders["killed"])})
        victim.until("started")
        for event in told:
            victim.until(event)
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait(TIMEOUT)
    results = {}
    for name, path in orders.items():
        engine.send({"command": "run", "job": str(path)})
        cached = [e["frame"] for e in engine.until("done") if e["event"] == "frame" and e["cached"]]
        assert cached == ([7] if name == "killed" else [])
        results[name] = {p.name: p.read_bytes() for p in (tmp_path / name).glob("[!.]*.png")}
    assert len(results["whole"]) == 4
    assert results["killed"] == results["whole"]


def doctor(worker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", worker, "doctor", *arguments], capture_output=True, text=True,
                          timeout=TIMEOUT)


def test_doctor_says_what_is_wrong() -> None:
    well = doctor(TINY_WORKER, "--json")
    report = json.loads(well.stdout)
    found = {check["name"]: check["ok"] for check in report["checks"]}
    assert {"Python", "torch", "Devices", "Memory", "Weights vgg19", "Computes on", "Test painting"} <= found.keys()
    bad = [name for name, ok in found.items() if not ok]
    assert all(name.startswith("Weights") for name in bad)  # the real ones need not be there
    assert (report["ok"], well.returncode) == ((False, 1) if bad else (True, 0))
    broken = TINY_WORKER.replace("weights.load =", "object.__setattr__(weights.VGG19, 'sha256', 'x'); weights.load =")
    ill = doctor(broken)
    assert ill.returncode == 1
    assert "BAD  Weights vgg19" in ill.stdout and "pip install" in ill.stdout


WITHOUT_CV2 = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
sys.modules["cv2"] = None
from core.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_doctor_and_the_worker_say_which_library_is_missing(job_file: Callable[..., Path]) -> None:
    ill = doctor(WITHOUT_CV2)
    assert ill.returncode == 1
    assert "BAD  opencv-python-headless" in ill.stdout and "ok   scikit-image" in ill.stdout
    worker = Engine(WITHOUT_CV2)
    try:
        assert worker.until("ready")[0]["device"] == ""
        worker.send({"command": "doctor"})
        report = worker.until("doctor")[-1]
        assert [check["name"] for check in report["checks"] if not check["ok"]] == ["opencv-python-headless"]
        worker.send({"command": "run", "job": str(job_file())})
        assert "'cv2'" in worker.until("error")[-1]["message"]
    finally:
        worker.end()
