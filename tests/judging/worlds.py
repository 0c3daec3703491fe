"""Worlds whose true scores are known, and sets drawn from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.judging.intervals import Measure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Tables(NamedTuple):
    """Confusion tables: the true share of each cell, K K."""

    cells: Floats

    @classmethod
    def of(cls, share: Sequence[float], recall: Sequence[float], errors: str = "even") -> Tables:
        """Classes with these shares and recalls; errors go evenly to the others, or to the large ones."""
        held = np.array(share, float) / sum(share)
        K = len(held)
        to = np.ones((K, K)) if errors == "even" else np.tile(held, (K, 1))
        np.fill_diagonal(to, 0)
        cells = to / to.sum(axis=1, keepdims=True) * (1 - np.array(recall))[:, None]
        cells[np.diag_indices(K)] = recall
        return cls(cells * held[:, None])

    def draw(self, n: int, rng: np.random.Generator) -> Ints:
        """The table of n pictures."""
        K = len(self.cells)
        return rng.multinomial(n, self.cells.ravel()).reshape(K, K)

    @property
    def recall(self) -> Floats:
        return self.cells.diagonal() / self.cells.sum(axis=1)

    @property
    def precision(self) -> Floats:
        return self.cells.diagonal() / self.cells.sum(axis=0)

    @property
    def f1(self) -> Floats:
        return 2 * self.cells.diagonal() / (self.cells.sum(axis=0) + self.cells.sum(axis=1))


class Normals(NamedTuple):
    """Scores of K classes that lean on one another, as those of a softmax do: normal, less their mean."""

    share: Sequence[float]
    pull: float

    @classmethod
    def with_area(cls, share: Sequence[float], area: float) -> Normals:
        """With this area under each class's curve."""
        K = len(share)
        return cls(share, NormalDist().inv_cdf(area) * math.sqrt(2 * (1 - 1 / K)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], Ints]:
        """N K scores and N labels."""
        K = len(self.share)
        labels = rng.choice(K, n, p=np.array(self.share) / sum(self.share))
        scores = rng.normal(size=(n, K))
        scores[np.arange(n), labels] += self.pull
        return (scores - scores.mean(axis=1, keepdims=True)).astype(np.float32), labels


def holds(measure: Measure, truth: float) -> bool:
    """Whether the interval holds the truth; the value must be in it always."""
    ends = measure.interval_95
    assert ends is not None
    assert measure.value is not None
    assert 0 <= ends.low <= measure.value <= ends.high <= 1
    return ends.low <= truth <= ends.high


def coverage(judge: Callable[[], Measure], truth: float, sets: int = 1000) -> float:
    """How often the intervals of so many sets hold the truth."""
    return sum(holds(judge(), truth) for _ in range(sets)) / sets


def answers(
    n: int, K: int, rng: np.random.Generator, sharpness: float = 1.0, gap: float = 3.0
) -> tuple[NDArray[np.float32], Ints]:
    """Logits whose softmax at temperature `sharpness` is the true probability of every class, and labels
    drawn from it.
    """
    true = rng.normal(size=(n, K))
    true[np.arange(n), rng.integers(0, K, n)] += gap
    share = np.exp(true - true.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    labels = (share.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, K - 1)
    return (sharpness * true).astype(np.float32), labels.astype(np.int64)
