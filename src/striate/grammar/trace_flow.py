"""What is known of a tensor on its way through a network that was not written as a plan, in whole numbers.

A tensor is its sizes and a `Flow`: where the rows and columns of the picture stand among its dimensions, and
which pixels one place sees. Sizes are those of one picture, so the batch is a dimension of 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, final

from striate.geometry.field import hull
from striate.geometry.shape import Pair, Shape
from striate.grammar.bind import Fields

Sizes = tuple[int, ...]


class Spot(NamedTuple):
    """Which dimensions hold the rows and the columns. The same one twice: both lie in it, row by row."""

    rows: int
    columns: int
    height: int
    width: int

    @property
    def merged(self) -> bool:
        """True for tokens: rows and columns share one dimension."""
        return self.rows == self.columns

    def fits(self, sizes: Sizes) -> bool:
        """Whether a tensor of these sizes can hold the picture there."""
        if not 0 <= self.rows < len(sizes) or not 0 <= self.columns < len(sizes):
            return False
        if self.merged:
            return sizes[self.rows] == self.height * self.width
        return (sizes[self.rows], sizes[self.columns]) == (self.height, self.width)

    def carried(self, where: Mapping[int, int]) -> Spot | None:
        """The spot when dimension d becomes dimension `where[d]`; None where its own are gone."""
        if self.rows not in where or self.columns not in where:
            return None
        return self._replace(rows=where[self.rows], columns=where[self.columns])


@final
@dataclass(frozen=True)
class Flow:
    """`data`: the picture has a part in it. `params`: the parameters that wait to meet the picture.

    `fields` is None where a place sees the whole picture, or where that is not known.
    `squeezed` are the rows of the table that made one number a channel of the map, on the way here.
    """

    data: bool = False
    spot: Spot | None = None
    fields: Fields | None = None
    params: frozenset[int] = frozenset()
    squeezed: frozenset[int] = frozenset()

    def at(self, spot: Spot | None) -> Flow:
        """The same with its picture elsewhere; without a place for it, no field is known either."""
        return replace(self, spot=spot, fields=self.fields if spot else None)

    def whole(self) -> Flow:
        """The same, every place seeing the whole picture."""
        return replace(self, fields=None)


class Operand(NamedTuple):
    """A tensor that an operator takes."""

    sizes: Sizes
    flow: Flow

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return prod(self.sizes)

    @property
    def shape(self) -> Shape:
        """As the table shows it."""
        return shown(self.sizes, self.flow.spot)


def shown(sizes: Sizes, spot: Spot | None) -> Shape:
    """A tensor as the table shows it: maps are C H W, vectors flat, L tokens of C numbers are C x L x 1."""
    count = prod(sizes)
    if spot and not spot.merged:
        return Shape(count // max(1, spot.height * spot.width), spot.height, spot.width)
    if spot:
        tokens = spot.height * spot.width
        return Shape(count // max(1, tokens), tokens, 1)
    channels = sizes[-1] if sizes else 1
    if len(sizes) < 2 or (len(sizes) == 2 and sizes[0] == 1):
        return Shape(channels, flat=True)
    if len(sizes) == 4 and sizes[2:] == (1, 1):
        return Shape(count)
    return Shape(channels, count // max(1, channels), 1)


def viewed(spot: Spot, before: Sizes, after: Sizes) -> Spot | None:
    """Where the picture stands after a reshape, or None where it is cut up or mixed with channels."""
    if before == after:
        return spot
    groups = _groups(before, after)
    if groups is None:
        return None
    for old, new in groups:
        if old == [spot.rows, spot.columns] and len(new) == 1:
            return spot._replace(rows=new[0], columns=new[0])
        sizes = [after[d] for d in new]
        if spot.merged and old == [spot.rows] and sizes == [spot.height, spot.width]:
            return spot._replace(rows=new[0], columns=new[1])
    return spot.carried({old[0]: new[0] for old, new in groups if len(old) == len(new) == 1})


def _groups(before: Sizes, after: Sizes) -> list[tuple[list[int], list[int]]] | None:
    """Runs of dimensions of the same product, left to right; dimensions of 1 count for nothing."""
    left = [d for d, size in enumerate(before) if size != 1]
    right = [d for d, size in enumerate(after) if size != 1]
    groups = []
    while left and right:
        old, new = [left.pop(0)], [right.pop(0)]
        a, b = before[old[0]], after[new[0]]
        while a != b:
            side, dims = (left, old) if a < b else (right, new)
            if not side:
                return None
            dims.append(side.pop(0))
            a, b = prod(before[d] for d in old), prod(after[d] for d in new)
        groups.append((old, new))
    return None if left or right else groups


def joined(operands: Sequence[Operand], out: Sizes) -> Flow:
    """What flows out where operands meet place by place, smaller ones spread over larger ones."""
    met = [o for o in operands if o.flow.data]
    squeezed = frozenset[int]().union(*(o.flow.squeezed for o in met))
    spots = [_spread(o, out) for o in met]
    spot = next((s for s in spots if s), None)
    seen = [o.flow.fields for o in met if o.flow.fields is not None]
    if spot is None or len(seen) < len(met) or any(s != spot for s in spots):
        return Flow(bool(met), spot, None, squeezed=squeezed)
    rows = hull([f[0] for f in seen], spot.height)
    columns = hull([f[1] for f in seen], spot.width)
    return Flow(True, spot, (rows, columns), squeezed=squeezed)


def _spread(operand: Operand, out: Sizes) -> Spot | None:
    """The spot of an operand, counted from the right as broadcasting does, if the result keeps it."""
    spot, shift = operand.flow.spot, len(out) - len(operand.sizes)
    if spot is None:
        return None
    moved = spot._replace(rows=spot.rows + shift, columns=spot.columns + shift)
    return moved if moved.fits(out) else None


def unions(flows: Sequence[Flow]) -> frozenset[int]:
    """The parameters that wait in any of the flows."""
    return frozenset[int]().union(*(flow.params for flow in flows))


def sides(spot: Spot | None) -> Pair:
    """Height and width, 1 x 1 for what is no map."""
    return (spot.height, spot.width) if spot else (1, 1)
