"""Where something is, and nothing of what it is: how much each cell of a grid differs from the ground."""

from __future__ import annotations

import numpy as np

from striate.features.kinds import Pictures, Table, blocks, fits

GRID = 4


def places(pictures: Pictures, grid: int = GRID) -> Table:
    """N H W C uint8 to N grid*grid: shares of all that differs from the middle brightness of the picture.

    Rows and columns that the grid does not divide are left out at the lower and right side.
    """
    N, H, W, C = pictures.shape
    fits("a grid", grid, H, W)
    tall, wide = H // grid, W // grid
    made = np.empty((N, grid * grid), np.float32)
    for some in blocks(N, H * W * (C + 2) * 4):
        grey = pictures[some].mean(axis=3, dtype=np.float32)
        ground = np.median(grey.reshape(len(grey), -1), axis=1)[:, None, None]
        apart = np.abs(grey - ground)[:, : tall * grid, : wide * grid]
        cells = apart.reshape(len(grey), grid, tall, grid, wide).sum(axis=(2, 4))
        flat = cells.reshape(len(grey), -1)
        made[some] = flat / np.maximum(flat.sum(axis=1, keepdims=True), 1e-6)
    return made


def multiply_adds(height: int, width: int) -> int:
    """One addition for each pixel."""
    return height * width
