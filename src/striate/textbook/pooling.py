"""Pooling: one number for what a window sees, in each channel on its own. It learns nothing."""

from __future__ import annotations

from typing import final

import numpy as np

from striate.geometry.window import Window
from striate.textbook.layer import Array, Layer
from striate.textbook.windows import Windows, patches, spread


@final
class MaxPool(Layer):
    """N C H W to N C H' W':  y[h, w] = the largest x under the window.

    Backward is a switch: only the winner gets the gradient (the first one, where several are equal).
    """

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self.windows = windows

    def forward(self, x: Array) -> Array:
        """N C H W to N C H' W'."""
        self.size = x.shape[2], x.shape[3]
        seen = patches(x, self.windows, fill=-np.inf)  # padding never wins
        self.shape = seen.shape
        flat = seen.reshape(*seen.shape[:4], -1)
        self.winner = flat.argmax(axis=-1)[..., None]
        y: Array = np.take_along_axis(flat, self.winner, axis=-1)[..., 0]
        return y

    def backward(self, upstream: Array) -> Array:
        """N C H' W' to N C H W."""
        pulls = np.zeros((*self.shape[:4], self.shape[4] * self.shape[5]))
        np.put_along_axis(pulls, self.winner, upstream[..., None], axis=-1)
        return spread(pulls.reshape(self.shape), self.size, self.windows)


@final
class AveragePool(Layer):
    """N C H W to N C H' W':  y[h, w] = the mean of x under the window, padding counted as zeros.

    Backward shares: each of the k numbers under the window gets upstream / k.
    """

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self.windows = windows

    def forward(self, x: Array) -> Array:
        """N C H W to N C H' W'."""
        self.size = x.shape[2], x.shape[3]
        seen = patches(x, self.windows)
        self.shape = seen.shape
        rows, columns = (
            _taps(window, side) for window, side in zip(self.windows, self.size, strict=True)
        )
        self.count = rows[:, None] * columns
        y: Array = seen.sum(axis=(4, 5)) / self.count
        return y

    def backward(self, upstream: Array) -> Array:
        """N C H' W' to N C H W."""
        shares = (upstream / self.count)[..., None, None]
        return spread(np.broadcast_to(shares, self.shape), self.size, self.windows)


def _taps(window: Window, size: int) -> Array:
    """How many taps of each place lie in the padded picture: fewer where a last window hangs over it."""
    starts = np.arange(window.out(size)) * window.stride
    ends = np.minimum(starts + window.kernel, size + window.before + window.after)
    return (ends - starts).astype(float)


@final
class AveragePoolTo(Layer):
    """N C H W to N C H' W' for a given H' W': place i is the mean of rows floor(i H/H') ... ceil((i+1) H/H').

    Averaging along one side is a product with a matrix, y = R x C^T, so backward is R^T upstream C.
    With 1x1 places it is global average pooling.
    """

    def __init__(self, places: tuple[int, int]) -> None:
        super().__init__()
        self.places = places

    def forward(self, x: Array) -> Array:
        """N C H W to N C H' W'."""
        sides = zip(x.shape[2:], self.places, strict=True)
        self.rows, self.columns = (_averages(size, places) for size, places in sides)
        y: Array = self.rows @ x @ self.columns.T
        return y

    def backward(self, upstream: Array) -> Array:
        """N C H' W' to N C H W."""
        downstream: Array = self.rows.T @ upstream @ self.columns
        return downstream


def _averages(size: int, places: int) -> Array:
    """H' H: row i averages what place i covers."""
    matrix = np.zeros((places, size))
    for i, (first, end) in enumerate(_covered(size, places)):
        matrix[i, first:end] = 1 / (end - first)
    return matrix


def _covered(size: int, places: int) -> list[tuple[int, int]]:
    """First and one past the last row of each place; neighbours overlap where it does not divide."""
    return [(i * size // places, -(-(i + 1) * size // places)) for i in range(places)]


@final
class MaxPoolTo(Layer):
    """N C H W to N C H' W' for a given H' W': the largest number of the same places. With 1x1 it is
    global max pooling."""

    def __init__(self, places: tuple[int, int]) -> None:
        super().__init__()
        self.places = places

    def forward(self, x: Array) -> Array:
        """N C H W to N C H' W'."""
        self.x = np.asarray(x, float)
        y = np.empty((*x.shape[:2], *self.places))
        for h, w, rows, columns in self._boxes():
            y[:, :, h, w] = x[:, :, rows, columns].max(axis=(2, 3))
        return y

    def backward(self, upstream: Array) -> Array:
        """N C H' W' to N C H W."""
        downstream = np.zeros_like(self.x)
        for h, w, rows, columns in self._boxes():
            box = self.x[:, :, rows, columns]
            flat = box.reshape(*box.shape[:2], -1)
            pulls = np.zeros_like(flat)
            winner = flat.argmax(axis=-1)[..., None]
            np.put_along_axis(pulls, winner, upstream[:, :, h, w, None], axis=-1)
            downstream[:, :, rows, columns] += pulls.reshape(box.shape)
        return downstream

    def _boxes(self) -> list[tuple[int, int, slice, slice]]:
        rows, columns = (
            _covered(size, places)
            for size, places in zip(self.x.shape[2:], self.places, strict=True)
        )
        return [
            (h, w, slice(*row), slice(*column))
            for h, row in enumerate(rows)
            for w, column in enumerate(columns)
        ]
