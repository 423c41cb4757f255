"""One test in a process of its own, forked from one that has loaded what pytest and Blender import, but no Blender."""

import atexit
import multiprocessing
import os
import sys

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()  # not on Windows
CONTEXT = multiprocessing.get_context("forkserver" if CAN_FORK else "spawn")
CONTEXT.set_forkserver_preload(["pytest", "numpy", "requests", "cattrs.preconf.json"])
PATH = list(sys.path)  # as it was before Blender put its own modules first


def run(arguments, environ, folder, log, seconds):
    """Run pytest; its output goes to the log. Returns the exit code, None after so many seconds."""
    process = CONTEXT.Process(target=_pytest, args=(arguments, environ, folder, log, PATH))
    process.start()
    process.join(seconds)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    return code


def _pytest(arguments, environ, folder, log, path):
    """In the new process, which has its starter's environment, folder, output and path of modules."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv, sys.path[:] = ["pytest", *arguments], path
    import pytest
    code = pytest.main(arguments)
    atexit._run_exitfuncs()  # Blender's, which a forked process leaves out
    sys.exit(int(code))
