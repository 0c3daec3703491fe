"""Random numbers with an address: what picture 17 gets in epoch 3 depends on 17, 3, the purpose and the
seed.

Each purpose and epoch has one Philox stream, and picture i owns the four words at places 4 i ... 4 i +
3 of it. For up to a million pictures the whole epoch is drawn once (32 bytes a picture, 5 ms for
50,000); beyond that each picture's block is reached by its counter. Both give the same bits.
"""

from __future__ import annotations

import threading
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.pictures.order import Rows

WORDS = 4
AT_ONCE = 1_000_000
Uniform = NDArray[np.float64]


@final
class Draws:
    """The draws of one epoch over `count` addresses; safe to use from several threads."""

    def __init__(self, seed: int, epoch: int, count: int) -> None:
        self.seed, self.epoch, self.count = seed, epoch, count
        self._held: dict[tuple[str, int], NDArray[np.uint64]] = {}
        self._lock = threading.Lock()

    def words(self, purpose: str, slots: Rows, epoch: int | None = None) -> NDArray[np.uint64]:
        """n x 4 random words for these n addresses; `epoch` names another one than this."""
        when = self.epoch if epoch is None else epoch
        if self.count > AT_ONCE:
            key = seeds.at(self.seed, purpose, when)
            blocks = [np.random.Philox(key=key, counter=int(i)).random_raw(WORDS) for i in slots]
            return np.array(blocks, np.uint64).reshape(-1, WORDS)
        with self._lock:
            whole = self._held.get((purpose, when))
            if whole is None:
                stream = np.random.Philox(key=seeds.at(self.seed, purpose, when))
                whole = stream.random_raw(WORDS * self.count).reshape(-1, WORDS)
                self._held[purpose, when] = whole
        return whole[slots]

    def uniform(self, purpose: str, slots: Rows, epoch: int | None = None) -> Uniform:
        """n x 4 numbers from 0 up to, not including, 1."""
        kept = self.words(purpose, slots, epoch) >> np.uint64(11)
        return kept.astype(np.float64) * 2.0**-53

    def of_batch(self, purpose: str, step: int) -> np.random.Generator:
        """For what a whole batch shares, by the number of the global step."""
        return seeds.generator(self.seed, purpose, self.epoch, step)


def whole(uniform: Uniform, low: int, high: int | Rows) -> Rows:
    """Numbers from 0 ... 1 to whole numbers low ... high, both included."""
    made: Rows = low + (uniform * (high - low + 1)).astype(np.int64)
    return made


def between(uniform: Uniform, low: float, high: float) -> Uniform:
    """Numbers from 0 ... 1 to low ... high."""
    return low + uniform * (high - low)
