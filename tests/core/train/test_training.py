"""Training both networks on a small sample: the loss falls, stopping changes nothing, the weights can be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core import weights
from core.cli import main
from core.encoders import LAYERS, Encoder, centered_input, load_encoder
from core.errors import InputError
from core.frames import Picture, write
from core.style.decoder import DECODED, WIDTHS, Decoder, untrained
from core.train import closed_form, loop
from core.train import encoder as encoder_training
from core.train.decoder import DecoderTrainee
from core.train.encoder import EncoderTrainee
from core.train.loop import Settings, Trainee, descend, layers_of, rate_at, train
from core.train.pictures import Pictures
from core.weights import Layer

SETTINGS = Settings("encoder", "vgg19", ("photos",), (), (), steps=8, batch=3, side=32, rate=1e-3, seed=1)
CPU = torch.device("cpu")
Make = Callable[[], Trainee]


@pytest.fixture
def pictures(tmp_path: Path, picture: Callable[..., Picture]) -> Pictures:
    """Nine small pictures, one held out."""
    for i in range(9):
        write(tmp_path / "photos" / f"{i}.png", picture(i, 48, 48), "png")
    return Pictures([tmp_path / "photos"])


@pytest.fixture(params=["encoder", "decoder"])
def make(request: pytest.FixtureRequest, tiny_encoder: Encoder, pictures: Pictures,
         monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a tiny network of either kind, ready to train."""
    monkeypatch.setattr(encoder_training, "START_CROPS", 4)
    monkeypatch.setattr(encoder_training, "PAINT_STEPS", 2)
    monkeypatch.setattr(encoder_training, "REFRESH", 2)
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)

    def ready() -> Trainee:
        if request.param == "encoder":
            return EncoderTrainee(tiny_encoder, pictures, SETTINGS, CPU, widths=(3, 4, 4, 4, 4))
        return DecoderTrainee(tiny_encoder, tiny_encoder, pictures, pictures, SETTINGS, CPU)
    return ready


def test_the_loss_of_a_batch_falls(make: Make) -> None:
    trainee = make()
    trainee.begin()
    batch = next(trainee.batches.of(range(1)))
    losses = [trainee.step(0, 1e-3, batch) for _ in range(12)]  # the same crops again and again
    assert losses[-1] < losses[0]


def test_stopped_and_gone_on_with_gives_the_same_weights(make: Make, tmp_path: Path) -> None:
    whole = train_to_the_end(make(), tmp_path / "whole.safetensors")
    with pytest.raises(KeyboardInterrupt):
        train(Interrupted(make(), at=6), SETTINGS, tmp_path / "parts.safetensors")
    assert (tmp_path / "parts.checkpoint").is_file()
    assert train_to_the_end(make(), tmp_path / "parts.safetensors") == whole
    assert not (tmp_path / "parts.checkpoint").exists()


def test_weights_come_with_their_history(make: Make, tmp_path: Path) -> None:
    train_to_the_end(make(), tmp_path / "net.safetensors")
    told = json.loads((tmp_path / "net.json").read_text())
    assert (told["steps"], told["batch"], told["data"]) == (8, 3, ["photos"])
    assert all(value >= 0 for value in told["score"].values())
    assert str(tmp_path) not in (tmp_path / "net.json").read_text()


