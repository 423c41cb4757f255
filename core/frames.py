"""Picture files: read and write one frame. Every file format, bit depth and alpha convention is dealt with here only.

Inside the engine a picture is float32 1,3,H,W, display-referred sRGB in [0, 1], colors not multiplied by alpha.
Files with float pixels (EXR, HDR, float TIFF) are scene linear Rec. 709 with premultiplied alpha, all others sRGB; a
TIFF may say otherwise of its alpha.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 (its documented short name)
import torch
from numpy.typing import NDArray
from torch import Tensor

from .arrays import as_array, as_tensor
from .atomic import in_place
from .color import linear_to_srgb, srgb_to_linear
from .digests import digest_of
from .errors import InputError
from .events import HIGHLIGHTS

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".bmp", ".tga", ".webp", ".hdr",
                              ".jp2", ".dpx", ".cin", ".gif", ".psd"})
NO_DATE = "1980:01:01 00:00:00"
"""The date in every result, so that the same picture gives the same bytes."""
MOST_PIXELS = 2**28
"""Larger pictures are refused before they fill the memory (268 megapixels, 3.2 GB as float32)."""
CANNOT_READ = "Check the permissions of its folder, and that all names are in UTF-8."
FLO_MAGIC = b"PIEH"
"""The first bytes of a .flo file: 202021.25 as a float."""
FLO_UNKNOWN = 1e8
"""Larger numbers in a .flo file, written as 1e9 or more, mean that the flow is not known."""


@dataclass(frozen=True)
class Picture:
    """A frame: `rgb` 1,3,H,W and `alpha` 1,1,H,W (None: opaque), float32 in [0, 1].

    `notes` says what was changed to make it usable, in words for a person.
    """

    rgb: Tensor
    alpha: Tensor | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[-2], self.rgb.shape[-1]


@dataclass(frozen=True)
class FileFormat:
    """How results are written: file ending, pixel type for the library, attributes."""

    suffix: str
    pixels: str
    linear: bool = False
    attributes: Mapping[str, str | int] = field(default_factory=dict)


QUICK_PNG = {"png:compressionLevel": 2}
"""In half the time of the usual level, 6, for files larger by 3 to 10 % (measured)."""
FORMATS: Mapping[str, FileFormat] = {
    "png": FileFormat(".png", "uint8", attributes=QUICK_PNG),
    "png16": FileFormat(".png", "uint16", attributes=QUICK_PNG),
    "tiff": FileFormat(".tif", "uint16", attributes={"compression": "zip"}),
    "exr": FileFormat(".exr", "half", linear=True, attributes={"compression": "zip"}),
    "exr32": FileFormat(".exr", "float", linear=True, attributes={"compression": "zip"}),
}


def read(path: Path) -> Picture:
    """Read any picture: gray, palette, CMYK, 8 to 32 bit, with or without alpha, turned upright by its EXIF note.

    Raises InputError naming the file when it is missing, empty, truncated, too large or no picture.
    """
    stored = _pixels(path, shown=True)
    pixels, notes = stored.pixels, list[str]()
    if stored.animated:
        notes.append(f"{path.name} is animated, and only its first frame is painted: save it as a movie to paint all.")
    if not np.isfinite(pixels).all():
        if bad := int((np.isnan(pixels) | np.isneginf(pixels)).any(-1).sum()):
            notes.append(f"{path.name} holds {bad} pixels that are not numbers (NaN); they became black.")
        if bright := int(np.isposinf(pixels).any(-1).sum()):
            notes.append(f"{path.name} holds {bright} pixels that are infinitely bright; they are painted as 1.")
        pixels = np.nan_to_num(pixels, nan=0.0, posinf=1.0, neginf=0.0)
    color, alpha = _split(pixels, stored.names)
    rgb = as_tensor(color)
    a = None if alpha is None else as_tensor(alpha[..., None]).clamp(0.0, 1.0)
    if a is not None and stored.premultiplied:
        rgb = torch.where(a > 0, rgb / a.clamp_min(1e-6), rgb)
    if stored.linear:
        if float(rgb.amax()) > 1.0:
            notes.append(f"{path.name} {HIGHLIGHTS} (up to {float(rgb.amax()):.3g}); they are painted as 1.")
        rgb = linear_to_srgb(rgb)
    return Picture(rgb.clamp(0.0, 1.0), a, tuple(notes))


def files_in(folder: Path, suffixes: Collection[str] = PICTURE_SUFFIXES) -> list[Path]:
    """The files with these endings in a folder, by name; hidden ones are a file manager's. Raises OSError."""
    return sorted(file for file in folder.iterdir()
                  if file.suffix.lower() in suffixes and not file.name.startswith("."))


