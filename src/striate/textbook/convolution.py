"""The convolution layer: filters slide over the picture, a dot product at every place.

    y[n, o, h, w] = sum over c, i, j of  weight[o, c, i, j] x[n, c, h + i, w + j]  +  bias[o]

Nothing is flipped: it is cross-correlation, as in every library (see `correlation.py`).
"""

from __future__ import annotations

from typing import final

import numpy as np

from striate.geometry.window import Window
from striate.textbook.layer import Array, Layer
from striate.textbook.windows import Windows, patches, spread


@final
class Convolution(Layer):
    """N C H W to N O H' W'. weight: O C/groups kh kw; bias: O, or None.

    Backward, by the chain rule through every place at which a filter was used:

        dL/dweight[o, c, i, j]      = sum over n, h, w of  upstream[n, o, h, w] x[n, c, h + i, w + j]
        dL/dbias[o]                 = sum over n, h, w of  upstream[n, o, h, w]
        dL/dx[n, c, h + i, w + j]  += upstream[n, o, h, w] weight[o, c, i, j]
    """

    def __init__(
        self,
        weight: Array,
        bias: Array | None = None,
        windows: Windows | None = None,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.windows = windows or (Window(weight.shape[2]), Window(weight.shape[3]))
        self.groups = groups
        self.weights["weight"] = weight
        if bias is not None:
            self.weights["bias"] = bias

    def forward(self, x: Array) -> Array:
        """N C H W to N O H' W'."""
        self.size = x.shape[2], x.shape[3]
        self.seen = patches(x, self.windows)  # N C H' W' kh kw
        # Each group is a convolution of its own, with its part of the channels and of the filters.
        made = [
            np.einsum("nchwij,ocij->nohw", seen, weight, optimize=True)
            for seen, weight in zip(self._by_group(self.seen, 1), self._filters(), strict=True)
        ]
        y: Array = np.concatenate(made, axis=1)
        return y + self.weights["bias"][:, None, None] if "bias" in self.weights else y

    def backward(self, upstream: Array) -> Array:
        """N O H' W' to N C H W."""
        if "bias" in self.weights:
            self.gradients["bias"] = upstream.sum(axis=(0, 2, 3))
        pulls, gradients = [], []
        for up, seen, weight in zip(
            self._by_group(upstream, 1), self._by_group(self.seen, 1), self._filters(), strict=True
        ):
            gradients.append(np.einsum("nohw,nchwij->ocij", up, seen, optimize=True))
            pulls.append(np.einsum("nohw,ocij->nchwij", up, weight, optimize=True))
        self.gradients["weight"] = np.concatenate(gradients)
        return spread(np.concatenate(pulls, axis=1), self.size, self.windows)

    def _filters(self) -> list[Array]:
        return self._by_group(self.weights["weight"], 0)

    def _by_group(self, array: Array, axis: int) -> list[Array]:
        return np.split(array, self.groups, axis)
