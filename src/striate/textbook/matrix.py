"""A convolution layer is a special linear layer: y = M x + b with most of M zero and the rest shared.

Row (o, h, w) of M holds filter o at the columns of the pixels that it sees at place (h, w).
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np

from striate.geometry.cost import Filters, full
from striate.geometry.shape import Shape
from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array, Layer
from striate.textbook.windows import patches

NOTHING = -1


@final
class SharedMatrix(Layer):
    """A convolution on pictures C H W, written as one matrix. N C H W to N O H' W'; the weights are the
    convolution's own.

    Backward is that of a linear layer, dL/dM = upstream^T x; a weight that stands in many places of M gets
    the sum of their gradients.
    """

    def __init__(self, convolution: Convolution, given: Shape) -> None:
        super().__init__()
        self.weights = convolution.weights
        self.which = _which(convolution, given)
        windows = zip(convolution.windows, given.sides, strict=True)
        self.places = [window.out(side) for window, side in windows]

    @property
    def matrix(self) -> Array:
        """OH'W' CHW."""
        shared: Array = self.weights["weight"].ravel()[self.which]
        return np.where(self.which == NOTHING, 0.0, shared)

    def forward(self, x: Array) -> Array:
        """N C H W to N O H' W'."""
        self.x = x
        y = (x.reshape(len(x), -1) @ self.matrix.T).reshape(len(x), -1, *self.places)
        return y + self.weights["bias"][:, None, None] if "bias" in self.weights else y

    def backward(self, upstream: Array) -> Array:
        """N O H' W' to N C H W."""
        flat = upstream.reshape(len(upstream), -1)
        by_entry = flat.T @ self.x.reshape(len(self.x), -1)  # dL/dM
        weight, used = self.weights["weight"], self.which != NOTHING
        summed = np.zeros(weight.size)
        np.add.at(summed, self.which[used], by_entry[used])
        self.gradients["weight"] = summed.reshape(weight.shape)
        if "bias" in self.weights:
            self.gradients["bias"] = upstream.sum(axis=(0, 2, 3))
        return (flat @ self.matrix).reshape(self.x.shape)


def _which(
    convolution: Convolution, given: Shape
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """OH'W' CHW: the number of the weight that stands there, or NOTHING."""
    filters, depth, kh, kw = convolution.weights["weight"].shape
    pixels = np.arange(1, given.count + 1, dtype=float).reshape(1, *given[:3])  # 0 is padding
    seen = patches(pixels, convolution.windows)[0].astype(np.int64)  # C H' W' kh kw
    numbers = np.arange(filters * depth * kh * kw).reshape(filters, depth, 1, 1, kh, kw)
    which = np.full((filters, *seen.shape[1:3], given.count + 1), NOTHING)
    for o in range(filters):
        first = o // (filters // convolution.groups) * depth  # a group has its own channels
        own = seen[first : first + depth]
        h, w = (axis[None, :, :, None, None] for axis in np.indices(own.shape[1:3]))
        which[o, h, w, own] = numbers[o]
    return which[..., 1:].reshape(-1, given.count)


class Parameters(NamedTuple):
    """How many numbers three layers learn that make the same shape of the same shape."""

    fully_connected: int
    locally_connected: int
    convolution: int


def three_ways(given: Shape, filters: Filters, made: Shape) -> Parameters:
    """From a linear layer to a convolution: first locality takes weights away, then sharing.

    >>> three_ways(Shape(1, 5, 6), Filters(1, 1, (3, 3)), Shape(1, 3, 4))
    Parameters(fully_connected=372, locally_connected=120, convolution=10)
    """
    return Parameters(full(given.count, made.count), filters.unshared(made), filters.parameters)
