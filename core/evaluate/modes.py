"""Every mode of collage on the same pictures, side by side: a contact sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from .. import frames, pipeline
from ..events import Frame
from ..job import Job
from ..options import COLLAGE_MODES, CollageOptions, StyleImage, StyleOptions, check, describe
from ..sizes import fitted, resize, size_of
from .sheets import write_sheet

VERSION_STRENGTH = 0.8
"""How far the fast engine goes with the versions that layered styles are cut from."""


def run(pictures: Sequence[Path], styles: Sequence[Path], modes: Sequence[str], output: Path, size: int,
        cell: int) -> None:
    """Make all and write `modes.png`, its pictures `cell` pixels long. Raises GouacheError.

    `styles` are what layered styles are painted in first, by the fast engine; without any, that mode is left out.
    """
    infos = {name: info for name, info, _ in describe(CollageOptions)}
    wanted = [check("mode", mode, infos["mode"]) for mode in modes] or list(COLLAGE_MODES)
    rows = []
    for picture in pictures:
        original = frames.read(picture).rgb
        row = [("original", resize(original, fitted(size_of(original), size)))]
        for mode in wanted:
            if mode != "layers" or styles:
                row.append((infos["mode"].choices[mode].lower(), _collage(picture, mode, styles, output, size)))
        rows.append((picture.stem, row))
        print(f"{picture.name}: done", flush=True)
    write_sheet(output / "modes.png", rows, cell)
    print(output / "modes.png")


def _collage(picture: Path, mode: str, styles: Sequence[Path], output: Path, size: int) -> Tensor:
    materials = [_version(picture, style, output, size) for style in styles] if mode == "layers" else []
    chosen = CollageOptions(**{**COLLAGE_MODES[mode], "mode": mode, "size": size, "materials": tuple(materials)})
    return _made(Job(str(picture), str(output / mode / picture.stem), "collage", chosen))


def _version(picture: Path, style: Path, output: Path, size: int) -> str:
    """The folder with the picture painted in a style."""
    folder = str(output / "versions" / picture.stem / style.stem)
    options = StyleOptions(styles=(StyleImage(str(style)),), engine="fast", strength=VERSION_STRENGTH, size=size)
    _made(Job(str(picture), folder, options=options))
    return folder


def _made(job: Job) -> Tensor:
    """The one picture of a job."""
    paths = [event.path for event in pipeline.run(job) if isinstance(event, Frame)]
    return frames.read(Path(paths[-1])).rgb
