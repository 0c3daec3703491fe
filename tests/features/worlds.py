"""Rows of classes that lie apart more or less, for the tests of classifiers."""

from __future__ import annotations

import numpy as np


def classed(
    rng: np.random.Generator, count: int, classes: int, width: int, apart: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    """N D float32 and N labels."""
    middle = rng.normal(size=(classes, width)) * apart
    labels = np.arange(count) % classes
    rows = (middle[labels] + rng.normal(size=(count, width))).astype(np.float32)
    return rows / np.float32(np.sqrt((rows**2).sum(axis=1).mean())), labels.astype(np.int64)


def numerical(loss, weights: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of `loss()` by every one of `weights`, by differences of both sides."""
    made = np.zeros(weights.shape)
    for at in np.ndindex(weights.shape):
        held = weights[at]
        weights[at] = held + step
        up = loss()
        weights[at] = held - step
        made[at] = (up - loss()) / (2 * step)
        weights[at] = held
    return made
