"""How a step is made from gradients. g is dL/dw; all change the arrays of `weights` in place.

Each keeps what it remembers of a weight under its name, and starts from zeros.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, final

import numpy as np

from striate.textbook.layer import Array

Arrays = Mapping[str, Array]
Memory = defaultdict[str, Array | float]


class Optimiser(Protocol):
    """One step down."""

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """Change every weight by its gradient."""
        ...


def _zeros() -> Memory:
    return defaultdict(float)


def decay(weights: Arrays, rate: float, strength: float) -> None:
    """w <- w - rate strength w = (1 - rate strength) w: weight decay, apart from any gradient."""
    for w in weights.values():
        w *= 1 - rate * strength


@final
@dataclass
class SGD:
    """w <- w - rate g."""

    rate: float = 0.01

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """One step."""
        for name, g in gradients.items():
            weights[name][...] -= self.rate * g


@final
@dataclass
class Momentum:
    """v <- m v + g;  w <- w - rate v: the velocity is a running sum of gradients."""

    rate: float = 0.01
    momentum: float = 0.9
    v: Memory = field(default_factory=_zeros)

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """One step."""
        for name, g in gradients.items():
            self.v[name] = self.momentum * self.v[name] + g
            weights[name][...] -= self.rate * self.v[name]


@final
@dataclass
class RMSProp:
    """r <- d r + (1 - d) g^2;  w <- w - rate g / (sqrt(r) + eps): steep directions take smaller steps."""

    rate: float = 0.01
    decay: float = 0.99
    eps: float = 1e-8
    r: Memory = field(default_factory=_zeros)

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """One step."""
        for name, g in gradients.items():
            self.r[name] = self.decay * self.r[name] + (1 - self.decay) * g**2
            weights[name][...] -= self.rate * g / (np.sqrt(self.r[name]) + self.eps)


@final
@dataclass
class Adam:
    """m <- b1 m + (1 - b1) g;  r <- b2 r + (1 - b2) g^2;  w <- w - rate m' / (sqrt(r') + eps).

    m' = m / (1 - b1^t) and r' = r / (1 - b2^t), because both start from 0 and are too small at first.
    """

    rate: float = 0.001
    b1: float = 0.9
    b2: float = 0.999
    eps: float = 1e-8
    t: int = 0
    m: Memory = field(default_factory=_zeros)
    r: Memory = field(default_factory=_zeros)

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """One step."""
        self.t += 1
        for name, g in gradients.items():
            self.m[name] = self.b1 * self.m[name] + (1 - self.b1) * g
            self.r[name] = self.b2 * self.r[name] + (1 - self.b2) * g**2
            m = self.m[name] / (1 - self.b1**self.t)
            r = self.r[name] / (1 - self.b2**self.t)
            weights[name][...] -= self.rate * m / (np.sqrt(r) + self.eps)


@final
@dataclass
class Adadelta:
    """w <- w - rate s, with s = g sqrt(u + eps) / sqrt(r + eps).

    r <- d r + (1 - d) g^2 before it, u <- d u + (1 - d) s^2 after it:
    u remembers how long the steps were, so that a step has the unit of w; the rate is 1.
    """

    rate: float = 1.0
    decay: float = 0.9
    eps: float = 1e-6
    r: Memory = field(default_factory=_zeros)
    u: Memory = field(default_factory=_zeros)

    def step(self, weights: Arrays, gradients: Arrays) -> None:
        """One step."""
        for name, g in gradients.items():
            self.r[name] = self.decay * self.r[name] + (1 - self.decay) * g**2
            s = g * np.sqrt(self.u[name] + self.eps) / np.sqrt(self.r[name] + self.eps)
            self.u[name] = self.decay * self.u[name] + (1 - self.decay) * s**2
            weights[name][...] -= self.rate * s
