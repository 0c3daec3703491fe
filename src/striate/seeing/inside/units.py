"""For units of a layer: the pictures and crops of a data set that excite them most, and all values they had.

The pictures stream by; held are the best few of each unit and a histogram, however many pictures there are.

Shape legend: N pictures of a batch, U units, h w size of a map, T best ones kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.seeing.asking import calm
from striate.seeing.tap import tap

Floats = NDArray[np.float64]
BINS = 64


class Best(NamedTuple):
    """One picture that excites a unit: its row, the value, and where in the map it is greatest."""

    row: int
    value: float
    at: tuple[int, int]


@final
class Ledger:
    """The best pictures of each unit so far, and a histogram of all its values but exact zeros, which a ReLU
    gives most of; they are counted by themselves.
    """

    def __init__(self, keep: int = 9) -> None:
        self.keep, self.count = keep, 0
        self._values = np.empty((0, 0))
        self._rows = np.empty((0, 0), np.int64)
        self._at = np.empty((0, 0, 2), np.int64)
        self.low, self.high = np.empty(0), np.empty(0)
        self.dead = np.empty(0, bool)
        self._all, self._off = 0, np.empty(0, np.int64)
        self._counts = np.empty((0, BINS), np.int64)
        self._edges = np.empty((0, 2))

    def add(
        self,
        rows: NDArray[np.int64],
        values: Floats,
        at: NDArray[np.int64],
        every: NDArray[np.floating] | None = None,
    ) -> None:
        """Rows N, their greatest values N U, and where those are N U 2; every: all values, N U and places,
        the greatest alone by default.
        """
        if not self.count:
            U = values.shape[1]
            self._values, self._rows = np.empty((0, U)), np.empty((0, U), np.int64)
            self._at = np.empty((0, U, 2), np.int64)
            self.low, self.high = np.full(U, np.inf), np.full(U, -np.inf)
            self.dead = np.ones(U, bool)
            self._counts = np.zeros((U, BINS), np.int64)
            self._off = np.zeros(U, np.int64)
            self._edges = np.full((U, 2), np.nan)
        self.count += len(rows)
        self.low = np.minimum(self.low, values.min(0))
        self.high = np.maximum(self.high, values.max(0))
        self.dead &= (values <= 0).all(0)
        self._count(values[..., None] if every is None else every)
        each = np.concatenate([self._values, values])
        numbers = np.concatenate([self._rows, np.broadcast_to(rows[:, None], values.shape)])
        places = np.concatenate([self._at, at])
        order = np.argsort(-each, axis=0, kind="stable")[: self.keep]
        self._values = np.take_along_axis(each, order, 0)
        self._rows = np.take_along_axis(numbers, order, 0)
        self._at = np.take_along_axis(places, order[..., None], 0)

    def best(self, unit: int) -> list[Best]:
        """The pictures that excite a unit most, the strongest first; of equal ones the earlier."""
        return [
            Best(int(r), float(v), (int(a[0]), int(a[1])))
            for r, v, a in zip(
                self._rows[:, unit], self._values[:, unit], self._at[:, unit], strict=True
            )
        ]

    def histogram(self, unit: int) -> tuple[Floats, NDArray[np.int64]]:
        """Middles of the bins and how many values fell in each."""
        low, high = np.nan_to_num(self._edges[unit], nan=0.0)
        edges = np.linspace(low, high, BINS + 1)
        return (edges[1:] + edges[:-1]) / 2, self._counts[unit]

    def off(self, unit: int) -> float:
        """The share of its values that are exactly 0."""
        return float(self._off[unit]) / max(1, self._all)

    def _count(self, every: NDArray[np.floating]) -> None:
        """Fill the bins; those of a unit are widened, two into one, until its values fit."""
        self._all += every[:, 0].size
        for unit in range(every.shape[1]):
            column = every[:, unit].astype(np.float64).ravel()
            column = column[column != 0]
            self._off[unit] += every[:, unit].size - len(column)
            if not len(column):
                continue
            if np.isnan(self._edges[unit, 0]):
                self._edges[unit] = _first_edges(column)
            while column.min() < self._edges[unit, 0]:
                self._widen(unit, upwards=False)
            while column.max() > self._edges[unit, 1]:
                self._widen(unit, upwards=True)
            low, high = self._edges[unit]
            places = np.clip(((column - low) / (high - low) * BINS).astype(np.int64), 0, BINS - 1)
            self._counts[unit] += np.bincount(places, minlength=BINS)

    def _widen(self, unit: int, upwards: bool) -> None:
        low, high = self._edges[unit]
        halves = self._counts[unit].reshape(-1, 2).sum(1)
        empty = np.zeros(BINS // 2, np.int64)
        self._counts[unit] = np.concatenate([halves, empty] if upwards else [empty, halves])
        self._edges[unit] = (low, 2 * high - low) if upwards else (2 * low - high, high)


def _first_edges(values: Floats) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    wide = high - low if high > low else max(abs(high), 1e-6)
    return low, low + wide * (1 + 1e-9)


def watched(
    model: nn.Module,
    layer: str,
    batches: Iterable[tuple[NDArray[np.int64], Tensor]],
    keep: int = 9,
    so_far: Ledger | None = None,
) -> Ledger:
    """Rows N and pictures N C H W, a batch at a time, through a layer with maps or a vector for output.
    so_far: to go on with.
    """
    ledger = Ledger(keep) if so_far is None else so_far
    for rows, pictures in batches:
        with calm(model), torch.no_grad(), tap(model, layer) as seen:
            model(pictures)
        made = seen[layer]
        maps = made if made.ndim == 4 else made.flatten(1)[:, :, None, None]
        found = _greatest(maps).cpu().numpy()
        ledger.add(rows, found[..., 0], found[..., 1:].astype(np.int64), maps.cpu().numpy())
    if not ledger.count:
        raise CannotLookInside("there are no pictures to look at", "give a data set that has some")
    return ledger


def _greatest(maps: Tensor) -> Tensor:
    """N U 3: of each map its greatest value, and the row and column where it is."""
    value, place = maps.flatten(2).max(2)
    value = value.double()
    w = maps.shape[3]
    return torch.stack([value, (place // w).double(), (place % w).double()], 2)
