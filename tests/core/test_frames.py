"""Picture files: every kind comes in right, goes out exactly, and bad ones are named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
import torch
from PIL import Image

from core import frames
from core.color import linear_to_srgb
from core.errors import InputError, OutputError
from core.frames import FORMATS, Picture

Pictures = Callable[..., Picture]
STEP = {"png": 1 / 255, "png16": 1 / 65535, "tiff": 1 / 65535, "exr": 1 / 1000, "exr32": 1e-5}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("alpha", [False, True])
def test_what_is_written_is_read_again(tmp_path: Path, picture: Pictures, format: str, alpha: bool) -> None:
    path = tmp_path / ("frame" + FORMATS[format].suffix)
    original = picture(1, alpha=alpha)
    frames.write(path, original, format)
    back = frames.read(path)
    assert torch.allclose(back.rgb, original.rgb, atol=STEP[format])
    assert (back.alpha is None) == (not alpha)
    if alpha:
        assert torch.allclose(back.alpha, original.alpha, atol=STEP[format])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_same_picture_gives_the_same_bytes_at_any_time(tmp_path: Path, picture: Pictures) -> None:
    written: list[list[bytes]] = [[], []]
    for files in written:
        for format, kind in FORMATS.items():
            path = tmp_path / ("frame" + kind.suffix)
            frames.write(path, picture(1, alpha=True), format)
            files.append(path.read_bytes())
        time.sleep(1.1)  # dates in files count seconds
    assert written[0] == written[1]


def test_an_8_bit_png_comes_back_exactly(tmp_path: Path, picture: Pictures) -> None:
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    frames.write(first, picture(2, alpha=True), "png")
    frames.write(second, frames.read(first), "png")
    assert first.read_bytes() == second.read_bytes()


def test_exr_is_scene_linear_and_premultiplied(tmp_path: Path) -> None:
    path = tmp_path / "half.exr"
    frames.write(path, Picture(torch.full((1, 3, 2, 2), 0.5), torch.full((1, 1, 2, 2), 0.25)), "exr32")
    pixels = oiio.ImageBuf(str(path)).get_pixels("float")
    assert pixels[0, 0] == pytest.approx([0.21404 / 4] * 3 + [0.25], abs=1e-4)


def write_exr(path: Path, pixels: np.ndarray, names: tuple[str, ...]) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "float")
    spec.channelnames = names
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec) and output.write_image(pixels.astype(np.float32)) and output.close()


def test_an_exr_with_nan_and_highlights_is_usable_and_says_so(tmp_path: Path) -> None:
    pixels = np.full((4, 5, 3), 0.18)
    pixels[1, 2] = np.nan
    pixels[2, 3] = 40.0
    write_exr(tmp_path / "hot.exr", pixels, ("R", "G", "B"))
    read = frames.read(tmp_path / "hot.exr")
    assert torch.isfinite(read.rgb).all()
    assert read.rgb[0, :, 1, 2].tolist() == [0, 0, 0]
    assert read.rgb[0, :, 2, 3].tolist() == [1, 1, 1]
    assert read.rgb[0, 0, 0, 0].item() == pytest.approx(linear_to_srgb(torch.tensor(0.18)).item(), abs=1e-5)
    assert "1 pixels" in read.notes[0] and "hot.exr" in read.notes[0]
    assert "above 1" in read.notes[1]


def test_infinitely_bright_pixels_are_white(tmp_path: Path) -> None:
    pixels = np.full((4, 5, 3), 0.18)
    pixels[1, 2], pixels[1, 3], pixels[2, 3] = np.inf, -np.inf, [np.nan, np.inf, 0.5]
    write_exr(tmp_path / "sun.exr", pixels, ("R", "G", "B"))
    read = frames.read(tmp_path / "sun.exr")
    for place, color in (((1, 2), [1, 1, 1]), ((1, 3), [0, 0, 0]), ((2, 3), [0, 1, 0.735])):
        assert read.rgb[0, :, *place].tolist() == pytest.approx(color, abs=1e-3)
    black, white = read.notes
    assert "2 pixels" in black and "black" in black and "2 pixels" in white and "painted as 1" in white


def test_a_multilayer_exr_shows_its_combined_pass(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 8))
    pixels[..., 0] = 7.0  # depth
    pixels[..., 1:4] = [0.3, 0.2, 0.1]  # B, G, R
    pixels[..., 4] = 1.0
    pixels[..., 5:] = 0.9  # a pass with colors that comes first by its name
    names = ("View.Depth.Z", "View.Combined.B", "View.Combined.G", "View.Combined.R", "View.Combined.A",
             "View.AO.B", "View.AO.G", "View.AO.R")
    write_exr(tmp_path / "layers.exr", pixels, names)
    rgb = frames.read(tmp_path / "layers.exr").rgb[0, :, 0, 0]
    assert rgb.tolist() == pytest.approx(linear_to_srgb(torch.tensor([0.1, 0.2, 0.3])).tolist(), abs=1e-4)


def write_parts(path: Path, *parts: dict[str, float]) -> None:
    """A multi-part EXR of 2 x 3 pixels: the channels of each part, and their values."""
    specs = []
    for number, part in enumerate(parts):
        spec = oiio.ImageSpec(3, 2, len(part), "float")
        spec.channelnames = tuple(part)
        spec.attribute("oiio:subimagename", f"part {number}")
        specs.append(spec)
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), tuple(specs))
    for number, (part, spec) in enumerate(zip(parts, specs, strict=True)):
        if number:
            assert output.open(str(path), spec, "AppendSubimage")
        output.write_image(np.full((2, 3, len(part)), list(part.values()), np.float32))
    output.close()


@pytest.mark.parametrize("parts", [
    [{"Z": 7.0}, {"R": 0.1, "G": 0.2, "B": 0.3, "A": 1.0}],
    [{"View.Depth.Z": 7.0}, {"View.AO.R": 0.9, "View.AO.G": 0.9, "View.AO.B": 0.9},
     {"View.Combined.R": 0.1, "View.Combined.G": 0.2, "View.Combined.B": 0.3, "View.Combined.A": 1.0}],
    [{"R": 0.1, "G": 0.2, "B": 0.3, "A": 1.0}, {"R": 0.9, "G": 0.9, "B": 0.9, "A": 1.0}]])
def test_a_multi_part_exr_shows_its_beauty_wherever_it_stands(tmp_path: Path, parts: list[dict[str, float]]) -> None:
    write_parts(tmp_path / "parts.exr", *parts)
    rgb = frames.read(tmp_path / "parts.exr").rgb[0, :, 0, 0]
    assert rgb.tolist() == pytest.approx(linear_to_srgb(torch.tensor([0.1, 0.2, 0.3])).tolist(), abs=1e-4)


def test_a_deep_exr_is_read_as_it_looks(tmp_path: Path) -> None:
    """As renderers write them for compositing: samples behind each other, the nearer one half transparent."""
    spec = oiio.ImageSpec(3, 2, 5, "float")
    spec.channelnames, spec.deep = ("R", "G", "B", "A", "Z"), True
    samples = oiio.DeepData()
    samples.init(spec)
    for pixel in range(6):
        samples.set_samples(pixel, 2)
        for sample, values in enumerate([(0.0, 0.25, 0.0, 0.5, 1.0), (0.5, 0.0, 0.0, 1.0, 2.0)]):
            for channel, value in enumerate(values):
                samples.set_deep_value(pixel, channel, sample, value)
    output = oiio.ImageOutput.create(str(tmp_path / "deep.exr"))
    output.open(str(tmp_path / "deep.exr"), spec)
    assert output.write_deep_image(samples), output.geterror()
    output.close()
    picture = frames.read(tmp_path / "deep.exr")
    expected = linear_to_srgb(torch.tensor([0.25, 0.25, 0.0]))
    assert picture.rgb.shape == (1, 3, 2, 3) and torch.allclose(picture.rgb[0, :, 0, 0], expected, atol=1e-4)


def test_unusual_pictures(tmp_path: Path, picture: Pictures) -> None:
    color = (picture(3).rgb[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    gray = np.asarray(Image.fromarray(color).convert("L"))
    Image.fromarray(gray).save(tmp_path / "gray.png")
    Image.fromarray(np.dstack([gray, 255 - gray]), "LA").save(tmp_path / "gray_alpha.png")
    cv2.imwrite(str(tmp_path / "gray16.png"), gray.astype(np.uint16) * 257)
    Image.fromarray(color).convert("CMYK").save(tmp_path / "cmyk.tif")
    Image.fromarray(color).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    Image.fromarray(color).save(tmp_path / "Größe & Söhne 日本.jpg", quality=95)
    as_gray = torch.from_numpy(gray / 255.0).float().expand(3, -1, -1)
    for name in ("gray.png", "gray16.png", "gray_alpha.png"):
        assert torch.allclose(frames.read(tmp_path / name).rgb[0], as_gray, atol=1e-5), name
    assert torch.allclose(frames.read(tmp_path / "gray_alpha.png").alpha[0], 1 - as_gray[:1], atol=1e-5)
    as_color = torch.from_numpy(color / 255.0).float().permute(2, 0, 1)
    for name, tolerance in (("cmyk.tif", 0.01), ("palette.png", 0.03), ("Größe & Söhne 日本.jpg", 0.03)):
        assert (frames.read(tmp_path / name).rgb[0] - as_color).abs().mean() < tolerance, name


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_of_an_animation_only_the_first_frame_is_read_with_a_note(tmp_path: Path, suffix: str) -> None:
    first, *others = [Image.new("RGB", (16, 12), color) for color in ("red", "green", "blue")]
    first.save(tmp_path / f"still{suffix}")
    first.save(tmp_path / f"moving{suffix}", save_all=True, append_images=others, duration=40)
    assert not frames.read(tmp_path / f"still{suffix}").notes
    moving = frames.read(tmp_path / f"moving{suffix}")
    assert moving.rgb[0, 0].mean() > 0.9 and moving.rgb[0, 1:].mean() < 0.1
    assert len(moving.notes) == 1 and f"moving{suffix} is animated" in moving.notes[0]


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :10] = 255  # white on the left; turned a quarter clockwise it is on top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "phone.jpg", exif=exif, quality=95)
    upright = frames.read(tmp_path / "phone.jpg")
    assert upright.size == (30, 20)
    assert upright.rgb[..., :8, :].mean() > 0.9 and upright.rgb[..., 12:, :].mean() < 0.1


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".exr"])
@pytest.mark.parametrize("kept", [0.0, 0.6])
def test_empty_and_truncated_files_are_named(tmp_path: Path, suffix: str, kept: float) -> None:
    noise = torch.rand(1, 3, 80, 90, generator=torch.Generator().manual_seed(1))
    path = tmp_path / f"frame{suffix}"
    if suffix == ".jpg":
        Image.fromarray((noise[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)).save(path)
    else:
        frames.write(path, Picture(noise), {".png": "png", ".tif": "tiff", ".exr": "exr"}[suffix])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(InputError, match=f"frame{suffix}") as error:
        frames.read(path)
    assert error.value.hint


def test_what_phones_write_behind_a_photograph_is_not_its_end(tmp_path: Path) -> None:
    path = tmp_path / "motion photo.jpg"
    Image.new("RGB", (32, 24), "orange").save(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b"ftypmp42 \xff\xda and more")
    assert frames.read(path).size == (24, 32)
    path.write_bytes(whole[:-2])
    with pytest.raises(InputError, match=r"motion photo\.jpg"):
        frames.read(path)


@pytest.mark.parametrize("pixels", ["uint8", "float"])
@pytest.mark.parametrize("unassociated", [False, True])
def test_a_tiff_says_whether_its_colors_are_multiplied_by_alpha(tmp_path: Path, pixels: str,
                                                                unassociated: bool) -> None:
    spec = oiio.ImageSpec(4, 4, 4, pixels)
    if unassociated:
        spec.attribute("oiio:UnassociatedAlpha", 1)
    output = oiio.ImageOutput.create(str(tmp_path / "half.tif"))
    stored = np.full((4, 4, 4), 0.5 if unassociated else 0.25, np.float32)  # a color of 0.5, half transparent
    stored[..., 3] = 0.5
    assert output.open(str(tmp_path / "half.tif"), spec) and output.write_image(stored) and output.close()
    color = linear_to_srgb(torch.tensor(0.5)).item() if pixels == "float" else 0.5
    read = frames.read(tmp_path / "half.tif")
    assert read.rgb.mean().item() == pytest.approx(color, abs=0.005)
    assert read.alpha is not None and read.alpha.mean().item() == pytest.approx(0.5, abs=0.005)


def test_missing_and_wrong_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    for name in ("text.png", "missing.png"):
        with pytest.raises(InputError, match=name):
            frames.read(tmp_path / name)
    with pytest.raises(InputError, match="is a folder"):
        frames.read(tmp_path)


def test_the_detail_of_an_error_is_the_path(tmp_path: Path) -> None:
    """And what the library said, where it said something."""
    with pytest.raises(InputError) as error:
        frames.read(tmp_path / "nope.jpg")
    assert error.value.detail == str(tmp_path / "nope.jpg")


def test_a_file_where_the_folder_should_be_is_an_output_error(tmp_path: Path, picture: Pictures) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"frame\.png"):
        frames.write(tmp_path / "file" / "frame.png", picture(), "png")


def test_a_failed_write_leaves_the_old_frame(tmp_path: Path, picture: Pictures,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "frame.png"
    frames.write(path, picture(1), "png")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"frame\.png") as error:
        frames.write(path, picture(2), "png")
    assert "No space" in error.value.detail
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["frame.png"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import torch
from core import frames
from core.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for format, kind in frames.FORMATS.items():
    path = Path(sys.argv[1], f"frame{kind.suffix}")
    try:
        frames.write(path, frames.Picture(torch.rand(1, 3, 90, 90)), format)
    except OutputError:
        if list(path.parent.iterdir()):
            sys.exit(f"{format}: something was left behind")
    else:
        sys.exit(f"{format}: the full disk was not noticed")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits on the size of files are POSIX")
def test_a_disk_that_fills_up_is_noticed_and_nothing_half_written_stays(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr


def test_data_comes_back_by_name_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "data.exr"
    channels = {"X": np.float32([[-300.5, 0.0], [2.25, 0.125]]), "trust": np.float32([[0, 1], [1, 0]])}
    frames.write_data(path, channels)
    pixels, names = frames.read_data(path)
    assert sorted(names) == sorted(channels)
    for name, values in channels.items():
        assert np.array_equal(pixels[..., names.index(name)], values)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"data\.exr"):
        frames.read_data(path)


def test_the_parts_of_a_file_come_together(tmp_path: Path) -> None:
    path = tmp_path / "parts.exr"
    write_parts(path, {"Combined.R": 0.0}, {"Vector.X": 1.0})
    pixels, names = frames.read_data(path)
    assert names == ["Combined.R", "Vector.X"]
    assert pixels.shape == (2, 3, 2) and pixels[0, 0].tolist() == [0, 1]


def flo(width: int, height: int, values: list[float]) -> bytes:
    return b"PIEH" + np.array([width, height], "<i4").tobytes() + np.array(values, "<f4").tobytes()


def test_a_flo_file_says_where_its_flow_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "frame_0001.flo"
    path.write_bytes(flo(2, 1, [1.5, -2.0, 1.6e9, 0.0]))
    flow = frames.read_flo(path)
    assert flow.shape == (1, 2, 2)
    assert flow[0, 0].tolist() == [1.5, -2.0] and np.isnan(flow[0, 1]).all()


@pytest.mark.parametrize("data", [b"", b"PIEH", b"\x89PNG and so on", flo(2, 1, [1.0, 2.0, 3.0]), flo(-2, 1, []),
                                  flo(2, 1, [0.0] * 5)])
def test_a_bad_flo_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "frame_0001.flo"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"frame_0001\.flo") as error:
        frames.read_flo(path)
    assert error.value.hint
    with pytest.raises(InputError, match="missing"):
        frames.read_flo(tmp_path / "missing.flo")
