"""Words without a window against PyTorch's own layers, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from striate.errors import WordFault
from striate.geometry.shape import Shape
from striate.grammar.plain import ACTIVATIONS, Activation, Part
from striate.grammar.vocabulary import spelled

MAP = Shape(32, 5, 7)

PEERS = {
    "prelu": nn.PReLU(32),
    "bn": nn.BatchNorm2d(32),
    "lrn5": nn.LocalResponseNorm(5),
    "drop0.3": nn.Dropout(0.3),
    "flatten": nn.Flatten(),
    "fc10": nn.Sequential(nn.Flatten(), nn.Linear(32 * 5 * 7, 10)),
    "fc10b0": nn.Sequential(nn.Flatten(), nn.Linear(32 * 5 * 7, 10, bias=False)),
    "shuffle4": nn.ChannelShuffle(4),
    "softmax": nn.Softmax(1),
    "id": nn.Identity(),
} | {name: nn.ReLU() for name in ACTIVATIONS if name != "prelu"}


@pytest.mark.parametrize(("text", "peer"), PEERS.items())
def test_shape_and_parameters_are_those_of_pytorch(text: str, peer: nn.Module) -> None:
    word = spelled(text)
    out = peer(torch.zeros(2, *MAP[:3]))[0]
    shape = word.shape(MAP)
    assert shape[:3] == (*out.shape, 1, 1)[:3]
    assert shape.flat == (out.ndim == 1)
    assert word.parameters(MAP, True) == sum(p.numel() for p in peer.parameters())


def test_multiply_adds_are_counted_for_full_connections_alone() -> None:
    assert spelled("fc10").macs(MAP) == 32 * 5 * 7 * 10
    assert spelled("se4").macs(MAP) == 2 * 32 * 4
    assert {spelled(text).macs(MAP) for text in ("bn", "relu", "lrn", "drop", "flatten")} == {0}


def test_squeeze_excite_learns_two_full_connections() -> None:
    peers = [nn.Linear(32, 4), nn.Linear(4, 32)]
    assert spelled("se4").parameters(MAP, True) == sum(
        p.numel() for m in peers for p in m.parameters()
    )


def test_squeeze_excite_squeezes_to_a_sixteenth_but_never_to_nothing() -> None:
    assert spelled("se").parameters(MAP, True) == spelled("se2").parameters(MAP, True)
    small = Shape(8, 5, 5)
    assert spelled("se").parameters(small, True) == spelled("se1").parameters(small, True)


def test_maxout_keeps_one_channel_of_each_run() -> None:
    assert spelled("maxout4").shape(MAP) == Shape(8, 5, 7)
    assert spelled("maxout").shape(Shape(10, flat=True)) == Shape(5, flat=True)


def test_parts_lie_side_by_side_and_hold_every_channel_once() -> None:
    bounds = [Part(parts=4, index=i).bounds(32) for i in (1, 2, 3, 4)]
    assert [channel for first, last in bounds for channel in range(first, last)] == list(range(32))
    assert spelled("part4i2").shape(MAP) == Shape(8, 5, 7)


@pytest.mark.parametrize("text", ["flatten", "fc10", "se", "gap", "gmp"])
def test_some_words_see_the_whole_picture(text: str) -> None:
    assert spelled(text).sees_all
    assert not spelled("conv3").sees_all


FAULTS = {
    "maxout3": "3 must divide the channels; got 32",
    "shuffle3": "3 must divide the channels; got 32",
    "part3i1": "3 must divide the channels; got 32",
    "part2i3": "there is no part 3 of 2",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items())
def test_what_thirty_two_channels_cannot_have_is_refused(text: str, said: str) -> None:
    with pytest.raises(WordFault) as met:
        spelled(text, 5).shape(MAP)
    assert met.value.text == f"`{text}`: {said}"
    assert met.value.hint
    assert (met.value.position, met.value.length) == (5, len(text))


NUMBERS = {
    "gelu2": "`gelu` takes no number",
    "relu0": "its number must be above 0; got 0",
    "elu0": "its number must be above 0; got 0",
    "drop1": "a probability of 1 drops everything",
    "drop1.5": "drop: its probability must be at most 1; got 1.5",
}


@pytest.mark.parametrize(("text", "said"), NUMBERS.items())
def test_numbers_that_mean_nothing_are_refused(text: str, said: str) -> None:
    with pytest.raises(WordFault) as met:
        spelled(text, 5)
    assert said in met.value.text
    assert (met.value.position, met.value.length) == (5, len(text))


def test_an_activation_made_by_hand_must_be_a_known_one() -> None:
    with pytest.raises(WordFault, match="unknown activation 'swash'"):
        Activation(called="swash")
