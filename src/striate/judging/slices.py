"""Where it is worse: accuracy on the dark pictures, the small ones, one folder, one class.

Shape legend: N pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotJudge
from striate.judging.answers import Bools, Floats
from striate.judging.intervals import Measure, proportion
from striate.judging.significance import as_few, holm

LEAST = 20  # pictures below which a slice says nothing
QUARTERS = 4
_ALPHA = 0.05
Values = Sequence[object] | NDArray[Any]


@final
@dataclass(frozen=True)
class Slice:
    """Pictures that share something. fact: what; name: its value, or from which to which. p: how likely a
    blind draw of as many pictures has as few right ones, corrected for the number of slices.
    """

    fact: str
    name: str
    count: int
    accuracy: Measure
    p: float

    @property
    def is_below(self) -> bool:
        """Whether it is worse than the whole by more than chance."""
        return self.p < _ALPHA

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        told = self.accuracy.to_dict()
        return {
            "fact": self.fact, "name": self.name, "count": self.count, "accuracy": told["value"],
            "interval_95": told["interval_95"], "p": self.p, "is_below": self.is_below,
        }  # fmt: skip


def sliced(
    correct: Bools, facts: Mapping[str, Values], least: int = LEAST, parts: int = QUARTERS
) -> tuple[Slice, ...]:
    """Every slice of at least `least` pictures, in the order of the facts and of their values.

    correct: N. facts: N numbers or N texts each. Numbers are cut at their quantiles into `parts`; equal
    numbers stay together. Texts are taken as they are; an empty one, and a number that is not finite, is
    unknown and in no slice. A fact with one value alone has no slices.

    A slice is marked by Fisher's exact test against the rest, one-sided, with Holm's correction over all
    slices: where nothing is worse, one report in twenty at most marks anything.
    """
    correct = np.asarray(correct, np.bool_)
    found = [
        (fact, name, rows)
        for fact, values in facts.items()
        for name, rows in _parts(fact, values, len(correct), parts, least)
        if len(rows) >= least
    ]
    all_right = int(correct.sum())
    raw = [as_few(int(correct[r].sum()), len(r), all_right, len(correct)) for _, _, r in found]
    return tuple(
        Slice(fact, name, len(rows), proportion(int(correct[rows].sum()), len(rows)), p)
        for (fact, name, rows), p in zip(found, holm(raw), strict=True)
    )


def by_fact(slices: Sequence[Slice]) -> dict[str, list[dict[str, Any]]]:
    """As metrics.json holds them: the slices of each fact."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in slices:
        found.setdefault(one.fact, []).append(one.to_dict())
    return found


def _parts(
    fact: str, values: Values, N: int, parts: int, least: int
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Names and rows of the parts of one fact."""
    held = np.asarray(values)
    if held.shape != (N,):
        raise CannotJudge(
            f"the fact {fact!r} has values of shape {held.shape} for {N:,} pictures",
            "give one value for each picture, in the same order",
        )
    if held.dtype.kind in "iuf":
        yield from _by_number(held.astype(np.float64), parts, least)
        return
    names, place = np.unique(held.astype(str), return_inverse=True)
    if len(names) > 1:
        order = np.argsort(place, kind="stable")
        ends = np.cumsum(np.bincount(place))
        for name, rows in zip(names, np.split(order, ends[:-1]), strict=True):
            if name:
                yield str(name), rows.astype(np.int64)


def _by_number(values: Floats, parts: int, least: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    known = np.flatnonzero(np.isfinite(values))
    some = values[known]
    parts = min(parts, len(known) // max(least, 1))
    if parts < 2 or some.min() == some.max():
        return
    edges = np.unique(np.quantile(some, np.arange(1, parts) / parts, method="lower"))
    place = np.searchsorted(edges, some, "left")
    for part in range(len(edges) + 1):
        rows = known[place == part]
        if len(rows) and len(rows) < len(known):
            low, high = values[rows].min(), values[rows].max()
            yield (f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"), rows
