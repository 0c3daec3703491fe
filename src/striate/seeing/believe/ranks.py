"""Spearman's rank correlation of two maps: 1 where they rank all pixels alike, near 0 where they have nothing
in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rank_correlation(one: Floats, other: Floats) -> float | None:
    """Of two arrays of one shape; None where one of them is all alike, for then it ranks nothing."""
    first, second = _ranks(one), _ranks(other)
    first -= first.mean()
    second -= second.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else None


def _ranks(values: Floats) -> Floats:
    """Places in order, 0 ... n - 1; equal values share the mean of their places."""
    flat = np.asarray(values, np.float64).ravel()
    _, group, count = np.unique(flat, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    mean: Floats = (last - (count + 1) / 2)[group]
    return mean
