"""Drawings of what hand-made features keep of a picture: edges by cell, hues, and places."""

from __future__ import annotations

import math
from collections.abc import Sequence

from striate.pages.html import Html, escaped

_UNIT = 10.0  # of a cell
_FAINT = 0.15  # of the strongest; what is weaker is not drawn
Cells = Sequence[Sequence[Sequence[float]]]


def edges(cells: Cells, label: str) -> Html:
    """Rows, columns and bins of direction: in each cell a stroke along the edge for each direction, as dark
    as it is strong.
    """
    rows, columns = len(cells), len(cells[0]) if cells else 0
    most = max((v for row in cells for cell in row for v in cell), default=0.0) or 1.0
    strokes = []
    for r, row in enumerate(cells):
        for c, cell in enumerate(row):
            for k, value in enumerate(cell):
                part = value / most
                if part < _FAINT:
                    continue
                # An edge runs across its gradient, whose direction the bin is.
                turn = math.pi * (k + 0.5) / len(cell) + math.pi / 2
                dx, dy = 0.48 * _UNIT * math.cos(turn), 0.48 * _UNIT * math.sin(turn)
                x, y = (c + 0.5) * _UNIT, (r + 0.5) * _UNIT
                strokes.append(
                    f'<path d="M{x - dx:.1f} {y - dy:.1f}L{x + dx:.1f} {y + dy:.1f}" '
                    f'stroke-opacity="{part:.2f}"/>'
                )
    inside = (
        f'<g stroke="currentColor" stroke-width="1.1" stroke-linecap="round">{"".join(strokes)}</g>'
    )
    return _framed(columns * _UNIT, rows * _UNIT, inside, label)


def hues(shares: Sequence[float], label: str) -> Html:
    """A bar for each hue, in its colour."""
    most, count = max(shares, default=0.0) or 1.0, max(len(shares), 1)
    wide = 100 / count
    bars = "".join(
        f'<rect x="{i * wide + 0.6:.1f}" y="{98 - 92 * value / most:.1f}" width="{wide - 1.2:.1f}" '
        f'height="{92 * value / most:.1f}" fill="hsl({360 * (i + 0.5) / count:.0f} 70% 50%)"/>'
        for i, value in enumerate(shares)
    )
    return _framed(100, 100, bars, label)


def places(shares: Sequence[Sequence[float]], label: str) -> Html:
    """A square for each cell, as dark as it is full."""
    most = max((v for row in shares for v in row), default=0.0) or 1.0
    squares = "".join(
        f'<rect x="{c * _UNIT:.0f}" y="{r * _UNIT:.0f}" width="{_UNIT:.0f}" height="{_UNIT:.0f}" '
        f'fill="currentColor" fill-opacity="{0.85 * value / most:.2f}"/>'
        for r, row in enumerate(shares)
        for c, value in enumerate(row)
    )
    wide = len(shares[0]) if shares else 1
    return _framed(wide * _UNIT, len(shares) * _UNIT, squares, label)


def _framed(width: float, height: float, inside: str, label: str) -> Html:
    return Html(
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escaped(label)}" style="'
        "display:block;width:100%;aspect-ratio:1;border:1px solid var(--line);border-radius:4px;background:"
        f'var(--panel)">{inside}</svg>'
    )
