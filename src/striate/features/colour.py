"""Which colours a picture has, and nothing of where they are: a histogram of hues.

A pixel votes for its hue with its chroma (the largest minus the smallest of its channels), since a grey
pixel has no hue and a pale one hardly any. The sum of a row is the mean chroma.
"""

from __future__ import annotations

import numpy as np

from striate.errors import DoesNotFit
from striate.features.kinds import Pictures, Table, blocks

BINS = 12


def hues(pictures: Pictures, bins: int = BINS) -> Table:
    """N H W 3 uint8 to N bins: shares of the pixels, each times its chroma from 0 to 1."""
    N, H, W, C = pictures.shape
    if C != 3:
        raise DoesNotFit(
            f"pictures of {C} channels have no hue", "describe grey pictures by edges or pixels"
        )
    made = np.empty((N, bins), np.float32)
    for some in blocks(N, H * W * 40):
        made[some] = _histogram(pictures[some].astype(np.int32), bins)
    return made


def multiply_adds(height: int, width: int) -> int:
    """One vote for each pixel."""
    return height * width


def _histogram(pixels: np.ndarray[tuple[int, ...], np.dtype[np.int32]], bins: int) -> Table:
    """n H W 3 to n bins. Whole numbers until the vote, so that no hue falls off the edge of its bin."""
    r, g, b = (pixels[..., c] for c in range(3))
    high, low = pixels.max(axis=3), pixels.min(axis=3)
    chroma = high - low
    # Sixths of the circle, times the chroma: 0 is red, 2 green, 4 blue.
    turn = np.where(
        high == r, (g - b) + 6 * chroma * (g < b), np.where(high == g, b - r + 2 * chroma, r - g + 4 * chroma)
    )  # fmt: skip
    place = turn * bins // (6 * np.maximum(chroma, 1))
    place = np.minimum(place, bins - 1) + bins * np.arange(len(pixels))[:, None, None]
    votes = np.bincount(place.ravel(), chroma.ravel(), minlength=bins * len(pixels))
    pixel_count = pixels.shape[1] * pixels.shape[2]
    return (votes / (255 * pixel_count)).reshape(len(pixels), bins).astype(np.float32)