def write(path: Path, picture: Picture, format: str) -> str:
    """Write a picture under a temporary name and put it in place at once. Raises OutputError (full disk, read-only).

    The file's ending must be that of the format. The same picture gives the same bytes; their sha256 (hex) is returned.
    """
    kind = FORMATS[format]
    pixels = _encoded(picture, kind)
    with in_place(path) as temporary:
        _write_pixels(temporary, pixels, kind)
        return digest_of(temporary)


def copy(source: Path, path: Path) -> str:
    """Copy a picture file as safely as `write` writes one, and return its sha256 (hex). Raises OutputError."""
    with in_place(path) as temporary:
        shutil.copyfile(source, temporary)
        return digest_of(temporary)


def readable(path: Path) -> bool:
    """Whether the file exists and its header is that of a picture (its pixels are not read)."""
    source = oiio.ImageInput.open(str(path)) if path.is_file() else None
    if source is None:
        oiio.geterror()
        return False
    source.close()
    return True


def size(path: Path) -> tuple[int, int]:
    """Height and width of a picture file, from its header. Raises InputError."""
    source = oiio.ImageInput.open(str(path))
    if source is None:
        raise InputError(f"The picture '{path.name}' cannot be read.", "Make it again.", oiio.geterror())
    spec = source.spec()
    source.close()
    return int(spec.height), int(spec.width)


def read_data(path: Path) -> tuple[NDArray[np.float32], list[str]]:
    """The numbers in a file as they are, without regard to color: H,W,C and the channels' names.

    The parts of a multi-part EXR (as Blender 5 writes its passes) come together if they have one size. Raises
    InputError as `read` does.
    """
    stored = _pixels(path)
    found, names = [stored.pixels], list(stored.names)
    for part in range(1, oiio.ImageBuf(str(path)).nsubimages):
        buffer = oiio.ImageBuf(str(path), part, 0)
        if buffer.spec().deep:
            continue
        more = buffer.get_pixels("float", buffer.roi_full)
        if more is None:
            raise InputError(f"The picture '{path.name}' is damaged.",
                             "It is truncated or corrupt: render or copy it again.", f"{path}: {buffer.geterror()}")
        if more.shape[:2] == stored.pixels.shape[:2]:
            found.append(more)
            names += buffer.spec().channelnames
    return np.concatenate(found, -1), names


def write_data(path: Path, data: Mapping[str, NDArray[np.floating]]) -> None:
    """Write channels (H,W each) by name into an EXR in half precision, as `write` writes. Raises OutputError."""
    pixels = np.stack(list(data.values()), -1).astype(np.float16)
    with in_place(path) as temporary:
        _write_pixels(temporary, pixels, FORMATS["exr"], tuple(data))


def read_flo(path: Path) -> NDArray[np.float32]:
    """H,W,2: the flow (x, y; pixels) in a Middlebury .flo file, NaN where it is unknown.

    Source: Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011. Raises InputError.
    """
    def refuse(why: str, detail: object = "") -> InputError:
        return InputError(f"The flow '{path.name}' {why}.", "Write or copy it again as a Middlebury .flo file.",
                          f"{path}: {detail}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refuse("cannot be read", error) from error
    if data[:4] != FLO_MAGIC or len(data) < 12:
        raise refuse("is not a .flo file", data[:12])
    width, height = (int(side) for side in np.frombuffer(data, "<i4", 2, 4))
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise refuse("has an impossible size", f"{width} x {height}")
    if len(data) != 12 + width * height * 8:
        raise refuse("is damaged", f"{len(data)} bytes for {width} x {height}")
    flow = np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2).astype(np.float32)
    unknown = ~(np.abs(flow) <= FLO_UNKNOWN).all(-1)
    flow[unknown] = np.nan
    return flow


