"""The perceptron's rule, against scikit-learn's, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from striate.features.online import Passes
from striate.features.perceptron import fit_perceptron
from tests.features.worlds import classed


def test_one_step_is_the_rule_of_the_lecture_on_400_pixels(rng) -> None:
    picture = rng.random((1, 400)).astype(np.float32)
    model = fit_perceptron(picture, np.array([1]), 2, Passes(rate=0.5, epochs=1))
    # w = 0 says y = 0 everywhere: the unit of class 1 wanted 1 and gets 0.5 x, the other is right.
    assert np.allclose(model.weights[:, 1], 0.5 * picture[0])
    assert model.bias.tolist() == [0, 0.5]
    assert not model.weights[:, 0].any()


def test_weights_are_those_of_scikit_learn_after_the_same_rows(rng) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    table, labels = classed(rng, 200, 2, 6, 0.5)
    labels = 1 - labels  # begins with class 1, where both rules take the same first step
    mine = fit_perceptron(table, labels, 2, Passes(epochs=3, seed=None))
    theirs = linear_model.Perceptron(max_iter=3, tol=None, shuffle=False).fit(table, labels)
    assert np.allclose(mine.weights[:, 1], theirs.coef_[0], atol=1e-4)
    assert np.allclose(mine.bias[1], theirs.intercept_[0], atol=1e-4)


def test_it_ends_without_a_mistake_where_planes_divide_the_classes(rng) -> None:
    table, labels = classed(rng, 300, 3, 8, 4.0)
    model = fit_perceptron(table, labels, 3, Passes(epochs=50), (table, labels))
    assert (model.scores(table).argmax(axis=1) == labels).all()


def test_the_best_pass_by_the_rows_held_back_is_kept(rng) -> None:
    table, labels = classed(rng, 200, 3, 5, 0.5)
    held = classed(rng, 100, 3, 5, 0.5)
    right = [
        (
            fit_perceptron(table, labels, 3, Passes(epochs=n)).scores(held[0]).argmax(axis=1)
            == held[1]
        ).mean()
        for n in (1, 2, 3, 4)
    ]
    best = fit_perceptron(table, labels, 3, Passes(epochs=4), held)
    assert (best.scores(held[0]).argmax(axis=1) == held[1]).mean() == max(right)


def test_a_limit_in_seconds_ends_it(rng) -> None:
    table, labels = classed(rng, 100, 2, 4)
    model = fit_perceptron(table, labels, 2, Passes(epochs=10**9, seconds=0.02))
    assert np.isfinite(model.weights).all()
