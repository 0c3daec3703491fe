"""What every layer answers: forward, and backward by the chain rule.

The lectures' rule for one step of a graph is upstream x local = downstream. `forward(x)` keeps what the local
gradient needs; `backward(upstream)` gets dL/dy, writes dL/dw for its weights into `gradients`, and
returns dL/dx, which has the shape of x, always.

Shape legend, in this whole package: N pictures, C (in) and O (out) channels, H W rows and columns,
H' W' those of the output, i j a place in a kernel of kh x kw, K classes, D numbers of a vector.
"""

from __future__ import annotations

import html
import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

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

    def _repr_html_(self) -> str:
        """What Jupyter shows: the formula, and every weight with its shape."""
        weights = {path + n: w for path, one in self.named() for n, w in one.weights.items()}
        formula = inspect.getdoc(type(self)) or ""
        return (
            f"<b>{html.escape(type(self).__name__)}</b>{shown('', formula)}{shown_weights(weights)}"
        )

    def named(self, path: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer and all within it, each with its name and a dot: `stage1.conv2.`."""
        yield path, self
        for name, part in self.parts.items():
            yield from part.named(f"{path}{name}.")


def shown(*lines: str) -> str:
    """Lines of text as HTML. By hand: this package knows no pages."""
    return f'<pre style="line-height:1.35">{html.escape(chr(10).join(lines).strip())}</pre>'


def shown_weights(weights: Mapping[str, Array]) -> str:
    """Names, shapes and counts of weights as HTML."""
    if not weights:
        return ""
    long = max(map(len, weights))
    rows = [f"{name:{long}}  {'×'.join(map(str, w.shape))}" for name, w in weights.items()]
    return shown(*rows, f"{sum(w.size for w in weights.values()):,} parameters")
