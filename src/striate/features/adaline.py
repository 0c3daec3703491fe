"""Adaline (Widrow and Hoff 1960), a unit for each class, by the rule of least mean squares:

    w <- w + rate (d - w . x) x

d is 1 for pictures of the unit's class and -1 for all others. Unlike the perceptron it compares the sum
itself, before the threshold: it goes down the squared error, and on average towards least squares.

With ten classes nine of ten pictures say -1 to a unit, and least squares leans that way. Where its own
pictures count `own` times, steps on them are so many times as long; with K - 1 both sides count alike.
"""

from __future__ import annotations

import numpy as np

from striate.features.kinds import Labels, Table
from striate.features.linear import Linear
from striate.features.online import Passes, one_by_one, share_right, with_one

Held = tuple[Table, Labels]


def fit_adaline(
    table: Table,
    labels: Labels,
    classes: int,
    how: Passes,
    held: Held | None = None,
    own: float = 1.0,
) -> Linear:
    """From N D rows; the best pass by the rows of `held`. It is stable while rate own |x|^2 < 2."""
    rows, weights = with_one(table), np.zeros((classes, table.shape[1] + 1), np.float32)
    wanted = signs(labels, classes)
    rate = np.float32(how.rate)

    def learn(row: int) -> None:
        x = rows[row]
        error = wanted[row] - weights @ x
        error *= rate
        error[labels[row]] *= own
        np.add(weights, error[:, None] * x, out=weights)

    def value() -> float:
        table, labels = held or (rows[:0, :-1], rows[:0, 0].astype(np.int64))
        return share_right(table @ weights[:, :-1].T + weights[:, -1], labels)

    one_by_one(weights, len(rows), how, learn, value if held else None)
    return Linear(np.ascontiguousarray(weights[:, :-1].T), weights[:, -1].copy())


def signs(labels: Labels, classes: int) -> Table:
    """N labels to N K: 1 for the class, -1 for all others."""
    return (2 * np.eye(classes, dtype=np.float32) - 1)[labels]
