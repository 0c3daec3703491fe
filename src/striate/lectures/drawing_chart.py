"""Curves and dots over a ground, with axes whose numbers are read from afar."""

from __future__ import annotations

import numpy as np

from striate.lectures.scene import (
    KINDS,
    LINE,
    SMALL,
    SOFT,
    Box,
    Disc,
    Mark,
    Path,
    Picture,
    Text,
    wide,
)
from striate.lectures.shown import Chart, Curve, number
from striate.pages.chart_axes import along
from striate.seeing.figures.colours import reach_of, signed

_LEFT, _BOTTOM, _TOP = 96, 74, 12
_DOT, _THICK = 7, 4.5


def chart_marks(part: Chart) -> tuple[list[Mark], float, float]:
    """Marks from (0, 0) on, width and height: ground, axes, curves, and their names on the right."""
    H, W = part.size
    left, bottom, top = (_LEFT, _BOTTOM, _TOP) if part.has_axes else (0, 0, 0)
    marks: list[Mark] = []
    if part.pixels is not None:
        marks.append(Picture(left, top, W, H, part.pixels))
    elif part.ground is not None:
        marks.append(Picture(left, top, W, H, signed(part.ground, reach_of(part.ground))))
    if part.has_axes:
        marks += _axes(part, left, top)
    for curve in part.curves:
        marks += _curve(part, curve, left, top)
    names, room = _names(part, left + W + 24, top)
    return marks + names, left + W + room, top + H + bottom


def _at(part: Chart, x: float, y: float, left: float, top: float) -> tuple[float, float]:
    H, W = part.size
    (x0, x1), (y0, y1) = part.x, part.y
    return left + (x - x0) / (x1 - x0) * W, top + (y1 - y) / (y1 - y0) * H


def _axes(part: Chart, left: float, top: float) -> list[Mark]:
    H, W = part.size
    bare = part.ground is None and part.pixels is None
    marks: list[Mark] = []
    for value in along(part.x[1], low=part.x[0]).ticks:
        x, _ = _at(part, value, part.y[0], left, top)
        if bare:
            marks.append(Path(((x, top), (x, top + H)), LINE, 1))
        marks.append(Text(x, top + H + 22, number(value), SMALL, SOFT, "middle"))
    for value in along(part.y[1], low=part.y[0]).ticks:
        _, y = _at(part, part.x[0], value, left, top)
        if bare:
            marks.append(Path(((left, y), (left + W, y)), LINE, 1))
        marks.append(Text(left - 10, y, number(value), SMALL, SOFT, "end"))
    marks.append(Box(left, top, W, H, "", SOFT, 1.5))
    across, up = part.names
    if across:
        marks.append(Text(left + W / 2, top + H + 54, across, SMALL, SOFT, "middle"))
    if up:
        marks.append(Text(left + 12, top + 20, up, SMALL, SOFT))
    return marks


def _curve(part: Chart, curve: Curve, left: float, top: float) -> list[Mark]:
    """One polyline for each run without a gap, cut to the chart."""
    colour, dash = KINDS[curve.kind]
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(curve.x, curve.y, strict=True):
        if np.isfinite(x) and np.isfinite(y) and _is_inside(part, float(x), float(y)):
            runs[-1].append(_at(part, float(x), float(y), left, top))
        elif runs[-1]:
            runs.append([])
    points = [point for run in runs for point in run]
    if curve.is_dots:
        return [Disc(*point, _DOT, colour) for point in points]
    marks: list[Mark] = [Path(tuple(run), colour, _THICK, dash) for run in runs if len(run) > 1]
    if curve.ends_in_dot and points:
        marks.append(Disc(*points[-1], _DOT * 1.3, colour))
    return marks


def _is_inside(part: Chart, x: float, y: float) -> bool:
    return part.x[0] <= x <= part.x[1] and part.y[0] <= y <= part.y[1]


def _names(part: Chart, left: float, top: float) -> tuple[list[Mark], float]:
    """The curves that have a name, once each, and the room they take on the right."""
    named = {curve.name: curve for curve in part.curves if curve.name}
    marks: list[Mark] = []
    for i, curve in enumerate(named.values()):
        colour, dash = KINDS[curve.kind]
        y = top + 22 + i * SMALL * 1.7
        marks.append(
            Disc(left + 22, y, _DOT, colour)
            if curve.is_dots
            else Path(((left, y), (left + 44, y)), colour, _THICK, dash)
        )
        marks.append(Text(left + 54, y, curve.name, SMALL, SOFT))
    widest = max((wide(name, SMALL) for name in named), default=0.0)
    return marks, 24 + 54 + widest if named else 8
