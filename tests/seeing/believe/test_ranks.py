"""Rank correlation is SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from striate.seeing.believe.ranks import rank_correlation


def test_rank_correlation_is_scipys_with_ties_too(rng: np.random.Generator) -> None:
    for values in (3, 1000):
        one, other = rng.integers(0, values, (2, 9, 8)).astype(float)
        expected = stats.spearmanr(one.ravel(), other.ravel()).statistic
        assert rank_correlation(one, other) == pytest.approx(expected, abs=1e-12)


def test_a_map_that_is_all_alike_ranks_nothing() -> None:
    assert rank_correlation(np.zeros((3, 3)), np.arange(9.0).reshape(3, 3)) is None
