"""Runs a command and writes its peak memory in MiB into a file: `python -m core.evaluate.bench.peak FILE COMMAND...`.

Linux counts what the starting process held into a new process's peak. Hence this step between: it holds next to nothing
(and must import nothing large), so that a recipe's peak is its own and not the benchmark's. When stdin closes, as it
does when the caller ends or is killed, the command is stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path


def main(report: str, *command: str) -> int:
    """Run the command; returns its exit code. Writes no report where the system does not tell."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_stop_with_caller, args=(process,), daemon=True).start()
    if sys.platform == "win32":
        return process.wait()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    Path(report).write_text(str(usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)), "utf-8")
    return 1 if process.returncode < 0 else process.returncode


def _stop_with_caller(process: subprocess.Popen[bytes]) -> None:
    os.read(0, 1)  # not by sys.stdin, whose lock would be held as the interpreter ends
    process.kill()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
