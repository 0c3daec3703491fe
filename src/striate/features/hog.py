"""Histograms of oriented gradients: which way edges run, in every cell of 8x8 pixels.

As the lecture gives it: the directions of edges (without a sign, 0 to 180 degrees) are sorted into 9 bins
of each cell, every pixel with the strength of its gradient. 320x240 pixels are 30 x 40 cells and 10,800
numbers. With blocks (Dalal and Triggs 2005) cells are normalised together with their neighbours, which
takes out light and contrast.

A gradient of bytes is one of 511 x 511, so direction and strength come from tables: no root and no arc
is taken for a pixel.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import DoesNotFit
from striate.features.kinds import Floats, Pictures, Table, blocks, fits

_SIDE = 511  # differences of bytes: -255 ... 255
_CLIP, _HAIR = 0.2, 1e-5  # of L2-Hys, as in the paper
_AT_ONCE = 20_000  # pixels, so that what is computed on the way stays in the cache


@final
class Hog(NamedTuple):
    """Side of a cell in pixels, bins of direction, and cells on a side of a block: 0 leaves cells as they
    are.
    """

    cell: int = 8
    bins: int = 9
    block: int = 0

    def width(self, height: int, width: int) -> int:
        """D, how many numbers describe a picture of this size.

        >>> Hog().width(240, 320)
        10800
        """
        rows, columns = height // self.cell, width // self.cell
        if not self.block:
            return rows * columns * self.bins
        return (rows - self.block + 1) * (columns - self.block + 1) * self.block**2 * self.bins

    def multiply_adds(self, height: int, width: int, channels: int) -> int:
        """Two squares for each pixel and channel, one vote for each pixel, and two passes over blocks."""
        return height * width * (2 * channels + 1) + 2 * bool(self.block) * self.width(
            height, width
        )


PLAIN, NORMALISED = Hog(), Hog(block=2)


def hog(pictures: Pictures, how: Hog = PLAIN) -> Table:
    """N H W C uint8 to N D: rows of cells, columns, bins; within blocks likewise."""
    N, H, W, C = pictures.shape
    fits("a cell", how.cell * max(how.block, 1), H, W)
    if C < 1 or not 1 <= how.bins <= 180 or how.cell < 1 or how.block < 0:
        raise DoesNotFit(
            f"{how} is no grid of cells for {C} channels",
            "cell is at least 1, bins are 1 to 180, block is 0 or more",
        )
    made = np.empty((N, how.width(H, W)), np.float32)
    for some in blocks(N, H * W, _AT_ONCE):
        cells = cells_of(pictures[some], how)
        made[some] = (_normalised(cells, how.block) if how.block else cells).reshape(len(cells), -1)
    return made


def cells_of(pictures: Pictures, how: Hog = PLAIN) -> Table:
    """N H W C to N rows columns bins: the mean strength of edges of each direction in each cell."""
    N, H, W = pictures.shape[:3]
    direction, strength = _tables(how.bins)
    code = _gradients(pictures)
    rows, columns = H // how.cell, W // how.cell
    tall, wide = rows * how.cell, columns * how.cell
    code = np.ascontiguousarray(code[:, :tall, :wide]).ravel()
    where = _first_bins(N, rows, columns, how) + direction.take(code, mode="clip")
    cells = N * rows * columns * how.bins
    votes: Floats = np.bincount(where, strength.take(code, mode="clip"), cells) / how.cell**2
    return votes.reshape(N, rows, columns, how.bins).astype(np.float32)


def _gradients(pictures: Pictures) -> NDArray[np.int32]:
    """N H W C to N H W places in the tables: of the channel with the strongest gradient at that pixel.

    Differences of both neighbours; there is none at the border, as in the paper's own code and its heirs.
    """
    N, H, W = pictures.shape[:3]
    planes = pictures.transpose(3, 0, 1, 2).astype(np.int32, order="C")
    down, right = np.zeros((N, H, W), np.int32), np.zeros((N, H, W), np.int32)
    best, strongest = down, right
    for c, plane in enumerate(planes):
        # In one long run each, since rows of thumbnails are short; then the borders, where rows meet.
        line = plane.ravel()
        np.subtract(line[2 * W :], line[: -2 * W], out=down.ravel()[W:-W])
        np.subtract(line[2:], line[:-2], out=right.ravel()[1:-1])
        down[:, :: max(H - 1, 1)] = 0
        right[:, :, :: max(W - 1, 1)] = 0
        code = down * _SIDE
        code += right
        np.multiply(down, down, out=plane)  # the plane itself is not needed any more
        plane += right * right
        if not c:
            best, strongest = code, plane
            continue
        best = np.where(plane > strongest, code, best)
        np.maximum(strongest, plane, out=strongest)
    return best + (_SIDE // 2) * (_SIDE + 1)


@lru_cache(maxsize=4)
def _first_bins(count: int, rows: int, columns: int, how: Hog) -> NDArray[np.int64]:
    """For every pixel of `count` pictures: where the bins of its cell begin; alike for all blocks."""
    row = np.arange(rows * how.cell)[:, None] // how.cell
    column = np.arange(columns * how.cell) // how.cell
    made = (np.arange(count)[:, None, None] * rows + row) * columns + column
    return (made * how.bins).ravel()


@cache
def _tables(bins: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """For every gradient (down * 511 + right): the bin of its direction, and its strength. Small types, since
    the tables must stay in the cache.
    """
    differences = np.arange(-(_SIDE // 2), _SIDE // 2 + 1, dtype=np.float64)
    down, right = differences[:, None], differences[None, :]
    degrees = np.rad2deg(np.arctan2(down, right)) % 180
    place = np.minimum((degrees / (180 / bins)).astype(np.int64), bins - 1)
    return place.ravel().astype(np.uint8), np.hypot(down, right).ravel().astype(np.float32)


def _normalised(cells: Table, side: int) -> Table:
    """N rows columns bins to N R C side side bins: each block of cells to length 1, clipped, and again."""
    found = np.lib.stride_tricks.sliding_window_view(cells, (side, side), axis=(1, 2))
    block = found.transpose(0, 1, 2, 4, 5, 3).copy()  # what slides over an array cannot be written
    for last in (False, True):
        length = np.sqrt((block * block).sum(axis=(3, 4, 5), keepdims=True) + _HAIR**2)
        block /= length
        if not last:
            np.minimum(block, _CLIP, out=block)
    return block
