"""The perceptron (Rosenblatt 1958), a unit for each class:

    y = 1 where w . x > 0, else 0
    w <- w + rate (d - y) x

d is 1 for pictures of the unit's class and 0 for all others: nothing changes where the unit is right. It
ends if a plane divides the classes, and wanders about for ever if none does.
"""

from __future__ import annotations

import numpy as np

from striate.features.kinds import Labels, Table
from striate.features.linear import Linear
from striate.features.online import Passes, one_by_one, share_right, with_one

Held = tuple[Table, Labels]


def fit_perceptron(
    table: Table, labels: Labels, classes: int, how: Passes, held: Held | None = None
) -> Linear:
    """From N D rows; the best pass by the rows of `held`. Scores are w . x, and the highest wins."""
    rows, weights = with_one(table), np.zeros((classes, table.shape[1] + 1), np.float32)
    wanted = np.eye(classes, dtype=np.float32)[labels]

    def learn(row: int) -> None:
        x = rows[row]
        wrong = wanted[row] - (weights @ x > 0)
        for k in np.flatnonzero(wrong):
            weights[k] += np.float32(how.rate * wrong[k]) * x

    def value() -> float:
        table, labels = held or (rows[:0, :-1], rows[:0, 0].astype(np.int64))
        return share_right(table @ weights[:, :-1].T + weights[:, -1], labels)

    one_by_one(weights, len(rows), how, learn, value if held else None)
    return Linear(np.ascontiguousarray(weights[:, :-1].T), weights[:, -1].copy())
