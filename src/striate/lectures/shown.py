"""What a demonstration is: lines of text, named arrays, and stills and frames made of those arrays alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels

Floats = NDArray[np.float64]
Boxed = tuple[
    int, int, int, int
]  # top, left, bottom, right: rows and columns from 0 on, ends not included
MOST_FRAMES = 64
_WIDEST = 116  # letters of blocks beside one another
MOST_PRINTED = 14  # rows or columns that are still printed


class Grid(NamedTuple):
    """A table of numbers as coloured cells: orange above zero, blue below, zero white.

    values: H W, NaN where nothing is known yet (an empty cell); reach: where colours are full (the greatest
    distance from zero by default); boxes: drawn in black ink; dashed: the same, dashed in purple; marks: a
    short text under the number of a cell, by its place; pixels: H W 3, shown instead of colours (a
    photograph); ring: so many cells around are padding, numbers in grey; side: of a grid without
    numbers, the longer one, in drawing units; fits: numbers that the cells must have room for, in frames
    where some are not known yet. Numbers stand where there are at most 12 rows and columns.
    """

    name: str
    values: Floats
    note: str = ""
    reach: float | None = None
    boxes: tuple[Boxed, ...] = ()
    dashed: tuple[Boxed, ...] = ()
    marks: Mapping[tuple[int, int], str] = {}
    pixels: Pixels | None = None
    ring: int = 0
    has_numbers: bool = True
    side: int = 440
    fits: Floats | None = None


class Curve(NamedTuple):
    """A line through x and y (NaN breaks it), or dots where is_dots. kind 0 ... 5 picks colour and dash."""

    name: str
    x: Floats
    y: Floats
    kind: int = 0
    is_dots: bool = False
    ends_in_dot: bool = False


class Chart(NamedTuple):
    """Curves over a ground. x, y: the ranges shown, low and high; names: of the two axes; ground: H W, signed
    colours stretched over the whole chart, its first row on top; pixels: H W 3, the same as a picture;
    size: height and width in drawing units. With has_axes false only the ground and the curves are drawn.
    """

    name: str
    curves: tuple[Curve, ...]
    x: tuple[float, float]
    y: tuple[float, float]
    names: tuple[str, str] = ("", "")
    note: str = ""
    ground: Floats | None = None
    pixels: Pixels | None = None
    size: tuple[int, int] = (520, 720)
    has_axes: bool = True


class Node(NamedTuple):
    """A rounded box with lines of text at (column, row) of a `Net`, both may be broken numbers. fits:
    lines that it must have room for, in frames where some are not known yet."""

    at: tuple[float, float]
    lines: tuple[str, ...]
    is_lit: bool = False
    fits: tuple[str, ...] = ()


class Link(NamedTuple):
    """An arrow between two nodes by their numbers, with a text above it (ink) and below it (blue)."""

    start: int
    end: int
    above: str = ""
    below: str = ""
    is_lit: bool = False


class Net(NamedTuple):
    """Boxes and arrows: a computation graph. step: distance of columns and of rows, in drawing units."""

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    note: str = ""
    step: tuple[int, int] = (250, 150)


class Words(NamedTuple):
    """Lines that keep their places, in even letters; width: letters of the widest line over all frames."""

    lines: tuple[str, ...]
    width: int = 0


class Sign(NamedTuple):
    """One large sign between two parts of a row: * + = →."""

    text: str


Part = Grid | Chart | Net | Words | Sign


class Still(NamedTuple):
    """Rows of parts, each from left to right; said: a sentence under the title."""

    title: str
    rows: tuple[tuple[Part, ...], ...]
    said: str = ""


@final
@dataclass(frozen=True, eq=False)
class Shown:
    """A demonstration. arrays: the numbers (--npz); facts: for --json; ms: how long a frame stays."""

    title: str
    lines: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]
    still: Still
    frames: tuple[Still, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    ms: int = 700

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What Jupyter shows: the lines, and the still."""
        from striate.lectures.drawing import scene_of
        from striate.lectures.to_svg import svg_of

        return {"text/plain": "\n".join(self.lines), "image/svg+xml": svg_of(scene_of(self.still))}


def number(value: float) -> str:
    """A value as it is written everywhere here: whole numbers whole, others with four digits.

    >>> number(4.0), number(8 / 3), number(-0.5), number(1e-7), number(float("nan"))
    ('4', '2.667', '−0.5', '1e−07', '')
    """
    if np.isnan(value):
        return ""
    if (
        np.isfinite(value)
        and abs(value) < 1e6
        and abs(value - round(value)) < 1e-9 * max(1.0, abs(value))
    ):
        return str(round(float(value))).replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def size_of(values: NDArray[Any]) -> str:
    """Its sides: 5×6."""
    return "×".join(str(side) for side in values.shape)


def counted(count: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def signed(value: float) -> str:
    """For the inside of a sum or product: below zero in brackets."""
    return f"({number(value)})" if value < 0 else number(value)


def grid_lines(values: Floats, indent: str = "  ") -> list[str]:
    """H W as columns of numbers.

    >>> grid_lines(np.array([[1.0, -10], [2.5, 0]]))
    ['    1  −10', '  2.5    0']
    """
    cells = [[number(value) or "·" for value in row] for row in values]
    width = max((len(cell) for row in cells for cell in row), default=1)
    return [indent + "  ".join(cell.rjust(width) for cell in row) for row in cells]


def short_grid(values: Floats) -> list[str]:
    """H W as columns of numbers, or where they are many their size and range."""
    if max(values.shape) <= MOST_PRINTED:
        return grid_lines(values, "")
    low, high = number(float(np.nanmin(values))), number(float(np.nanmax(values)))
    return [f"[{size_of(values)}: {low} … {high}]"]


def beside(blocks: Sequence[Sequence[str]], between: str = "   ") -> list[str]:
    """Blocks of lines next to one another, tops aligned; a block of one line stands in the middle. What would
    be too wide for a terminal stands one under the other."""
    high = max(len(block) for block in blocks)
    even = []
    for block in blocks:
        wide = max(len(line) for line in block)
        above = (high - len(block)) // 2 if len(block) == 1 else 0
        lines = [""] * above + list(block)
        even.append([line.ljust(wide) for line in lines + [""] * (high - len(lines))])
    if sum(len(block[0]) for block in even) + len(between) * (len(even) - 1) > _WIDEST:
        return [line.rstrip() for block in blocks for line in block]
    return [between.join(parts).rstrip() for parts in zip(*even, strict=True)]


def chosen(count: int, most: int = MOST_FRAMES) -> list[int]:
    """Which of `count` steps become frames: all, or `most` of them from the first to the last."""
    if count <= most:
        return list(range(count))
    return [int(i) for i in np.unique(np.linspace(0, count - 1, most).round())]
