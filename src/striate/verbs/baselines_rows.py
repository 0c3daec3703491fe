"""What one method reached, and on which classes it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, final

import numpy as np

from striate.features.kinds import Labels
from striate.judging.intervals import Interval, proportion

_FAILS_BELOW = 0.7  # of the pictures of a class; and the best method must be clearly better there


@final
class Failing(NamedTuple):
    """A class that a method does not know, and the class that it takes most of the rest for."""

    name: str
    recall: float
    taken_for: str


@final
@dataclass(frozen=True)
class Row:
    """`sees` is what it looks at; seconds: to fit, choosing and describing included; each_ms: to answer one
    picture; learned_from: pictures of train; confusion: K K counts, what pictures show by what was said.
    """

    name: str
    sees: str
    seconds: float
    each_ms: float
    parameters: int
    multiply_adds: int
    learned_from: int
    chosen: str
    confusion: tuple[tuple[int, ...], ...]
    failing: tuple[Failing, ...] = ()

    @property
    def right(self) -> int:
        """How many pictures of test."""
        return sum(row[i] for i, row in enumerate(self.confusion))

    @property
    def asked(self) -> int:
        """Pictures of test."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of test."""
        return self.right / max(self.asked, 1)

    @property
    def interval(self) -> Interval:
        """95 %."""
        return proportion(self.right, self.asked).interval_95 or Interval(0.0, 1.0)

    @property
    def recalls(self) -> tuple[float, ...]:
        """Of each class, how many of its pictures got its name."""
        return tuple(row[i] / max(sum(row), 1) for i, row in enumerate(self.confusion))

    def to_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """For `--json`."""
        return {
            "method": self.name, "sees": self.sees, "accuracy": self.accuracy,
            "interval_95": list(self.interval), "count": self.asked, "fit_s": round(self.seconds, 3),
            "each_ms": round(self.each_ms, 5), "parameters": self.parameters,
            "multiply_adds": self.multiply_adds, "learned_from": self.learned_from,
            "chosen": self.chosen, "recall": dict(zip(classes, self.recalls, strict=True)),
            "fails_on": [one._asdict() for one in self.failing],
            "confusion": [list(row) for row in self.confusion],
        }  # fmt: skip


def counted(truth: Labels, said: Labels, classes: int) -> tuple[tuple[int, ...], ...]:
    """K K counts."""
    made = np.bincount(truth * classes + said, minlength=classes**2).reshape(classes, classes)
    return tuple(tuple(int(count) for count in row) for row in made)


def ranked(rows: Sequence[Row], classes: Sequence[str]) -> tuple[Row, ...]:
    """The best first; each with the classes that it fails on."""
    held = sorted(rows, key=lambda row: (-row.accuracy, row.multiply_adds, row.name))
    best = tuple(
        max((_ends(row, i) for row in held), default=Interval(0.0, 1.0)).low
        for i in range(len(classes))
    )
    return tuple(replace(row, failing=tuple(_failing(row, best, classes))) for row in held)


def _failing(row: Row, best: Sequence[float], classes: Sequence[str]) -> list[Failing]:
    """The worst first: known less than seven times of ten, and surely less than to the best method."""
    found = []
    for i, recall in enumerate(row.recalls):
        if recall < _FAILS_BELOW and _ends(row, i).high < best[i]:
            others = [count if j != i else -1 for j, count in enumerate(row.confusion[i])]
            found.append(Failing(classes[i], recall, classes[int(np.argmax(others))]))
    return sorted(found, key=lambda one: one.recall)


def _ends(row: Row, i: int) -> Interval:
    """Of the recall of class i; of a class without pictures nothing is known."""
    return proportion(row.confusion[i][i], sum(row.confusion[i])).interval_95 or Interval(0.0, 1.0)
