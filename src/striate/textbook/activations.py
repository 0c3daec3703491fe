"""Activations: one number in, one number out, so the local gradient is the slope at that number.

    y = f(x)        dL/dx = upstream f'(x)        both of the shape of x

At a kink the slope is that of the flat side, as in PyTorch: relu'(0) = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer

Function = Callable[[Array], Array]
_SELU_FLOOR, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_erf = np.vectorize(math.erf, otypes=[float])


@final
class Activation(Layer):
    """Any shape to the same. `f` is the function, `slope` its derivative."""

    def __init__(self, f: Function, slope: Function) -> None:
        super().__init__()
        self.f, self.slope = f, slope

    def forward(self, x: Array) -> Array:
        """y = f(x)."""
        self.x = x
        return self.f(x)

    def backward(self, upstream: Array) -> Array:
        """upstream x local = downstream."""
        return upstream * self.slope(self.x)


@final
class LearnedLeak(Layer):
    """y = x above 0, weight[c] x below: one learned slope for each channel. N C ... to the same."""

    def __init__(self, weight: Array) -> None:
        super().__init__()
        self.weights["weight"] = weight

    def forward(self, x: Array) -> Array:
        """N C ... to the same."""
        self.x = x
        return np.where(x > 0, x, self._leak() * x)

    def backward(self, upstream: Array) -> Array:
        """A slope gathers from every place of its channel where x was not above 0."""
        others = tuple(axis for axis in range(self.x.ndim) if axis != 1)
        below = np.where(self.x > 0, 0.0, upstream * self.x)
        self.gradients["weight"] = below.sum(axis=others)
        return upstream * np.where(self.x > 0, 1.0, self._leak())

    def _leak(self) -> Array:
        return self.weights["weight"].reshape(-1, *[1] * (self.x.ndim - 2))


def relu(cap: float = math.inf) -> Activation:
    """max(0, x), and at most `cap`: relu6 has the cap 6."""
    return Activation(
        lambda x: np.clip(x, 0, cap),
        lambda x: ((x > 0) & (x < cap)).astype(float),
    )


def leaky(leak: float = 0.01) -> Activation:
    """x above 0, leak x below."""
    return Activation(lambda x: np.where(x > 0, x, leak * x), lambda x: np.where(x > 0, 1.0, leak))


def elu(floor: float = 1.0, scale: float = 1.0) -> Activation:
    """x above 0, floor (e^x - 1) below; all times `scale`, which is 1 except in selu."""
    return Activation(
        lambda x: scale * np.where(x > 0, x, floor * np.expm1(np.minimum(x, 0))),
        lambda x: scale * np.where(x > 0, 1.0, floor * np.exp(np.minimum(x, 0))),
    )


def selu() -> Activation:
    """elu with a floor and a scale that keep mean 0 and variance 1 from layer to layer."""
    return elu(_SELU_FLOOR, _SELU_SCALE)


def sigmoid_of(x: Array) -> Array:
    """1 / (1 + e^-x), written as (1 + tanh(x / 2)) / 2, which never overflows."""
    return 0.5 * (1 + np.tanh(x / 2))


def sigmoid() -> Activation:
    """1 / (1 + e^-x); its slope is f (1 - f), at most 1/4: gradients fade through many of them."""
    return Activation(sigmoid_of, lambda x: sigmoid_of(x) * (1 - sigmoid_of(x)))


def tanh() -> Activation:
    """(e^x - e^-x) / (e^x + e^-x); its slope is 1 - f^2."""
    return Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2)


def gelu() -> Activation:
    """x Phi(x), with Phi the share of a normal distribution below x; slope Phi(x) + x phi(x)."""

    def below(x: Array) -> Array:
        share: Array = 0.5 * (1 + _erf(x / math.sqrt(2)))
        return share

    def density(x: Array) -> Array:
        return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)

    return Activation(lambda x: x * below(x), lambda x: below(x) + x * density(x))


def silu() -> Activation:
    """x sigmoid(x), also called swish."""
    return Activation(
        lambda x: x * sigmoid_of(x),
        lambda x: sigmoid_of(x) * (1 + x * (1 - sigmoid_of(x))),
    )


def hard_sigmoid() -> Activation:
    """x/6 + 1/2, kept between 0 and 1: a sigmoid without the exponential.

    PyTorch rounds its slope, 1/6, to 32 bits, so its gradients are off by 3e-8 of themselves.
    """
    return Activation(
        lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x: np.where(np.abs(x) < 3, 1 / 6, 0.0)
    )


def hard_swish() -> Activation:
    """x hard_sigmoid(x)."""
    return Activation(
        lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
        lambda x: np.where(np.abs(x) < 3, x / 3 + 0.5, (x > 0).astype(float)),
    )


def softplus() -> Activation:
    """log(1 + e^x), a smooth relu; beyond 20 x itself, as in PyTorch, which is 2e-9 less there."""
    return Activation(
        lambda x: np.where(x > 20, x, np.logaddexp(0, x)),
        lambda x: np.where(x > 20, 1.0, sigmoid_of(x)),
    )


def mish() -> Activation:
    """x tanh(softplus(x))."""

    def slope(x: Array) -> Array:
        t = np.tanh(np.logaddexp(0, x))
        made: Array = t + x * (1 - t**2) * sigmoid_of(x)
        return made

    return Activation(lambda x: x * np.tanh(np.logaddexp(0, x)), slope)
