"""95 % intervals: between which ends the score of all such pictures lies, judged by the few that there are.

Each kind was chosen by counting how often it holds the truth (tests/judging/test_intervals.py); the
counts stand in docs/judging.md. All take pictures for independent: copies, or many frames of one film,
make every interval too narrow.

Shape legend: K classes, M pictures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotJudge

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
_PRIOR = 2.0  # pictures that a class borrows from the mean of all, where variances are estimated
_CLOSE, _HAIR = 1e-9, 1e-12
_GRID, _ROUNDS = 65, 4  # four times sixty-four parts of a part: about 1e-7


@final
class Interval(NamedTuple):
    """Both ends, within 0 ... 1."""

    low: float
    high: float


@final
@dataclass(frozen=True)
class Measure:
    """A score with its interval; both are None where there was nothing to measure."""

    value: float | None = None
    interval_95: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        ends = None if self.interval_95 is None else list(self.interval_95)
        return {"value": self.value, "interval_95": ends}


NOTHING = Measure()


def wilson(value: float, trials: float, z: float = Z95) -> Interval:
    """Of a proportion `value` among `trials` (Wilson 1927); unlike the textbook's it is right near 0 and 1.

    >>> [round(end, 3) for end in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    if not trials > 0:
        raise CannotJudge("an interval needs at least one picture")
    spread = z * z / trials
    centre = (value + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (value * (1 - value) + spread / 4)) / (1 + spread)
    return _around(value, centre - half, centre + half)


def proportion(right: int, count: int) -> Measure:
    """A share of `count` pictures, Wilson's interval; nothing of no pictures."""
    return Measure(right / count, wilson(right / count, count)) if count else NOTHING


def f1(right: int, missed: int, wrong: int) -> Measure:
    """F1 = 2 right / (2 right + missed + wrong), by Wilson's interval of right / (right + missed + wrong).

    Given how many pictures are of the class or were called so, the right ones are a plain proportion J of
    them, and F1 = 2 J / (1 + J) only rises with it: so its interval is as good as Wilson's. (The "Wilson
    indirect" interval of Lam, Gopal and Qian 2023, arXiv 2309.14621.)
    """
    union = right + missed + wrong
    if not union:
        return NOTHING
    ends = wilson(right / union, union)
    share = 2 * right / (union + right)
    return Measure(share, _around(share, *(2 * end / (1 + end) for end in ends)))


def mean_of_proportions(right: Floats, count: Floats) -> Measure:
    """The mean over K classes of right / count, each class with at least one picture.

    The ends are the means that a score test just does not reject: at each the likeliest shares of the
    classes with that mean are taken, and the variance is theirs. With one class it is Wilson's. Classes
    borrow two pictures from the mean of all for this, or small ones, all right or all wrong, would seem
    certain.
    """
    right, count = np.asarray(right, np.float64), np.asarray(count, np.float64)
    if not len(count):
        return NOTHING
    value = float((right / count).mean())
    high = 1 - _lowest_mean(count - right, count, 1 - value)
    return Measure(value, _around(value, _lowest_mean(right, count, value), high))


def _lowest_mean(right: Floats, count: Floats, value: float) -> float:
    """The lower end for `mean_of_proportions`."""
    if value <= 0:
        return 0.0
    held = (count + _PRIOR)[:, None]
    # A hair below all, or a class without an error would not move at all at first.
    lent = np.minimum(right[:, None] + _PRIOR * value, held * (1 - _HAIR))
    low, high, found = _HAIR, 1.0, 0.0
    for _ in range(_ROUNDS):
        # `at`, 0 to 1, is how hard the mean is pulled down: not at all at 1. The likeliest share of a class,
        # p, solves pull p^2 - (held + pull) p + lent = 0, from lent ln p + (held - lent) ln (1-p) - pull p.
        at = np.linspace(low, high, _GRID)
        pull = held.mean() * (1 - at) / at
        b = held + pull
        p = 2 * lent / (b + np.sqrt(np.maximum(b * b - 4 * pull * lent, 0)))
        means = p.mean(axis=0)
        reach = Z95 * np.sqrt((p * (1 - p) / count[:, None]).sum(axis=0)) / len(count)
        k = int((value - means <= reach).argmax())
        low, high, found = at[max(k - 1, 0)], at[k], float(means[k])
    return found


def effective(value: float, bias: float, variance: float, certain: float) -> Interval:
    """Wilson's interval around `value - bias`, with as many trials as would give `variance`; with `certain`
    where that is 0.
    """
    centre = min(max(value - bias, 0.0), 1.0)
    spread = centre * (1 - centre)
    ends = wilson(centre, spread / variance if variance > 0 and spread > 0 else certain)
    return _around(value, *ends)


class Parts(NamedTuple):
    """Of a score that is, nearly, a sum over independent pictures. influence: M, how far each moved it;
    stratum: M, its class, 0 ... K - 1; pictures: K, of each class, at least 1.
    """

    influence: Floats
    stratum: NDArray[np.int64]
    pictures: Floats


def skewed(value: float, parts: Parts, certain: float) -> Interval:
    """An interval with longer arms on the side to which single pictures can pull a score.

    Hall's (1992) cubic transformation takes the skewness of the influences out of the t statistic; variance
    and skewness are unbiased within each class, and Student's t takes the freedom that the classes leave
    (Satterthwaite). Where no picture moved anything, Wilson's with `certain` trials.
    """
    n = parts.pictures
    each = parts.influence**2 * (n / np.maximum(n - 1, 1))[parts.stratum]
    variance = float(each.sum())
    if variance <= 0:
        return wilson(value, certain)
    thirds = np.where(n > 2, n * n / np.maximum((n - 1) * (n - 2), 1), 4.0)[parts.stratum]
    skew = float((parts.influence**3 * thirds).sum()) / variance**1.5
    by_class = np.bincount(parts.stratum, each, minlength=len(n))
    freedom = variance**2 / float((by_class**2 / np.maximum(n - 1, 1)).sum())
    reach, deviation = student(freedom), math.sqrt(variance)
    low = value - deviation * _unskewed(skew, reach)
    return _around(value, low, value - deviation * _unskewed(skew, -reach))


def student(freedom: float) -> float:
    """The 97.5 % point of Student's t, within 4 % from 3 degrees of freedom on (fewer count as 3)."""
    v = max(freedom, 3.0)
    return Z95 + (Z95**3 + Z95) / (4 * v) + (5 * Z95**5 + 16 * Z95**3 + 3 * Z95) / (96 * v * v)


def _unskewed(skew: float, z: float) -> float:
    """t from z = t + skew t^2 / 3 + skew^2 t^3 / 27 + skew / 6."""
    if abs(skew) < _CLOSE:
        return z
    return 3 / skew * (float(np.cbrt(1 + skew * (z - skew / 6))) - 1)


def _around(value: float, low: float, high: float) -> Interval:
    """Within 0 ... 1, and never without the value itself."""
    return Interval(max(0.0, min(low, value)), min(1.0, max(high, value)))
