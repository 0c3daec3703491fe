"""How well each class is told from all others, whatever the threshold: the area under the ROC curve.

The area is the probability that a picture of the class is given a higher score than one that is not of it;
equal scores count as half. Each class against the rest, and the mean over classes.

Shape legend: N pictures, K classes, M pictures of a class, R the rest.
"""

from __future__ import annotations

import numpy as np

from striate.judging.answers import Bools, Floats, Ints, Singles
from striate.judging.confusion import certain
from striate.judging.intervals import NOTHING, Measure, Parts, skewed


def macro_auc(log_probabilities: Singles, labels: Ints) -> Measure:
    """The mean area over classes that have pictures and a rest; N K scores, N labels.

    The interval is made of placements (DeLong et al. 1988), summed over classes for each picture, so that
    what one picture does to several classes is counted once; `intervals.skewed` says what follows.
    """
    N, K = log_probabilities.shape
    counts = np.bincount(labels, minlength=K)
    kept = np.flatnonzero((counts > 0) & (counts < N))
    if not len(kept):
        return NOTHING
    influence, total = np.zeros(N), 0.0
    for k in kept:
        is_class = labels == k
        mine, rest = _placements(log_probabilities[:, k], is_class)
        area = float(mine.mean())
        influence[is_class] += (mine - area) / len(mine)
        influence[~is_class] += (rest - area) / len(rest)
        total += area
    held = np.flatnonzero(counts)
    stratum = np.searchsorted(held, labels)
    count = counts[held].astype(np.float64)
    value = total / len(kept)
    return Measure(
        value, skewed(value, Parts(influence / len(kept), stratum, count), certain(count))
    )


def _placements(scores: Singles, is_class: Bools) -> tuple[Floats, Floats]:
    """M: the share of the rest below each picture of the class. R: the share of the class above each of the
    rest. Both have the area as their mean.
    """
    mine, rest = scores[is_class], scores[~is_class]
    low = np.sort(rest)
    above = np.searchsorted(low, mine, "left") + np.searchsorted(low, mine, "right")
    low = np.sort(mine)
    below = np.searchsorted(low, rest, "left") + np.searchsorted(low, rest, "right")
    return above / (2 * len(rest)), 1 - below / (2 * len(mine))
