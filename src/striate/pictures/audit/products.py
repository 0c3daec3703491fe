"""Matrix products in tiles so small that BLAS makes each in the thread that asks for it.

The threads of OpenBLAS wait for one another. Beside other programs on the same cores that took 30 times as
long as one thread alone, and NumPy has no setting for it once it is imported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
TILE = 64
ONE_THREAD = TILE**3  # multiplications up to which OpenBLAS starts no threads


def tiles(first: Floats, second: Floats, rows: int = TILE, columns: int = TILE) -> Floats:
    """The products of N D and M D in tiles (N / rows, M / columns, rows, columns), filled up with zeros."""
    a, b = _filled_up(first, rows), _filled_up(second, columns)
    made: Floats = a[:, None] @ b.transpose(0, 2, 1)
    return made


def _filled_up(rows: Floats, step: int) -> Floats:
    count, width = rows.shape
    if count % step:
        rows = np.concatenate([rows, np.zeros((-count % step, width), np.float32)])
    return rows.reshape(-1, step, width)
