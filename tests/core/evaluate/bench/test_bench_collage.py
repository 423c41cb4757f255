"""The benchmark's section on collages says what was measured and what was aimed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.evaluate.bench import sections
from core.evaluate.bench.collage import Paced, lines
from core.frames import Picture, write

ALONE, TRACKED = Paced(0.0, 3.0, 2.0, 2.5, None, 500.0), Paced(1.0, 2.5, 0.5, 0.7, 301.0, 700.0)


def test_ratios_and_verdicts() -> None:
    counts = {"afresh": 6, "short": 60, "long": 240}
    said = "\n".join(lines({"afresh": ALONE, "short": TRACKED, "long": replace(TRACKED, peak_mib=721.0)}, counts))
    assert "first frame 2.50 s (within 4 s)" in said
    assert "later frames 0.50 s (within 0.6 s), 0.25 of cutting afresh" in said
    assert "memory 1.03 times that of the short run (within 1.1)" in said and "tracked, 240" in said
    slow = replace(TRACKED, first=5.0, later=1.0, peak_mib=None)
    said = "\n".join(lines({"afresh": ALONE, "short": slow, "long": slow}, counts))
    assert "NOT within 4 s" in said and "NOT within 0.6 s" in said and "memory" not in said


def test_without_a_clip_it_is_left_out(tmp_path: Path, picture: Callable[..., Picture],
                                       capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.png", picture(1), "png")
    assert sections.run([tmp_path / "a.png"], [tmp_path / "a.png"], tmp_path / "out", 64, 2, ["collage"]) == 0
    assert "collage: SKIPPED, no clip was given (--clip)" in capsys.readouterr().out
