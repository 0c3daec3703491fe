"""Uneven sets: weights for the loss, and an order in which every class comes equally often.

Weights by inverse frequency, or by the effective number of pictures (Cui et al. 2019, arXiv
1901.05555): a class of n pictures weighs (1 - beta) / (1 - beta ** n), since the thousandth picture
tells less than the tenth. Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.pictures.order import Rows

Rule = Literal["inverse", "effective"]


def class_weights(
    counts: NDArray[np.int64], rule: Rule = "effective", beta: float = 0.999
) -> NDArray[np.float32]:
    """K weights whose mean over all pictures is 1; a class without pictures has weight 0.

    >>> class_weights(np.array([30, 10]), "inverse").tolist()
    [0.6666666865348816, 2.0]
    """
    held = np.asarray(counts, np.float64)
    safe = np.maximum(held, 1)
    raw = 1 / safe if rule == "inverse" else (1 - beta) / (1 - beta**safe)
    raw = np.where(held > 0, raw, 0)
    total = float((raw * held).sum())
    return (raw * held.sum() / total if total else raw).astype(np.float32)


def balanced(labels: NDArray[np.int32], seed: int, epoch: int, count: int | None = None) -> Rows:
    """`count` places in `labels` (as many as there are, if not said) in which classes differ by at most
    one.

    Within a class every picture comes once before any comes twice. Which picture stands where follows from
    seed and epoch alone, so ranks and resumed runs agree.
    """
    many = len(labels) if count is None else count
    held, label_of = np.unique(labels, return_inverse=True)
    if not len(held) or many <= 0:
        return np.zeros(0, np.int64)
    K = len(held)
    # The classes that get one more than the others change from epoch to epoch.
    favoured = seeds.generator(seed, "balance", epoch).permutation(K)
    wanted = np.full(K, many // K)
    wanted[favoured[: many % K]] += 1
    chosen = []
    for place in range(K):
        rows = np.flatnonzero(label_of == place)
        draw = seeds.generator(seed, "balance class", epoch, int(held[place]))
        rounds = -(-int(wanted[place]) // len(rows))
        runs = [rows[draw.permutation(len(rows))] for _ in range(rounds)]
        chosen.append(np.concatenate([*runs, rows[:0]])[: wanted[place]])
    together = np.concatenate(chosen).astype(np.int64)
    return together[seeds.generator(seed, "balance order", epoch).permutation(len(together))]
