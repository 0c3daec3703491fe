"""Layers that only move, choose or scale numbers; backward moves the gradients back the same way."""

from __future__ import annotations

from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer


@final
class Identity(Layer):
    """y = x."""

    def forward(self, x: Array) -> Array:
        """Any shape to the same."""
        return x

    def backward(self, upstream: Array) -> Array:
        """dL/dx = upstream."""
        return upstream


@final
class Scale(Layer):
    """y = factor x, with one fixed factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Array) -> Array:
        """Any shape to the same."""
        return self.factor * x

    def backward(self, upstream: Array) -> Array:
        """dL/dx = factor upstream."""
        return self.factor * upstream


@final
class Shuffle(Layer):
    """N C H W to the same: g groups of channels are interleaved, so 0 1 2 | 3 4 5 becomes 0 3 1 4 2 5."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Array) -> Array:
        """y[k] = x[order[k]] along the channels."""
        self.order = np.arange(x.shape[1]).reshape(self.groups, -1).T.ravel()
        return x[:, self.order]

    def backward(self, upstream: Array) -> Array:
        """dL/dx[order[k]] = upstream[k]."""
        downstream = np.empty_like(upstream)
        downstream[:, self.order] = upstream
        return downstream


@final
class Part(Layer):
    """N C H W to N end-first H W: channels `first` up to `end`."""

    def __init__(self, first: int, end: int) -> None:
        super().__init__()
        self.first, self.end = first, end

    def forward(self, x: Array) -> Array:
        """y = x[:, first:end]."""
        self.shape = x.shape
        return x[:, self.first : self.end]

    def backward(self, upstream: Array) -> Array:
        """Channels that were left out had no part in L: their gradient is 0."""
        downstream = np.zeros(self.shape)
        downstream[:, self.first : self.end] = upstream
        return downstream


@final
class Every(Layer):
    """N C H W to N C+2m H/s W/s: every s-th row and column, with m channels of zeros before and after."""

    def __init__(self, stride: tuple[int, int], more: int) -> None:
        super().__init__()
        self.stride, self.more = stride, more

    def forward(self, x: Array) -> Array:
        """y[m + c, h, w] = x[c, h s, w s]."""
        self.shape = x.shape
        thinned = x[:, :, :: self.stride[0], :: self.stride[1]]
        return np.pad(thinned, ((0, 0), (self.more, self.more), (0, 0), (0, 0)))

    def backward(self, upstream: Array) -> Array:
        """Only the rows and columns that were taken get a gradient."""
        downstream = np.zeros(self.shape)
        taken = upstream[:, self.more : self.more + self.shape[1]]
        downstream[:, :, :: self.stride[0], :: self.stride[1]] = taken
        return downstream


@final
class Maxout(Layer):
    """N C ... to N C/p ...: the largest of each run of p channels; the winner gets the gradient, and
    equal winners share it."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Array) -> Array:
        """y[k] = max of x[k p] ... x[k p + p - 1]."""
        self.runs = x.reshape(len(x), -1, self.pieces, *x.shape[2:])
        self.y = self.runs.max(axis=2, keepdims=True)
        y: Array = self.y[:, :, 0]
        return y

    def backward(self, upstream: Array) -> Array:
        """N C/p ... to N C ..."""
        won = self.runs == self.y
        pulls = won / won.sum(axis=2, keepdims=True) * upstream[:, :, None]
        downstream: Array = pulls.reshape(len(pulls), -1, *upstream.shape[2:])
        return downstream
