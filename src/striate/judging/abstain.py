"""Saying "not sure": from which probability on answers are right as often as wanted, and what that costs.

Shape legend: N pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from striate.errors import CannotJudge
from striate.judging.answers import Bools, Floats, Ints
from striate.judging.intervals import Measure, proportion

_HAIR = 1e-4  # more than rounding
Z90 = 1.6448536269514722  # a one-sided bound of 95 %


@final
@dataclass(frozen=True)
class Abstention:
    """Answering where the probability is at least `threshold`.

    precision: of the answers; coverage: the share of pictures that is answered. is_shown: whether these
    pictures show, with 95 % certainty, that the precision is at least `wanted`. text: that in words.
    """

    threshold: float
    wanted: float
    is_shown: bool
    answered: int
    precision: Measure
    coverage: Measure
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values; intervals under the name and `_95`."""
        found: dict[str, Any] = {
            "threshold": self.threshold, "wanted": self.wanted, "is_shown": self.is_shown,
            "answered": self.answered, "text": self.text,
        }  # fmt: skip
        for name in ("precision", "coverage"):
            told = getattr(self, name).to_dict()
            found |= {name: told["value"], f"{name}_95": told["interval_95"]}
        return found


def abstain(
    confidence: Floats, correct: Bools, wanted: float = 0.95, threshold: float | None = None
) -> Abstention:
    """Choose the smallest threshold whose precision is shown to be at least `wanted`, or judge one given.

    Shown means: the lower Wilson bound (one-sided, 95 %) reaches it, not the precision counted on these
    very pictures. The smallest threshold that *counts* as good enough is the luckiest of many. In
    simulations of 50 to 1,000 pictures, with 90, 95 and 99 % wanted, it kept its promise on new ones in 5
    to 53 of 100 sets; by the bound the promise was broken in at most 8 of 100. The price are some
    pictures left unanswered, and pictures needed: at least 52 sure and right ones to show 95 %.

    Where no threshold is shown to be good enough, one is given that may be: the smallest that counts as
    good enough, but at least `wanted` itself, since among calibrated probabilities above `wanted` the mean
    is above it too; and 1 where none even counts. `is_shown` is False then, and `text` says why.

    A threshold lies half-way to the next lower probability, so that rounding moves no picture across.
    Where all may be answered it lies just below the lowest: a picture of which the network is less sure
    than of any that was judged (something else altogether, perhaps) is not answered.
    """
    if not 0 < wanted < 1:
        raise CannotJudge(f"a precision of {wanted:g} cannot be wanted", "give one between 0 and 1")
    if not len(confidence):
        raise CannotJudge("there are no pictures to choose a threshold on")
    if threshold is None:
        threshold = _chosen(confidence, correct, wanted)
    kept = confidence >= threshold
    answered, right = int(kept.sum()), int(correct[kept].sum())
    is_shown = _bound(right, answered) >= wanted
    precision, coverage = proportion(right, answered), proportion(answered, len(confidence))
    text = _text(right, answered, len(confidence), wanted, is_shown)
    return Abstention(threshold, wanted, is_shown, answered, precision, coverage, text)


def _chosen(confidence: Floats, correct: Bools, wanted: float) -> float:
    """The threshold of the docstring above."""
    order = np.argsort(-confidence, kind="stable")
    falling, right = confidence[order], np.cumsum(correct[order], dtype=np.int64)
    # Equal probabilities are answered together: cut only where the next one is lower.
    ends = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))
    hits, counts = right[ends], ends + 1
    shown = np.flatnonzero(_bounds(hits, counts) >= wanted)
    if len(shown):
        return _between(falling, int(ends[shown[-1]]))
    enough = np.flatnonzero(hits >= wanted * counts - 1e-9)
    if len(enough):
        return max(wanted, _between(falling, int(ends[enough[-1]])))
    return 1.0


def _between(falling: Floats, last: int) -> float:
    """Half-way from the last that is answered to the next; just below the last where all are answered:
    what is less sure than every picture here was never judged.
    """
    if last + 1 == len(falling):
        return max(0.0, float(falling[last]) - _HAIR)
    return float(falling[last] + falling[last + 1]) / 2


def _bounds(right: Ints, count: Ints) -> Floats:
    """The lower end of `intervals.wilson` with Z90, for many proportions at a time."""
    value, spread = right / count, Z90**2 / count
    half = np.sqrt(spread * (value * (1 - value) + spread / 4))
    made: Floats = (value + spread / 2 - half) / (1 + spread)
    return made


def _bound(right: int, count: int) -> float:
    return float(_bounds(np.array([right]), np.array([count]))[0]) if count else 0.0


def fewest(wanted: float) -> int:
    """How many answers, all right, it takes to show a precision.

    >>> fewest(0.95)
    52
    """
    return math.ceil(Z90**2 * wanted / (1 - wanted) - 1e-9)


def _text(right: int, answered: int, count: int, wanted: float, is_shown: bool) -> str:
    said = f"{answered:,} of {count:,} pictures are answered"
    if not answered:
        return f"none of {count:,} pictures is answered: none is so sure"
    said += f", {right:,} of them rightly"
    if is_shown:
        return f"{said}: shown to be right in at least {wanted:.4g} of all answers"
    low = _bound(right, answered)
    few = fewest(wanted)
    why = (
        f"it takes {few:,} answers without an error to show {wanted:.4g}"
        if answered < few
        else "it takes more answers, or fewer errors among them"
    )
    return f"{said}: that shows no more than {low:.4g}, and {wanted:.4g} was wanted; {why}"
