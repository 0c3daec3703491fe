"""On how many ways each pixel reaches a unit, where there is but one way through the layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from striate.geometry.shape import Pair
from striate.geometry.window import Window
from striate.grammar.layer import Layer, Node, layers_of
from striate.grammar.plain import Full
from striate.lectures.shown import Floats
from striate.textbook.windows import Windows


def ways(windows: Sequence[tuple[Window, int]], unit: int) -> Floats:
    """For each pixel of the first side: on how many ways it reaches the unit of the last, as shares of all
    ways. windows: of each layer, with the side it slides over.
    """
    reached = np.ones(1)
    first = unit
    for window, side in reversed(windows):
        places = first + np.arange(len(reached))
        taken = np.zeros(side)
        for tap in range(window.kernel):
            pixels = places * window.stride - window.before + tap * window.dilation
            inside = (pixels >= 0) & (pixels < side)
            np.add.at(taken, pixels[inside], reached[inside])
        total = taken.sum()
        reached, first = taken / total if total else taken, 0
    return reached


def chain(nodes: tuple[Node, ...]) -> Iterator[Layer]:
    """The layers from the picture on, as long as there is but one way through them."""
    for node in nodes:
        if isinstance(node, Layer):
            if node.field is None or _moves(node):
                return
            yield node
            continue
        if node.how != "stage":
            return
        inside = list(chain(node.arms[0]))
        yield from inside
        if inside != list(layers_of(node.arms[0])):
            return


def _moves(row: Layer) -> bool:
    """Whether the places of the map change without a window: uneven pooling, and whatever stretches."""
    slides = row.kind is not None and row.kind.windows() is not None
    return not slides and (row.given.sides != row.output.sides or isinstance(row.kind, Full))


def shares(layers: Sequence[Layer], unit: tuple[int, int]) -> Floats:
    """H W of the picture: of all ways to the unit of the last layer, the part of each pixel."""
    slid: list[tuple[Windows, Pair]] = []
    for row in layers:
        windows = row.kind.windows() if row.kind else None
        if windows:
            slid.append((windows, row.given.sides))
    sides = slid[0][1] if slid else layers[0].given.sides
    if not slid:
        alone = np.zeros(sides)
        alone[unit] = 1
        return alone
    along = [ways([(w[axis], side[axis]) for w, side in slid], unit[axis]) for axis in (0, 1)]
    made: Floats = np.outer(*along)
    return made
