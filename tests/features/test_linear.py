"""Softmax and SVM by gradient descent, against the optimum that scikit-learn finds, and numerically."""

from __future__ import annotations

import numpy as np
import pytest

from striate.features.descent import Descent, descend, steepest
from striate.features.linear import LOSSES, Linear, fit_linear, objective, rate_for
from tests.features.worlds import classed, numerical


@pytest.mark.parametrize("kind", LOSSES)
def test_the_gradient_is_the_numerical_one(rng, kind: str) -> None:
    scores, labels = rng.normal(size=(6, 4)) * 2, np.array([0, 1, 2, 3, 3, 1])
    loss = LOSSES[kind]
    wanted = numerical(lambda: loss(scores, labels).loss, scores)
    assert np.allclose(loss(scores, labels).scores, wanted, atol=1e-7)


def test_softmax_ends_at_the_optimum_that_scikit_learn_finds(rng) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    table, labels = classed(rng, 400, 4, 6, 0.7)
    strength = 0.01
    theirs = linear_model.LogisticRegression(C=1 / (strength * len(table)), tol=1e-8, max_iter=5000)
    theirs.fit(table, labels)
    best = objective(
        Linear(theirs.coef_.T.astype("f4"), theirs.intercept_.astype("f4")), table, labels, "softmax",
        strength,
    )  # fmt: skip
    how = Descent(rate_for("softmax", table), batch=len(table), epochs=1500)
    mine = fit_linear(table, labels, 4, "softmax", strength, how)
    assert objective(mine, table, labels, "softmax", strength) == pytest.approx(best, abs=2e-5)
    assert np.array_equal(mine.scores(table).argmax(axis=1), theirs.predict(table))


def test_the_svm_of_two_classes_ends_at_the_optimum_of_linear_svc(rng) -> None:
    svm = pytest.importorskip("sklearn.svm")
    table, labels = classed(rng, 300, 2, 5, 0.4)
    strength = 0.05
    # Two templates w/2 and -w/2 have half the |W|^2 of one w, so C is that of strength / 2. The bias is
    # held back a thousandfold less there, which is as good as not at all.
    theirs = svm.LinearSVC(
        loss="hinge",
        C=2 / (strength * len(table)),
        tol=1e-9,
        max_iter=500_000,
        intercept_scaling=30,
    )
    w = theirs.fit(table, labels).coef_[0]
    both = Linear(
        np.stack([-w / 2, w / 2], axis=1).astype("f4"),
        (theirs.intercept_ * [-0.5, 0.5]).astype("f4"),
    )
    best = objective(both, table, labels, "svm", strength)
    how = Descent(rate_for("svm", table), batch=len(table), epochs=3000)
    mine = fit_linear(table, labels, 2, "svm", strength, how)
    assert objective(mine, table, labels, "svm", strength) == pytest.approx(best, rel=0.005)


@pytest.mark.parametrize("kind", LOSSES)
def test_small_batches_come_near_the_same_place_and_a_seed_repeats_them(rng, kind: str) -> None:
    table, labels = classed(rng, 600, 5, 8)
    how = Descent(rate_for(kind, table), batch=64, epochs=20)
    one, two = (fit_linear(table, labels, 5, kind, 1e-3, how) for _ in range(2))
    assert np.array_equal(one.weights, two.weights)
    whole = fit_linear(table, labels, 5, kind, 1e-3, how._replace(batch=600, epochs=800))
    assert (
        objective(one, table, labels, kind, 1e-3)
        < 1.1 * objective(whole, table, labels, kind, 1e-3) + 0.02
    )


def test_parameters_and_multiply_adds_are_those_of_the_lectures() -> None:
    model = Linear(np.zeros((3072, 10), np.float32), np.zeros(10, np.float32))
    assert (model.parameters, model.multiply_adds) == (30_730, 30_720)


def test_a_descent_stops_when_its_seconds_are_over() -> None:
    clock = iter(range(1000))
    weights = np.zeros(1, np.float32)
    how = Descent(0.1, batch=1, epochs=100, seconds=5)
    assert descend((weights,), lambda rows: (np.ones(1),), 10, how, lambda: float(next(clock))) == 4
    assert weights[0] < 0


def test_the_steepest_direction_is_the_largest_eigenvalue(rng) -> None:
    table = (rng.normal(size=(900, 6)) * [3, 2, 1, 1, 1, 1]).astype(np.float32)
    wanted = np.linalg.eigvalsh(table.T @ table / 900)[-1]
    assert steepest(table) == pytest.approx(float(wanted), rel=0.01)