def test_a_checkpoint_of_other_settings_is_not_mixed_in(make: Make, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(Interrupted(make(), at=5), SETTINGS, tmp_path / "net.safetensors")
    with pytest.raises(InputError, match="other settings"):
        train(make(), replace(SETTINGS, rate=0.5), tmp_path / "net.safetensors")


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    settings = replace(SETTINGS, steps=1000)
    rates = [rate_at(step, settings) for step in range(1000)]
    assert rates[0] < rates[20] < rates[49] == max(rates)
    assert rates[-1] < 1e-3 * settings.rate


@pytest.mark.parametrize("lost", [float("nan"), float("inf")])
def test_a_batch_without_a_finite_loss_does_not_end_what_was_learned(lost: float) -> None:
    torch.manual_seed(1)
    network = torch.nn.Linear(3, 1)

    def loss() -> Tensor:
        return network(torch.eye(3)).square().sum()  # type: ignore[no-any-return]

    optimizer, before = torch.optim.Adam(network.parameters()), loss().item()
    for factor in (1.0, lost, 1.0):
        descend(optimizer, loss() * factor, 0.01, network)
    assert torch.isfinite(network.weight).all() and loss() < before


def test_the_closed_form_start_is_already_like_the_teacher(tiny_encoder: Encoder, pictures: Pictures) -> None:
    crops = pictures.batch(1, 0, 8, 32)
    begun = closed_form.start(tiny_encoder, (4, 6, 8, 8, 8), crops)  # as wide as the teacher: nothing need be lost
    student = Encoder(begun.layers, centered_input)
    ours, theirs = student(crops, LAYERS), tiny_encoder(crops, LAYERS)
    for name, most in (("conv1_2", 0.05), ("conv2_2", 0.1), ("conv3_4", 0.2)):
        found = begun.heads[name] @ ours[name].flatten(2) * begun.scales[name]
        assert (found - theirs[name].flatten(2)).norm() / theirs[name].norm() < most, name


def test_a_trained_encoder_s_features_are_as_far_apart_as_the_teacher_s(
        tiny_encoder: Encoder, pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_training, "START_CROPS", 8)
    trainee = EncoderTrainee(tiny_encoder, pictures, SETTINGS, CPU, widths=(4, 6, 8, 8, 8))
    train_to_the_end(trainee, tmp_path / "net.safetensors")
    small = Encoder(weights.read_safetensors(tmp_path / "net.safetensors"), centered_input)
    one, other = pictures.batch(2, 1, 2, 32).split(1)
    for name in ("conv1_2", "conv2_2"):
        ours, theirs = ((e(one, [name])[name] - e(other, [name])[name]).norm() for e in (small, tiny_encoder))
        assert ours / theirs == pytest.approx(1.0, abs=0.2), name


def test_a_trained_decoder_paints(tiny_encoder: Encoder, pictures: Pictures, tmp_path: Path) -> None:
    trainee = DecoderTrainee(tiny_encoder, tiny_encoder, pictures, pictures, SETTINGS, CPU)
    train_to_the_end(trainee, tmp_path / "net.safetensors")
    decoder = Decoder(weights.read_safetensors(tmp_path / "net.safetensors"))
    assert decoder(tiny_encoder(pictures.batch(1, 1, 1, 32), DECODED)).shape == (1, 3, 32, 32)


@pytest.mark.usefixtures("tiny_encoder")
def test_the_command_trains_from_a_folder(pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(encoder_training, "START_CROPS", 4)
    for network in ("encoder", "decoder"):
        output = tmp_path / f"{network}.safetensors"
        code = main(["train", network, "--data", str(tmp_path / "photos"), "--output", str(output), "--steps", "2",
                     "--batch", "2", "--side", "32", "--precision", "float32", "--threads", "1"])
        assert code == 0
        assert output.is_file()
    assert "8 pictures to train with, 1 held out" in capsys.readouterr().out


@pytest.mark.usefixtures("tiny_encoder")
def test_a_decoder_can_start_from_an_earlier_one_and_says_so(pictures: Pictures, tmp_path: Path) -> None:
    arguments = ["train", "decoder", "--data", str(tmp_path / "photos"), "--steps", "1", "--batch", "2", "--side",
                 "32", "--precision", "float32", "--threads", "1"]
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert main([*arguments, "--output", str(first)]) == 0
    assert main([*arguments, "--output", str(second), "--start", str(first), "--rate", "0"]) == 0
    assert second.read_bytes() == first.read_bytes()  # nothing was learned at rate 0
    assert json.loads(second.with_suffix(".json").read_text())["start"]["rate"] == 1e-3
    first.with_suffix(".json").unlink()
    assert main([*arguments, "--output", str(second), "--start", str(first)]) == 1


def test_a_decoder_of_another_form_is_narrowed_before_it_is_trained(
        tiny_encoder: Encoder, pictures: Pictures) -> None:
    channels = {layer: f.shape[1] for layer, f in tiny_encoder(torch.zeros(1, 3, 16, 16), DECODED).items()}
    wide = untrained(channels, 3, [width + 8 for width in WIDTHS])
    fresh, narrowed = (DecoderTrainee(tiny_encoder, tiny_encoder, pictures, pictures, SETTINGS, CPU, begun)
                       for begun in (None, wide))
    crops, styles = pictures.batch(2, 1, 2, 32), pictures.batch(3, 1, 2, 32)
    wanted = Decoder(wide)(fresh.moved(crops, styles, DECODED))
    away = []
    for trainee in (fresh, narrowed):
        trainee.begin()
        layers = layers_of(trainee.decoder)
        assert tuple(len(layers[f"{layer}_out"].bias) for layer in DECODED) == WIDTHS
        away.append(float((trainee.paint(crops, styles, torch.ones(2)) - wanted).detach().norm()))
    assert away[1] < 0.5 * away[0]


@pytest.mark.usefixtures("tiny_encoder")
def test_it_is_narrowed_too_where_features_are_bfloat16(pictures: Pictures) -> None:
    encoder = load_encoder("vgg19", CPU, torch.bfloat16)
    channels = {layer: f.shape[1] for layer, f in encoder(torch.zeros(1, 3, 16, 16), DECODED).items()}
    trainee = DecoderTrainee(encoder, encoder, pictures, pictures, SETTINGS, CPU,
                             untrained(channels, 3, [width + 8 for width in WIDTHS]))
    trainee.begin()
    assert tuple(len(layers_of(trainee.decoder)[f"{layer}_out"].bias) for layer in DECODED) == WIDTHS


def test_weights_that_are_no_decoder_are_an_error(tiny_encoder: Encoder, pictures: Pictures) -> None:
    older = {"conv4_1a": Layer(torch.zeros(4, 6, 3, 3), torch.zeros(4))}
    with pytest.raises(InputError, match="another form"):
        DecoderTrainee(tiny_encoder, tiny_encoder, pictures, pictures, SETTINGS, CPU, older).begin()


@pytest.mark.usefixtures("tiny_encoder")
def test_an_encoder_can_start_from_an_earlier_one_and_says_so(pictures: Pictures, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_training, "START_CROPS", 4)
    arguments = ["train", "encoder", "--data", str(tmp_path / "photos"), "--steps", "1", "--batch", "2", "--side",
                 "32", "--precision", "float32", "--threads", "1"]
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert main([*arguments, "--output", str(first)]) == 0
    assert main([*arguments, "--output", str(second), "--start", str(first), "--rate", "0"]) == 0
    begun, gone_on = (weights.read_safetensors(file) for file in (first, second))
    for name, layer in begun.items():  # nothing was learned at rate 0, though the taps are found anew
        assert torch.equal(gone_on[name].kernel, layer.kernel), name
        assert torch.equal(gone_on[name].bias, layer.bias), name
    assert json.loads(second.with_suffix(".json").read_text())["start"]["rate"] == 3e-4


def test_crops_that_the_decoder_cannot_enlarge_to_are_an_error(tiny_encoder: Encoder, pictures: Pictures) -> None:
    with pytest.raises(InputError, match="multiple of 8"):
        DecoderTrainee(tiny_encoder, tiny_encoder, pictures, pictures, replace(SETTINGS, side=36), CPU)


class Interrupted:
    """A trainee during whose step Ctrl-C is pressed."""

    def __init__(self, trainee: Trainee, at: int) -> None:
        self.trainee, self.at = trainee, at

    def __getattr__(self, name: str) -> object:
        return getattr(self.trainee, name)

    def step(self, step: int, rate: float, batches: Sequence[Tensor]) -> Tensor:
        if step == self.at:
            raise KeyboardInterrupt
        return self.trainee.step(step, rate, batches)


def train_to_the_end(trainee: Trainee, output: Path) -> bytes:
    train(trainee, SETTINGS, output)
    return output.read_bytes()
