"""Contact sheets: pictures in a labeled grid, for looking at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .. import frames
from ..arrays import as_array, as_tensor
from ..frames import Picture
from ..sizes import fitted, resize, size_of

MARGIN = 8
LABEL = 22
PAPER, INK = 250, 40


def write_sheet(path: Path, rows: Sequence[tuple[str, Sequence[tuple[str, Tensor]]]], cell: int = 256) -> None:
    """Write a PNG: one row of (label, picture 1,3,H,W) per entry, the row's own label above it.

    `cell` is the long side of each picture on the sheet in pixels. Raises OutputError.
    """
    strips = [_row(title, pictures, cell) for title, pictures in rows]
    width = max(strip.shape[1] for strip in strips)
    sheet = np.vstack([_pad(strip, width) for strip in strips])
    frames.write(path, Picture(as_tensor(sheet) / 255.0), "png")


def _row(title: str, pictures: Sequence[tuple[str, Tensor]], cell: int) -> NDArray[np.uint8]:
    cells = [_cell(label, picture, cell) for label, picture in pictures]
    height = max(c.shape[0] for c in cells)
    body = np.hstack([_pad(c, c.shape[1], height) for c in cells])
    return np.vstack([_text(title, body.shape[1], 0.55), body])


def _cell(label: str, picture: Tensor, long_side: int) -> NDArray[np.uint8]:
    small = resize(picture.clamp(0.0, 1.0), fitted(size_of(picture), long_side, enlarge=True))
    pixels = (as_array(small) * 255 + 0.5).astype(np.uint8)
    framed = cv2.copyMakeBorder(pixels, 0, MARGIN, MARGIN, 0, cv2.BORDER_CONSTANT, value=(PAPER,) * 3)
    return np.vstack([_text(label, framed.shape[1], 0.42), framed])


def _text(text: str, width: int, scale: float) -> NDArray[np.uint8]:
    band = np.full((LABEL, width, 3), PAPER, np.uint8)
    cv2.putText(band, text, (MARGIN, LABEL - 7), cv2.FONT_HERSHEY_SIMPLEX, scale, (INK,) * 3, 1, cv2.LINE_AA)
    return band


def _pad(image: NDArray[np.uint8], width: int, height: int = 0) -> NDArray[np.uint8]:
    below, right = max(0, height - image.shape[0]), max(0, width - image.shape[1])
    return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(PAPER,) * 3))
