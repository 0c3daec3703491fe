"""Two convolutions without an activation between them are one."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array
from striate.textbook.merged import merged
from striate.textbook.windows import square


def drawn(rng: np.random.Generator, shape: tuple[int, ...], *, bias: bool = True) -> Convolution:
    """A convolution with random weights."""
    return Convolution(rng.normal(size=shape), rng.normal(size=shape[0]) if bias else None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((4, 2, 3, 3), (3, 4, 3, 3)),
        ((1, 1, 2, 3), (1, 1, 4, 1)),
        ((5, 2, 1, 1), (2, 5, 3, 3)),
        ((2, 2, 5, 5), (2, 2, 3, 3)),
        ((3, 2, 3, 3), (1, 3, 1, 1)),
    ],
)
def test_one_convolution_does_what_two_do(
    first: tuple[int, ...], second: tuple[int, ...], rng: np.random.Generator
) -> None:
    a, b, x = drawn(rng, first), drawn(rng, second, bias=False), rng.normal(size=(2, 2, 9, 8))
    assert np.allclose(merged(a, b).forward(x), b.forward(a.forward(x)), atol=1e-11)


def test_l3_two_of_3x3_make_one_of_5x5(rng: np.random.Generator) -> None:
    one = merged(drawn(rng, (4, 3, 3, 3)), drawn(rng, (6, 4, 3, 3)))
    assert one.weights["weight"].shape == (6, 3, 5, 5)


def test_padding_before_the_first_goes_along(rng: np.random.Generator) -> None:
    a = Convolution(rng.normal(size=(2, 1, 3, 3)), rng.normal(size=2), square(3, padding=2))
    b, x = drawn(rng, (1, 2, 3, 3)), rng.normal(size=(1, 1, 6, 6))
    assert np.allclose(merged(a, b).forward(x), b.forward(a.forward(x)), atol=1e-12)


def test_with_an_activation_between_them_no_convolution_does_it(rng: np.random.Generator) -> None:
    a, b = drawn(rng, (4, 1, 3, 3), bias=False), drawn(rng, (1, 4, 3, 3), bias=False)
    x, z = rng.normal(size=(2, 1, 1, 7, 7))

    def both(picture: Array) -> Array:
        return b.forward(np.maximum(a.forward(picture), 0))

    assert not np.allclose(both(x) + both(z), both(x + z))  # whatever is a convolution is linear


@pytest.mark.parametrize(
    ("windows", "said"),
    [(square(3, stride=2), "stride 1"), (square(3, padding=1), "must have no padding")],
)
def test_what_cannot_be_one_convolution_is_refused(windows, said: str) -> None:
    second = Convolution(np.ones((1, 1, 3, 3)), windows=windows)
    with pytest.raises(ValueError, match=said):
        merged(Convolution(np.ones((1, 1, 3, 3))), second)
