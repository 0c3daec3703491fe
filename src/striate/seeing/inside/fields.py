"""What one unit of a layer can see of the picture, by the plan of the layers, and what it does see.

The theoretical field is where a change could reach the unit at all. The effective one is where changes do:
the slope of the unit's value at each pixel, its size averaged over pictures. It is a fraction of the whole,
densest in the middle. Luo and others (2016), "Understanding the Effective Receptive Field".

Shape legend: N pictures, C channels, H height, W width, h w size of a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.geometry.shape import Shape
from striate.seeing.asking import blocks, calm, last_map
from striate.seeing.tap import tap

if TYPE_CHECKING:
    from striate.grammar.layer import Layer

Floats = NDArray[np.float64]
Box = tuple[int, int, int, int]  # top, left, bottom, right
_MOST = 0.95


class UnitField(NamedTuple):
    """box: the theoretical field, clipped to the picture; whole: its rows and columns before that, None where
    each unit sees all; effective: H W, adds up to 1; spans: rows and columns around its middle that hold
    95 % of it.
    """

    layer: str
    unit: int
    at: tuple[int, int]
    box: Box
    whole: tuple[int, int] | None
    effective: Floats
    spans: tuple[int, int]


def unit_field(
    model: nn.Module,
    pictures: Tensor,
    layer: str | None = None,
    at: tuple[int, int] | None = None,
    unit: int | None = None,
) -> UnitField:
    """Of the unit at row and column `at` (the middle one by default) of a layer (the last with maps).

    unit: the map; without it the mean over all maps is meant.
    """
    name = layer if layer is not None else last_map(model, pictures)
    slope, place = _slopes(model, pictures, name, at, unit)
    box, whole = theoretical(model, tuple(pictures.shape[1:]), name, place)
    mass = slope.sum()
    effective = slope / mass if mass > 0 else slope
    spans = (_span(effective.sum(1)), _span(effective.sum(0)))
    return UnitField(name, -1 if unit is None else unit, place, box, whole, effective, spans)


def theoretical(
    model: nn.Module, shape: tuple[int, ...], layer: str, at: tuple[int, int]
) -> tuple[Box, tuple[int, int] | None]:
    """The box of a unit on pictures of C H W, and its size before it is clipped."""
    given = Shape(shape[0], shape[1], shape[2])
    row = _row(model, given, layer)
    return row.box(at[0], at[1], given), row.receptive_field


def step_of(model: nn.Module, shape: tuple[int, ...], layer: str) -> int | None:
    """How many pixels lie between neighbouring units of a layer along a row; None where each sees all."""
    field = _row(model, Shape(shape[0], shape[1], shape[2]), layer).field
    return None if field is None else field[1].jump


def _row(model: nn.Module, given: Shape, layer: str) -> Layer:
    """The last line of a layer in the plan of the network."""
    from striate.grammar.trace import trace

    rows = [
        row
        for row in trace(model, given)
        if row.name.partition(":")[0] == layer or row.name.startswith(layer + ".")
    ]
    if not rows:
        raise CannotLookInside(
            f"{layer} does nothing with numbers, so it has no field of its own",
            "choose a layer that does",
        )
    return rows[-1]


def _slopes(
    model: nn.Module, pictures: Tensor, name: str, at: tuple[int, int] | None, unit: int | None
) -> tuple[Floats, tuple[int, int]]:
    """H W: the mean size of the slopes; and the place that was meant."""
    total = torch.zeros(pictures.shape[2:], dtype=torch.float64)
    place = at
    for part in blocks(pictures):
        with calm(model), tap(model, name, graph=True) as seen:
            leaf = pictures[part].detach().clone().requires_grad_()
            model(leaf)
        maps = seen[name]
        if maps.ndim != 4:
            raise CannotLookInside(
                f"{name} has no rows and columns", f"choose {last_map(model, pictures)}"
            )
        h, w = maps.shape[2:]
        place = place or (h // 2, w // 2)
        many = maps.shape[1]
        if unit is not None and not unit < many:
            raise CannotLookInside(
                f"{name} has {many} maps, and there is no map {unit}",
                f"choose a unit from 0 to {many - 1}",
            )
        if not (place[0] < h and place[1] < w):
            raise CannotLookInside(
                f"{name} has {many} maps of {h}×{w}", f"choose a place within {h}×{w}, from 0"
            )
        here = maps[:, :, place[0], place[1]]
        value = here.sum() if unit is None else here[:, unit].sum()
        (slope,) = torch.autograd.grad(value, leaf)
        total += slope.abs().sum((0, 1)).cpu().double()
    made: Floats = total.numpy()
    return made, place or (0, 0)


def _span(mass: Floats) -> int:
    """The least number of neighbouring rows that hold 95 %."""
    ends = np.concatenate([[0.0], np.cumsum(mass)])
    if not ends[-1] > 0:
        return 0
    wanted = _MOST * ends[-1] - 1e-12
    last = np.searchsorted(ends, ends + wanted)
    widths = [int(e) - i for i, e in enumerate(last) if e < len(ends)]
    return min(widths)
