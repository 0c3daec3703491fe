"""What is taken for what, and the scores that follow from that table alone.

Shape legend: N pictures, K classes; a table is K K, rows are the truth, columns what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from striate.judging.answers import Floats, Ints
from striate.judging.intervals import (
    NOTHING,
    Measure,
    effective,
    f1,
    mean_of_proportions,
    proportion,
)


@final
@dataclass(frozen=True)
class ClassScore:
    """One class. count: pictures of it; said: pictures that were called so.

    Without pictures nothing is measured. Without answers there is no precision, and F1 is 0.
    """

    name: str
    count: int
    said: int
    precision: Measure
    recall: Measure
    f1: Measure

    def to_dict(self) -> dict[str, Any]:
        """Plain values: each score under its name, its interval under the name and `_95`."""
        found: dict[str, Any] = {"count": self.count, "said": self.said}
        for name in ("precision", "recall", "f1"):
            told = getattr(self, name).to_dict()
            found |= {name: told["value"], f"{name}_95": told["interval_95"]}
        return found


def confusion(labels: Ints, predicted: Ints, K: int) -> Ints:
    """The table of counts."""
    cells = np.bincount(labels * K + predicted, minlength=K * K)
    return cells.reshape(K, K).astype(np.int64)


def by_class(table: Ints, classes: Sequence[str]) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of every class."""
    found = []
    for k, name in enumerate(classes):
        count, said, right = int(table[k].sum()), int(table[:, k].sum()), int(table[k, k])
        if count:
            scores = (
                proportion(right, said),
                proportion(right, count),
                f1(right, count - right, said - right),
            )
        else:
            scores = (NOTHING, NOTHING, NOTHING)
        found.append(ClassScore(name, count, said, *scores))
    return tuple(found)


def balanced_accuracy(table: Ints) -> Measure:
    """The mean of the recalls of the classes that have pictures."""
    count = table.sum(axis=1)
    kept = count > 0
    return mean_of_proportions(table.diagonal()[kept].astype(np.float64), count[kept])


def macro_f1(table: Ints) -> Measure:
    """The mean F1 of the classes that have pictures.

    The variance is that of the pictures' influences (the delta method), so two classes that share an error
    are not counted as two, and the interval is Wilson's for as many trials. F1 comes out too small by
    about F1 (1 - F1) / (pictures of the class + answers of it): nothing for a class, but the mean of 100
    classes with 10 pictures each would be held in 88 of 100 sets without taking it out, and is in 95.
    """
    count = table.sum(axis=1).astype(np.float64)
    kept = count > 0
    if not kept.any():
        return NOTHING
    K = int(kept.sum())
    both = count + table.sum(axis=0)
    inverse = np.divide(1.0, both, out=np.zeros_like(count), where=kept)
    each = 2 * table.diagonal() * inverse
    # A picture of class y that is called j adds 1 to the counts of both, and 2 to the right ones if y = j.
    cost = each * inverse
    influence = -(cost[:, None] + cost[None, :])
    influence[np.diag_indices_from(influence)] += 2 * inverse
    scale = np.divide(count, count - 1, out=np.ones_like(count), where=count > 1)
    variance = float((table * scale[:, None] * influence**2).sum()) / K**2
    value, bias = float(each.sum()) / K, -float((cost * (1 - each)).sum()) / K
    return Measure(value, effective(value, bias, variance, certain(count[kept])))


def certain(count: Floats) -> float:
    """As how many pictures classes of these counts count in a mean over classes."""
    return float(len(count) ** 2 / (1 / count).sum())


@final
@dataclass(frozen=True)
class Confused:
    """How many pictures of one class were called another, and the share that is."""

    truth: str
    said: str
    count: int
    share: Measure


def most_confused(table: Ints, classes: Sequence[str], count: int = 10) -> tuple[Confused, ...]:
    """The pairs that cost most pictures, the largest first; equal ones in the order of the classes."""
    wrong = table.copy()
    np.fill_diagonal(wrong, 0)
    found = []
    for cell in np.argsort(-wrong, axis=None, kind="stable")[:count]:
        row, column = divmod(int(cell), len(table))
        number = int(wrong[row, column])
        if number:
            share = proportion(number, int(table[row].sum()))
            found.append(Confused(classes[row], classes[column], number, share))
    return tuple(found)
