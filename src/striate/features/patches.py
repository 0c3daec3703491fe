"""Small windows cut from pictures, brought to one light and contrast, and made uncorrelated.

As in Coates, Lee and Ng 2011: each patch minus its mean, divided by its deviation (with a floor, so that
a smooth patch is not blown up to noise); then whitening, which divides along every axis of the cloud of
patches by the spread along it.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from striate import seeds
from striate.features.kinds import Pictures, Table, fits

FLOOR = 10.0  # added to the variance of a patch, for values of 0 ... 255
SPREAD = 0.1  # added to the variance along an axis, of patches that are normalised


def every_patch(pictures: Pictures, side: int, stride: int = 1) -> Table:
    """N H W C to N R S D: all windows in rows and columns, D = side side C."""
    N, H, W, C = pictures.shape
    fits("a patch", side, H, W)
    found = sliding_window_view(pictures, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    R, S = found.shape[1:3]
    made: Table = found.transpose(0, 1, 2, 4, 5, 3).astype(np.float32)
    return made.reshape(N, R, S, side * side * C)


def random_patches(pictures: Pictures, side: int, count: int, seed: int) -> Table:
    """N H W C to count D: windows at random places of random pictures."""
    N, H, W, C = pictures.shape
    fits("a patch", side, H, W)
    rng = seeds.generator(seed, "patches")
    at = rng.integers(0, [N, H - side + 1, W - side + 1], (count, 3))
    found = sliding_window_view(pictures, (side, side), axis=(1, 2))[at[:, 0], at[:, 1], at[:, 2]]
    made: Table = found.transpose(0, 2, 3, 1).astype(np.float32)
    return made.reshape(count, side * side * C)


def contrasted(patches: Table) -> Table:
    """... D to ... D: every patch with mean 0 and nearly deviation 1."""
    made: Table = patches - patches.mean(axis=-1, keepdims=True, dtype=np.float32)
    spread = np.einsum("...d,...d->...", made, made) / made.shape[-1]
    made /= np.sqrt(spread + np.float32(FLOOR))[..., None]
    return made


@final
class Whitening(NamedTuple):
    """mean: D; matrix: D D, symmetric, so that a whitened patch still looks like a patch (ZCA)."""

    mean: Table
    matrix: Table

    def __call__(self, patches: Table) -> Table:
        """... D to ... D."""
        made: Table = np.matmul(patches - self.mean, self.matrix, dtype=np.float32)
        return made


def whitening(patches: Table, spread: float = SPREAD) -> Whitening:
    """From N D patches: every axis of their cloud divided by the root of its variance + `spread`."""
    mean = patches.mean(axis=0, dtype=np.float64)
    apart = patches.astype(np.float64) - mean
    value, axis = np.linalg.eigh(apart.T @ apart / len(patches))
    matrix = (axis / np.sqrt(np.maximum(value, 0) + spread)) @ axis.T
    return Whitening(mean.astype(np.float32), matrix.astype(np.float32))
