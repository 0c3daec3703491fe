"""Two convolutions without an activation between them are one: two linear maps make a linear map."""

from __future__ import annotations

import numpy as np

from striate.geometry.window import Window
from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array


def merged(first: Convolution, second: Convolution) -> Convolution:
    """The one convolution that does what `second` after `first` does; two of 3x3 make one of 5x5.

        weight[o, c, p] = sum over m and i + j = p of  second[o, m, j] first[m, c, i]
        bias[o]         = second's bias[o] + sum over m, j of  second[o, m, j] first's bias[m]

    For stride 1, without dilation and groups, and without padding in the second: padding between the two
    is zero where the first would have answered.
    """
    _check(first, second)
    a, b = first.weights["weight"], second.weights["weight"]
    kh, kw = a.shape[2:]
    weight = np.zeros((len(b), a.shape[1], kh + b.shape[2] - 1, kw + b.shape[3] - 1))
    for i in range(b.shape[2]):
        for j in range(b.shape[3]):
            # where the second looks at (i, j), the first looks at its own kernel from there on
            weight[:, :, i : i + kh, j : j + kw] += np.einsum("om,mchw->ochw", b[:, :, i, j], a)
    bias = _bias(second) + b.sum(axis=(2, 3)) @ _bias(first)
    rows, columns = first.windows
    return Convolution(
        weight,
        bias,
        (
            Window(weight.shape[2], 1, rows.before, rows.after),
            Window(weight.shape[3], 1, columns.before, columns.after),
        ),
    )


def _bias(convolution: Convolution) -> Array:
    return convolution.weights.get("bias", np.zeros(len(convolution.weights["weight"])))


def _check(first: Convolution, second: Convolution) -> None:
    windows = (*first.windows, *second.windows)
    if any((w.stride, w.dilation) != (1, 1) for w in windows) or (first.groups, second.groups) != (
        1,
        1,
    ):
        raise ValueError(
            "only convolutions with stride 1, dilation 1 and one group are merged here"
        )
    if any(w.before or w.after for w in second.windows):
        raise ValueError(
            "the second convolution must have no padding: near the border there is no one kernel"
        )
