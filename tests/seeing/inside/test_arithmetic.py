"""One value written out is the value of F.conv2d, for any stride, dilation, padding and groups."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate.errors import CannotLookInside
from striate.seeing.inside.arithmetic import arithmetic

KINDS = [
    kind
    for kind in itertools.product((1, 2, 3), (1, 2), (0, 1, "same"), (1, 2), (True, False))
    if not (kind[0] > 1 and kind[2] == "same")  # torch has no such convolution
]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("stride", "dilation", "padding", "groups", "bias"), KINDS)
def test_the_sum_written_out_is_that_of_conv2d(stride, dilation, padding, groups, bias) -> None:
    conv = nn.Conv2d(4, 6, (3, 2), stride, padding, dilation, groups, bias)
    model, x = nn.Sequential(conv, nn.ReLU(inplace=True)), torch.randn(1, 4, 11, 9)
    expected = F.conv2d(x, conv.weight, conv.bias, stride, padding, dilation, groups).detach()
    units, h, w = expected.shape[1:]
    for unit, row, column in ((0, 0, 0), (units - 1, h - 1, w - 1), (3, h // 2, w // 3)):
        found = arithmetic(model, x, "0", unit, (row, column))
        assert found.value == pytest.approx(float(expected[0, unit, row, column]), abs=1e-4)
        assert found.told == pytest.approx(found.value, abs=1e-4)
        assert found.patch.shape == found.kernel.shape == (4 // groups, 3, 2)


def test_the_lectures_example_is_written_as_on_the_slide() -> None:
    picture = torch.tensor(
        [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    )
    conv = nn.Conv2d(1, 1, 3, bias=False)
    with torch.no_grad():
        conv.weight[:] = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    found = arithmetic(nn.Sequential(conv), picture[None, None].float(), None, 0, (0, 0))
    assert found.value == 4
    lines = list(found.lines())
    assert lines[0] == "input channel 0"
    assert lines[1].split() == [
        "1.0000",
        "×",
        "1.0000",
        "+",
        "1.0000",
        "×",
        "0.0000",
        "+",
        "1.0000",
        "×",
        "1.0000",
    ]
    assert lines[-2:] == [
        "all channels 4.00000 + bias 0.00000 = 4.00000",
        "the network says 4.00000",
    ]


def test_a_place_outside_the_map_is_refused_with_its_size() -> None:
    with pytest.raises(CannotLookInside, match="2 maps of 3×3"):
        arithmetic(nn.Sequential(nn.Conv2d(1, 2, 3)), torch.zeros(1, 1, 5, 5), None, 0, (3, 0))


def test_other_borders_than_zeros_are_padded_as_the_network_does() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")
    x = torch.randn(1, 1, 5, 5)
    found = arithmetic(nn.Sequential(conv), x, None, 0, (0, 0))
    assert found.value == pytest.approx(conv(x)[0, 0, 0, 0].item(), abs=1e-5)
