"""Eigenvectors that are found wherever LAPACK stands; NumPy's own is the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.training.eigen import by_singular_values, symmetric
from striate.training.frozen_solve import Directions, Rows, Scaling


def moments(seed: int, dtype: torch.dtype, width: int = 128) -> torch.Tensor:
    """Of features after a ReLU, of which many are always 0 and others small or large."""
    draws = np.random.default_rng(seed)
    rows = np.maximum(draws.normal(size=(int(draws.integers(100, 1200)), width)), 0)
    rows *= 10.0 ** draws.uniform(-8, 3, width)
    rows[:, draws.permutation(width)[: draws.integers(0, width)]] = 0
    made = torch.from_numpy(rows).to(dtype)
    return made.T @ made / len(made)


@pytest.mark.parametrize("way", [symmetric, by_singular_values])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_matrix_of_variances_has_its_eigenvectors(way: object, dtype: torch.dtype) -> None:
    assert callable(way)
    for seed in range(12):
        matrix = moments(seed, dtype)
        values, vectors = way(matrix)
        assert values.dtype == vectors.dtype == dtype
        assert (values.diff() >= -1e-30).all()
        least = torch.finfo(dtype).eps * float(values[-1]) * 1000
        expected = np.linalg.eigvalsh(matrix.double().numpy())
        assert np.abs(values.double().numpy() - expected).max() < least
        made = vectors @ torch.diag(values) @ vectors.T
        assert (made - matrix).abs().max() < least
        unit = vectors.T @ vectors - torch.eye(len(matrix), dtype=dtype)
        assert unit.abs().max() < 1e-4


def test_features_that_are_nearly_all_dead_have_directions() -> None:
    draws = np.random.default_rng(3)
    for dead in range(0, 128, 4):
        rows = np.maximum(draws.normal(size=(600, 128)), 0).astype(np.float32)
        rows[:, draws.permutation(128)[:dead]] = 0
        found = Directions.of(Rows(rows, Scaling.of(rows)))
        assert bool(torch.isfinite(found.basis).all())
        assert int((found.variance > 1e-6).sum()) == 128 - dead


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_at_once(number: float) -> None:
    matrix = torch.eye(5)
    matrix[2, 2] = number
    with pytest.raises(ValueError, match="not finite"):
        symmetric(matrix)
