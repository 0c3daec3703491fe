"""How likely chance alone is to do as much: the few p-values that slices, drift and comparisons need.

SciPy is not in the base install, so they are written here, short, and held against it by the tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from striate.judging.answers import Floats

_EXACT = 10_000  # paths in the table of an exact two-sample test


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are (Holm 1979): the chance that any of them misleads.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=lambda i: p[i])
    found, most = [0.0] * len(p), 0.0
    for place, i in enumerate(order):
        most = max(most, min(1.0, (len(p) - place) * p[i]))
        found[i] = most
    return found


def log_factorials(most: int) -> Floats:
    """ln 0! ... ln most!"""
    found = np.zeros(most + 1)
    np.cumsum(np.log(np.arange(1, most + 1)), out=found[1:])
    return found


def as_few(right: int, drawn: int, all_right: int, total: int) -> float:
    """The chance of at most `right` right pictures among `drawn`, drawn blindly from `total` that hold
    `all_right`: the lower tail of the hypergeometric distribution, Fisher's exact test.
    """
    ln = log_factorials(total)
    low = max(0, drawn - (total - all_right))
    k = np.arange(low, right + 1)
    if not len(k):
        return 0.0
    wrong = total - all_right
    terms = (
        ln[all_right] - ln[k] - ln[all_right - k] + ln[wrong] - ln[drawn - k] - ln[wrong - drawn + k]
        - ln[total] + ln[drawn] + ln[total - drawn]
    )  # fmt: skip
    return min(1.0, float(np.exp(terms).sum()))


def coin(heads: int, tails: int) -> tuple[float, float]:
    """The two-sided exact p-value of a fair coin, and the mid-p value, which counts what was seen by half."""
    n, least = heads + tails, min(heads, tails)
    ln = log_factorials(n)
    k = np.arange(least + 1)
    chances = np.exp(ln[n] - ln[k] - ln[n - k] - n * math.log(2))
    both = 2 * float(chances.sum())
    return min(1.0, both), min(1.0, both - float(chances[-1]))


def chi_square(value: float, freedom: int) -> float:
    """The chance of a chi-square of at least `value`: the upper gamma function Q(freedom / 2, value / 2)."""
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:  # the series of P, else Lentz's continued fraction of Q
        term = total = 1 / a
        n = a
        while term > total * 1e-16:
            n += 1
            term *= x / n
            total += term
        return max(0.0, 1 - scale * total)
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, scale * h)


def kolmogorov_smirnov(first: Floats, second: Floats) -> tuple[float, float]:
    """The largest distance of two distributions, 0 ... 1, and how likely chance makes one as large.

    Few values: exact, by counting paths. Many: Kolmogorov's series with Stephens' correction. Equal values
    make the p-value too large, never too small.
    """
    one, other = np.sort(first), np.sort(second)
    m, n = len(one), len(other)
    both = np.concatenate([one, other])
    # In units of 1 / (m n), so that equal distances are equal.
    ranks = (np.searchsorted(of, both, "right").astype(np.int64) for of in (one, other))
    gap = int(np.abs(next(ranks) * n - next(ranks) * m).max())
    distance = gap / (m * n)
    if not gap:
        return 0.0, 1.0
    if m * n <= _EXACT:
        return distance, _outside(m, n, gap)
    root = math.sqrt(m / (m + n) * n)
    t = (root + 0.12 + 0.11 / root) * distance
    if t < 0.2:  # where 1 - p is below 1e-10 and the series does not settle
        return distance, 1.0
    terms = (2 * (-1) ** (j - 1) * math.exp(-2 * j * j * t * t) for j in range(1, 101))
    return distance, min(1.0, max(0.0, sum(terms)))


def _outside(m: int, n: int, gap: int) -> float:
    """The share of orders of m + n values in which |i n - j m| reaches `gap` somewhere.

    Walks from (0, 0) to (m, n), row by row; a cell holds the share of the walks to it that stayed within.
    """
    j = np.arange(n + 1)
    stayed: Floats = np.cumprod(j * m < gap).astype(np.float64)
    for i in range(1, m + 1):
        is_in = np.abs(i * n - j * m) < gap
        # The last step to (i, j) came down with chance i / (i + j), else from the left.
        down, across = (stayed * (i / (i + j))).tolist(), (j / (i + j)).tolist()
        row: list[float] = []
        last = 0.0
        for k, inside in enumerate(is_in.tolist()):
            last = down[k] + last * across[k] if inside else 0.0
            row.append(last)
        stayed = np.array(row)
    return min(1.0, max(0.0, 1 - float(stayed[-1])))
