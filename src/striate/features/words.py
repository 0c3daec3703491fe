"""A picture as a bag of visual words: how often each word of a codebook is the nearest to a patch.

What is there is kept, where it is is lost: as in a text of which one knows only how often each word
stands in it (Csurka et al. 2004).
"""

from __future__ import annotations

import numpy as np

from striate.features.codebook import Codebook
from striate.features.kinds import Pictures, Table, Tell, silent
from striate.features.kmeans import nearest


def histogram(pictures: Pictures, book: Codebook, tell: Tell = silent) -> Table:
    """N H W C to N K: shares of the patches, so that each row sums to 1."""
    N, K = len(pictures), len(book.words)
    made = np.empty((N, K), np.float32)
    for some, found in book.patches(pictures):
        n, R, S, D = found.shape
        word = nearest(found.reshape(-1, D), book.words).reshape(n, R * S)
        word += K * np.arange(n)[:, None]
        counts = np.bincount(word.ravel(), minlength=n * K)
        made[some] = counts.reshape(n, K) / (R * S)
        tell(some.stop, N)
    return made
