"""The network of two layers, its gradients by hand."""

from __future__ import annotations

import numpy as np

from striate.features.descent import Descent
from striate.features.two_layer import TwoLayer, begun, fit_two_layer, gradients_of
from tests.features.worlds import numerical


def test_every_gradient_is_the_numerical_one(rng) -> None:
    table, labels = rng.normal(size=(7, 5)), np.array([0, 1, 2, 0, 1, 2, 2])
    exact: list = [one.astype(np.float64) for one in begun(5, 4, 3, seed=1).weights]
    model = TwoLayer(*exact)
    _, found = gradients_of(model, table, labels, 0.1)
    for weights, gradient in zip(model.weights, found, strict=True):
        wanted = numerical(lambda: gradients_of(model, table, labels, 0.1)[0], weights)
        assert np.allclose(gradient, wanted, atol=1e-6)


def test_it_learns_a_ring_that_no_line_divides(rng) -> None:
    table = rng.normal(size=(800, 2)).astype(np.float32) / np.float32(2**0.5)
    labels = ((table**2).sum(axis=1) > 0.7).astype(np.int64)
    model = fit_two_layer(table, labels, 2, 32, 0.0, Descent(0.2, batch=64, epochs=60))
    assert (model.scores(table).argmax(axis=1) == labels).mean() > 0.96


def test_parameters_and_multiply_adds_are_counted() -> None:
    model = begun(3072, 100, 10, seed=0)
    assert model.parameters == 100 * 3073 + 10 * 101
    assert model.multiply_adds == 100 * 3072 + 10 * 100
