"""RAFT-small, the recurrent optical flow network, by torchvision (which the rest of the engine does not need)."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import pad

from ..digests import digest_of
from ..errors import WeightsError
from ..sizes import Size, size_of

UPDATES = 12
"""Steps of the recurrent unit. On Sintel alley_1 32 of them make the end-point error 1 % smaller."""
STRIDE, SMALLEST = 8, 128
"""Sides are multiples of the one and not under the other, pixels: 1/8 of the size is reduced three times more."""
HUB_FILE = "raft_small_C_T_V2-01064c6d.pth"
"""Torchvision's own weights as torch.hub calls them; the name ends with the start of their sha256."""
HOW_TO_GET = "Give the path of a RAFT-small .safetensors file, or choose the flow 'dis', which needs no weights."
ORIGINAL_NAMES = (
    (r"^module\.", ""),
    (r"^fnet\.", "feature_encoder."),
    (r"^cnet\.", "context_encoder."),
    (r"^(\w+_encoder)\.conv1\.", r"\1.convnormrelu.0."),
    (r"^(\w+_encoder)\.conv2\.", r"\1.conv."),
    (r"\.conv(\d)\.(?=\w+$)(?<=layer\d\.\d\.conv\d\.)", r".convnormrelu\1.0."),
    (r"^update_block\.encoder\.convc1\.", "update_block.motion_encoder.convcorr1.0."),
    (r"^update_block\.encoder\.convf(\d)\.", r"update_block.motion_encoder.convflow\1.0."),
    (r"^update_block\.encoder\.conv\.", "update_block.motion_encoder.conv.0."),
    (r"^update_block\.gru\.", "update_block.recurrent_block.convgru1."),
)
"""What the authors call a layer, and what torchvision does, one after the other; torchvision's own names stay."""


class RaftSmall:
    """Recurrent all-pairs field transforms: Teed & Deng, ECCV 2020, arXiv:2003.12039; the small network, 12 updates.

    `weights` is a .safetensors file with torchvision's names of the layers or the authors'; None takes the file
    that torchvision left in torch.hub's folder (nothing is downloaded). Raises WeightsError if the weights or
    torchvision are missing or unusable.
    """

    def __init__(self, weights: Path | None, device: torch.device) -> None:
        path = weights or Path(torch.hub.get_dir()) / "checkpoints" / HUB_FILE
        if not path.is_file():
            raise WeightsError(f"The weights of the optical flow '{path.name}' are missing.", HOW_TO_GET, str(path))
        digest = digest_of(path)
        if weights is None and not digest.startswith(HUB_FILE.rsplit("-", 1)[1].removesuffix(".pth")):
            raise WeightsError(f"The weights '{path.name}' are damaged.", HOW_TO_GET, f"{path}: sha256 {digest}")
        self.name, self.device = f"raft-{digest[:12]}", device
        self._network = _optical_flow().raft_small(weights=None).eval().to(device)
        try:
            self._network.load_state_dict(_read(path))
        except (SafetensorError, RuntimeError, OSError, ValueError) as error:
            raise WeightsError(f"'{path.name}' does not hold the weights of RAFT-small.", HOW_TO_GET,
                               f"{path}: {error}") from error

    def __call__(self, here: Tensor, there: Tensor) -> Tensor:
        """The flow 1,2,H,W (pixels, on the CPU) from `here` to `there`, 1,3,H,W in [0, 1]."""
        size = size_of(here)
        sides = _margins(size)
        with torch.inference_mode():
            first, second = (pad(image.to(self.device) * 2 - 1, sides, mode="replicate") for image in (here, there))
            flow: Tensor = self._network(first, second, num_flow_updates=UPDATES)[-1]
        left, _, top, _ = sides
        return flow[..., top:top + size[0], left:left + size[1]].cpu().clone()


def _margins(size: Size) -> tuple[int, int, int, int]:
    """Left, right, top, bottom: what makes the sides usable, half of it on either side."""
    height, width = (max(SMALLEST, -(-side // STRIDE) * STRIDE) - side for side in size)
    return width // 2, width - width // 2, height // 2, height - height // 2


def _read(path: Path) -> Mapping[str, Tensor]:
    """The weights under torchvision's names."""
    if path.suffix == ".pth":
        loaded: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return loaded
    return {_renamed(name): tensor for name, tensor in load_file(path).items()}


def _renamed(name: str) -> str:
    for original, ours in ORIGINAL_NAMES:
        name = re.sub(original, ours, name)
    return name


def _optical_flow() -> ModuleType:
    """Torchvision's module of flow networks. Raises WeightsError if it is not installed."""
    try:
        return importlib.import_module("torchvision.models.optical_flow")
    except ImportError as error:
        raise WeightsError("The optical flow 'raft' needs torchvision, which is not installed.",
                           "Install it into the engine's environment, or choose the flow 'dis'.", str(error)) from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    # Built for CUDA, torchvision cannot load its compiled operators beside a torch for the CPU, and then misses them
    # while it is imported. RAFT uses none: their bare names are enough.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision.models.optical_flow")
