"""The loop that every classifier here learns in, whatever its rule: passes over the rows in a new order each
time, in batches or one row after the other, until the passes or the seconds are over.

A rule is what it does with the rows of a batch. The networks of `baselines` learn in the loop of `train`
instead, which needs torch; order and draws have their addresses there as here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from striate import seeds
from striate.features.kinds import Labels

Step = Callable[[Labels, float], None]


class Course(Protocol):
    """How many passes, rows of a batch, a limit in seconds, and the seed of the order; None keeps rows in
    order.
    """

    @property
    def epochs(self) -> int:
        """Over all rows."""
        ...

    @property
    def batch(self) -> int:
        """Rows to a step."""
        ...

    @property
    def seconds(self) -> float:
        """The limit."""
        ...

    @property
    def seed(self) -> int | None:
        """Of the order."""
        ...


def learn(
    count: int,
    how: Course,
    step: Step,
    after: Callable[[], None] = lambda: None,
    now: Callable[[], float] = time.perf_counter,
) -> int:
    """Call `step(rows, part)` for every batch of 0 ... count - 1; `part` is the share that is over, of the
    steps or of the seconds, whichever is further. `after` each pass, a broken one too. How many steps.
    """
    batch = min(how.batch, count)
    steps, begun, done = math.ceil(count / batch) * how.epochs, now(), 0
    for epoch in range(how.epochs):
        order = np.arange(count)
        if how.seed is not None:
            order = seeds.generator(how.seed, "order", epoch).permutation(count)
        for start in range(0, count, batch):
            part = max(done / steps, (now() - begun) / how.seconds)
            if part >= 1 and done:
                after()
                return done
            step(order[start : start + batch], min(part, 1.0))
            done += 1
        after()
    return done
