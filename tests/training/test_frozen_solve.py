"""The pieces of the search; that it finds the optimum is tested with the heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.training.frozen_solve import Directions, Problem, Rows, Scaling


def rows(N: int, D: int) -> Rows:
    features = np.random.default_rng(N).normal(2, 3, size=(N, D)).astype(np.float32)
    return Rows(features, Scaling.of(features))


def test_rows_are_standardised_as_numpy_does() -> None:
    made = rows(5000, 7)
    wide = made.features.astype(np.float64)
    wanted = (wide - wide.mean(0)) / wide.std(0)
    np.testing.assert_allclose(torch.cat(list(made.blocks())), wanted, rtol=1e-6, atol=1e-6)


def test_products_with_the_rows_are_those_of_the_whole_matrix() -> None:
    made = rows(40, 6)
    whole = torch.cat(list(made.blocks()))
    weight, given = torch.randn(3, 6, dtype=torch.float64), torch.randn(40, 3, dtype=torch.float64)
    torch.testing.assert_close(made.times(weight), whole @ weight.T)
    torch.testing.assert_close(made.back(given), given.T @ whole)


def test_the_gradient_is_that_of_autograd() -> None:
    made = rows(50, 9)
    shares = torch.rand(50, dtype=torch.float64)
    problem = Problem(made, torch.arange(50) % 4, shares / shares.sum())
    weights = torch.randn(4, 10, dtype=torch.float64, requires_grad=True)
    logits = made.times(weights[:, :-1]) + weights[:, -1]
    torch.nn.functional.cross_entropy(logits, problem.labels, reduction="none").mul(
        problem.shares
    ).sum().backward()
    torch.testing.assert_close(problem.gradient(logits.detach()), weights.grad)
    assert float(problem.nll(logits.detach())) == pytest.approx(
        float(
            torch.nn.functional.cross_entropy(logits.detach(), problem.labels, reduction="none")
            @ problem.shares
        )
    )


@pytest.mark.parametrize(("N", "D"), [(30, 80), (400, 20)])
def test_directions_solve_for_the_curvature_of_the_features(N: int, D: int) -> None:
    """(c Z'Z / N + l2) step = gradient, solved densely."""
    made = rows(N, D)
    whole = torch.cat(list(made.blocks()))
    hessian = 0.2 * whole.T @ whole / N + 0.01 * torch.eye(D, dtype=torch.float64)
    gradient = torch.randn(3, D + 1, dtype=torch.float64)
    step = Directions.of(made).solved(gradient, 0.2, 0.01)
    torch.testing.assert_close(step[:, :-1] @ hessian, gradient[:, :-1], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(step[:, -1], gradient[:, -1] / 0.2)
