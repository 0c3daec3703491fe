"""A convolution as one sparse shared matrix."""

from __future__ import annotations

import numpy as np
import pytest

from striate.geometry.cost import Filters
from striate.geometry.shape import Shape
from striate.textbook.convolution import Convolution
from striate.textbook.matrix import NOTHING, SharedMatrix, three_ways
from tests.textbook.layers import MAPS, Sizes, convolution


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("sizes", MAPS, ids=str)
def test_the_matrix_does_what_the_sliding_filter_does_forward_and_backward(
    sizes: Sizes, groups: int, rng: np.random.Generator
) -> None:
    sliding, x = convolution(rng, sizes, groups=groups), rng.normal(size=sizes)
    matrix = SharedMatrix(sliding, Shape(sizes[1], sizes[2], sizes[3]))
    y = sliding.forward(x)
    assert np.allclose(matrix.forward(x), y, atol=1e-12)
    upstream = rng.normal(size=y.shape)
    assert np.allclose(matrix.backward(upstream), sliding.backward(upstream), atol=1e-12)
    for name, gradient in sliding.gradients.items():
        assert np.allclose(matrix.gradients[name], gradient, atol=1e-12)


def test_l4_the_matrix_from_30_to_12_holds_nine_weights_twelve_times() -> None:
    kernel = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    matrix = SharedMatrix(Convolution(kernel), Shape(1, 5, 6))
    assert matrix.matrix.shape == (12, 30)
    assert np.bincount(matrix.which[matrix.which != NOTHING]).tolist() == [12] * 9
    assert matrix.matrix[0].reshape(5, 6)[:3, :3].tolist() == kernel[0, 0].tolist()
    assert matrix.matrix[0].sum() == 45
    # One place to the right is one column to the right.
    assert (matrix.matrix[1, 1:] == matrix.matrix[0, :-1]).all()


def test_a_column_of_the_matrix_tells_how_often_a_pixel_is_used(rng: np.random.Generator) -> None:
    matrix = SharedMatrix(Convolution(np.ones((1, 1, 3, 3))), Shape(1, 5, 6))
    assert matrix.matrix.sum(axis=0).reshape(5, 6)[0].tolist() == [1, 2, 3, 3, 2, 1]


def test_l4_from_30_to_12_takes_372_or_120_or_10_parameters() -> None:
    found = three_ways(Shape(1, 5, 6), Filters(1, 1, (3, 3)), Shape(1, 3, 4))
    assert found == (372, 120, 10)
    assert found._fields == ("fully_connected", "locally_connected", "convolution")
