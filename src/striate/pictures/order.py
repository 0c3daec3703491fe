"""In which order pictures are seen, and who sees which: all of it follows from a seed and an epoch.

The order of an epoch is the ranking of one random 64-bit number for each picture. For 14 million
pictures that takes two seconds and 250 MB while it is made, and 56 MB after, once an epoch; every rank
makes the same one, so nothing is sent. (A cipher that gives each place alone would save the memory and be
harder to believe.)

Several ranks share every batch of the one global order: rank r of R takes places B*r//R ... B*(r+1)//R
- 1 of batch B, so that together they see exactly what one process would have seen, no picture twice and
none left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate import seeds

Rows = NDArray[np.int64]


def order(count: int, seed: int, epoch: int) -> NDArray[np.int32] | Rows:
    """A permutation of 0 ... count - 1; the same for the same seed and epoch, whoever asks.

    >>> sorted(order(5, seed=0, epoch=3).tolist())
    [0, 1, 2, 3, 4]
    """
    words = np.random.Philox(key=seeds.at(seed, "order", epoch)).random_raw(count)
    # Stable, so that two equal numbers (once in many universes) are no matter of the machine.
    ranking = np.argsort(np.atleast_1d(words), kind="stable")
    return ranking.astype(np.int32) if count < 2**31 else ranking.astype(np.int64)


def steps(count: int, batch: int, drop_last: bool) -> int:
    """How many batches an epoch has."""
    return count // batch if drop_last else -(-count // batch)


def places(count: int, step: int, batch: int, rank: int = 0, ranks: int = 1) -> range:
    """The places of the global order that this rank has in batch `step`; the last batch may be short."""
    start, stop = min(step * batch, count), min((step + 1) * batch, count)
    size = stop - start
    return range(start + size * rank // ranks, start + size * (rank + 1) // ranks)


def shard(
    order: NDArray[np.int32] | Rows, step: int, batch: int, rank: int = 0, ranks: int = 1
) -> Rows:
    """The rows that this rank has in batch `step`.

    >>> [shard(np.arange(7), 1, 4, rank, 2).tolist() for rank in (0, 1)]
    [[4], [5, 6]]
    """
    mine = places(len(order), step, batch, rank, ranks)
    return order[mine.start : mine.stop].astype(np.int64)


def part(count: int, rank: int, ranks: int) -> range:
    """The rows that this rank judges: a run of its own, the runs together are all rows, each once."""
    return range(count * rank // ranks, count * (rank + 1) // ranks)
