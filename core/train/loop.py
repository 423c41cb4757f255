"""The training loop: steps with a progress bar, checkpoints to go on from exactly, weights with their history."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from .. import __version__
from ..atomic import in_place, write_text
from ..errors import InputError
from ..weights import Layer
from .batches import Batches, idle_processors

CHECKPOINT_EVERY = 100
"""Steps between checkpoints; whatever a network in training keeps between steps must be whole at these."""
SHOWN_EVERY = 10
"""Steps after which the loss is shown."""
WARM_UP = 50
"""Steps over which the learning rate rises to its full height."""


@dataclass(frozen=True)
class Settings:
    """How a network is trained; written beside its weights.

    `teacher` is the encoder that measures its errors, `styles` are the folders that a decoder's styles come from
    (empty: from `data`), `start` is what is told beside the weights it starts from (empty: it starts anew).
    """

    network: str
    teacher: str
    data: tuple[str, ...]
    styles: tuple[str, ...]
    held_out: tuple[str, ...]
    steps: int
    batch: int
    side: int
    rate: float
    seed: int
    start: Mapping[str, Any] = field(default_factory=dict)


class Trainee(Protocol):
    """A network in training. Every step must follow from the state, the step's number and its batches alone."""

    batches: Batches
    device: torch.device

    def begin(self) -> None:
        """Make the network as it is before the first step."""
        ...

    def step(self, step: int, rate: float, batches: Sequence[Tensor]) -> Tensor:
        """One optimizer step at a learning rate with the uint8 batches of that step; the loss before it, a scalar."""
        ...

    def state(self) -> dict[str, Any]:
        """All that the next step depends on: tensors, numbers, and lists and dictionaries of them."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from there, in place of `begin`."""
        ...

    def score(self) -> dict[str, float]:
        """How good it is on held-out pictures."""
        ...

    def weights(self) -> Mapping[str, Tensor]:
        """The finished network's tensors by name."""
        ...


def layers_of(network: nn.Module) -> dict[str, Layer]:
    """A network's named convolutions as float32 weights on the CPU."""
    tensors = {key: tensor.detach().float().cpu() for key, tensor in network.state_dict().items()}
    names = [key.split(".")[1] for key in tensors if key.startswith("convolutions.") and key.endswith(".weight")]
    return {name: Layer(tensors[f"convolutions.{name}.weight"], tensors[f"convolutions.{name}.bias"])
            for name in names}


def rate_at(step: int, settings: Settings) -> float:
    """The learning rate: a short rise, then a half cosine down to 0."""
    return settings.rate * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / settings.steps))


def descend(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float, network: nn.Module) -> None:
    """One step down a loss, a scalar, at a learning rate; the network's gradient is cut to a length of 1.

    What is not finite of it counts as 0: one such batch would be the end of everything learned.
    """
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimizer.param_groups:
        group["lr"] = rate
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad.nan_to_num_(0.0, 0.0, 0.0)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def train(trainee: Trainee, settings: Settings, output: Path) -> dict[str, float]:
    """Train to the last step and write `output` (safetensors, half precision) and `output`.json; returns the score.

    A checkpoint lies beside the output while training goes on; the same command run again goes on from it, with
    the same result as if it had never stopped. Raises InputError if the checkpoint has other settings.
    """
    checkpoint = output.with_suffix(".checkpoint")
    first, seconds = _resume(trainee, settings, checkpoint)
    began = time.monotonic() - seconds
    mean = None
    batches = trainee.batches.of(range(first, settings.steps), idle_processors(trainee.device))
    with tqdm(total=settings.steps, initial=first, unit="step", file=sys.stderr, dynamic_ncols=True) as bar:
        for step, batch in zip(range(first, settings.steps), batches, strict=True):
            loss = trainee.step(step, rate_at(step, settings), batch)
            mean = loss if mean is None else torch.where(loss.isfinite(), 0.98 * mean + 0.02 * loss, mean)
            if (step + 1) % SHOWN_EVERY == 0:  # to show the loss is to wait for the device
                bar.set_postfix_str(f"loss {float(mean):.4f}", refresh=False)
            bar.update()
            if (step + 1) % CHECKPOINT_EVERY == 0 and step + 1 < settings.steps:
                _save_checkpoint(trainee, settings, checkpoint, step + 1, time.monotonic() - began)
            if (step + 1) % (10 * CHECKPOINT_EVERY) == 0:
                bar.write(f"step {step + 1}: {_line(trainee.score())}", file=sys.stdout)
                sys.stdout.flush()
    score = trainee.score()
    _save_weights(trainee, settings, output, score, time.monotonic() - began)
    checkpoint.unlink(missing_ok=True)
    print(f"held-out score: {_line(score)}")
    print(f"weights: {output}")
    return score


def _line(score: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in score.items())


def _resume(trainee: Trainee, settings: Settings, checkpoint: Path) -> tuple[int, float]:
    if not checkpoint.is_file():
        trainee.begin()
        return 0, 0.0
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if saved["settings"] != json.dumps(asdict(settings)):
        raise InputError(f"The checkpoint '{checkpoint.name}' was made with other settings.",
                         "Use the same ones to go on, or delete it to begin anew.", saved["settings"])
    trainee.load_state(saved["state"])
    return saved["step"], saved["seconds"]


def _save_checkpoint(trainee: Trainee, settings: Settings, path: Path, step: int, seconds: float) -> None:
    with in_place(path) as temporary:
        torch.save({"settings": json.dumps(asdict(settings)), "step": step, "seconds": seconds,
                    "state": trainee.state()}, temporary)


def _save_weights(trainee: Trainee, settings: Settings, output: Path, score: Mapping[str, float],
                  seconds: float) -> None:
    tensors = {name: tensor.detach().half().cpu().contiguous() for name, tensor in trainee.weights().items()}
    with in_place(output) as temporary:
        save_file(tensors, temporary)
    told = {"engine": __version__, "torch": torch.__version__, "minutes": round(seconds / 60, 1),
            "threads": torch.get_num_threads(), **asdict(settings),
            "score": {name: round(value, 4) for name, value in score.items()}}
    write_text(output.with_suffix(".json"), json.dumps(told, indent=1) + "\n")
