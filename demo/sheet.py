"""Puts the demo's before and after on one contact sheet: four moments of the clip, their paintings, the style."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
MARGIN, LABEL, SCALE = 28, 34, 2           # pixels; frames are shown SCALE times as large
PAPER, INK, FAINT = (244, 247, 249), (52, 44, 40), (128, 120, 116)      # BGR
MOMENTS = 4


def read(path: Path) -> Picture:
    """A picture as BGR. Raises ValueError if it cannot be read."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} is no picture.")
    return picture.astype(np.uint8)


def write_label(sheet: Picture, text: str, x: int, y: int, size: float = 0.72, color: tuple[int, ...] = INK) -> None:
    cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA)


def fit(picture: Picture, width: int) -> Picture:
    height = round(picture.shape[0] * width / picture.shape[1])
    method = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(picture, (width, height), interpolation=method).astype(np.uint8)


def contact_sheet(before: list[Path], after: list[Path], style: Path) -> Picture:
    """Lay the sheet out: a column per moment, before above after, and the style at the right."""
    chosen = [round(k * (len(before) - 1) / (MOMENTS - 1)) for k in range(MOMENTS)]
    first = read(before[0])
    width, height = first.shape[1] * SCALE * 3 // 4, first.shape[0] * SCALE * 3 // 4
    picture = fit(read(style), width)
    sheet = np.full((MARGIN * 3 + LABEL * 3 + height * 2, MARGIN * (MOMENTS + 2) + width * (MOMENTS + 1), 3), PAPER,
                    np.uint8)
    top, below = MARGIN + LABEL, MARGIN * 2 + LABEL * 2 + height
    for column, index in enumerate(chosen):
        x = MARGIN + column * (width + MARGIN)
        for y, files in ((top, before), (below, after)):
            sheet[y:y + height, x:x + width] = fit(read(files[index]), width)[:height]
        write_label(sheet, f"frame {index + 1}", x, below + height + LABEL - 8, 0.6, FAINT)
    x = MARGIN + MOMENTS * (width + MARGIN)
    tall = min(picture.shape[0], sheet.shape[0] - top - MARGIN)
    sheet[top:top + tall, x:x + width] = picture[:tall]
    for text, where, y in (("Before", MARGIN, top), ("After", MARGIN, below), ("Style", x, top)):
        write_label(sheet, text, where, y - 12)
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("clip", "style", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    before, after = (sorted(folder.glob("*.png")) for folder in (options.clip, options.output / "frames"))
    sheet = contact_sheet(before, after, options.style)
    done, data = cv2.imencode(".png", sheet)
    if not done:
        raise RuntimeError("The contact sheet cannot be encoded.")
    (options.output / "before_after.png").write_bytes(data.tobytes())


if __name__ == "__main__":
    main()
