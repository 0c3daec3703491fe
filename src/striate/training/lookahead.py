"""Lookahead (Zhang et al. 2019, arXiv 1907.08610): every n steps slow weights go a part of the way to the
fast ones, and the fast ones go on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor


@final
class Lookahead:
    """Slow weights of these parameters, by name. They begin as the weights before the first step."""

    def __init__(self, weights: Mapping[str, Tensor], every: int, pull: float) -> None:
        self.weights, self.every, self.pull = dict(weights), every, pull
        self.slow: dict[str, Tensor] = {}

    def begin(self) -> None:
        """Called before each step; takes the weights as they are before the first one."""
        if not self.slow:
            self.slow = {name: weight.detach().clone() for name, weight in self.weights.items()}

    @torch.no_grad()
    def after(self, step: int) -> None:
        """After step number `step`, counted from 1."""
        if step % self.every:
            return
        for name, weight in self.weights.items():
            weight.copy_(self.slow[name].lerp_(weight, self.pull))
