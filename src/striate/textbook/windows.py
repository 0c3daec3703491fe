"""A window slides over a picture: what it sees at every place, and the way back.

All that slides (convolutions, pools) is written with these two: `patches` cuts a picture into what each
window sees, `spread` is its backward pass. Sizes come from `geometry`.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from striate.geometry.window import Window
from striate.textbook.layer import Array

Windows = tuple[Window, Window]  # over rows, over columns


def square(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Windows:
    """The same window along both sides."""
    window = Window(kernel, stride, padding, padding, dilation)
    return window, window


def patches(x: Array, windows: Windows, fill: float = 0.0) -> Array:
    """N C H W to N C H' W' kh kw, a view: [n, c, h, w, i, j] = x[n, c, h S + i D - P, w S + j D - P].

    S is the stride, D the dilation, P the padding, which holds `fill`.
    """
    rows, columns = windows
    sides = [_side(window, size) for window, size in zip(windows, x.shape[2:], strict=True)]
    ends = [
        (window.before, side - window.before - size)
        for window, side, size in zip(windows, sides, x.shape[2:], strict=True)
    ]
    whole = np.pad(np.asarray(x, float), ((0, 0), (0, 0), *ends), constant_values=fill)
    seen = sliding_window_view(whole, (rows.extent, columns.extent), axis=(2, 3))
    return seen[:, :, :: rows.stride, :: columns.stride, :: rows.dilation, :: columns.dilation]


def spread(pulls: Array, size: tuple[int, int], windows: Windows) -> Array:
    """N C H' W' kh kw back to N C H W with (H, W) = `size`.

    A pixel is seen by many windows, so its gradient is the sum of what all of them send back.
    """
    rows, columns = windows
    n, c, high, wide, kh, kw = pulls.shape
    whole = np.zeros((n, c, _side(rows, size[0]), _side(columns, size[1])))
    for i in range(kh):
        for j in range(kw):
            top, left = i * rows.dilation, j * columns.dilation
            whole[
                :, :,
                top : top + (high - 1) * rows.stride + 1 : rows.stride,
                left : left + (wide - 1) * columns.stride + 1 : columns.stride,
            ] += pulls[:, :, :, :, i, j]  # fmt: skip
    return whole[
        :, :, rows.before : rows.before + size[0], columns.before : columns.before + size[1]
    ]


def times_used(size: tuple[int, int], windows: Windows) -> Array:
    """How many windows see each pixel: H W. A 3x3 window with padding 1 sees a corner 4 times, an edge
    6 times and the inside 9 times, so padding does not make all pixels count alike."""
    places = [window.out(side) for window, side in zip(windows, size, strict=True)]
    ones = np.ones((1, 1, *places, windows[0].kernel, windows[1].kernel))
    used: Array = spread(ones, size, windows)[0, 0]
    return used


def _side(window: Window, size: int) -> int:
    """The padded side, and what a last window in ceil mode needs beyond it."""
    reach = (window.out(size) - 1) * window.stride + window.extent
    return max(size + window.before + window.after, reach)
