"""What the classifiers that learn from one row after the other share: an order, a limit, and when to stop.

The best of all passes is kept, by the rows that a caller holds back; without those, the last.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.features.kinds import Labels, Table


@final
class Passes(NamedTuple):
    """A rate, how many passes, a limit in seconds, and the seed of the order; None keeps rows in order."""

    rate: float = 1.0
    epochs: int = 10
    seconds: float = math.inf
    seed: int | None = 0


def one_by_one(
    weights: NDArray[np.float32],
    count: int,
    how: Passes,
    learn: Callable[[int], None],
    value: Callable[[], float] | None = None,
) -> None:
    """Call `learn(row)` for every row in every pass; then leave the best `weights` in place. The limit is
    looked at now and then within a pass too.
    """
    begun, kept, best = time.perf_counter(), weights.copy(), -math.inf
    for epoch in range(how.epochs):
        order = np.arange(count)
        if how.seed is not None:
            order = seeds.generator(how.seed, "online", epoch).permutation(count)
        is_over = False
        for number, row in enumerate(order.tolist()):
            learn(row)
            if number % 256 == 0 and time.perf_counter() - begun > how.seconds:
                is_over = True
                break
        now = value() if value is not None else float(epoch)
        if now > best:
            best, kept = now, weights.copy()
        if is_over:
            break
    weights[:] = kept


def with_one(table: Table) -> Table:
    """N D to N D+1: a column of ones, whose weight is the bias."""
    return np.concatenate([table, np.ones((len(table), 1), np.float32)], axis=1)


def share_right(scores: Table, labels: Labels) -> float:
    """How often the highest score is the right one."""
    return float((scores.argmax(axis=1) == labels).mean())
