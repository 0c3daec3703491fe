"""Pools: the lectures' numbers, loops, and PyTorch with its ceil mode and its ties."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.layer import Layer
from striate.textbook.pooling import AveragePool, AveragePoolTo, MaxPool, MaxPoolTo
from striate.textbook.windows import Windows, square
from tests.oracles import numpy_pool
from tests.textbook.layers import POOLS, Sizes

PICTURE = np.array([[[[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]])


def test_l0_l2_max_pooling_gives_6_8_3_4() -> None:
    assert MaxPool(square(2, stride=2)).forward(PICTURE)[0, 0].tolist() == [[6, 8], [3, 4]]


def test_l0_l2_average_pooling_gives_the_means() -> None:
    found = AveragePool(square(2, stride=2)).forward(PICTURE)[0, 0].tolist()
    assert found == [[3.25, 5.25], [2, 2]]


@pytest.mark.parametrize("pool", [MaxPool(square(2)), AveragePool(square(2)), MaxPoolTo((1, 1))])
def test_a_picture_of_whole_numbers_is_pooled_too(pool: Layer) -> None:
    whole = PICTURE.astype(int)
    assert (pool.forward(whole) == pool.forward(PICTURE)).all()
    half = np.full(pool.forward(whole).shape, 0.5)
    assert np.isclose(pool.backward(half).sum(), half.sum())


def test_only_the_winner_gets_the_gradient() -> None:
    pool = MaxPool(square(2, stride=2))
    pool.forward(PICTURE)
    found = pool.backward(np.array([[[[1.0, 2], [3, 4]]]]))[0, 0]
    assert found.tolist() == [[0, 0, 0, 0], [0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 4]]


@pytest.mark.parametrize("pool", [MaxPool(square(2)), MaxPoolTo((1, 1))], ids=["max", "global"])
def test_of_equal_numbers_the_first_one_wins(pool: Layer) -> None:
    pool.forward(np.ones((1, 1, 2, 2)))
    assert pool.backward(np.ones((1, 1, 1, 1)))[0, 0].tolist() == [[1, 0], [0, 0]]


def test_a_pixel_that_wins_twice_gets_both_gradients() -> None:
    pool = MaxPool(square(2))
    pool.forward(np.array([[[[0.0, 9, 0], [0, 0, 0]]]]))
    assert pool.backward(np.array([[[[2.0, 3]]]]))[0, 0].tolist() == [[0, 5, 0], [0, 0, 0]]


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_a_pool_gives_the_numbers_of_loops(kind: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=(1, 3, 7, 8))
    pool = (MaxPool if kind == "max" else AveragePool)(square(3, stride=2, padding=1))
    wanted = numpy_pool(x[0], kind, (3, 3), (2, 2), (1, 1))
    assert np.allclose(pool.forward(x)[0], wanted, atol=1e-12)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize(("sizes", "windows"), POOLS.items(), ids=str)
def test_ceil_mode_is_pytorchs_forward_and_backward(
    kind: str, sizes: Sizes, windows: Windows, rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    rows, columns = windows
    x = rng.integers(0, 4, size=sizes).astype(float)  # with many ties
    layer: Layer = MaxPool(windows) if kind == "max" else AveragePool(windows)
    pool = torch.nn.functional.max_pool2d if kind == "max" else torch.nn.functional.avg_pool2d
    given = torch.tensor(x, requires_grad=True)
    out = pool(
        given, (rows.kernel, columns.kernel), (rows.stride, columns.stride),
        (rows.before, columns.before), ceil_mode=rows.ceil,
    )  # fmt: skip
    assert np.allclose(layer.forward(x), out.detach().numpy(), atol=1e-12)
    upstream = rng.normal(size=out.shape)
    out.backward(torch.tensor(upstream))
    assert np.allclose(layer.backward(upstream), given.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("places", [(1, 1), (2, 3), (4, 5), (7, 6), (9, 2)], ids=str)
def test_pooling_to_a_given_size_is_pytorchs(
    places: tuple[int, int], rng: np.random.Generator
) -> None:
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 3, 7, 6))
    means, largest = AveragePoolTo(places).forward(x), MaxPoolTo(places).forward(x)
    given = torch.tensor(x)
    adaptive = torch.nn.functional
    assert np.allclose(means, adaptive.adaptive_avg_pool2d(given, places).numpy(), atol=1e-12)
    assert (largest == adaptive.adaptive_max_pool2d(given, places).numpy()).all()
