"""Widrow and Hoff's rule, by hand and against least squares."""

from __future__ import annotations

import numpy as np

from striate.features.adaline import fit_adaline, signs
from striate.features.online import Passes, with_one
from tests.features.worlds import classed


def test_one_step_goes_along_the_error_before_the_threshold() -> None:
    x = np.array([[2.0, -1.0]], np.float32)
    model = fit_adaline(x, np.array([0]), 2, Passes(rate=0.1, epochs=2))
    first = 0.1 * (1 - 0) * np.array([2, -1, 1])
    second = first + 0.1 * (1 - first @ [2, -1, 1]) * np.array([2, -1, 1])
    assert np.allclose([*model.weights[:, 0], model.bias[0]], second)
    assert np.allclose(model.weights[:, 1], -model.weights[:, 0])


def test_it_comes_to_least_squares(rng) -> None:
    table, labels = classed(rng, 300, 3, 4, 1.0)
    model = fit_adaline(table, labels, 3, Passes(rate=0.002, epochs=400))
    wanted = np.linalg.lstsq(with_one(table), signs(labels, 3), rcond=None)[0]
    assert np.allclose(np.vstack([model.weights, model.bias]), wanted, atol=0.03)


def test_it_keeps_the_best_pass_by_the_rows_held_back(rng) -> None:
    table, labels = classed(rng, 300, 3, 4, 1.0)
    model = fit_adaline(table, labels, 3, Passes(rate=0.05, epochs=5), (table, labels))
    assert (model.scores(table).argmax(axis=1) == labels).mean() > 0.6


def test_where_its_own_pictures_count_more_it_comes_to_weighted_least_squares(rng) -> None:
    table, labels = classed(rng, 300, 3, 4, 1.0)
    model = fit_adaline(table, labels, 3, Passes(rate=0.001, epochs=600), own=5.0)
    for k in range(3):
        weight = np.sqrt(np.where(labels == k, 5.0, 1.0))
        wanted = np.linalg.lstsq(
            with_one(table) * weight[:, None], signs(labels, 3)[:, k] * weight, rcond=None
        )[0]
        assert np.allclose([*model.weights[:, k], model.bias[k]], wanted, atol=0.04)
