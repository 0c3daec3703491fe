"""Parameters, multiply-adds and memory of a layer, as whole numbers.

Multiply-adds (MACs) count convolutions, fully connected layers and matrix products, without biases and norms:
torchvision's own count. FLOPs are twice that. `docs/geometry.md` says how other counters differ, and why.
"""

from __future__ import annotations

from typing import NamedTuple

from striate.geometry.shape import Pair, Shape

FLOAT_BYTES = 4


class Filters(NamedTuple):
    """What a convolution is made of: input and output channels, kernel (height, width), groups, bias."""

    given: int
    made: int
    kernel: Pair
    groups: int = 1
    bias: bool = True

    @property
    def weights(self) -> int:
        """C_out x (C_in / groups) x kh x kw."""
        return self.made * (self.given // self.groups) * self.kernel[0] * self.kernel[1]

    @property
    def parameters(self) -> int:
        """The lectures' C_out (C_in K K + 1)."""
        return self.weights + self.made * self.bias

    def macs(self, out: Shape) -> int:
        """Every weight is used once at every place of the output map."""
        return self.weights * out.height * out.width

    def unshared(self, out: Shape) -> int:
        """Parameters of a locally connected layer: an own set at every place."""
        return self.parameters * out.height * out.width


def full(given: int, made: int, bias: bool = True) -> int:
    """Parameters of a fully connected layer: out x (in + 1)."""
    return made * (given + bias)


def training_bytes(parameters: int, activation_bytes: int) -> int:
    """A floor for training memory in fp32: weights, gradients, one momentum, and every output kept."""
    return 3 * FLOAT_BYTES * parameters + activation_bytes
