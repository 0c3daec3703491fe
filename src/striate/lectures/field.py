"""How the part of the picture that one unit sees grows from layer to layer, and how often each pixel counts.

L windows of K x K one after another see 1 + L(K - 1): 3, 5, 7, 9. A pixel in the middle reaches the unit on
more ways than one at the edge, so that not all pixels of a field have the same say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from striate.errors import CannotLookInside, UsageError
from striate.geometry.field import Field
from striate.geometry.shape import Pair, Shape
from striate.grammar.layer import Layer
from striate.grammar.plan import Plan
from striate.lectures.shown import Boxed, Floats, Grid, Shown, Still, chosen
from striate.lectures.ways import chain, shares

MOST_VALUES = 60_000_000
_MOST_STILL, _IN_A_ROW = 8, 4


class Seen(NamedTuple):
    """What the unit at (row, column) of a layer sees. size: unclipped, None for the whole picture; shares:
    H W, of all ways from the picture to the unit the part that begins at each pixel, None where the ways
    part and meet again.
    """

    name: str
    word: str
    output: Shape
    size: Pair | None
    jump: Pair | None
    unit: tuple[int, int]
    box: Boxed
    shares: Floats | None


def field(plan: Plan, layer: str | None = None, at: tuple[int, int] | None = None) -> Shown:
    """Layer by layer up to `layer` (the last with a map), around its unit `at` (the middle one)."""
    seen = fields_of(plan, layer, at)
    given = plan.sheet.given
    grown, last = _growing(seen), seen[-1]
    title = f"What one unit sees, from {seen[0].name} to {last.name}"
    said = (
        f"The box is what unit {last.unit} of {last.name} and the units under it see, dashed what the one "
        "before sees. The darker a pixel, the more ways lead from it to the unit."
    )
    picked = [grown[i] for i in chosen(len(grown), _MOST_STILL)]
    grids = _grids(picked, given)
    rows = tuple(tuple(grids[i : i + _IN_A_ROW]) for i in range(0, len(grids), _IN_A_ROW))
    moving = _grids(grown, given)
    frames = tuple(
        Still(title, ((moving[i],),), f"{i + 1} of {len(grown)}") for i in chosen(len(grown))
    )
    arrays: dict[str, Floats] = {one.name: _values(one, given) for one in seen}
    facts = {
        "plan": plan.text,
        "layers": [_fact(one) for one in seen],
        "whole_side_from": _whole_from(seen, given),
    }
    return Shown(title, tuple(_lines(plan, seen)), arrays, Still(title, rows, said), frames, facts)


def fields_of(
    plan: Plan, layer: str | None = None, at: tuple[int, int] | None = None
) -> tuple[Seen, ...]:
    """One for each layer that changes the field, up to `layer`; all around one spot of the picture."""
    rows, given = _until(plan, layer), plan.sheet.given
    end = rows[-1]
    h, w = end.output.sides
    unit = (h // 2, w // 2) if at is None else at
    if not (0 <= unit[0] < h and 0 <= unit[1] < w):
        raise UsageError(
            f"{end.name} has {h}x{w} places, and none at {unit[0]},{unit[1]}",
            f"rows are 0 to {h - 1}, columns 0 to {w - 1}",
        )
    box = end.box(*unit, given)
    spot = (box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2
    if end.field:
        spot = end.field[0].centre(unit[0]), end.field[1].centre(unit[1])
    single = list(chain(plan.nodes))
    if len(rows) * given.height * given.width > MOST_VALUES:
        raise UsageError(
            f"{len(rows)} layers over {given.height}×{given.width} pixels are more than can be shown",
            "give a smaller input, or an earlier --layer; `striate plan` gives the numbers of any network",
        )
    made: list[Seen] = []
    for row in rows:
        if made and row is not end and (made[-1].size, made[-1].jump) == _reach(row):
            continue
        here = unit if row is end else _nearest(row, spot)
        seen = shares(single[: single.index(row) + 1], here) if row in single else None
        made.append(
            Seen(row.name, row.word, row.output, *_reach(row), here, row.box(*here, given), seen)
        )
    return tuple(made)


def size_after(layers: int, kernel: int) -> int:
    """1 + L(K - 1), pixels along a side that a unit sees after L windows of K x K with stride 1.

    >>> [size_after(layers, 3) for layers in (1, 2, 3, 4)]
    [3, 5, 7, 9]
    """
    return 1 + layers * (kernel - 1)


def layers_for(side: int, kernel: int) -> int | None:
    """The fewest layers that see a whole side: 112 for 224 pixels and 3 x 3; None for 1 x 1."""
    return -((1 - side) // (kernel - 1)) if kernel > 1 else None


def _until(plan: Plan, layer: str | None) -> list[Layer]:
    """The layers up to the one that is asked for: the last one whose units do not all see everything."""
    layers = list(plan.layers)
    names = [one.name for one in layers]
    if layer is not None:
        if layer not in names:
            raise CannotLookInside(
                f"the plan has no layer {layer[:40]!r}", f"its layers are {', '.join(names[:40])}"
            )
        return layers[: names.index(layer) + 1]
    last = max((i for i, one in enumerate(layers) if one.field), default=0)
    while last and _reach(layers[last]) == _reach(layers[last - 1]):
        last -= 1  # what only works on each number alone
    return layers[: last + 1]


def _reach(row: Layer) -> tuple[Pair | None, Pair | None]:
    return row.receptive_field, row.jump


def _nearest(row: Layer, spot: tuple[float, float]) -> tuple[int, int]:
    """The unit whose field has its middle nearest to a place of the picture."""
    if row.field is None:
        return 0, 0
    (rows, columns), (h, w) = row.field, row.output.sides
    return _unit(rows, spot[0], h), _unit(columns, spot[1], w)


def _unit(one: Field, place: float, side: int) -> int:
    return max(0, min(side - 1, round((place - one.centre()) / one.jump)))


def _values(one: Seen, given: Shape) -> Floats:
    """H W: the shares, or where ways part and meet 1 in the box and 0 around it."""
    if one.shares is not None:
        return one.shares
    made = np.zeros(given.sides)
    top, left, bottom, right = one.box
    made[top:bottom, left:right] = 1
    return made


def _growing(seen: Sequence[Seen]) -> list[Seen]:
    """Those that see more than all before, and the last: shortcuts and joins are in the table alone."""
    made: list[Seen] = []
    for one in seen:
        if not made or one is seen[-1] or _larger(one, made[-1]):
            made.append(one)
    return made


def _larger(one: Seen, other: Seen) -> bool:
    if one.size is None or other.size is None:
        return one.size is None and other.size is not None
    return one.size[0] * one.size[1] > other.size[0] * other.size[1]


def _grids(seen: Sequence[Seen], given: Shape) -> list[Grid]:
    made: list[Grid] = []
    before: tuple[Boxed, ...] = ()
    for one in seen:
        size = "all" if one.size is None else f"{one.size[0]}×{one.size[1]}"
        note = f"unit {one.unit}" + ("" if one.jump is None else f", jump {_pair(one.jump)}")
        name = f"{one.name}\nsees {size}"
        values = _values(one, given)
        made.append(Grid(name, values, note, boxes=(one.box,), dashed=before, has_numbers=False))
        before = (one.box,)
    return made


def _whole_from(seen: Sequence[Seen], given: Shape) -> str | None:
    """The first layer whose field is as large as the picture."""
    whole = (one.name for one in seen if not one.size or np.all(np.array(one.size) >= given.sides))
    return next(whole, None)


def _fact(one: Seen) -> dict[str, object]:
    return {
        "name": one.name, "word": one.word, "map": str(one.output), "field": one.size, "jump": one.jump,
        "unit": one.unit, "box": one.box,
    }  # fmt: skip


def _lines(plan: Plan, seen: Sequence[Seen]) -> Iterator[str]:
    given = plan.sheet.given
    yield plan.text if len(plan.text) <= 100 else f"{plan.text[:97]}…"
    yield ""
    table = [("layer", "word", "map", "field", "jump", "the unit", "sees rows", "and columns")]
    for one in seen:
        top, left, bottom, right = one.box
        table.append((
            one.name, one.word, str(one.output), "all" if one.size is None else "×".join(map(str, one.size)),
            "–" if one.jump is None else _pair(one.jump), f"{one.unit[0]},{one.unit[1]}",
            f"{top}…{bottom - 1}", f"{left}…{right - 1}",
        ))  # fmt: skip
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(cell.ljust(w) for cell, w in zip(row, wide, strict=True)).rstrip()
    yield ""
    kernel = _kernel(plan)
    if kernel:
        sizes = ", ".join(str(size_after(count, kernel)) for count in (1, 2, 3, 4))
        yield f"1 + L({kernel} − 1) for L layers of {kernel}×{kernel}: {sizes} …"
        side = max(given.sides)
        yield (
            f"seeing all {side} pixels of a side with them alone takes "
            f"{layers_for(side, kernel)} layers"
        )
    whole = _whole_from(seen, given)
    yield (
        f"the first layer whose field is as large as the picture: {whole}"
        if whole
        else f"no layer up to {seen[-1].name} sees as much as the picture has ({given.height}×{given.width})"
    )


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _kernel(plan: Plan) -> int | None:
    """The side of all windows larger than 1 x 1 that slide with stride 1, where they agree on one."""
    sizes = {
        window.extent
        for row in plan.layers
        if row.kind and (windows := row.kind.windows())
        for window in windows
        if window.stride == 1 and window.extent > 1
    }
    return sizes.pop() if len(sizes) == 1 else None
