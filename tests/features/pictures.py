"""Pictures for the tests of features, drawn from the noise of a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rough(
    rng: np.random.Generator, count: int, height: int, width: int, channels: int = 3
) -> NDArray[np.uint8]:
    """N H W C: smooth blobs with grain, so that gradients of all directions and strengths are met."""
    coarse = rng.integers(0, 256, (count, height // 4 + 2, width // 4 + 2, channels))
    fine = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width]
    return np.clip(fine + rng.integers(-40, 41, fine.shape), 0, 255).astype(np.uint8)
