"""What the classifiers that learn from one row after the other share: how long, and which weights are kept.

The best of all passes is kept, by the rows that a caller holds back; without those, the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.features.kinds import Labels, Table
from striate.features.loop import learn


@final
class Passes(NamedTuple):
    """A rate, how many passes, a limit in seconds, and the seed of the order; None keeps rows in order."""

    rate: float = 1.0
    epochs: int = 10
    seconds: float = math.inf
    seed: int | None = 0
    batch: int = 1


def one_by_one(
    weights: NDArray[np.float32],
    count: int,
    how: Passes,
    rule: Callable[[int], None],
    value: Callable[[], float] | None = None,
) -> None:
    """Call `rule(row)` for every row in every pass; then leave the best `weights` in place."""
    kept, best, passes = weights.copy(), -math.inf, 0

    def after() -> None:
        nonlocal kept, best, passes
        passes += 1
        now = value() if value is not None else float(passes)
        if now > best:
            best, kept = now, weights.copy()

    learn(count, how, lambda rows, _: rule(int(rows[0])), after)
    weights[:] = kept


def with_one(table: Table) -> Table:
    """N D to N D+1: a column of ones, whose weight is the bias."""
    return np.concatenate([table, np.ones((len(table), 1), np.float32)], axis=1)


def share_right(scores: Table, labels: Labels) -> float:
    """How often the highest score is the right one."""
    return float((scores.argmax(axis=1) == labels).mean())
