"""The lectures' first example by hand: one grey picture, one kernel, a dot product at every place.

A convolution layer slides the kernel as it is. That is called cross-correlation; the convolution of signal
processing slides it turned by half a turn. A learned kernel can be either, so nobody minds the name.
"""

from __future__ import annotations

import numpy as np

from striate.textbook.layer import Array


def cross_correlate(picture: Array, kernel: Array) -> Array:
    """H W and kh kw to H-kh+1 W-kw+1:  y[h, w] = sum over i, j of  kernel[i, j] picture[h + i, w + j]."""
    kh, kw = kernel.shape
    y = np.zeros((picture.shape[0] - kh + 1, picture.shape[1] - kw + 1))
    for h in range(y.shape[0]):
        for w in range(y.shape[1]):
            patch = picture[h : h + kh, w : w + kw]
            y[h, w] = (patch * kernel).sum()
    return y


def convolve(picture: Array, kernel: Array) -> Array:
    """The same with picture[h - i, w - j], counted from the last row and column the kernel reaches: the
    kernel is flipped along both sides first."""
    return cross_correlate(picture, kernel[::-1, ::-1])
