"""Equal files, found without decoding a picture, so that splits made on opening keep them on one side.

Near-copies need every picture looked at: `striate split` does that (`audit/copies.py`).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from striate.errors import Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.source import Arrays

MOST = 200_000  # above, opening would read a good part of the set for it


def equal_files(dataset: Dataset) -> NDArray[np.int64] | None:
    """N int64: equal numbers for equal files, -1 for all others; None where there are none, or where
    the set is too large to look. Only files of equal size are read.
    """
    count = len(dataset)
    if not count or count > MOST:
        return None
    sizes = np.array([_size(dataset, i) for i in range(count)], np.int64)
    _, group, often = np.unique(sizes, return_inverse=True, return_counts=True)
    keys: dict[bytes, int] = {}
    found = np.full(count, -1, np.int64)
    for row in np.flatnonzero((often[group] > 1) & (sizes > 0)):
        key = _key(dataset, int(row))
        if key is None:
            continue
        first = keys.setdefault(key, int(row))
        if first != row:
            found[first] = found[row] = first
    return found if (found >= 0).any() else None


def _size(dataset: Dataset, row: int) -> int:
    try:
        return dataset.size_bytes(row)
    except (OSError, Unreadable):
        return 0


def _key(dataset: Dataset, row: int) -> bytes | None:
    try:
        # Pictures that are numbers already would only be packed to be hashed.
        numbers = isinstance(dataset.source, Arrays)
        held = dataset.pixels(row).tobytes() if numbers else dataset.data(row)
    except Unreadable:
        return None
    return blake2b(held, digest_size=16).digest()
