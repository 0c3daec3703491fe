"""Nearest neighbours: nothing is learned, all is remembered, and the k nearest pictures vote.

L1 is the sum of |a - b|, L2 the root of the sum of (a - b)^2. It works in blocks, so memory does not grow
with the number of pictures that are asked or remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np

from striate.features.kinds import Labels, Table, Tell, blocks, silent

Metric = Literal["L1", "L2"]
_NEAR = 1 << 19  # bytes of differences at once: they must stay in the cache
_HELD = 4096  # remembered rows at once


class Nearest(NamedTuple):
    """distance: N k, from near to far; row: N k, of the remembered ones."""

    distance: Table
    row: Labels


@final
@dataclass(frozen=True, eq=False)
class Neighbours:
    """table: R D and labels: R are what is remembered."""

    table: Table
    labels: Labels
    classes: int
    k: int = 1
    metric: Metric = "L2"

    def scores(self, table: Table, tell: Tell = silent) -> Table:
        """N D to N K: votes; of equally many, the class of the nearest one wins by a fraction."""
        return voted(self.labels[self.nearest(table, tell).row], self.classes)

    def nearest(self, table: Table, tell: Tell = silent) -> Nearest:
        """N D to the k nearest of each; of equally near ones the first."""
        k = min(self.k, len(self.table))
        distance = np.empty((len(table), k), np.float32)
        row = np.empty((len(table), k), np.int64)
        measure = _MEASURES[self.metric]
        for some in blocks(len(table), 4 * (_HELD + self.table.shape[1]), 1 << 23):
            near = Nearest(np.empty((some.stop - some.start, 0), np.float32), row[some, :0])
            for start in range(0, len(self.table), _HELD):
                away = measure(table[some], self.table[start : start + _HELD])
                near = _joined(near, away, start, k)
            distance[some], row[some] = near
            tell(some.stop, len(table))
        if self.metric == "L2":
            np.sqrt(distance, out=distance)
        return Nearest(distance, row)

    @property
    def parameters(self) -> int:
        """Every number that is remembered."""
        return int(self.table.size)

    @property
    def multiply_adds(self) -> int:
        """Of one row: one for every number that is remembered."""
        return int(self.table.size)


def voted(labels: Labels, classes: int) -> Table:
    """N k labels, from near to far, to N K votes; the nearest counts a little more, to break ties."""
    made = np.zeros((len(labels), classes), np.float32)
    rows, k = np.arange(len(labels)), labels.shape[1]
    for place in range(k):
        made[rows, labels[:, place]] += np.float32(1 + 2.0 ** -(place + 2) / (k + 1))
    return made


def _joined(near: Nearest, away: Table, start: int, k: int) -> Nearest:
    """The k nearest of those found so far and of n more distances."""
    count = min(k, away.shape[1])
    place = np.argpartition(away, count - 1, axis=1)[:, :count] if count < away.shape[1] else None
    if place is None:
        place = np.broadcast_to(np.arange(count), away.shape)
    distance = np.concatenate([near.distance, np.take_along_axis(away, place, 1)], axis=1)
    row = np.concatenate([near.row, place + start], axis=1)
    best = np.lexsort((row, distance), axis=1)[:, :k]
    return Nearest(np.take_along_axis(distance, best, 1), np.take_along_axis(row, best, 1))


def _squared(asked: Table, held: Table) -> Table:
    """|a|^2 + |b|^2 - 2 a.b."""
    away: Table = asked @ held.T
    away *= -2
    away += np.einsum("nd,nd->n", asked, asked)[:, None]
    away += np.einsum("nd,nd->n", held, held)
    np.maximum(away, 0, out=away)  # rounding may leave it just below
    return away


def _absolute(asked: Table, held: Table) -> Table:
    """Of each pair the sum of |a - b|."""
    made = np.empty((len(asked), len(held)), np.float32)
    for i, one in enumerate(asked):
        for some in blocks(len(held), 4 * held.shape[1], _NEAR):
            apart = held[some] - one
            np.abs(apart, out=apart)
            apart.sum(axis=1, out=made[i, some])
    return made


_MEASURES: dict[str, Callable[[Table, Table], Table]] = {"L1": _absolute, "L2": _squared}
