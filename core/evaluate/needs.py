"""What painting needs that may not be there: what is measured without it says so and goes on."""

from __future__ import annotations

from .. import weights
from ..encoders import ENCODERS
from ..errors import WeightsError
from ..options import StyleOptions


def lacking(options: StyleOptions) -> str | None:
    """What these options need and is not installed, in words."""
    files = [ENCODERS[options.encoder].weights]
    if "fast" in (options.engine, options.init):
        files += [weights.LITE, weights.DECODER]
    for file in files:
        try:
            file.path()
        except WeightsError as error:
            return error.message
    return None
