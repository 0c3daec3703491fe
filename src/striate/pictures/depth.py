"""Pictures of more than eight bits to eight, by the rules that `files.py` states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def from_sixteen(values: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """0 ... 65535 scaled, so that black stays 0, white 255 and a ramp keeps its steps."""
    return ((values + 128) // 257).astype(np.uint8)


def from_float(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """0 ... 1 scaled, 0 ... 255 rounded, all else stretched; NaN is 0."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(values.shape, np.uint8)
    low, high = float(values[known].min()), float(values[known].max())
    filled = np.where(known, values, np.where(values > 0, high, 0.0 if low <= 0 else low))
    filled = np.where(np.isnan(values), max(low, 0.0) if low > 0 else 0.0, filled)
    if low >= 0 and high <= 1:
        scaled = filled * 255
    elif low >= 0 and high <= 255:
        scaled = filled
    else:
        scaled = (filled - low) * (255 / (high - low)) if high > low else np.zeros_like(filled)
    made: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return made
