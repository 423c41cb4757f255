"""What a job reads, and what is not Gouache's, is never painted over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core import events, pipeline
from core.errors import OutputError
from core.job import Job
from core.options import StyleImage

Jobs = Callable[..., Job]
pytestmark = pytest.mark.usefixtures("tiny_encoder")


def painted(job: Job) -> list[int]:
    return [e.frame for e in pipeline.run(job) if isinstance(e, events.Frame) and not e.cached]


def test_results_never_overwrite_the_input(sequence: Path, job: Jobs) -> None:
    with pytest.raises(OutputError, match="own folder"):
        painted(job(sequence, sequence))


def test_no_file_that_the_job_reads_is_painted_over(sequence: Path, job: Jobs, style_file: Path,
                                                    tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(sequence, target_is_directory=True)
    with pytest.raises(OutputError, match="own folder"):
        painted(job(sequence, tmp_path / "alias"))
    style = tmp_path / "art" / "shot_0008.png"
    style.parent.mkdir()
    before = shutil.copy(style_file, style).read_bytes()
    with pytest.raises(OutputError, match=r"'shot_0008.png' would take the place"):
        painted(job(sequence, style.parent, styles=(StyleImage(str(style)),)))
    with pytest.raises(OutputError, match="'art', which the job reads"):
        painted(job(sequence, style.parent, mask=str(style.parent)))
    with pytest.raises(OutputError, match=r"'shot_0008.png' would take the place"):
        painted(job(sequence, style.parent, mask=str(style.parent / "shot_####.png")))
    assert style.read_bytes() == before


def test_nobody_else_s_file_is_painted_over(sequence: Path, job: Jobs) -> None:
    order = job(sequence)
    Path(order.output).mkdir()
    (Path(order.output) / "shot_0008.png").write_bytes(b"a drawing")
    with pytest.raises(OutputError, match=r"has a 'shot_0008.png' already that Gouache did not make"):
        painted(order)
    assert (Path(order.output) / "shot_0008.png").read_bytes() == b"a drawing"
    (Path(order.output) / "shot_0008.png").unlink()
    assert painted(order) == [7, 8, 9, 10]
    (Path(order.output) / "records" / "8.json").unlink()  # as if it had been killed before it was written
    assert painted(order) == [8]
