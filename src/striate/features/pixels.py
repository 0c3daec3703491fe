"""The simplest description of a picture: every pixel as it is, "stretched" into one column."""

from __future__ import annotations

import numpy as np

from striate.features.kinds import Pictures, Table


def flat(pictures: Pictures) -> Table:
    """N H W C uint8 to N D from 0 to 1, D = H W C (3,072 for 32x32x3)."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255)
