"""Squeeze and excite: each channel is scaled by a gate that saw the whole picture, Hu et al. (2017).

y[c] = x[c] g[c]        g = gate(W2 relu(W1 mean of x over H W + b1) + b2)
"""

from __future__ import annotations

from typing import final

from striate.textbook.activations import hard_sigmoid, relu, sigmoid
from striate.textbook.convolution import Convolution
from striate.textbook.layer import Array, Layer
from striate.textbook.pooling import AveragePoolTo
from striate.textbook.sequence import Sequence


@final
class SqueezeExcite(Layer):
    """N C H W to the same. `squeeze` (to fewer channels) and `excite` (back) are 1x1 convolutions.

    x goes two ways, times the gate and through it, so its gradient is a sum of two:

        dL/dx = upstream g  +  what comes back through the gate from dL/dg = sum over H W of upstream x
    """

    def __init__(self, squeeze: Convolution, excite: Convolution, *, hard: bool = False) -> None:
        super().__init__()
        self.parts = {"squeeze": squeeze, "excite": excite}
        gate = hard_sigmoid() if hard else sigmoid()
        steps = (AveragePoolTo((1, 1)), squeeze, relu(), excite, gate)
        self.gate = Sequence({str(i): step for i, step in enumerate(steps)})

    def forward(self, x: Array) -> Array:
        """N C H W to the same."""
        self.x, self.g = x, self.gate.forward(x)  # N C 1 1
        return x * self.g

    def backward(self, upstream: Array) -> Array:
        """N C H W to the same."""
        through = (upstream * self.x).sum(axis=(2, 3), keepdims=True)
        return upstream * self.g + self.gate.backward(through)
