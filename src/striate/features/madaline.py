"""Madaline: a small committee of Adalines for each class, by Widrow's first rule.

Members answer with the sign of w . x, and the majority decides. Where the committee is right, nothing
changes. Where it is wrong, as many of the members that voted wrongly as are needed to turn the majority
change their mind, those first whose sum is nearest to 0 (the least disturbance):

    w <- w + rate (d - w . x) x / |x|^2

Unlike a single unit, a committee can hold a border with a corner in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from striate import seeds
from striate.features.adaline import signs
from striate.features.kinds import Labels, Table
from striate.features.online import Passes, one_by_one, share_right, with_one

Held = tuple[Table, Labels]


@final
@dataclass(frozen=True, eq=False)
class Madaline:
    """weights: K M D+1, of M members for each class; the last column is the bias."""

    weights: Table

    def scores(self, table: Table) -> Table:
        """N D to N K: the votes of the members. A part below half a vote, from their sums, breaks ties."""
        sums = np.einsum("nd,kmd->nkm", with_one(table), self.weights, optimize=True)
        votes = np.sign(sums).sum(axis=2)
        made: Table = (votes + 0.5 * np.tanh(sums.mean(axis=2))).astype(np.float32)
        return made

    @property
    def parameters(self) -> int:
        """K M (D + 1)."""
        return int(self.weights.size)

    @property
    def multiply_adds(self) -> int:
        """Of one row: K M D."""
        return int(self.weights[..., 1:].size)


def fit_madaline(
    table: Table,
    labels: Labels,
    classes: int,
    how: Passes,
    held: Held | None = None,
    members: int = 3,
) -> Madaline:
    """From N D rows, with an odd number of members; the best pass by the rows of `held`."""
    rows, seed = with_one(table), how.seed or 0
    rng = seeds.generator(seed, "madaline")
    # Members that began equal would stay equal.
    start = rng.normal(size=(classes, members, rows.shape[1])) * 0.1
    made = Madaline(start.astype(np.float32))
    weights, wanted = made.weights, signs(labels, classes)
    lengths = np.einsum("nd,nd->n", rows, rows)

    def learn(row: int) -> None:
        x, d = rows[row], wanted[row]
        sums = weights @ x
        votes = np.where(sums > 0, 1.0, -1.0)
        for k in np.flatnonzero(votes.sum(axis=1) * d < 0):
            turned = chosen(sums[k], votes[k], float(d[k]))
            step = how.rate * (d[k] - sums[k, turned]) / lengths[row]
            weights[k, turned] += step[:, None].astype(np.float32) * x

    def value() -> float:
        table, labels = held or (rows[:0, :-1], rows[:0, 0].astype(np.int64))
        return share_right(made.scores(table), labels)

    one_by_one(weights, len(rows), how, learn, value if held else None)
    return made


def chosen(sums: Table, votes: Table, wanted: float) -> Labels:
    """Which of M members change: the fewest that turn the majority, those nearest to 0 first."""
    wrong = np.flatnonzero(votes != wanted)
    needed = len(wrong) - len(votes) // 2
    return wrong[np.argsort(np.abs(sums[wrong]), kind="stable")[:needed]]
