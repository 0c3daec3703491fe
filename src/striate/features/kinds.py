"""The arrays that features and the classifiers after them pass to one another, and blocks of bounded size.

Shape legend, for the whole package: N pictures or rows, H height, W width, C channels, D numbers of a
description, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from striate.errors import DoesNotFit

Pictures = NDArray[np.uint8]  # N H W C
Table = NDArray[np.float32]  # N D
Labels = NDArray[np.int64]  # N, places in the classes
Floats = NDArray[np.float64]
Tell = Callable[[int, int], None]  # done, total

BLOCK_BYTES = 1 << 24  # what one block of work may take: it stays near the caches


def silent(done: int, total: int) -> None:
    """Tells nobody."""


def blocks(count: int, bytes_each: int, most: int = BLOCK_BYTES) -> Iterator[slice]:
    """Runs of rows that need at most so many bytes, at least one row each.

    >>> list(blocks(5, 10, 20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, most // max(1, bytes_each))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def fits(what: str, side: int, height: int, width: int) -> None:
    """A fault in words where a window is larger than the pictures."""
    if side > min(height, width):
        raise DoesNotFit(
            f"{what} of {side}x{side} does not fit into pictures of {height}x{width}",
            "take larger pictures, or a smaller window",
        )
