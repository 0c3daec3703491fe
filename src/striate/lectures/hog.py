"""Histograms of oriented gradients: a picture as strokes, one for each direction in each cell.

The lectures' 320 x 240 pixels are 40 x 30 cells of 8 x 8 with 9 directions each: 10,800 numbers instead of
230,400. A stroke runs along the edge, across its gradient, and is the darker the stronger the edges are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate import seeds
from striate.errors import UsageError
from striate.features.hog import Hog, cells_of
from striate.features.kinds import fits
from striate.lectures.shown import Chart, Curve, Floats, Grid, Shown, Still, number
from striate.pictures.files import Pixels
from striate.pictures.named.shapes import draw
from striate.seeing.figures.colours import reach_of

MOST_SIDE, _WIDE, _LEAST = 1024, 640, 5
_THICK, _LONG = 0.06, 0.46  # of a stroke, by the side of its cell


def hog(
    picture: Pixels, cell: int = 8, bins: int = 9, at: tuple[int, int] | None = None, told: str = ""
) -> Shown:
    """picture: H W C; at: the cell whose histogram is written out, the strongest by default; told: a line
    about where the picture comes from.
    """
    how = Hog(cell, bins)
    H, W = picture.shape[:2]
    if not 1 <= bins <= 36 or cell < 1 or max(H, W) > MOST_SIDE:
        raise UsageError(
            f"up to {MOST_SIDE} pixels along a side, cells of 1 pixel or more, 1 to 36 directions",
            "such as --cell 8 --bins 9",
        )
    fits("a cell", cell, H, W)
    cells: Floats = cells_of(picture[None], how)[0].astype(float)
    rows, columns = cells.shape[:2]
    here = at
    if here is None:
        row, column = divmod(int(cells.sum(axis=2).argmax()), columns)
        here = row, column
    if here[0] >= rows or here[1] >= columns:
        raise UsageError(
            f"there are {rows}×{columns} cells, and none at {here[0]},{here[1]}",
            f"rows are 0 to {rows - 1}, columns 0 to {columns - 1}",
        )
    title = f"HOG: {H}×{W} pixels as {rows}·{columns}·{bins} = {cells.size:,} numbers"
    said = "Each stroke runs along the edges of one direction, the darker the stronger they are."
    side = max(_LEAST, _WIDE // columns)
    drawn = strokes(cells, side)
    charts = (
        _chart(
            "the picture", picture[: rows * cell, : columns * cell], here, (rows, columns), side
        ),
        _chart(f"{rows}×{columns} cells", drawn, here, (rows, columns), side),
    )
    angles = edge_angles(bins)
    order = np.argsort(angles)
    marks = {(0, k): f"{number(angle)}°" for k, angle in enumerate(angles[order])}
    grid = Grid(
        f"row {here[0]}, column {here[1]}: strength by direction",
        cells[here][order][None],
        marks=marks,
    )
    still = Still(title, (charts, (grid,)), said)
    facts = {
        "size": (H, W), "cells": (rows, columns), "bins": bins, "numbers": cells.size, "at": here,
    }  # fmt: skip
    lines = _lines((H, W), how, cells, here, told)
    return Shown(title, tuple(lines), {"cells": cells, "strokes": drawn}, still, (), facts)


def edge_angles(bins: int) -> Floats:
    """The direction of edges in the middle of each bin, 0 ... 180 degrees clockwise from the right: a quarter
    turn from the gradient.
    """
    gradient = (np.arange(bins) + 0.5) * 180 / bins
    made: Floats = (gradient + 90) % 180
    return made


def strokes(cells: Floats, side: int) -> Pixels:
    """R S K strengths to a picture of R side, S side, 3: black where they are among the strongest."""
    rows, columns, bins = cells.shape
    full = reach_of(cells, is_spiky=True) or 1.0
    shade = np.clip(cells / full, 0, 1)
    made = np.zeros((rows, columns, side, side))
    for k, stroke in enumerate(stroke_masks(bins, side)):
        np.maximum(made, shade[:, :, k, None, None] * stroke, out=made)
    flat = made.transpose(0, 2, 1, 3).reshape(rows * side, columns * side)
    grey = np.rint(255 * (1 - flat)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def stroke_masks(bins: int, side: int) -> Floats:
    """K side side, 1 on the stroke of each direction through the middle of a cell."""
    place = np.arange(side) - (side - 1) / 2
    angle = np.deg2rad(edge_angles(bins))[:, None, None]
    along = place[None, None, :] * np.cos(angle) + place[None, :, None] * np.sin(angle)
    across = place[None, None, :] * np.sin(angle) - place[None, :, None] * np.cos(angle)
    is_on = (np.abs(across) <= max(0.5, _THICK * side) + 1e-9) & (np.abs(along) <= _LONG * side)
    return is_on.astype(float)


def example() -> Pixels:
    """A drawn picture of the lectures' size: 240 rows, 320 columns."""
    return draw("ring-over-cross", 320, seeds.generator(0, "hog example"))[40:280]


def _chart(
    name: str, pixels: Pixels, here: tuple[int, int], cells: tuple[int, int], side: int
) -> Chart:
    """A picture with a square around one cell."""
    rows, columns = cells
    (row, column), full = here, np.repeat(pixels, 3 if pixels.shape[2] == 1 else 1, axis=2)
    x = column + np.array([0.0, 1, 1, 0, 0])
    y = rows - row - np.array([0.0, 0, 1, 1, 0])
    return Chart(
        name, (Curve("", x, y),), (0.0, float(columns)), (0.0, float(rows)),
        pixels=full, size=(rows * side, columns * side), has_axes=False,
    )  # fmt: skip


def _lines(
    size: tuple[int, int], how: Hog, cells: Floats, here: tuple[int, int], told: str
) -> Iterator[str]:
    H, W = size
    rows, columns = cells.shape[:2]
    if told:
        yield told
    left = (
        f", {H % how.cell} rows and {W % how.cell} columns left over"
        if H % how.cell or W % how.cell
        else ""
    )
    yield f"{H}×{W} pixels in cells of {how.cell}×{how.cell}: {rows} rows of {columns} cells{left}"
    yield f"{rows} · {columns} · {how.bins} = {cells.size:,} numbers"
    yield ""
    yield f"the cell in row {here[0]}, column {here[1]}: mean strength of the edges of each direction"
    strongest = cells[here].max() or 1.0
    for angle, value in sorted(zip(edge_angles(how.bins), cells[here], strict=True)):
        bar = "█" * round(30 * value / strongest)
        yield f"  {number(angle):>5}°  {value:7.2f}  {bar}".rstrip()