@dataclass(frozen=True)
class _Stored:
    """What a file holds: H,W,channels as float32, the channels' names, and what the numbers mean."""

    pixels: NDArray[np.float32]
    names: list[str]
    linear: bool
    premultiplied: bool
    animated: bool


def _shown_part(path: Path) -> int:
    """The part of a multi-part EXR that is the picture, chosen as `_shown_layer` chooses among layers; else 0."""
    if path.suffix.lower() != ".exr" or (source := oiio.ImageInput.open(str(path))) is None:
        oiio.geterror()
        return 0
    shown: list[tuple[tuple[bool, bool], int]] = []
    part = 0
    while source.seek_subimage(part, 0):
        shown += [(_rank(layer), part) for layer in _colored_layers(source.spec().channelnames)]
        part += 1
    source.geterror()
    source.close()
    return min(shown)[1] if shown else 0


def _pixels(path: Path, shown: bool = False) -> _Stored:
    """The numbers of a file's first part, or of the `shown` one, upright."""
    _check_is_there(path)
    part = _shown_part(path) if shown else 0
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    buffer = oiio.ImageBuf(str(path), part, 0, config)
    spec = buffer.nativespec()
    if buffer.has_error or not spec.width:
        raise _refused(path, "cannot be read", "It is damaged or not a picture: save it again as PNG, JPEG, TIFF or "
                       "EXR.", buffer.geterror())
    if spec.full_width * spec.full_height > MOST_PIXELS:
        raise _refused(path, f"is too large ({spec.full_width} x {spec.full_height})", "Reduce it first.")
    if not buffer.read(part, force=True, convert="float") or buffer.has_error:
        raise _refused(path, "is damaged", "It is truncated or corrupt: render or copy it again.", buffer.geterror())
    if spec.deep:  # samples behind each other, on which the library's `get_pixels` crashes
        buffer = oiio.ImageBufAlgo.flatten(buffer)
    if buffer.file_format_name == "jpeg" and _ends_early(path):
        raise _refused(path, "is damaged", "It is truncated: copy it again.", "no end marker after the last scan")
    upright = oiio.ImageBufAlgo.reorient(buffer)
    pixels = upright.get_pixels("float", upright.roi_full)
    if pixels is None:
        raise _refused(path, "cannot be read", "Save it again as PNG, JPEG, TIFF or EXR.", upright.geterror())
    linear = str(spec.format) in ("half", "float", "double")
    may_be = linear or buffer.file_format_name == "tiff"  # of the others the library knows that they are not
    return _Stored(pixels, list(spec.channelnames), linear,
                   may_be and not spec.get_int_attribute("oiio:UnassociatedAlpha"),
                   bool(spec.get_int_attribute("oiio:Movie"))
                   or (buffer.file_format_name == "png" and _is_animated(path)))


def _check_is_there(path: Path) -> None:
    """Raises InputError if there is no file, or an empty one, or a folder, or its name is none for the library."""
    try:
        str(path).encode()
        is_there, is_folder = path.is_file(), path.is_dir()
        is_empty = is_there and path.stat().st_size == 0
    except (OSError, UnicodeEncodeError) as error:
        raise _refused(path, "cannot be read", CANNOT_READ, str(error)) from error
    if is_folder:
        raise _refused(path, "is a folder", "Give a picture in it.")
    if not is_there:
        raise _refused(path, "does not exist", "Check the path.")
    if is_empty:
        raise _refused(path, "is empty (0 bytes)", "Render or copy it again.")


def _refused(path: Path, why: str, hint: str, detail: str = "") -> InputError:
    return InputError(f"The picture '{path.name}' {why}.", hint, f"{path}: {detail}" if detail else str(path))


def _is_animated(png: Path) -> bool:
    """Whether a PNG holds an animation, which it says before its pixels."""
    with png.open("rb") as file:
        return b"acTL" in file.read(2**16).partition(b"IDAT")[0]


