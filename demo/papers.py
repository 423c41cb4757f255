"""Makes the bundled collage papers: `python demo/papers.py [NAME ...]` writes JPEGs to core/collage/papers/.

Each sheet is painted, printed or made of fibers by seeded random numbers, so that the same one comes out again.
All of them also go on one contact sheet, docs/papers.jpg. Needs numpy and OpenCV (the engine's environment).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from gouache import corrugated, dry_brush, gouache, kraft, wash
from newsprint import newsprint, poster, tickets
from prints import halftone, linocut, marbled, wallpaper
from pulp import Array
from sheet import MARGIN, PAPER, Picture, fit, read, write_label
from stationery import contour_map, handmade, ledger, sheet_music, tissue

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ROOT / "core" / "collage" / "papers"
CONTACT = ROOT / "docs" / "papers.jpg"
QUALITIES = (88, 84, 80, 76)        # of a JPEG: the first that needs no more than LARGEST bytes, or the last
LARGEST = 90_000
COLUMNS, THUMB, NAME = 6, 176, 20   # of the contact sheet; the last two in pixels

SHEETS: dict[str, Callable[[], Array]] = {
    "gouache_ultramarine": partial(gouache, "2a3a9c", "3b4fae", 1, 0.05),
    "gouache_cobalt": partial(gouache, "3f7cc4", "74a4d6", 2, -1.1, 220),
    "gouache_vermilion": partial(gouache, "e2432a", "ee6a35", 3, 1.5, 200),
    "gouache_emerald": partial(gouache, "0f8a5f", "3fa37c", 4, 0.5, 150),
    "gouache_lemon": partial(gouache, "f3da38", "f6e68e", 5, -0.15, 240),
    "gouache_ocher": partial(gouache, "c4862c", "d8a55c", 6, 0.9, 170, 1.0),
    "gouache_rose": partial(gouache, "ea7f9f", "f3adc0", 7, -1.5, 180),
    "gouache_violet": partial(gouache, "663788", "8757a6", 8, 0.25, 190),
    "gouache_black": partial(gouache, "211f22", "3b3836", 9, -0.4, 210, 1.2),
    "gouache_sky": partial(gouache, "8cc4e8", "b4dbf0", 31, 0.7, 200),
    "gouache_turquoise": partial(gouache, "4fb9bd", "84d0cc", 32, -0.6, 190),
    "gouache_white": partial(gouache, "f4f0e6", "e2dacb", 10, 1.2, 190, 1.0, "c9bea8", 0.009),
    "drybrush_indigo": partial(dry_brush, ("1d2440", "2b3350"), "efe6d2", 11),
    "wash_lagoon": partial(wash, "5fa7b8", "6a62b5", 12, 0.75, 4),
    "wash_sienna": partial(wash, "d99a72", "a8607a", 13, 0.70, 3),
    "wash_moss": partial(wash, "a9b54a", "6f9a5a", 16, 0.66, 3),
    "corrugated_crimson": partial(corrugated, "8a1f48", 14),
    "kraft": partial(kraft, 15),
    "newsprint": partial(newsprint, 22, 3, 12.5, "d3c9b3"),
    "poster_letters": partial(poster, 23),
    "tickets": partial(tickets, 24),
    "halftone_color": partial(halftone, 31),
    "linocut_green": partial(linocut, 33, "1f4a3c", "ede3cd"),
    "wallpaper_aqua": partial(wallpaper, 34, "84c9ca", "a9dcd6", "2c7483"),
    "marbled_comb": partial(marbled, 35, ("1d3b4f", "2f6f6a", "c9a14a", "7a2a35", "e9dcc0", "3d7f8c")),
    "sheet_music": partial(sheet_music, 41),
    "ledger": partial(ledger, 42),
    "map_contours": partial(contour_map, 43),
    "handmade_cream": partial(handmade, 44, "e6dcc6", "faf4e6", "8a6a45", "b0567a"),
    "handmade_slate": partial(handmade, 45, "74787c", "94989a", "3a3b3e", "b89a5a"),
    "tissue_leaf": partial(tissue, 46, "a9cf6a", 1.0),
    "tissue_lilac": partial(tissue, 47, "cfa6dd", 1.0),
}


def encode(bgr: Picture, quality: int) -> bytes:
    """A JPEG with its tables fitted to the picture. Raises ValueError if it cannot be made."""
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1,
                                            cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    if not done:
        raise ValueError("The picture cannot be encoded.")
    return data.tobytes()


def write(picture: Array, path: Path) -> None:
    """Write a sheet at the best quality that keeps it small enough for an extension's package."""
    bgr = np.round(picture[..., ::-1] * 255).astype(np.uint8)
    tries = (encode(bgr, quality) for quality in QUALITIES)
    path.write_bytes(next((data for data in tries if len(data) <= LARGEST), encode(bgr, QUALITIES[-1])))


def contact_sheet(files: list[Path]) -> Picture:
    """All sheets in rows, small, with their names under them."""
    rows = -(-len(files) // COLUMNS)
    wide, tall = THUMB + MARGIN // 2, THUMB + NAME + MARGIN // 2
    board = np.full((rows * tall + MARGIN // 2, COLUMNS * wide + MARGIN // 2, 3), PAPER, np.uint8)
    for k, file in enumerate(files):
        x, y = MARGIN // 2 + k % COLUMNS * wide, MARGIN // 2 + k // COLUMNS * tall
        board[y:y + THUMB, x:x + THUMB] = fit(read(file), THUMB)
        write_label(board, file.stem.replace("_", " "), x, y + THUMB + NAME - 6, 0.42)
    return board


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SHEETS)} (default: all)")
    parser.add_argument("--output", type=Path, default=PAPERS, help="folder (default: %(default)s)")
    parser.add_argument("--contact", type=Path, default=CONTACT, help="the contact sheet (default: %(default)s)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names or SHEETS:
        path = options.output / f"{name}.jpg"
        write(SHEETS[name](), path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    made = [file for name in SHEETS if (file := options.output / f"{name}.jpg").is_file()]
    options.contact.write_bytes(encode(contact_sheet(made), 80))


if __name__ == "__main__":
    main()
