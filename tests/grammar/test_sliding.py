"""Convolutions and pools against PyTorch's own layers, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from striate.errors import DoesNotFit, WordFault
from striate.geometry.shape import Pair, Shape
from striate.grammar.sliding import AvgPool, Conv, Depthwise, Every, Gap, Local, MaxPool
from striate.grammar.vocabulary import spelled
from striate.grammar.words import Word

pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
pads = st.tuples(st.integers(0, 3), st.integers(0, 3))
maps = st.builds(
    Shape, st.integers(1, 6), st.integers(1, 14), st.integers(1, 14), flat=st.just(False)
)


def agrees(word: Word, given: Shape, make: type[nn.Module], *args: Any, **options: Any) -> bool:
    """Whether PyTorch's layer makes the shape and parameters that the word says, or refuses too."""
    try:
        layer = make(*args, **options)
        out = layer(torch.zeros(1, *given[:3]))
    except (RuntimeError, ValueError):
        with pytest.raises((DoesNotFit, WordFault)):
            word.shape(given)
        return True
    weights = sum(p.numel() for p in layer.parameters())
    said = word.parameters(given, word.has_bias(None))
    return (word.shape(given), said) == (Shape(*out.shape[1:]), weights)


@given(maps, pairs, pairs, pads, pairs, st.integers(1, 3), st.integers(1, 12), st.booleans())
def test_a_convolution_is_that_of_pytorch(
    given: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    channels: int,
    bias: bool,
) -> None:
    word = Conv(
        kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups,
        channels=channels, bias=bias,
    )  # fmt: skip
    args = given.channels, channels, kernel, stride, padding, dilation, groups, bias
    assert agrees(word, given, nn.Conv2d, *args)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(maps, pairs, pairs)
def test_same_padding_is_that_of_pytorch(given: Shape, kernel: Pair, dilation: Pair) -> None:
    word = Conv(kernel=kernel, padding="same", dilation=dilation)
    options = {"padding": "same", "dilation": dilation}
    assert agrees(word, given, nn.Conv2d, given.channels, given.channels, kernel, **options)
    assert word.shape(given) == given


@given(maps, st.integers(1, 7), st.integers(1, 4))
def test_same_padding_with_a_stride_rounds_the_quotient_up(
    given: Shape, kernel: int, stride: int
) -> None:
    word = Conv(kernel=(kernel, kernel), padding="same", stride=(stride, stride))
    assert word.shape(given)[1:3] == (-(-given.height // stride), -(-given.width // stride))


@given(maps, pairs, pairs, pads, st.integers(1, 3))
def test_a_depthwise_convolution_is_one_of_pytorch_with_all_groups(
    given: Shape, kernel: Pair, stride: Pair, padding: Pair, times: int
) -> None:
    channels = times * given.channels
    word = Depthwise(kernel=kernel, stride=stride, padding=padding, channels=channels)
    args = given.channels, channels, kernel, stride, padding, 1, given.channels
    assert agrees(word, given, nn.Conv2d, *args)


@given(maps, pairs, pairs, pads, pairs, st.booleans())
def test_a_max_pool_is_that_of_pytorch(
    given: Shape, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil: bool
) -> None:
    word = MaxPool(kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil=ceil)
    options = {"dilation": dilation, "ceil_mode": ceil}
    assert agrees(word, given, nn.MaxPool2d, kernel, stride, padding, **options)


@given(maps, pairs, pairs, pads, st.booleans())
def test_an_average_pool_is_that_of_pytorch(
    given: Shape, kernel: Pair, stride: Pair, padding: Pair, ceil: bool
) -> None:
    word = AvgPool(kernel=kernel, stride=stride, padding=padding, ceil=ceil)
    assert agrees(word, given, nn.AvgPool2d, kernel, stride, padding, ceil)


@given(maps, pairs)
def test_pooling_to_a_size_is_that_of_pytorch(given: Shape, places: Pair) -> None:
    for name, make in (("avgto", nn.AdaptiveAvgPool2d), ("maxto", nn.AdaptiveMaxPool2d)):
        assert agrees(spelled(f"{name}{places[0]}x{places[1]}"), given, make, places)


@given(maps, pairs, pairs, pads, st.integers(1, 4), st.booleans())
def test_a_locally_connected_layer_has_a_convolution_at_every_place(
    given: Shape, kernel: Pair, stride: Pair, padding: Pair, channels: int, bias: bool
) -> None:
    options: dict[str, Any] = {"kernel": kernel, "stride": stride, "padding": padding}
    word, shared = (kind(**options, channels=channels, bias=bias) for kind in (Local, Conv))
    try:
        out = shared.shape(given)
    except DoesNotFit:
        assume(False)
    assert word.shape(given) == out
    places = out.height * out.width
    assert word.parameters(given, bias) == places * shared.parameters(given, bias)
    assert word.macs(given) == shared.macs(given)


def test_a_pool_steps_by_its_kernel_unless_told_otherwise() -> None:
    assert spelled("max2").shape(Shape(3, 8, 9)) == Shape(3, 4, 4)
    assert spelled("max2s1").shape(Shape(3, 8, 9)) == Shape(3, 7, 8)
    assert spelled("avg3x1").shape(Shape(3, 9, 9)) == Shape(3, 3, 9)


def test_global_pools_leave_one_place_and_see_everything() -> None:
    assert Gap().shape(Shape(7, 5, 6)) == Shape(7, 1, 1)
    assert Gap().sees_all


def test_every_takes_the_rows_of_a_slice_and_adds_channels_on_both_sides() -> None:
    picture = torch.zeros(4, 9, 10)[:, ::2, ::3]
    word = Every(stride=(2, 3), channels=8)
    assert word.shape(Shape(4, 9, 10)) == Shape(8, *picture.shape[1:])


FAULTS = {
    "conv3g2-64": "groups must divide the channels; got 3 in, 64 out, groups 2",
    "conv3g3-64": "groups must divide the channels; got 3 in, 64 out, groups 3",
    "dw3-64": "makes a multiple of its input channels; got 3 in, 64 out",
    "max2p2": "padding may be half the kernel at most; got 2 for 2",
    "avg3p2": "padding may be half the kernel at most; got 2 for 3",
    "max2same": "`same` needs an odd kernel",
    "every2-2": "the channels grow by an even number; got 3 to 2",
    "every2-6": "the channels grow by an even number; got 3 to 6",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items())
def test_what_three_channels_cannot_have_is_refused(text: str, said: str) -> None:
    with pytest.raises(WordFault) as met:
        spelled(text, 9).shape(Shape(3, 32, 32))
    assert said in met.value.text
    assert met.value.text.startswith(f"`{text}`: ")
    assert met.value.hint
    assert (met.value.position, met.value.length) == (9, len(text))


def test_what_a_hint_proposes_is_accepted() -> None:
    for text in ("every2-5", "dw3-6", "max3same"):
        assert spelled(text).shape(Shape(3, 32, 32)).channels
