"""Layers put together: one after another, beside a shortcut, or side by side.

Where a value goes two ways, the gradients that come back along both are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer


@final
class Sequence(Layer):
    """y = f3(f2(f1(x))). The chain rule goes backward through the same layers."""

    def __init__(self, parts: Mapping[str, Layer]) -> None:
        super().__init__()
        self.parts = dict(parts)

    def forward(self, x: Array) -> Array:
        """The output of each is the input of the next."""
        for part in self.parts.values():
            x = part.forward(x)
        return x

    def backward(self, upstream: Array) -> Array:
        """The downstream gradient of each is the upstream gradient of the one before it."""
        for part in reversed(self.parts.values()):
            upstream = part.backward(upstream)
        return upstream


@final
class Residual(Layer):
    """y = body(x) + x, or + shortcut(x) where shapes differ. He et al. (2015).

    dL/dx = body's + upstream: the gradient always has a way around the body.
    """

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        super().__init__()
        self.parts = {"body": body} if shortcut is None else {"body": body, "shortcut": shortcut}

    def forward(self, x: Array) -> Array:
        """N C H W to N O H' W'."""
        shortcut = self.parts.get("shortcut")
        return self.parts["body"].forward(x) + (shortcut.forward(x) if shortcut else x)

    def backward(self, upstream: Array) -> Array:
        """N O H' W' to N C H W."""
        shortcut = self.parts.get("shortcut")
        around = shortcut.backward(upstream) if shortcut else upstream
        return self.parts["body"].backward(upstream) + around


@final
class Fork(Layer):
    """Arms that get the same input; their outputs are added, or put one after another as channels."""

    def __init__(self, arms: list[Layer], *, adds: bool) -> None:
        super().__init__()
        self.parts = {f"arm{i}": arm for i, arm in enumerate(arms, 1)}
        self.adds = adds

    def forward(self, x: Array) -> Array:
        """N C H W to N O H' W'."""
        made = [arm.forward(x) for arm in self.parts.values()]
        self.ends = np.cumsum([y.shape[1] for y in made])
        return sum(made[1:], made[0]) if self.adds else np.concatenate(made, axis=1)

    def backward(self, upstream: Array) -> Array:
        """Each arm gets its own channels of the gradient, or, where arms are added, all of it."""
        arms = list(self.parts.values())
        ups = [upstream] * len(arms) if self.adds else np.split(upstream, self.ends[:-1], axis=1)
        downs = [arm.backward(up) for arm, up in zip(arms, ups, strict=True)]
        return sum(downs[1:], downs[0])
