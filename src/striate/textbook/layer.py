"""What every layer answers: forward, and backward by the chain rule.

The lectures' rule for one step of a graph is upstream x local = downstream. `forward(x)` keeps what the local
gradient needs; `backward(upstream)` gets dL/dy, writes dL/dw for its weights into `gradients`, and
returns dL/dx, which has the shape of x, always.

Shape legend, in this whole package: N pictures, C (in) and O (out) channels, H W rows and columns,
H' W' those of the output, i j a place in a kernel of kh x kw, K classes, D numbers of a vector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


class Layer(ABC):
    """One step of a network. `weights` are learned, `buffers` only kept; both are changed in place."""

    training: bool = False  # dropout and batch norm are other functions in training
    address: tuple[int, int] = (0, 0)  # epoch and step: where this pass gets its random draws

    def __init__(self) -> None:
        self.weights: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}
        self.parts: dict[str, Layer] = {}

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """x to y."""

    @abstractmethod
    def backward(self, upstream: Array) -> Array:
        """dL/dy to dL/dx; the gradients of the weights are left in `gradients`."""

    def named(self, path: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer and all within it, each with its name and a dot: `stage1.conv2.`."""
        yield path, self
        for name, part in self.parts.items():
            yield from part.named(f"{path}{name}.")
