"""Gradients by trying: how much does L change when one number changes a little?

    dL/dx[i] = (L(x + h at i) - L(x - h at i)) / 2h        wrong by about h^2

Slow, and the judge of every `backward`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate.textbook.layer import Array, Layer


def numerical(loss: Callable[[], float], x: Array, h: float = 1e-5) -> Array:
    """dL/dx, of the shape of x. `loss` computes L anew; x is changed in place and put back."""
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"whole numbers cannot change a little: give floats, not {x.dtype}")
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        was = x[at]
        x[at] = was + h
        above = loss()
        x[at] = was - h
        below = loss()
        x[at] = was
        gradient[at] = (above - below) / (2 * h)
    return gradient


def disagreement(layer: Layer, x: Array, upstream: Array) -> dict[str, float]:
    """How far `backward` is from trying, for x and for each weight: the largest |a - b| / max(1, |b|).

    L is the sum of upstream x y, whose dL/dy is `upstream`. Below 1e-7 all is well.
    """

    def loss() -> float:
        return float((upstream * layer.forward(x)).sum())

    layer.forward(x)
    found = {"x": layer.backward(upstream)}
    arrays = {"x": x}
    for path, part in layer.named():
        found |= {path + name: gradient.copy() for name, gradient in part.gradients.items()}
        arrays |= {path + name: weight for name, weight in part.weights.items()}
    tried = {name: numerical(loss, array) for name, array in arrays.items()}
    return {name: _apart(found[name], tried[name]) for name in arrays}


def _apart(found: Array, tried: Array) -> float:
    if found.shape != tried.shape:
        return float("inf")  # a gradient has the shape of what it is the gradient of
    return float((np.abs(found - tried) / np.maximum(1, np.abs(tried))).max(initial=0.0))
