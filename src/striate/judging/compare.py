"""Two runs on the same pictures: which is better, by how much, and whether that is more than chance.

Only pictures that one has right and the other wrong tell them apart, so pictures are compared one by one:
two accuracies with overlapping intervals may still differ for certain.

Shape legend: N pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from striate.errors import CannotJudge
from striate.judging.answers import Bools
from striate.judging.intervals import Z95, Measure, proportion
from striate.judging.significance import coin

_ALPHA = 0.05


class Told(NamedTuple):
    """What one run said: N paths, N right labels, N answers."""

    paths: Sequence[str]
    truth: Sequence[str]
    said: Sequence[str]


@final
@dataclass(frozen=True)
class Comparison:
    """difference: accuracy of the second minus that of the first, with its paired 95 % interval, in -1 ... 1.
    p: exact McNemar; p_mid: its mid-p form, which errs less on the careful side.
    """

    count: int
    first: Measure
    second: Measure
    only_first: int
    only_second: int
    difference: float
    interval_95: tuple[float, float]
    p: float
    p_mid: float

    @property
    def text(self) -> str:
        """The verdict in one sentence."""
        low, high = self.interval_95
        told = (
            f"on {self.count:,} pictures the second has {self.only_second:,} right that the first has wrong, "
            f"and {self.only_first:,} the other way round: {100 * self.difference:+.2f} points "
            f"(95 %: {100 * low:+.2f} to {100 * high:+.2f}; McNemar p = {self.p:.2g})"
        )
        if self.p >= _ALPHA:
            return f"no difference is shown: {told}"
        return f"the {'second' if self.difference > 0 else 'first'} is better: {told}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "count": self.count, "accuracy": [self.first.value, self.second.value],
            "only_first": self.only_first, "only_second": self.only_second,
            "difference": self.difference, "interval_95": list(self.interval_95),
            "p": self.p, "p_mid": self.p_mid, "text": self.text,
        }  # fmt: skip


def compare(first: Told, second: Told) -> Comparison:
    """Compare two runs by the paths of their pictures, in whatever order; refuse other pictures or labels."""
    one, other = _by_path(first, "first"), _by_path(second, "second")
    missing = len(one.keys() - other.keys()), len(other.keys() - one.keys())
    shared = one.keys() & other.keys()
    relabelled = sum(one[path][0] != other[path][0] for path in shared)
    if any(missing) or relabelled:
        raise CannotJudge(
            f"the runs were not judged on the same pictures: {missing[0]:,} are in the first alone, "
            f"{missing[1]:,} in the second alone, {len(shared):,} in both, of which {relabelled:,} have "
            "another label",
            "train both with the same --splits, or judge both on one folder with `striate eval RUN --data`",
        )
    right = [
        np.array([said[path][0] == said[path][1] for path in one], np.bool_)
        for said in (one, other)
    ]
    return paired(right[0], right[1])


def paired(first: Bools, second: Bools) -> Comparison:
    """Compare by N times right or wrong, the same picture at the same place in both."""
    first, second = np.asarray(first, np.bool_), np.asarray(second, np.bool_)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise CannotJudge(
            f"answers of shapes {first.shape} and {second.shape} cannot be compared picture by picture"
        )
    N = len(first)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    p, p_mid = coin(only_first, only_second)
    return Comparison(
        N,
        proportion(int(first.sum()), N),
        proportion(int(second.sum()), N),
        only_first,
        only_second,
        (only_second - only_first) / N,
        tango(only_first, only_second, N),
        p,
        p_mid,
    )


def tango(only_first: int, only_second: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a difference of paired proportions (Tango 1998): all differences that a score
    test, McNemar's where the difference is 0, does not reject.
    """
    return (
        -_highest(only_second, only_first, count),
        _highest(only_first, only_second, count),
    )


def _highest(lost: int, won: int, n: int) -> float:
    """The upper end of (won - lost) / n, by halving what is left until nothing is."""

    def is_within(at: float) -> bool:
        # q: the likeliest share of the lost ones where the difference is `at`.
        a, b = 2 * n, (2 * n - won + lost) * at - won - lost
        q = (math.sqrt(max(b * b + 4 * a * lost * at * (1 - at), 0.0)) - b) / (2 * a)
        variance = max(n * (2 * q + at * (1 - at)), 0.0)
        return n * at - (won - lost) <= Z95 * math.sqrt(variance)

    low, high = (won - lost) / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_within(middle) else (low, middle)
    return low


def _by_path(told: Told, which: str) -> dict[str, tuple[str, str]]:
    if not len(told.paths) == len(told.truth) == len(told.said):
        raise CannotJudge(f"the {which} run has not one label and one answer for each path")
    found = dict(zip(told.paths, zip(told.truth, told.said, strict=True), strict=True))
    if len(found) != len(told.paths):
        raise CannotJudge(
            f"the {which} run names {len(told.paths) - len(found):,} pictures more than once"
        )
    return found
