"""Gradient descent in small batches with momentum, as the lectures give it:

    v <- m v - rate * gradient of a batch
    w <- w + v

The rate falls in a line to 0, over the steps or over the seconds, whichever end comes first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.features.kinds import Labels, Table
from striate.features.loop import learn

Arrays = Sequence[NDArray[np.float32]]
Gradients = Callable[[Labels], Sequence[NDArray[np.floating]]]


@final
class Descent(NamedTuple):
    """How to go down: rate at the first step, momentum, rows of a batch, passes, and a limit in seconds."""

    rate: float
    momentum: float = 0.9
    batch: int = 256
    epochs: int = 30
    seconds: float = math.inf
    seed: int = 0


def descend(
    weights: Arrays,
    gradients: Gradients,
    count: int,
    how: Descent,
    now: Callable[[], float] = time.perf_counter,
) -> int:
    """Change `weights` in place; `gradients(rows)` gives theirs for a batch. How many steps were done."""
    moving = [np.zeros_like(one) for one in weights]

    def step(rows: Labels, part: float) -> None:
        rate = how.rate * (1 - part)
        for v, w, g in zip(moving, weights, gradients(rows), strict=True):
            v *= how.momentum
            v -= (rate * g).astype(v.dtype)
            w += v

    return learn(count, how, step, now=now)


def steepest(table: Table, rows: int = 1000, rounds: int = 30) -> float:
    """The largest eigenvalue of the mean of x x^T: how steep a loss of N D rows can become, by powers of
    the matrix on some rows.
    """
    some = table[:: max(1, len(table) // rows)].astype(np.float32)
    v = np.ones(some.shape[1], np.float32) + np.arange(some.shape[1], dtype=np.float32) % 7
    value = 0.0
    for _ in range(rounds):
        v /= max(float(np.linalg.norm(v)), 1e-30)
        v = some.T @ (some @ v) / len(some)
        value = float(np.linalg.norm(v))
    return max(value, 1e-12)