def _ends_early(jpeg: Path) -> bool:
    """Whether a JPEG's scans (from FF DA on) have no end (FF D9); the decoder fills such pictures with gray.

    Before them, in segments that say how long they are, may be a small picture; behind them whatever a phone adds.
    """
    data = jpeg.read_bytes()
    place = 2
    while data[place:place + 1] == b"\xff" and data[place + 1:place + 2] != b"\xda":
        is_filling = data[place + 1:place + 2] == b"\xff"
        place += 1 if is_filling else 2 + int.from_bytes(data[place + 2:place + 4], "big")
    return data.find(b"\xff\xd9", place) < 0


def _split(pixels: NDArray[np.float32], names: list[str]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Color H,W,3 and alpha H,W (or None) out of any channels, found by name first: R, view.Combined.R, Y ..."""
    shown = _shown_layer(names)
    pixels, names = pixels[..., shown], [names[i] for i in shown]
    ends = [name.rsplit(".", 1)[-1].upper() for name in names]
    alpha = pixels[..., ends.index("A")] if "A" in ends else None
    if all(c in ends for c in "RGB"):
        return pixels[..., [ends.index(c) for c in "RGB"]], alpha
    gray = pixels[..., [ends.index("Y") if "Y" in ends else 0]]
    if alpha is None and len(names) == 2:
        alpha = pixels[..., 1]
    return np.repeat(gray, 3, axis=-1), alpha


def _shown_layer(names: list[str]) -> list[int]:
    """The channels of the layer that is the picture: without a name, else Combined, else the first with colors."""
    colored = _colored_layers(names)
    return list(colored[min(colored, key=_rank)].values()) if colored else list(range(len(names)))


def _colored_layers(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Where the channels of each layer with R, G and B are among all."""
    layers: dict[str, dict[str, int]] = {}
    for i, name in enumerate(names):
        layer, _, channel = name.rpartition(".")
        layers.setdefault(layer, {})[channel.upper()] = i
    return {layer: channels for layer, channels in layers.items() if channels.keys() >= set("RGB")}


def _rank(layer: str) -> tuple[bool, bool]:
    return layer != "", not layer.endswith("Combined")


def _encoded(picture: Picture, kind: FileFormat) -> NDArray[np.generic]:
    """H,W,3 or 4 in the file's own numbers."""
    rgb, alpha = picture.rgb.clamp(0.0, 1.0), picture.alpha
    if kind.linear:
        rgb = srgb_to_linear(rgb)
        rgb = rgb if alpha is None else rgb * alpha
    pixels = as_array(rgb if alpha is None else torch.cat([rgb, alpha], 1))
    if kind.pixels.startswith("uint"):
        most = np.iinfo(kind.pixels).max
        return np.asarray((pixels.astype(np.float64) * most + 0.5).astype(kind.pixels))
    return np.asarray(pixels.astype(np.float16 if kind.pixels == "half" else np.float32))


def _write_pixels(path: Path, pixels: NDArray[np.generic], kind: FileFormat, names: tuple[str, ...] = ()) -> None:
    """Raises OSError. `names` are those of the channels; without them they are Y or R, G, B and A."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, kind.pixels)
    if names:
        spec.channelnames = names
    spec.attribute("DateTime", NO_DATE)  # else TIFF and EXR get the time of writing
    for name, value in kind.attributes.items():
        spec.attribute(name, value)
    if not kind.linear:
        spec.attribute("oiio:UnassociatedAlpha", 1)
        spec.attribute("oiio:ColorSpace", "sRGB")
    target = oiio.ImageOutput.create(str(path))
    if target is None:
        raise OSError(oiio.geterror())
    if not (target.open(str(path), spec) and target.write_image(pixels) and target.close()):
        raise OSError(target.geterror() or "the file could not be written")
    # The library's PNG writer says nothing when the disk is full (measured): only reading back tells.
    written = oiio.ImageBuf(str(path))
    if not written.read(force=True) or written.has_error:
        raise OSError(written.geterror() or "the file was not written whole")
    with path.open("rb") as file:
        os.fsync(file.fileno())
