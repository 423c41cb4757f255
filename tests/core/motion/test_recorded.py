"""Recorded motion: .flo files and Blender's Vector pass, either way round, at any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
import torch
from numpy.typing import NDArray

from core.errors import InputError
from core.frames import write_data
from core.motion.recorded import RecordedFlow

SIZE = (24, 32)
VECTOR = ("ViewLayer.Vector.X", "ViewLayer.Vector.Y", "ViewLayer.Vector.Z", "ViewLayer.Vector.W")


def write_flo(path: Path, flow: NDArray[np.float32]) -> None:
    height, width = flow.shape[:2]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PIEH" + np.array([width, height], "<i4").tobytes() + flow.astype("<f4").tobytes())


def constant(*values: float) -> NDArray[np.float32]:
    return np.broadcast_to(np.float32(values), (*SIZE, len(values))).copy()


def write_vectors(path: Path, *xyzw: float) -> None:
    write_data(path, {"ViewLayer.Combined.R": np.zeros(SIZE, np.float32)}
               | {name: np.full(SIZE, value, np.float32) for name, value in zip(VECTOR, xyzw, strict=True)})


@pytest.fixture
def sintel(tmp_path: Path) -> Path:
    """Frames 3 to 5, everything moving by (2, 1) from 3 to 4 and by (-3, 0) from 4 to 5."""
    write_flo(tmp_path / "frame_0003.flo", constant(2, 1))
    write_flo(tmp_path / "frame_0004.flo", constant(-3, 0))
    return tmp_path


def test_a_flo_file_is_turned_round_for_the_later_frame(sintel: Path) -> None:
    recorded = RecordedFlow(sintel, [3, 4, 5])
    flow, known = recorded.between(4, 3, SIZE)
    assert flow[0, :, 10, 10].tolist() == [-2, -1]
    assert known[0, 0, 10, 10] == 1 and known[0, 0, 0].max() == 0 and known[0, 0, :, :2].max() == 0
    flow, known = recorded.between(3, 4, SIZE)
    assert flow[0, :, 10, 10].tolist() == [2, 1] and known.min() == 1


def test_only_consecutive_frames_have_recorded_motion(sintel: Path) -> None:
    recorded = RecordedFlow(sintel, [3, 4, 5, 6])
    assert recorded.between(5, 3, SIZE) is None
    assert recorded.between(6, 5, SIZE) is None
    assert recorded.between(7, 6, SIZE) is None


def test_a_flo_file_leads_to_the_clips_next_frame_whatever_its_number(tmp_path: Path) -> None:
    write_flo(tmp_path / "shot2_0010.flo", constant(1, 0))
    found = RecordedFlow(tmp_path, [10, 12]).between(12, 10, SIZE)
    assert found is not None and found[0][0, 0, 10, 10] == -1


@pytest.mark.parametrize("name", ["frame_{:04d}_v2", "{:04d}.5", "take 7 - {}", "s01_{:03d}_001"])
def test_the_number_is_the_one_in_which_the_files_differ(tmp_path: Path, name: str) -> None:
    for number in (1, 2, 3):
        write_flo(tmp_path / f"{name.format(number)}.flo", constant(number, 0))
        write_vectors(tmp_path / "vectors" / f"{name.format(number)}.exr", 0, 0, -number, 0)
    for folder in (tmp_path, tmp_path / "vectors"):
        found = RecordedFlow(folder, [1, 2, 3, 4]).between(3, 4, SIZE)
        assert found is not None and found[0][0, 0, 10, 10] == 3


def test_two_files_with_the_motion_of_one_frame_are_an_error(tmp_path: Path) -> None:
    for name in ("a_0001", "a_0002", "b_0002"):
        write_flo(tmp_path / f"{name}.flo", constant(1, 0))
    with pytest.raises(InputError, match=r"a_0002\.flo' and 'b_0002\.flo' both hold the motion of frame 2"):
        RecordedFlow(tmp_path, [1, 2, 3])


def test_another_size_scales_the_vectors(sintel: Path) -> None:
    flow, known = RecordedFlow(sintel, [3, 4]).between(3, 4, (48, 16))
    assert flow.shape == (1, 2, 48, 16) and known.shape == (1, 1, 48, 16)
    assert torch.allclose(flow[0, :, 20, 8], torch.tensor([1.0, 2.0]))


def test_unknown_motion_stays_unknown(tmp_path: Path) -> None:
    flow = constant(1, 0)
    flow[5:10, 6:12] = 1.7e9
    write_flo(tmp_path / "f_1.flo", flow)
    for size in (SIZE, (48, 64)):
        found, known = RecordedFlow(tmp_path, [1, 2]).between(1, 2, size)
        factor = size[0] // SIZE[0]
        assert known[0, 0, 7 * factor, 8 * factor] == 0 and found[0, :, 7 * factor, 8 * factor].abs().max() == 0
        assert found.abs().max() < 10


def test_the_vector_pass_counts_y_upward_and_gives_both_directions(tmp_path: Path) -> None:
    # As Blender wrote it for a cube that came from 5 px further left and 1 px further up, and goes 2 right, 3 up.
    write_vectors(tmp_path / "v_0002.exr", -5, 1, -2, -3)
    recorded = RecordedFlow(tmp_path, [1, 2, 3])
    assert recorded.between(2, 1, SIZE)[0][0, :, 10, 10].tolist() == [-5, -1]
    assert recorded.between(2, 3, SIZE)[0][0, :, 10, 10].tolist() == [2, -3]
    assert recorded.between(3, 2, SIZE)[0][0, :, 10, 10].tolist() == [-2, 3]
    assert recorded.between(1, 2, SIZE)[0][0, :, 10, 10].tolist() == [5, 1]


def test_the_vector_pass_knows_neighboring_numbers_only(tmp_path: Path) -> None:
    write_vectors(tmp_path / "v_0002.exr", 1, 0, -1, 0)
    assert RecordedFlow(tmp_path, [2, 4]).between(4, 2, SIZE) is None


def test_the_pass_is_found_in_a_multi_part_file_and_beside_pictures(tmp_path: Path) -> None:
    write_data(tmp_path / "beauty_0002.exr", {name: np.zeros(SIZE, np.float32) for name in "RGB"})
    specs = []
    for names in (("ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B"), VECTOR):
        spec = oiio.ImageSpec(SIZE[1], SIZE[0], len(names), "float")
        spec.channelnames = names
        spec.attribute("oiio:subimagename", names[0].rpartition(".")[0])
        specs.append(spec)
    output = oiio.ImageOutput.create("x.exr")
    assert output.open(str(tmp_path / "passes_0002.exr"), tuple(specs)), output.geterror()
    output.write_image(constant(0, 0, 0))
    assert output.open(str(tmp_path / "passes_0002.exr"), specs[1], "AppendSubimage"), output.geterror()
    output.write_image(constant(4, 0, 0, 0))
    output.close()
    found = RecordedFlow(tmp_path, [1, 2]).between(2, 1, SIZE)
    assert found is not None and found[0][0, :, 10, 10].tolist() == [4, 0]


def test_a_folder_that_does_not_fit_is_an_error(sintel: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").touch()
    for folder in ("missing", "empty"):
        with pytest.raises(InputError, match=folder) as error:
            RecordedFlow(tmp_path / folder, [1])
        assert "Vector" in error.value.hint
    with pytest.raises(InputError, match="none of the frames") as error:
        RecordedFlow(sintel, [100, 101])
    assert "3 to 4" in error.value.hint


def test_a_folder_that_cannot_be_looked_into_is_an_error() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        RecordedFlow(Path("too long " * 50), [1])


def test_pictures_without_the_pass_are_an_error(tmp_path: Path) -> None:
    write_data(tmp_path / "beauty_0002.exr", {name: np.zeros(SIZE, np.float32) for name in "RGB"})
    with pytest.raises(InputError, match="no Vector pass"):
        RecordedFlow(tmp_path, [1, 2])
