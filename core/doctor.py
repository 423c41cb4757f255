"""`doctor`: whether this engine can work on this machine, shown as a table of checks with what to do about each.

Nothing but the standard library is imported here: that a library is missing must be told, too.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence

from . import __version__, events
from .checks import INSTALL_AGAIN, Check, tried

LIBRARIES: Mapping[str, str] = {
    "torch": "torch", "numpy": "numpy", "opencv-python-headless": "cv2", "OpenImageIO": "OpenImageIO",
    "scipy": "scipy", "scikit-image": "skimage", "safetensors": "safetensors", "tqdm": "tqdm"}
"""What the engine cannot do without: the modules by the names of their packages."""


def examine() -> Iterator[Check]:
    """Every check, cheap ones first; the last paints a small picture. Without all libraries they end with these."""
    yield Check("Gouache", True, __version__)
    yield Check("Python", sys.version_info >= (3, 11), f"{platform.python_version()} ({sys.executable})",
                "Use Python 3.11 or newer.")
    libraries = [_library(package, module) for package, module in LIBRARIES.items()]
    yield from libraries
    if all(library.ok for library in libraries):
        from . import machine
        yield from machine.examine()


def report() -> events.Doctor:
    """Every check, and whether all is well."""
    checks = list(examine())
    return events.Doctor(all(check.ok for check in checks), checks)


def print_table(checks: Sequence[Check]) -> None:
    """The checks on stdout, the hint under each that failed."""
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{'ok ' if check.ok else 'BAD'}  {check.name:{width}}  {check.value}")
        if not check.ok and check.hint:
            print(f"     {'':{width}}  -> {check.hint}")


def _library(package: str, module: str) -> Check:
    """Whether a library is there and can be loaded: of another system, or half installed, it cannot."""
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return Check(package, False, "missing", INSTALL_AGAIN)

    def load() -> str:
        importlib.import_module(module)
        return version
    return tried(package, load)
