"""Linear steps in a row, and that the one which is named can do all that they do."""

from __future__ import annotations

import re

import pytest

from striate.grammar.chains import chains
from striate.grammar.hints_linear import linear_pairs
from striate.grammar.plan import Plan


def found(text: str) -> list[tuple[tuple[str, ...], str]]:
    return [
        (hint.layers, hint.text)
        for chain in chains(Plan.read(text))
        for hint in linear_pairs(chain)
    ]


def test_two_3x3_are_one_5x5_as_the_lecture_says() -> None:
    ((layers, text),) = found("3x32x32: conv3-8 conv3-16 relu gap fc10")
    assert layers == ("conv1", "conv2")
    assert "they do no more than one 5x5 convolution to 16 channels" in text


@pytest.mark.parametrize(
    ("words", "kernel", "stride"),
    [
        ("conv3-4 conv3-4 conv3-4", 7, 1),
        ("conv3s2-4 conv3-4", 7, 2),
        ("conv5-4 conv1-4", 5, 1),
        ("conv3d2-4 conv3s2-4", 7, 2),
    ],
)
def test_the_size_that_is_named_is_the_support_of_the_whole(
    words: str, kernel: int, stride: int
) -> None:
    """An oracle: which pixels move one output of the built layers, and how far the next one is."""
    torch = pytest.importorskip("torch")
    ((_, text),) = found(f"3x40x40: {words} relu gap fc2")
    size = re.search(r"one (\d+)x\1 convolution", text)
    assert size
    assert int(size[1]) == kernel
    assert ("stride" in text) == (stride > 1)
    model = Plan.read(f"3x40x40: {words}").build().double()
    x = torch.zeros(1, 3, 40, 40, dtype=torch.float64, requires_grad=True)
    rows = []
    for i in (2, 3):
        (slope,) = torch.autograd.grad(model(x)[0, :, i, i].sum(), x)
        rows.append(slope.abs().sum((0, 1, 3)).nonzero().flatten())
    assert int(rows[0][-1] - rows[0][0] + 1) == kernel
    assert int(rows[1][0] - rows[0][0]) == stride


def test_a_norm_or_dropout_between_bends_nothing_and_is_said() -> None:
    ((_, text),) = found("3x8x8: conv3p1-8 bn conv3p1-8 bn relu gap fc2")
    assert text.endswith("; a batch norm is no activation")
    assert [layers for layers, _ in found("3x8x8: gap fc8 drop0.5 fc9 relu fc2")] == [
        ("fc1", "fc2")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "3x8x8: conv3p1-8 relu conv3p1-8 relu gap fc2",
        "3x8x8: conv3-8 max2 conv3-8 relu gap fc2",  # a max bends too
        "3x8x8: conv3p1-8 relu dw3p1 bn conv1-8 relu gap fc2",  # cheaper than the whole
        "8x8x8: conv3x1p1x0-8 conv1x3p0x1-8 relu gap fc2",  # a column after a row
        "32x8x8: conv1-4 bn conv1-32 relu gap fc2",  # narrow on purpose
        "16x8x8: conv1-16 bn conv1-72 relu gap fc2",  # a linear bottleneck
        "3x8x8: conv3p1-8 {conv3p1} relu gap fc2",  # a fork between
        "64x8x8: gap fc4 fc64 relu fc2",  # a low rank
    ],
)
def test_what_is_meant_so_is_not_hinted_at(text: str) -> None:
    assert found(text) == []
