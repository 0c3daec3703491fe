"""The fully connected layer, and the stretching before it."""

from __future__ import annotations

from typing import final

from striate.textbook.layer import Array, Layer


@final
class FullyConnected(Layer):
    """N D to N K:  y = x W^T + b, every output a dot product with the whole input. weight: K D; bias: K.

    dL/dW = upstream^T x        K N times N D = K D
    dL/db = upstream, summed over the batch
    dL/dx = upstream W          N K times K D = N D
    """

    def __init__(self, weight: Array, bias: Array | None = None) -> None:
        super().__init__()
        self.weights["weight"] = weight
        if bias is not None:
            self.weights["bias"] = bias

    def forward(self, x: Array) -> Array:
        """N D to N K."""
        self.x = x
        y: Array = x @ self.weights["weight"].T
        return y + self.weights["bias"] if "bias" in self.weights else y

    def backward(self, upstream: Array) -> Array:
        """N K to N D."""
        if "bias" in self.weights:
            self.gradients["bias"] = upstream.sum(axis=0)
        self.gradients["weight"] = upstream.T @ self.x
        downstream: Array = upstream @ self.weights["weight"]
        return downstream


@final
class Flatten(Layer):
    """N C H W to N C*H*W: a picture stretched to a vector, channels first (3x32x32 becomes 3072)."""

    def forward(self, x: Array) -> Array:
        """N C H W to N CHW."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, upstream: Array) -> Array:
        """N CHW to N C H W: the numbers go back to where they were."""
        return upstream.reshape(self.shape)
