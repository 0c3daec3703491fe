"""Multinomial logistic regression to the optimum, in float64: what a linear head on fixed features is.

L-BFGS by hand, for three reasons: the logits are linear in the weights, so a whole line search costs one
product with the features; the curvature of the features is known, so a good first Hessian is known; and one
set of features is solved for many strengths of L2, each started from the one before. scikit-learn's solver
needs three to eight times as many steps to the same optimum; it is the oracle of the tests.

    loss(W, b) = sum_n w_n nll_n / sum_n w_n + l2 / 2 |W|^2      over standardised features

The loss is strongly convex in W, so |gradient|^2 / (2 l2) bounds how far it is from the optimum.

Shape legend: N rows, D features, K classes, R directions of the features that are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.training.eigen import symmetric

GAP = 1e-10  # how far from the optimum a loss may be
MOST_STEPS = 500
_REMEMBERED = 20
_BLOCK = 1 << 23  # numbers that are float64 at a time
_HELD = 1 << 27  # numbers that are kept as float64: 1 GiB
_FLAT = 1e-6  # of the feature's own size: less than that is rounding, not a feature


@final
@dataclass(frozen=True, eq=False)
class Scaling:
    """Features to mean 0 and deviation 1. mean, std: D float64; a feature that never changes has std inf."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> Scaling:
        """Of all rows; features that never change become 0, and so get no weight."""
        mean = features.mean(axis=0, dtype=np.float64)
        square = np.zeros_like(mean)
        for start in range(0, len(features), 4096):
            square += ((features[start : start + 4096] - mean) ** 2).sum(axis=0)
        std = np.sqrt(square / max(1, len(features)))
        std[std <= _FLAT * np.abs(mean)] = np.inf
        std[std == 0] = np.inf
        return cls(torch.from_numpy(mean), torch.from_numpy(std))


