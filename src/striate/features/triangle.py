"""Soft visual words that keep a little of the place (Coates, Lee and Ng 2011).

With z_k the distance of a patch to word k and m the mean of its z over all words, the patch says
max(0, m - z_k) for word k: words farther away than on average get nothing, the nearest the most. What
patches say is summed in each quarter of the picture.
"""

from __future__ import annotations

import numpy as np

from striate.features.codebook import Codebook
from striate.features.kinds import Pictures, Table, Tell, silent

QUARTERS = 4


def triangles(pictures: Pictures, book: Codebook, tell: Tell = silent) -> Table:
    """N H W C to N 4K: upper left, upper right, lower left, lower right."""
    N, K = len(pictures), len(book.words)
    made = np.empty((N, QUARTERS * K), np.float32)
    for some, found in book.patches(pictures):
        n, R, S, D = found.shape
        said = said_of(found.reshape(-1, D), book.words).reshape(n, R, S, K)
        halves = np.add.reduceat(said, [0, max(1, R // 2)] if R > 1 else [0, 0], axis=1)
        quarters = np.add.reduceat(halves, [0, max(1, S // 2)] if S > 1 else [0, 0], axis=2)
        made[some] = quarters.reshape(n, -1) / np.float32(R * S)
        tell(some.stop, N)
    return made


def said_of(patches: Table, words: Table) -> Table:
    """N D whitened patches to N K."""
    z = patches @ words.T
    z *= -2
    z += np.einsum("nd,nd->n", patches, patches)[:, None]
    z += np.einsum("kd,kd->k", words, words)
    np.maximum(z, 0, out=z)  # rounding may leave a distance just below 0
    np.sqrt(z, out=z)
    np.subtract(z.mean(axis=1, keepdims=True), z, out=z)
    np.maximum(z, 0, out=z)
    return z
