"""What operators and modules are called."""

from __future__ import annotations

import pytest

from striate.grammar.trace_words import activation, convolution, is_single, is_unspelt

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("name", "given", "word"),
    [
        ("relu", {}, "relu"),
        ("hardtanh", {"min_val": 0, "max_val": 6}, "relu6"),
        ("hardtanh", {"min_val": -1, "max_val": 1}, None),
        ("leaky_relu", {"negative_slope": 0.01}, "leaky"),
        ("leaky_relu", {"negative_slope": 0.2}, "leaky0.2"),
        ("elu", {"alpha": 1.0, "scale": 1, "input_scale": 1}, "elu"),
        (
            "elu",
            {"alpha": 1.6732632423543772, "scale": 1.0507009873554805, "input_scale": 1},
            "selu",
        ),
        ("gelu", {"approximate": "none"}, "gelu"),
        ("gelu", {"approximate": "tanh"}, None),
        ("softplus", {"beta": 2, "threshold": 20}, None),
        ("hardswish", {}, "hswish"),
        ("threshold", {}, None),
    ],
)
def test_an_activation_has_a_word_only_where_it_is_exactly_that(
    name: str, given: dict[str, object], word: str | None
) -> None:
    found = activation(name, given, 8)
    assert (found and found.text) == word


def test_a_group_for_each_channel_is_depthwise() -> None:
    assert convolution(8, 8, (3, 3), 8, {}).text == "dw3"
    assert convolution(8, 16, (3, 3), 8, {}).text == "dw3-16"
    assert convolution(8, 8, (3, 3), 4, {}).text == "conv3g4-8"
    assert convolution(1, 8, (3, 3), 1, {}).text == "conv3-8"


def test_pytorch_s_own_layers_are_one_row_and_containers_are_not() -> None:
    nn = torch.nn
    assert is_single(nn.Conv2d(3, 4, 3))
    assert is_single(nn.LocalResponseNorm(5))
    assert not is_single(nn.Sequential())
    assert not is_single(nn.MultiheadAttention(4, 2))


def test_what_a_word_cannot_say_is_not_said() -> None:
    nn = torch.nn
    assert is_unspelt(nn.Conv2d(3, 4, 3, padding_mode="circular"), 4)
    assert is_unspelt(nn.BatchNorm2d(4, affine=False), 4)
    assert is_unspelt(nn.AvgPool1d(3), 3)
    assert not is_unspelt(nn.BatchNorm1d(4), 2)
