"""Gradients by trying, and that a wrong backward is caught."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.activations import Activation
from striate.textbook.connected import FullyConnected
from striate.textbook.differences import disagreement, numerical
from striate.textbook.layer import Array


def test_the_slope_of_a_cube_is_three_times_the_square(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3))
    assert np.allclose(numerical(lambda: float((x**3).sum()), x), 3 * x**2, atol=1e-8)


def test_trying_leaves_the_numbers_as_they_were(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3))
    before = x.copy()
    numerical(lambda: float(x.sum()), x)
    assert (x == before).all()


def test_whole_numbers_cannot_change_a_little() -> None:
    x = np.array([1, 2])
    with pytest.raises(ValueError, match="give floats, not int64"):
        numerical(lambda: float(x.sum()), x)


def test_a_wrong_slope_is_found(rng: np.random.Generator) -> None:
    wrong = Activation(np.tanh, lambda x: 1 - np.tanh(x))
    assert disagreement(wrong, rng.normal(size=(3, 4)), np.ones((3, 4)))["x"] > 0.01


@pytest.mark.parametrize("part", ["weight", "bias", "x"])
def test_the_gradient_that_is_wrong_is_named(part: str, rng: np.random.Generator) -> None:
    class Wrong(FullyConnected):  # type: ignore[misc]
        def backward(self, upstream: Array) -> Array:
            down = super().backward(upstream)
            if part in self.gradients:
                self.gradients[part] = self.gradients[part] * 2
            return down * 2 if part == "x" else down

    layer = Wrong(rng.normal(size=(2, 3)), rng.normal(size=2))
    apart = disagreement(layer, rng.normal(size=(4, 3)), rng.normal(size=(4, 2)))
    assert [name for name, value in apart.items() if value > 1e-6] == [part]


def test_a_gradient_of_another_shape_is_infinitely_wrong(rng: np.random.Generator) -> None:
    class Wrong(Activation):  # type: ignore[misc]
        def backward(self, upstream: Array) -> Array:
            return upstream.ravel()

    wrong = Wrong(np.tanh, np.tanh)
    assert disagreement(wrong, rng.normal(size=(3, 4)), np.ones((3, 4)))["x"] == float("inf")
