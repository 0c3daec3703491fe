"""A grid of numbers as marks: signed colours, the numbers themselves, and boxes around what is looked at."""

from __future__ import annotations

import numpy as np

from striate.lectures.scene import (
    INK,
    LINE,
    PAPER,
    PURPLE,
    SMALL,
    SOFT,
    Box,
    Mark,
    Picture,
    Text,
    wide,
)
from striate.lectures.shown import Boxed, Grid, number
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import reach_of, signed

_CELL = 64  # a cell with a number
_LETTERS = 26
_MOST = 12  # cells along a side that still have numbers
_LINED = 40  # cells along a side that still have lines between them


def grid_marks(part: Grid) -> tuple[list[Mark], float, float]:
    """Marks from (0, 0) on, width and height."""
    H, W = part.values.shape
    numbered = part.has_numbers and part.pixels is None and max(H, W) <= _MOST
    cell_w, cell_h = _cell(part) if numbered else (part.side / max(H, W),) * 2
    width, height = cell_w * W, cell_h * H
    colours = part.pixels if part.pixels is not None else _colours(part)
    marks: list[Mark]
    if numbered:
        marks = _cells(part, colours, cell_w, cell_h)
    else:
        marks = [Picture(0, 0, width, height, colours)]
        if part.pixels is None and max(H, W) <= _LINED:
            marks += _lines(H, W, cell_w)
        marks.append(Box(0, 0, width, height, "", LINE, 1.5))
    for boxes, ink, dash in ((part.dashed, PURPLE, "10 6"), (part.boxes, INK, "")):
        for box in boxes:
            marks += _box(box, (cell_w, cell_h), ink, dash)
    return marks, width, height


def _cell(part: Grid) -> tuple[float, float]:
    """Width and height of a cell that holds the widest number and the widest mark."""
    held = part.values if part.fits is None else part.fits
    texts = [wide(number(v), _LETTERS) for v in held.ravel()]
    texts += [wide(text, SMALL * 0.8) for text in part.marks.values()]
    height = _CELL + 14 if part.marks else _CELL
    return max(height, *(text + 18 for text in texts)), height


def _colours(part: Grid) -> Pixels:
    """H W 3: white where nothing is known yet."""
    known = np.isfinite(part.values)
    full = reach_of(part.values) if part.reach is None else part.reach
    # Of 0 ... 1 only three quarters, so that dark ink is still read on the strongest colour.
    made = signed(np.where(known, part.values, 0.0), full / 0.62 if full else 0.0)
    made[np.isnan(part.values)] = 255
    return made


def _cells(part: Grid, colours: Pixels, cell_w: float, cell_h: float) -> list[Mark]:
    marks: list[Mark] = []
    H, W = part.values.shape
    lowered = -8 if part.marks else 0
    for (row, column), value in np.ndenumerate(part.values):
        x, y = column * cell_w, row * cell_h
        fill = "#" + bytes(colours[row, column].tolist()).hex()
        marks.append(Box(x, y, cell_w, cell_h, fill, LINE, 1.5))
        inside = part.ring <= row < H - part.ring and part.ring <= column < W - part.ring
        ink = _ink(colours[row, column]) if inside else SOFT
        middle = (x + cell_w / 2, y + cell_h / 2 + lowered)
        cell = f"{part.name} {row} {column}"
        marks.append(Text(*middle, number(value), _LETTERS, ink, "middle", cell=cell))
        if (row, column) in part.marks:
            under = (x + cell_w / 2, y + cell_h - 16)
            marks.append(Text(*under, part.marks[row, column], SMALL * 0.8, ink, "middle"))
    return [mark for mark in marks if not isinstance(mark, Text) or mark.text]


def _ink(colour: Pixels) -> str:
    """White letters on dark cells."""
    light = float(colour.astype(float) @ (0.299, 0.587, 0.114))
    return INK if light > 128 else PAPER


def _lines(H: int, W: int, cell: float) -> list[Mark]:
    rows: list[Mark] = [Box(0, r * cell, W * cell, cell, "", LINE, 0.7) for r in range(H)]
    return rows + [Box(c * cell, 0, cell, H * cell, "", LINE, 0.7) for c in range(W)]


def _box(box: Boxed, cell: tuple[float, float], ink: str, dash: str) -> list[Mark]:
    """An outline on a white one, seen on any colour."""
    top, left, bottom, right = box
    where = (
        left * cell[0],
        top * cell[1],
        max((right - left) * cell[0], 3),
        max((bottom - top) * cell[1], 3),
    )
    return [Box(*where, "", PAPER, 9), Box(*where, "", ink, 5, dash=dash)]
