"""First weights. All equal would stay equal: the filters have to differ from the start."""

from __future__ import annotations

import numpy as np

from striate import seeds
from striate.textbook.layer import Array


def he(shape: tuple[int, ...], fan_in: int, seed: int, name: str) -> Array:
    """Normal with variance 2 / fan_in, so that a relu network keeps its spread. He et al. (2015).

    fan_in is how many numbers one output adds up. Every array is drawn at its own address.
    """
    draws = seeds.generator(seed, f"textbook start {name}")
    drawn: Array = draws.normal(size=shape) * np.sqrt(2 / fan_in)
    return drawn


def flat(shape: tuple[int, ...], value: float = 0.0) -> Array:
    """The same number everywhere: biases start at 0, because the weights differ already."""
    return np.full(shape, value)