@final
class Rows:
    """Standardised features, N D float64 where they have room, else made so block by block."""

    def __init__(self, features: NDArray[np.float32], scaling: Scaling) -> None:
        self.features, self.scaling = features, scaling
        self.N, self.D = features.shape
        self._step = max(1, _BLOCK // max(1, self.D))
        self._held = list(self._made()) if features.size <= _HELD else None

    def _made(self) -> Iterator[Tensor]:
        for start in range(0, self.N, self._step):
            some = torch.from_numpy(self.features[start : start + self._step].astype(np.float64))
            yield some.sub_(self.scaling.mean).div_(self.scaling.std)

    def blocks(self) -> Iterator[Tensor]:
        """n D at a time."""
        return iter(self._held) if self._held is not None else self._made()

    def times(self, weight: Tensor) -> Tensor:
        """K D to N K."""
        return torch.cat([some @ weight.T for some in self.blocks()])

    def back(self, given: Tensor) -> Tensor:
        """N K to K D: the sum over rows."""
        total = torch.zeros(given.shape[1], self.D, dtype=torch.float64)
        at = 0
        for some in self.blocks():
            total += given[at : at + len(some)].T @ some
            at += len(some)
        return total


@final
@dataclass(frozen=True, eq=False)
class Directions:
    """How much the features vary, and where: basis D R float64, variance R. Only speeds the search up."""

    basis: Tensor
    variance: Tensor

    @classmethod
    def of(cls, rows: Rows) -> Directions:
        """From at most 4 D rows, in float32: a guess of the curvature need not be exact."""
        most = max(4 * rows.D, 1024)
        every = max(1, -(-rows.N // most))
        some = torch.cat([block[::every].float() for block in rows.blocks()])
        if len(some) < rows.D:  # few rows: all there is lies in their span
            values, vectors = symmetric((some @ some.T).double() / len(some))
            kept = values > 1e-6 * values[-1].clamp_min(1e-30)
            basis = some.double().T @ vectors[:, kept]
            length = basis.norm(dim=0).clamp_min(1e-30)
            return cls(basis / length, values[kept])
        values, vectors = symmetric(some.T @ some / len(some))
        return cls(vectors.double(), values.double().clamp_min(0))

    def solved(self, gradient: Tensor, curvature: float, l2: float) -> Tensor:
        """K D+1 to the same: the Newton step of a loss with this curvature in every logit."""
        weights = gradient[:, :-1]
        along = weights @ self.basis  # K R
        factor = 1 / (curvature * self.variance + l2) - 1 / l2
        made = torch.empty_like(gradient)
        made[:, :-1] = weights / l2 + (along * factor) @ self.basis.T
        made[:, -1] = gradient[:, -1] / curvature
        return made


class Problem(NamedTuple):
    """Rows with their labels, N int64, and how much each counts, N float64 of sum 1."""

    rows: Rows
    labels: Tensor
    shares: Tensor

    def nll(self, logits: Tensor) -> Tensor:
        """The mean loss of N K logits."""
        lost = torch.logsumexp(logits, 1) - logits.gather(1, self.labels[:, None])[:, 0]
        return self.shares @ lost

    def gradient(self, logits: Tensor) -> Tensor:
        """K D+1; the last column is that of the bias."""
        off = torch.softmax(logits, 1)
        off[torch.arange(len(off)), self.labels] -= 1
        off *= self.shares[:, None]
        return torch.cat([self.rows.back(off), off.sum(0)[:, None]], 1)

    def curvature(self, logits: Tensor) -> float:
        """How much the loss bends along one logit: less where answers are surer. One number for all classes
        serves the search better than one for each.
        """
        sure = torch.softmax(logits, 1)
        return max(1e-6, float((self.shares @ (sure * (1 - sure))).mean()))


class Solution(NamedTuple):
    """weights: K D+1 on standardised features; logits: N K of the rows; gap: how far from the optimum."""

    weights: Tensor
    logits: Tensor
    loss: float
    steps: int
    gap: float


def solve(
    problem: Problem,
    directions: Directions,
    l2: float,
    classes: int,
    start: Solution | None = None,
    gap: float = GAP,
) -> Solution:
    """The optimum for one strength of L2, at most `gap` above it, from `start` or from 0."""
    if start is None:
        weights = torch.zeros(classes, problem.rows.D + 1, dtype=torch.float64)
        logits = torch.zeros(problem.rows.N, classes, dtype=torch.float64)
    else:
        weights, logits = start.weights, start.logits
    pairs: list[tuple[Tensor, Tensor, float]] = []
    loss, gradient = _at(problem, weights, logits, l2)
    steps = 0
    while (found_gap := _gap(gradient, l2)) > gap and steps < MOST_STEPS:
        way = _direction(gradient, pairs, directions, problem.curvature(logits), l2)
        found = _searched(problem, weights, logits, way, gradient, loss, l2)
        if found is None:  # no smaller loss can be told apart in float64
            break
        stride, logits, loss = found
        step = stride * way
        weights = weights + step
        before, (loss, gradient) = gradient, _at(problem, weights, logits, l2)
        turn = gradient - before
        product = float((step * turn).sum())
        if product > 0:
            pairs = [*pairs[1 - _REMEMBERED :], (step, turn, 1 / product)]
        steps += 1
    return Solution(weights, logits, loss, steps, found_gap)


def _at(problem: Problem, weights: Tensor, logits: Tensor, l2: float) -> tuple[float, Tensor]:
    """Loss and gradient."""
    gradient = problem.gradient(logits)
    gradient[:, :-1] += l2 * weights[:, :-1]
    return _loss(problem, weights, logits, l2), gradient


def _loss(problem: Problem, weights: Tensor, logits: Tensor, l2: float) -> float:
    return float(problem.nll(logits) + l2 / 2 * weights[:, :-1].square().sum())


def _gap(gradient: Tensor, l2: float) -> float:
    """A bound of loss - optimum; the bias has no L2, and the curvature of its own instead."""
    squares = gradient.square()
    return float(squares[:, :-1].sum() / (2 * l2) + squares[:, -1].sum() / (2 * min(l2, 0.01)))


def _direction(
    gradient: Tensor,
    pairs: list[tuple[Tensor, Tensor, float]],
    directions: Directions,
    curvature: float,
    l2: float,
) -> Tensor:
    """Nocedal (1980), "Updating quasi-Newton matrices with limited storage": the two loops."""
    way = -gradient
    shares = []
    for step, turn, inverse in reversed(pairs):
        share = inverse * float((step * way).sum())
        way = way - share * turn
        shares.append(share)
    way = directions.solved(way, curvature, l2)
    for (step, turn, inverse), share in zip(pairs, reversed(shares), strict=True):
        way = way + (share - inverse * float((turn * way).sum())) * step
    return way


def _searched(
    problem: Problem,
    weights: Tensor,
    logits: Tensor,
    way: Tensor,
    gradient: Tensor,
    loss: float,
    l2: float,
) -> tuple[float, Tensor, float] | None:
    """How far to go along `way` so that the loss falls as it should: stride, logits and loss there."""
    slope = float((way * gradient).sum())
    if not slope < 0 or not math.isfinite(slope):
        return None
    change = problem.rows.times(way[:, :-1]) + way[:, -1]
    stride = 1.0
    while stride > 1e-10:
        there = logits + stride * change
        found = _loss(problem, weights + stride * way, there, l2)
        if found <= loss + 1e-4 * stride * slope:
            return stride, there, found
        stride /= 2
    return None
