"""Local response norm, as AlexNet has it: a channel is held down where its neighbours answer strongly.

y[c] = x[c] / d[c]^beta        d[c] = offset + alpha / n  x  sum of x^2 over the n channels around c
"""

from __future__ import annotations

from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer


@final
class LocalResponseNorm(Layer):
    """N C H W to the same.

    x[c] stands above the line of its own channel and below the line of its neighbours:

        dL/dx[c] = upstream[c] d[c]^-beta
                   - 2 alpha beta / n  x[c]  sum over neighbours b of  upstream[b] x[b] d[b]^(-beta - 1)
    """

    def __init__(
        self, neighbours: int = 5, alpha: float = 1e-4, beta: float = 0.75, offset: float = 2.0
    ) -> None:
        super().__init__()
        self.neighbours, self.alpha, self.beta, self.offset = neighbours, alpha, beta, offset

    def forward(self, x: Array) -> Array:
        """N C H W to the same."""
        self.x = x
        c = np.arange(x.shape[1])
        away = c - c[:, None]  # of channel b, seen from c
        n = self.neighbours
        self.near = ((away >= -(n // 2)) & (away <= (n - 1) // 2)).astype(
            float
        )  # C C, ones and zeros
        self.d: Array = self.offset + self.alpha / n * np.einsum("cb,nbhw->nchw", self.near, x**2)
        y: Array = x * self.d**-self.beta
        return y

    def backward(self, upstream: Array) -> Array:
        """N C H W to the same."""
        fed = upstream * self.x * self.d ** (-self.beta - 1)
        back = np.einsum("cb,nchw->nbhw", self.near, fed)
        factor = 2 * self.alpha * self.beta / self.neighbours
        downstream: Array = upstream * self.d**-self.beta - factor * self.x * back
        return downstream
