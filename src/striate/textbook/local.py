"""The locally connected layer: a convolution that shares nothing, an own filter at every place.

    y[n, o, p] = sum over f of  weight[p, o, f] patch[n, p, f]  +  bias[o, p]

p counts the places H' W', f the numbers under the window, C kh kw.
"""

from __future__ import annotations

from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer
from striate.textbook.windows import Windows, patches, spread


@final
class LocallyConnected(Layer):
    """N C H W to N O H' W'. weight: H'W' O C*kh*kw; bias: O H'W', or None.

    Backward is that of a convolution without the sums over places: each weight is used once per picture.
    """

    def __init__(self, weight: Array, bias: Array | None, windows: Windows) -> None:
        super().__init__()
        self.windows = windows
        self.weights["weight"] = weight
        if bias is not None:
            self.weights["bias"] = bias

    def forward(self, x: Array) -> Array:
        """N C H W to N O H' W'."""
        self.size = x.shape[2], x.shape[3]
        seen = patches(x, self.windows)
        n, _, high, wide, _, _ = seen.shape
        self.shape = seen.shape
        self.flat = seen.transpose(0, 2, 3, 1, 4, 5).reshape(n, high * wide, -1)  # N P F
        y = np.einsum("npf,pof->nop", self.flat, self.weights["weight"])
        if "bias" in self.weights:
            y = y + self.weights["bias"]
        made: Array = y.reshape(n, -1, high, wide)
        return made

    def backward(self, upstream: Array) -> Array:
        """N O H' W' to N C H W."""
        n, c, high, wide, kh, kw = self.shape
        up = upstream.reshape(n, -1, high * wide)  # N O P
        if "bias" in self.weights:
            self.gradients["bias"] = up.sum(axis=0)
        self.gradients["weight"] = np.einsum("nop,npf->pof", up, self.flat)
        pulls = np.einsum("nop,pof->npf", up, self.weights["weight"])
        by_place = pulls.reshape(n, high, wide, c, kh, kw).transpose(0, 3, 1, 2, 4, 5)
        return spread(by_place, self.size, self.windows)
