"""Whether new pictures are of the kind that the network was judged on.

A score holds for pictures like those of val. Here each fact of the pictures (brightness, size, aspect, the
probability of the answer) is compared between val and a new folder, and so is how often each class is
answered. A difference does not say that answers are worse, and none does not say that they are right: only
labels can.

Shape legend: N pictures of val, M new ones, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, final

import numpy as np

from striate.errors import CannotJudge
from striate.judging.answers import Floats, Ints
from striate.judging.significance import chi_square, holm, kolmogorov_smirnov

_ALPHA = 0.05
WORTH = 0.1  # a distance below which a difference, however certain, is not worth a word
LEAST = 20  # pictures below which only large differences show
_EXPECTED = 5.0  # pictures that a class needs by chance alone, or it is counted among the rest


@final
@dataclass(frozen=True)
class Shift:
    """One fact. effect: the largest distance of the two distributions (numbers), or Cramér's V (classes),
    both 0 ... 1. p: corrected for all facts. text: a sentence.
    """

    fact: str
    effect: float
    p: float
    text: str

    @property
    def is_drift(self) -> bool:
        """Whether it is more than chance, and large enough to care."""
        return self.p < _ALPHA and self.effect >= WORTH

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"is_drift": self.is_drift}


class Said(NamedTuple):
    """Places in `classes` that were answered, N for val and M for the new pictures."""

    val: Ints
    new: Ints
    classes: tuple[str, ...]


def drift(
    val: Mapping[str, Sequence[float] | Floats],
    new: Mapping[str, Sequence[float] | Floats],
    said: Said | None = None,
) -> tuple[Shift, ...]:
    """Every fact that both have, by the two-sample test of Kolmogorov and Smirnov, and the answered classes
    by a chi-square test; the largest effect first. p-values are corrected for all of them (Holm).
    """
    found = [
        _number(fact, _finite(fact, val[fact]), _finite(fact, new[fact]))
        for fact in val
        if fact in new
    ]
    if said is not None:
        found.append(_classes(said))
    if not found:
        raise CannotJudge(
            "val and the new pictures have no fact in common", "give the same facts of both"
        )
    shifts = [
        Shift(one.fact, one.effect, p, _sentence(one.text, p, one.effect))
        for one, p in zip(found, holm([one.p for one in found]), strict=True)
    ]
    return tuple(sorted(shifts, key=lambda one: (-one.is_drift, -one.effect, one.fact)))


def summary(shifts: Sequence[Shift], count: int) -> str:
    """One paragraph; `count` is how many new pictures there are."""
    drifted = [one for one in shifts if one.is_drift]
    alike = [one.fact for one in shifts if not one.is_drift]
    parts = [one.text for one in drifted]
    if not drifted:
        parts.append("the new pictures are like those of val, as far as these facts tell")
    elif alike:
        parts.append(f"no difference worth a word in {', '.join(alike)}")
    if count < LEAST:
        parts.append(f"only {count} new pictures: nothing but large differences could show")
    return "; ".join(parts)


def _finite(fact: str, values: Sequence[float] | Floats) -> Floats:
    held = np.asarray(values, np.float64)
    held = held[np.isfinite(held)]
    if not len(held):
        raise CannotJudge(f"no picture has a known value of {fact!r}")
    return held


def _number(fact: str, val: Floats, new: Floats) -> Shift:
    distance, p = kolmogorov_smirnov(val, new)
    before, after = float(np.median(val)), float(np.median(new))
    low = np.sort(val)
    below = np.searchsorted(low, new, "left") + np.searchsorted(low, new, "right")
    larger = float(below.mean() / (2 * len(val)))
    if abs(larger - 0.5) < WORTH / 4:
        how = "spread otherwise"
    else:
        how = f"{'larger' if larger > 0.5 else 'smaller'} in the new pictures"
    text = (
        f"{fact} is {how} (median {after:.4g} against {before:.4g} in val; a new picture has more than one "
        f"of val in {larger:.0%} of pairs)"
    )
    return Shift(fact, distance, p, text)


def _classes(said: Said) -> Shift:
    K = len(said.classes)
    for rows in (said.val, said.new):
        if not len(rows) or min(rows) < 0 or max(rows) >= K:
            raise CannotJudge("answers are places in the list of classes, of one picture at least")
    table = np.stack([np.bincount(rows, minlength=K) for rows in (said.val, said.new)])
    totals = table.sum(axis=1)
    shares = table / totals[:, None]
    k = int(np.abs(shares[1] - shares[0]).argmax())
    expected = totals[:, None] * table.sum(axis=0) / totals.sum()
    rare = expected.min(axis=0) < _EXPECTED
    pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]).astype(np.float64)
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    expected = totals[:, None] * pooled.sum(axis=0) / totals.sum()
    statistic = float(((pooled - expected) ** 2 / expected).sum())
    freedom = pooled.shape[1] - 1
    p = chi_square(statistic, freedom) if freedom else 1.0
    text = (
        f"other classes are answered: {said.classes[k]!r} for {shares[1, k]:.0%} of the new pictures and "
        f"{shares[0, k]:.0%} of val"
    )
    return Shift("answered class", math.sqrt(statistic / float(totals.sum())), p, text)


def _sentence(text: str, p: float, effect: float) -> str:
    if p >= _ALPHA:
        return f"{text}: no more than chance (p = {p:.2g})"
    size = "" if effect >= WORTH else ", too little to matter"
    return f"{text}: more than chance (p {'< 0.001' if p < 0.001 else f'= {p:.2g}'}){size}"
