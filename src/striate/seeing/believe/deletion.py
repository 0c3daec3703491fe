"""Insertion and deletion: does the score follow the pixels that a map points at, sooner than by chance?

The picture is cut into cells. Deletion takes cells away, those the map holds for most important first, and
insertion lays them onto plain grey; the area under the probability is small or large where the map is right.
Both feed the network pictures unlike any it knows, so a number by itself means little: it is always told
beside random orders of the same cells. Petsiuk and others (2018), "RISE".

Shape legend: C channels, H height, W width, M cells, O orders, S steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate import seeds
from striate.seeing.asking import at_once, chosen, logits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CELLS, STEPS, ORDERS = 14, 10, 20


class Area(NamedTuple):
    """The area under the probability, and where 95 % of random orders lie, with their mean."""

    value: float
    random: float
    low: float
    high: float


class Areas(NamedTuple):
    """Deletion: less is better. Insertion: more is better."""

    deletion: Area
    insertion: Area


class Chance(NamedTuple):
    """Areas of random orders, O each; the same for all methods, so they are found once for each picture."""

    deletion: Floats
    insertion: Floats


def chance(
    model: nn.Module, picture: Tensor, target: int, seed: int = 0, orders: int = ORDERS
) -> Chance:
    """Random orders of the cells of a picture C H W."""
    cells = _cells(picture)
    count = int(cells.max()) + 1
    drawn = [
        seeds.generator(seed, "random order", index=i).permutation(count) for i in range(orders)
    ]
    found = [_both(model, picture, target, cells, order) for order in drawn]
    return Chance(np.array([d for d, _ in found]), np.array([i for _, i in found]))


def areas(
    model: nn.Module, picture: Tensor, target: int, values: Floats, beside: Chance
) -> Areas | None:
    """The areas of a map H W on a picture C H W; None of one that is the same everywhere, as a blank one: it
    puts the cells in no order.
    """
    if np.ptp(values) == 0:
        return None
    cells = _cells(picture)
    sums = np.bincount(cells.ravel(), np.asarray(values, np.float64).ravel())
    means = sums / np.bincount(cells.ravel())
    deletion, insertion = _both(model, picture, target, cells, np.argsort(-means, kind="stable"))
    return Areas(_area(deletion, beside.deletion), _area(insertion, beside.insertion))


def _area(value: float, drawn: Floats) -> Area:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Area(value, float(drawn.mean()), float(low), float(high))


def _cells(picture: Tensor) -> Ints:
    """H W: the number of the cell that each pixel belongs to."""
    H, W = picture.shape[1:]
    rows = np.arange(H) * min(H, CELLS) // H
    columns = np.arange(W) * min(W, CELLS) // W
    made: Ints = rows[:, None] * min(W, CELLS) + columns[None]
    return made


def _both(
    model: nn.Module, picture: Tensor, target: int, cells: Ints, order: Ints
) -> tuple[float, float]:
    """Deletion and insertion area of one order of the cells; plain grey is 0."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    ends = np.linspace(0, len(order), STEPS + 1)
    taken = torch.from_numpy(place[cells][None] < ends[:, None, None]).to(picture.device)[:, None]
    deleted = torch.where(taken, torch.zeros_like(picture), picture)
    inserted = torch.where(taken, picture, torch.zeros_like(picture))
    curve = _curve(model, torch.cat([deleted, inserted]), target)
    return _under(curve[: STEPS + 1]), _under(curve[STEPS + 1 :])


def _curve(model: nn.Module, pictures: Tensor, target: int) -> Floats:
    """The probability of the class on each picture."""
    found = []
    many = at_once(pictures)
    for start in range(0, len(pictures), many):
        told = logits(model, pictures[start : start + many]).double().softmax(1)
        found.append(chosen(told, torch.full((len(told),), target)))
    made: Floats = torch.cat(found).cpu().numpy()
    return made


def _under(curve: Floats) -> float:
    """The area by trapezes, over 0 ... 1."""
    return float((curve[1:] + curve[:-1]).sum() / 2 / (len(curve) - 1))
