"""Dropout: in training every number is zeroed with probability p, the rest is scaled by 1 / (1 - p).

    y = x mask / (1 - p)

The scale keeps the mean, so that in use nothing has to be done. Srivastava et al. (2014).
"""

from __future__ import annotations

from typing import final

import numpy as np

from striate import seeds
from striate.textbook.layer import Array, Layer


@final
class Dropout(Layer):
    """Any shape to the same. The mask (ones are kept) is `given`, or drawn at an address: seed, purpose,
    epoch and step, so that the same step always drops the same numbers."""

    def __init__(
        self, p: float, *, seed: int = 0, purpose: str = "dropout", given: Array | None = None
    ) -> None:
        super().__init__()
        self.p, self.seed, self.purpose, self.given = p, seed, purpose, given

    def forward(self, x: Array) -> Array:
        """N ... to the same; x itself when not training."""
        self.factor = self._mask(x) / (1 - self.p) if self.training else np.ones_like(x)
        return x * self.factor

    def backward(self, upstream: Array) -> Array:
        """What was dropped gets no gradient, the rest is scaled like x."""
        return upstream * self.factor

    def _mask(self, x: Array) -> Array:
        if self.given is not None:
            return self.given
        draws = seeds.generator(self.seed, f"textbook {self.purpose}", *self.address)
        return (draws.random(x.shape) >= self.p).astype(float)
