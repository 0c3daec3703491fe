"""`--fit`: every window of a network that does not end at the border, and what would fit instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from striate.errors import PlanError
from striate.geometry.shape import Shape
from striate.grammar.layer import Layer
from striate.grammar.plan import Plan
from striate.grammar.sheet import Row, Sheet

_FAR = 64  # how many sides on both ways of its own are tried for the whole network


@final
@dataclass(frozen=True)
class Misfit:
    """One window along one side. fits: strides, paddings and sides that would do, in words."""

    layer: str
    word: str
    side: str
    sum_text: str
    remainder: int
    unseen: int
    fits: str


@final
@dataclass(frozen=True)
class Fitting:
    """All windows that do not fit, and the nearest input on which all do (None: none near by)."""

    given: Shape
    misfits: tuple[Misfit, ...]
    nearest: Shape | None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "input": list(self.given[:3]),
            "misfits": [vars(one) for one in self.misfits],
            "nearest_input": list(self.nearest[:3]) if self.nearest else None,
        }

    def lines(self) -> list[str]:
        """The table, and the input that fits throughout."""
        if not self.misfits:
            return [f"every window fits on {self.given}"]
        heads = ("layer", "word", "size", "left over", "unseen", "what fits")
        rows: list[Row] = [heads]
        for one in self.misfits:
            unseen = str(one.unseen) if one.unseen else ""
            rows.append((one.layer, one.word, one.sum_text, str(one.remainder), unseen, one.fits))
        if self.nearest:
            end = f"on {self.nearest} every window fits"
        else:
            end = f"no square input within {_FAR} pixels of {self.given} fits every window"
        return [*_columns(rows), "", end]


def fitting(found: Plan | Sheet) -> Fitting:
    """What does not fit, with the arithmetic. The nearest input is looked for where there is a text."""
    sheet = found.sheet if isinstance(found, Plan) else found
    misfits = tuple(one for layer in sheet.layers for one in _misfits(layer))
    near = _nearest(found) if misfits and isinstance(found, Plan) else None
    return Fitting(sheet.given, misfits, near)


def _misfits(layer: Layer) -> list[Misfit]:
    windows = layer.kind.windows() if layer.kind else None
    found = []
    for axis, name in enumerate(("height", "width")):
        if windows is None or not layer.remainder[axis]:
            continue
        window, side = windows[axis], layer.given.sides[axis]
        if axis and layer.given.height == side and windows[0] == window:
            continue  # a square: said once
        found.append(
            Misfit(
                layer.name, layer.word, name, window.sum_text(side), layer.remainder[axis],
                layer.unseen[axis], window.fits(side),
            )
        )  # fmt: skip
    return found


def _nearest(plan: Plan) -> Shape | None:
    """The square input nearest to the plan's own on which every window ends at the border."""
    given = plan.given
    if given is None:
        return None
    start = max(given.sides)
    for step in range(_FAR + 1):
        for side in dict.fromkeys((start + step, start - step)):
            if side > 0 and _fits(plan, given.channels, side):
                return Shape(given.channels, side, side)
    return None


def _fits(plan: Plan, channels: int, side: int) -> bool:
    try:
        sheet = plan.on(channels, side, side).sheet
    except PlanError:  # too small for some window
        return False
    return not any(any(layer.remainder) for layer in sheet.layers)


def _columns(rows: list[Row]) -> list[str]:
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, wide)).rstrip() for row in rows]
