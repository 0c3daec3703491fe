"""k-means in small batches (Sculley 2010): centres that have points near them.

For every batch: each point goes to its nearest centre, and that centre moves to the mean of all points
that it ever got: centre <- centre + (point - centre) / count. Counts are halved after every pass, so that
early points, which came when centres stood elsewhere, are forgotten.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.features.kinds import Floats, Labels, Table, Tell, blocks, silent

BATCH, PASSES = 2048, 10


def kmeans(
    points: Table, count: int, seed: int, passes: int = PASSES, tell: Tell = silent
) -> Table:
    """N D points to at most `count` D centres. The first centres are drawn far apart (k-means++)."""
    rng = seeds.generator(seed, "k-means")
    count = min(count, len(points))
    centres = _apart(points, count, rng).astype(np.float64)
    held = np.zeros(count)
    for number in range(passes):
        order = rng.permutation(len(points))
        for start in range(0, len(order), BATCH):
            batch = points[order[start : start + BATCH]]
            _moved(centres, held, batch, nearest(batch, centres.astype(np.float32)))
        _filled(centres, held, points, rng)
        held /= 2
        tell(number + 1, passes)
    return centres.astype(np.float32)


def nearest(points: Table, centres: Table) -> Labels:
    """N D points to N places of the nearest of K D centres."""
    half = (centres * centres).sum(axis=1) / 2
    made = np.empty(len(points), np.int64)
    for some in blocks(len(points), 4 * len(centres)):
        # |x - c|^2 / 2 without |x|^2, which is the same for every centre
        made[some] = (half - points[some] @ centres.T).argmin(axis=1)
    return made


def spread(points: Table, centres: Table) -> float:
    """The mean squared distance of N D points to their nearest centre: what k-means makes small."""
    apart = points - centres[nearest(points, centres)]
    return float((apart.astype(np.float64) ** 2).sum(axis=1).mean())


def _apart(points: Table, count: int, rng: np.random.Generator) -> Table:
    """Points to begin with, each drawn by its squared distance to those before (Arthur and Vassilvitskii
    2007), among some of all.
    """
    some = points[rng.permutation(len(points))[: max(8 * count, 2 * BATCH)]]
    chosen = np.empty((count, points.shape[1]), np.float32)
    chosen[0] = some[rng.integers(len(some))]
    lengths = np.einsum("nd,nd->n", some, some)
    away: NDArray[np.float32] = np.full(len(some), np.inf, np.float32)
    tries = 2 + int(np.log(count))  # of several draws the one that leaves the points nearest
    for k in range(1, count):
        last = chosen[k - 1]
        away = np.minimum(away, np.maximum(lengths - 2 * (some @ last) + last @ last, 0))
        total = np.cumsum(away, dtype=np.float64)
        at = np.searchsorted(total, rng.random(tries) * total[-1], side="right")
        drawn = some[np.minimum(at, len(some) - 1)]
        apart = lengths[:, None] - 2 * (some @ drawn.T) + np.einsum("td,td->t", drawn, drawn)
        chosen[k] = drawn[np.minimum(apart, away[:, None]).sum(axis=0).argmin()]
    return chosen


def _moved(centres: Floats, held: Floats, batch: Table, to: Labels) -> None:
    """Centres and their counts after a batch, in place."""
    K = len(centres)
    got = np.bincount(to, minlength=K)
    order = np.argsort(to, kind="stable")
    met = np.flatnonzero(got)
    first = np.concatenate([[0], np.cumsum(got[met])[:-1]])
    sums = np.add.reduceat(batch[order], first, axis=0, dtype=np.float64)
    held[met] += got[met]
    centres[met] += (sums - got[met, None] * centres[met]) / held[met, None]


def _filled(centres: Floats, held: Floats, points: Table, rng: np.random.Generator) -> None:
    """A centre that no point came to in a whole pass begins anew at a random one."""
    lost = np.flatnonzero(held < 1)
    centres[lost] = points[rng.integers(0, len(points), len(lost))]
    held[lost] = 1
