"""Are two pictures of the same? A threshold on the distance of their vectors, chosen on labelled pairs.

Distance is 1 minus the cosine of what goes into the last layer. The threshold is where as many pairs of one
label lie above as pairs of two labels below; around it may lie a band in which an answer would be wrong too
often. How often it is wrong is counted on other pictures than those that chose it.

Pairs are not independent, since a picture is in many of them: the intervals are those of the mean over
pairs, whose variance comes from what each picture moves (Hoeffding 1948), not from the number of pairs.

Shape legend: N pictures, D numbers of a vector.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotJudge
from striate.judging.intervals import Measure, Parts, skewed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Verdict = Literal["same", "different", "not sure"]
_BLOCK, _BINS = 512, 4096
RARE = 0.05  # outside the band at most this share of either kind of pairs is called wrongly


class Threshold(NamedTuple):
    """Distances, 0 ... 2. at: where both errors are alike; low, high: the band in which it is not sure."""

    at: float
    low: float
    high: float

    def verdict(self, distance: float) -> Verdict:
        """What is said of two pictures so far apart."""
        if self.low < distance <= self.high:
            return "not sure"
        return "same" if distance <= self.at else "different"


class Counted(NamedTuple):
    """Counts of pairs by distance, in bins of equal width from 0 to 2."""

    same: Ints
    different: Ints


class Rates(NamedTuple):
    """On labelled pairs: accepted, pairs of two labels that are called the same; rejected, pairs of one label
    that are called different; unsure of either kind; and at the threshold alone, without the band.
    """

    accepted: Measure
    rejected: Measure
    unsure_same: Measure
    unsure_different: Measure
    accepted_at: Measure
    rejected_at: Measure
    pairs: tuple[int, int]
    pictures: int


def apart(one: Floats, other: Floats) -> float:
    """The distance of two vectors of length 1."""
    return float(np.clip(1.0 - float(one @ other), 0.0, 2.0))


def counted(vectors: NDArray[np.float32], labels: Ints) -> Counted:
    """All pairs of N D vectors of length 1, a block of rows at a time."""
    same, different = np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)
    for start in range(0, len(vectors), _BLOCK):
        far, alike, once = _block(vectors, labels, start)
        place = np.minimum((far * (_BINS / 2)).astype(np.int64), _BINS - 1)
        same += np.bincount(place[alike & once], minlength=_BINS)
        different += np.bincount(place[~alike & once], minlength=_BINS)
    return Counted(same, different)


def _block(
    vectors: NDArray[np.float32], labels: Ints, start: int
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Of some rows against all: distances, whether the labels are alike, and each pair once."""
    rows = np.arange(start, min(start + _BLOCK, len(vectors)))
    far = np.clip(1.0 - (vectors[rows] @ vectors.T).astype(np.float64), 0.0, 2.0)
    alike = labels[rows][:, None] == labels[None]
    return far, alike, rows[:, None] < np.arange(len(vectors))[None]


def chosen(found: Counted, rare: float = RARE) -> Threshold:
    """The threshold where both errors are nearest to each other, and the band around it."""
    if not found.same.sum() or not found.different.sum():
        raise CannotJudge(
            "a threshold needs pairs of one label and pairs of two",
            "give --in DATA: at least two classes, one of them with two pictures, in each half",
        )
    ends = np.arange(1, _BINS + 1) * (2 / _BINS)
    rejected = 1 - np.cumsum(found.same) / found.same.sum()
    accepted = np.cumsum(found.different) / found.different.sum()
    gap = np.abs(accepted - rejected)
    best = np.flatnonzero(gap <= gap.min() + 1e-12)
    at = float(ends[best].mean())  # where nothing lies between the two kinds: the middle
    # Called the same as long as few others come along; called different once few of one label are left.
    few = np.flatnonzero(accepted <= rare)
    low = float(ends[few[-1]]) if len(few) else 0.0
    high = float(ends[np.flatnonzero(rejected <= rare)[0]])
    return Threshold(at, low, high) if low < high else Threshold(at, at, at)


def rates(vectors: NDArray[np.float32], labels: Ints, threshold: Threshold) -> Rates:
    """How often it is wrong on all pairs of N D vectors."""
    N = len(vectors)
    names = (
        "accepted",
        "rejected",
        "unsure_same",
        "unsure_different",
        "accepted_at",
        "rejected_at",
    )
    hits = {name: np.zeros(N) for name in names}  # of each picture: its pairs of which that is true
    partners = {True: np.zeros(N), False: np.zeros(N)}
    for start in range(0, N, _BLOCK):
        far, alike, _ = _block(vectors, labels, start)
        rows = np.arange(start, start + len(far))
        other = np.ones_like(alike)
        other[rows - start, rows] = False
        alike, unlike = alike & other, ~alike & other
        unsure = (far > threshold.low) & (far <= threshold.high)
        near = far <= threshold.at
        partners[True][rows], partners[False][rows] = alike.sum(1), unlike.sum(1)
        for name, told in (
            ("accepted", unlike & near & ~unsure), ("rejected", alike & ~near & ~unsure),
            ("unsure_same", alike & unsure), ("unsure_different", unlike & unsure),
            ("accepted_at", unlike & near), ("rejected_at", alike & ~near),
        ):  # fmt: skip
            hits[name][rows] = told.sum(1)
    is_same = {"rejected", "unsure_same", "rejected_at"}
    made = {name: _measure(hits[name], partners[name in is_same]) for name in names}
    pairs = int(partners[True].sum()) // 2, int(partners[False].sum()) // 2
    return Rates(**made, pairs=pairs, pictures=N)


def _measure(hits: Floats, partners: Floats) -> Measure:
    """The share of pairs, and its interval. hits: N, of each picture's `partners` those that are meant."""
    many = partners.sum() / 2
    if not many:
        return Measure()
    value = float(hits.sum() / 2 / many)
    has = partners > 0
    influence = (hits[has] - value * partners[has]) / many
    parts = Parts(influence, np.zeros(len(influence), np.int64), np.array([float(len(influence))]))
    # Without any error nothing moves: then as many pairs count as have no picture in common.
    return Measure(value, skewed(value, parts, max(1.0, len(influence) // 2)))
