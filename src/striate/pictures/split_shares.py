"""Train, val and test: exact shares in every class, whole groups kept together, the same on every machine.

Each picture draws a number from the seed and its own path, and the pictures of a class are ranked by
it: the lowest become test, the next val, the rest train. So the order in which a folder is listed plays
no part, other classes play no part, and a picture added to a class moves at most one other over each of the
two borders. Comparing each number with a fixed border would move none, but give no exact shares.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.errors import SplitFault
from striate.pictures.dataset import SPLITS, UNSPLIT, Dataset

VAL, TEST = 0.15, 0.15
TRAIN_AT, VAL_AT, TEST_AT = range(3)
_SIXTY_FOUR = 2**64 - 1

Splits = NDArray[np.int8]
Groups = Sequence[str] | NDArray[np.int64]


def stratified(
    dataset: Dataset,
    val: float = VAL,
    test: float = TEST,
    seed: int = 0,
    groups: Groups | None = None,
) -> Splits:
    """The split of every row: N int8, places in SPLITS.

    Each class gets its shares by the largest remainder, at least one picture in val (and in test, from
    three pictures on) and at least one in train. `groups` has one value per row; rows with the same value
    stay together; an empty text or a negative number stands alone. Groups come first, the rest fills up.
    """
    _check_shares(val, test)
    counts = np.bincount(dataset.labels, minlength=len(dataset.classes))
    _check_counts(dataset, counts)
    wanted = np.array([_quota(int(n), val, test) for n in counts], np.int64).reshape(-1, 3)
    draws = _draws(dataset, seed)
    found = np.full(len(dataset), UNSPLIT, np.int8)
    left = wanted.copy()
    if groups is not None:
        _place_groups(dataset, numbered(groups), draws, left, found)
    _place_singles(dataset, draws, left, found)
    for at, share in ((TRAIN_AT, 1.0), (VAL_AT, val), (TEST_AT, test)):
        if share and wanted[:, at].any() and not (found == at).any():
            raise SplitFault(
                f"nothing is left for {SPLITS[at]}: the groups are too large to be divided",
                "ask for fewer splits (--test 0), or group by something finer",
                where=dataset.name,
            )
    return found


def listed(names: Sequence[str]) -> str:
    """Up to ten names, and how many more."""
    more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _check_shares(val: float, test: float) -> None:
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise SplitFault(
            f"val {val:g} and test {test:g} leave nothing for training",
            "both are shares of the whole, from 0 up, and together below 1: --val 0.15 --test 0.15",
        )


def _check_counts(dataset: Dataset, counts: NDArray[np.int64]) -> None:
    single = [name for name, n in zip(dataset.classes, counts, strict=True) if n == 1]
    if single:
        raise SplitFault(
            f"fewer than 2 pictures: {listed(single)}; such a class cannot be divided",
            "add pictures, take the class out, or give the splits yourself",
            where=dataset.source.where,
        )


def _quota(count: int, val: float, test: float) -> tuple[int, int, int]:
    """Pictures of one class for train, val and test, by the largest remainder; train wins ties."""
    if not count:
        return 0, 0, 0
    shares = np.array([1 - val - test, val, test]) * count
    parts = np.floor(shares + 1e-9).astype(np.int64)
    remainders = np.round(shares - parts, 9)
    for at in np.argsort(-remainders, kind="stable")[: count - int(parts.sum())]:
        parts[at] += 1
    needs = (1, 1 if val and count >= 2 else 0, 1 if test and count >= (3 if val else 2) else 0)
    for at in range(3):
        if parts[at] < needs[at]:
            parts[at] += 1
            parts[int(np.argmax(parts - np.array(needs)))] -= 1
    return int(parts[0]), int(parts[1]), int(parts[2])


def _draws(dataset: Dataset, seed: int) -> NDArray[np.uint64]:
    """One number for each row, from the seed and the path alone."""
    drawn = (seeds.at(seed, "split " + _plain(path)) & _SIXTY_FOUR for path in dataset.paths)
    return np.fromiter(drawn, np.uint64, len(dataset))


def _plain(path: str) -> str:
    """A path that is the same on systems which write accents in one character or in two."""
    return unicodedata.normalize("NFC", path).encode("utf-8", "backslashreplace").decode("utf-8")


def numbered(groups: Groups) -> NDArray[np.int64]:
    """Groups as numbers, -1 for a row that stands alone."""
    if isinstance(groups, np.ndarray):
        return groups.astype(np.int64)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(g, len(numbers)) if g else -1 for g in groups], np.int64)


def _place_groups(
    dataset: Dataset,
    groups: NDArray[np.int64],
    draws: NDArray[np.uint64],
    left: NDArray[np.int64],
    found: Splits,
) -> None:
    """Put each group of two or more, largest first, where it fits best; `left` and `found` are
    filled in.
    """
    if len(groups) != len(dataset):
        raise SplitFault(
            f"{len(groups):,} group values for {len(dataset):,} pictures", where=dataset.name
        )
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=np.iinfo(np.int64).min))
    members = [
        rows for rows in np.split(order, starts[1:]) if len(rows) > 1 and groups[rows[0]] >= 0
    ]
    members.sort(key=lambda rows: (-len(rows), int(draws[rows].min())))
    open_to: NDArray[np.bool_] = np.asarray(left.any(axis=0))
    wanted = np.maximum(left, 1)
    for rows in members:
        counts = np.bincount(dataset.labels[rows], minlength=len(left))
        at = _best(counts, left, wanted, open_to)
        found[rows] = at
        left[:, at] -= counts
    _give_every_class_to_train(dataset, members, found, left)


def _best(
    counts: NDArray[np.int64],
    left: NDArray[np.int64],
    wanted: NDArray[np.int64],
    open_to: NDArray[np.bool_],
) -> int:
    """The split that still lacks most, in shares of what it should get; overfull ones come last."""
    here = np.flatnonzero(counts)
    over = np.maximum(counts[here, None] - left[here], 0).sum(axis=0)
    lack = (counts[here, None] * left[here] / wanted[here]).sum(axis=0)
    return min(np.flatnonzero(open_to).tolist(), key=lambda at: (over[at], -lack[at], at))


def _give_every_class_to_train(
    dataset: Dataset, members: list[NDArray[np.int64]], found: Splits, left: NDArray[np.int64]
) -> None:
    """Move the smallest group that can help wherever a class would be in val or test alone."""
    labels = dataset.labels
    for number in range(len(dataset.classes)):
        mine = labels == number
        if ((found == TRAIN_AT) | (found == UNSPLIT))[mine].any():
            continue
        rows = min((m for m in members if (labels[m] == number).any()), key=len)
        counts = np.bincount(labels[rows], minlength=len(left))
        left[:, found[rows[0]]] += counts
        left[:, TRAIN_AT] -= counts
        found[rows] = TRAIN_AT


def _place_singles(
    dataset: Dataset, draws: NDArray[np.uint64], left: NDArray[np.int64], found: Splits
) -> None:
    """Fill up each class from the rows that stand alone: test first, then val, the rest is train."""
    free = np.flatnonzero(found == UNSPLIT)
    ranked = free[np.lexsort((draws[free], dataset.labels[free]))]
    labels = dataset.labels[ranked]
    for number in range(len(left)):
        rows = ranked[
            np.searchsorted(labels, number) : np.searchsorted(labels, number, side="right")
        ]
        needs_train = not (found[dataset.labels == number] == TRAIN_AT).any()
        room = max(0, len(rows) - needs_train)
        tests = min(max(0, int(left[number, TEST_AT])), room)
        vals = min(max(0, int(left[number, VAL_AT])), room - tests)
        found[rows[:tests]] = TEST_AT
        found[rows[tests : tests + vals]] = VAL_AT
        found[rows[tests + vals :]] = TRAIN_AT
