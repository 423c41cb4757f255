"""The bundled collage papers: whole pictures, of every color a frame may ask for, and made by the code beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAPERS = ROOT / "core" / "collage" / "papers"
SIDE, LARGEST_SET = 768, 3_300_000
PIECES = 4              # a sheet is cut into that many pieces a side
FARTHEST = 30.0         # CIE76 from a color to the nearest piece: further off it would be seen as another hue


@pytest.fixture(scope="module")
def sheets():
    return {path.stem: cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
            for path in PAPERS.iterdir()}


@pytest.fixture
def papers(monkeypatch):
    """The generator's module, which finds the ones beside it as a script does."""
    monkeypatch.syspath_prepend(str(ROOT / "demo"))
    import papers
    yield papers
    for name in [name for name, module in sys.modules.items()
                 if (getattr(module, "__file__", None) or "").startswith(str(ROOT / "demo"))]:
        del sys.modules[name]       # `sheet` and `brush` are common names


def to_lab(bgr):
    return cv2.cvtColor(np.asarray(bgr, np.float32) / 255, cv2.COLOR_BGR2LAB)


def wanted_colors():
    """A coarse grid over the colors that mean colors of frames reach: any hue up to a chroma of 50, within sRGB."""
    grid = np.array([(lightness, chroma * np.cos(hue), chroma * np.sin(hue)) for lightness in range(15, 100, 10)
                     for chroma in (0, 15, 30, 45) for hue in np.radians(range(0, 360, 30))], np.float32)
    shown = np.clip(cv2.cvtColor(grid[None], cv2.COLOR_LAB2RGB), 0, 1)
    inside = np.abs(cv2.cvtColor(shown, cv2.COLOR_RGB2LAB)[0] - grid).max(1) < 1
    return grid[inside]


def test_every_file_is_a_sheet(sheets):
    assert len(sheets) >= 24
    assert {name: None if sheet is None else sheet.shape for name, sheet in sheets.items()} == dict.fromkeys(
        sheets, (SIDE, SIDE, 3))
    assert sum(path.stat().st_size for path in PAPERS.iterdir()) < LARGEST_SET


def test_some_paper_is_near_every_color(sheets):
    pieces = np.concatenate([to_lab(cv2.resize(sheet, (PIECES, PIECES), interpolation=cv2.INTER_AREA)).reshape(-1, 3)
                             for sheet in sheets.values()])
    assert pieces[:, 0].min() < 20 and pieces[:, 0].max() > 90
    wanted = wanted_colors()
    assert len(wanted) > 100
    far = np.linalg.norm(wanted[:, None] - pieces[None], axis=2).min(1)
    assert far.max() < FARTHEST, f"nothing near Lab {wanted[far.argmax()]}: {far.max():.1f}"


def test_no_sheet_is_flat_and_none_is_a_copy(sheets):
    small = {name: cv2.resize(sheet, (96, 96), interpolation=cv2.INTER_AREA).astype(np.float32)
             for name, sheet in sheets.items()}
    assert all(sheet.std(axis=(0, 1)).max() > 1 for sheet in small.values())
    names = sorted(small)
    assert all(np.abs(small[a] - small[b]).mean() > 5 for k, a in enumerate(names) for b in names[k + 1:])


def test_the_code_makes_the_files(sheets, papers):
    assert set(papers.SHEETS) == set(sheets)
    name = "handmade_cream"
    first, again = papers.SHEETS[name](), papers.SHEETS[name]()
    assert np.array_equal(first, again)
    # Not byte for byte: another machine's vector units may round otherwise.
    assert np.abs(first[..., ::-1] * 255 - sheets[name]).mean() < 3
