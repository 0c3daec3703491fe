"""Columns moved to mean 0 and brought to one size, so that one rate of learning suits every description."""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np

from striate.features.kinds import Table

_FLOOR = 0.05  # of the deviation of all columns: what hardly ever varies is not blown up to noise


@final
class Standard(NamedTuple):
    """mean: D; scale: D. A row then has length 1 on average."""

    mean: Table
    scale: Table

    def __call__(self, table: Table) -> Table:
        """N D to N D."""
        made: Table = (table - self.mean) * self.scale
        return made


def standard(table: Table, each: bool = True) -> Standard:
    """From N D rows. With `each`, every column gets the same deviation; without it, all share one scale, as
    suits pixels, where a dark border should stay unimportant.
    """
    D = table.shape[1]
    mean = table.mean(axis=0, dtype=np.float64)
    variance = np.maximum((table.astype(np.float64) ** 2).mean(axis=0) - mean**2, 0)
    whole = float(variance.mean()) or 1.0
    spread = variance + _FLOOR**2 * whole if each else np.full(D, whole)
    return Standard(mean.astype(np.float32), (1 / np.sqrt(spread * D)).astype(np.float32))
