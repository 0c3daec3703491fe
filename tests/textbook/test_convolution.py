"""The convolution layer: the lectures' pictures, loops, SciPy and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array
from striate.textbook.windows import square
from tests.oracles import numpy_conv
from tests.textbook.layers import MAPS, WINDOWS, Sizes, convolution

CORRELATED = [sizes for sizes in MAPS if all(w.before == w.after for w in WINDOWS[sizes])]


def grey(rows: str) -> Array:
    """`110/001` as a 1 1 H W picture."""
    return np.array([[[[float(c) for c in row] for row in rows.split("/")]]])


def slid(picture: Array, kernel: Array) -> list[list[float]]:
    """One filter, no bias, stride 1."""
    found: list[list[float]] = Convolution(kernel).forward(picture)[0, 0].tolist()
    return found


def test_l1_the_first_picture_gives_434_243_234() -> None:
    picture, kernel = grey("11100/01110/00111/00110/01100"), grey("101/010/101")
    assert slid(picture, kernel) == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_l4_a_kernel_of_upright_lines_gives_its_3x4_map() -> None:
    picture = grey("000000/010000/011111/010000/000000")
    kernel = np.tile([-1.0, 2, -1], (3, 1))[None, None]
    assert slid(picture, kernel) == [[3, -1, 0, 0], [5, -2, 0, 0], [3, -1, 0, 0]]


def test_l4_a_kernel_of_level_lines_with_its_minus_signs_gives_its_3x4_map() -> None:
    picture = grey("000000/010000/011111/010000/000000")
    kernel = np.tile([[-1.0], [2], [-1]], (1, 3))[None, None]
    assert slid(picture, kernel) == [[0, -1, -3, -3], [2, 4, 6, 6], [0, -1, -3, -3]]


def test_l1_the_padded_picture_has_the_corner_that_is_right_and_not_the_printed_one() -> None:
    picture = grey("334470/976582/655692/713278/037183/404322")
    kernel = np.tile([1.0, 0, -1], (3, 1))[None, None]
    made = Convolution(kernel, windows=square(3, padding=1)).forward(picture)[0, 0]
    assert made.shape == (6, 6)
    assert made[:2, :3].tolist() == [[-10, 2, 1], [-15, 3, 0]]


def test_l0_six_filters_on_two_colour_pictures_make_2x6x28x28(rng: np.random.Generator) -> None:
    layer = Convolution(rng.normal(size=(6, 3, 5, 5)), rng.normal(size=6))
    assert layer.forward(rng.normal(size=(2, 3, 32, 32))).shape == (2, 6, 28, 28)
    assert sum(w.size for w in layer.weights.values()) == 456


def test_l0_one_number_is_a_75_dimensional_dot_product_and_a_bias(rng: np.random.Generator) -> None:
    picture, weight, bias = rng.normal(size=(1, 3, 32, 32)), rng.normal(size=(1, 3, 5, 5)), 0.25
    made = Convolution(weight, np.array([bias])).forward(picture)
    patch = picture[0, :, 4:9, 7:12]
    assert patch.size == 75
    assert np.isclose(made[0, 0, 4, 7], weight.ravel() @ patch.ravel() + bias)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("sizes", CORRELATED, ids=str)
def test_it_gives_the_numbers_of_loops_over_every_place(
    sizes: Sizes, groups: int, rng: np.random.Generator
) -> None:
    layer, x = convolution(rng, sizes, groups=groups), rng.normal(size=sizes)
    rows, columns = layer.windows
    for picture, made in zip(x, layer.forward(x), strict=True):
        wanted = numpy_conv(
            picture, layer.weights["weight"], layer.weights["bias"],
            stride=(rows.stride, columns.stride), padding=(rows.before, columns.before),
            dilation=(rows.dilation, columns.dilation), groups=groups,
        )  # fmt: skip
        assert np.allclose(made, wanted, atol=1e-12)


def test_it_is_scipys_correlation_of_every_channel_summed(rng: np.random.Generator) -> None:
    signal = pytest.importorskip("scipy.signal")
    x, weight = rng.normal(size=(1, 3, 8, 9)), rng.normal(size=(1, 3, 3, 4))
    wanted = sum(signal.correlate2d(x[0, c], weight[0, c], mode="valid") for c in range(3))
    assert np.allclose(Convolution(weight).forward(x)[0, 0], wanted, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("sizes", CORRELATED, ids=str)
def test_its_gradients_are_pytorchs(sizes: Sizes, groups: int, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    layer, x = convolution(rng, sizes, groups=groups), rng.normal(size=sizes)
    rows, columns = layer.windows
    given, weight, bias = (
        torch.tensor(a, requires_grad=True) for a in (x, *layer.weights.values())
    )
    out = torch.nn.functional.conv2d(
        given, weight, bias, (rows.stride, columns.stride), (rows.before, columns.before),
        (rows.dilation, columns.dilation), groups,
    )  # fmt: skip
    upstream = rng.normal(size=out.shape)
    out.backward(torch.tensor(upstream))
    layer.forward(x)
    assert np.allclose(layer.backward(upstream), given.grad.numpy(), atol=1e-12)
    assert np.allclose(layer.gradients["weight"], weight.grad.numpy(), atol=1e-12)
    assert np.allclose(layer.gradients["bias"], bias.grad.numpy(), atol=1e-12)


def test_a_shifted_picture_gives_a_shifted_map(rng: np.random.Generator) -> None:
    layer, x = Convolution(rng.normal(size=(2, 1, 3, 3))), rng.normal(size=(1, 1, 9, 9))
    right = np.roll(x, 2, axis=3)
    assert np.allclose(layer.forward(right)[..., 2:], layer.forward(x)[..., :-2], atol=1e-12)
