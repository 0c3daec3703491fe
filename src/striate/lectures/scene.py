"""Marks on a white sheet: what a still becomes before it is SVG or pixels. Drawing units are pixels."""

from __future__ import annotations

from typing import Literal, NamedTuple

from striate.pictures.files import Pixels

INK, SOFT, LINE, PAPER = "#1d1c1a", "#57534e", "#cfcac2", "#ffffff"
LIT, PURPLE, BLUE = "#fff3c4", "#7b2d8e", "#0b63a8"
# Okabe and Ito's colours, dark enough for a white sheet, each with a dash of its own: kind 0 ... 5.
KINDS = (
    ("#0b63a8", ""), ("#c4500a", "14 7"), ("#5a5f66", "4 6"),
    ("#7b2d8e", "18 6 4 6"), ("#00755a", "9 5"), ("#1d1c1a", "2 5"),
)  # fmt: skip
TITLE, BODY, SMALL = 34, 26, 22
_SANS, _MONO = 0.60, 0.603  # width of a letter by its size


class Box(NamedTuple):
    """A rectangle; radius rounds its corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    line: str = ""
    thick: float = 1.0
    radius: float = 0.0
    dash: str = ""


class Path(NamedTuple):
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    line: str
    thick: float = 3.0
    dash: str = ""


class Disc(NamedTuple):
    """A filled circle with a thin white edge."""

    x: float
    y: float
    radius: float
    fill: str


class Text(NamedTuple):
    """One line of letters, centred on y. cell: which number it is (`name row column`), for readers of the
    SVG."""

    x: float
    y: float
    text: str
    size: float = BODY
    fill: str = INK
    anchor: Literal["start", "middle", "end"] = "start"
    is_bold: bool = False
    is_even: bool = False
    cell: str = ""


class Picture(NamedTuple):
    """Pixels H W 3, stretched over a rectangle without smoothing."""

    x: float
    y: float
    width: float
    height: float
    pixels: Pixels


Mark = Box | Path | Disc | Text | Picture


class Scene(NamedTuple):
    """A whole sheet; told: what a reader who sees nothing is told."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    told: str


def wide(text: str, size: float, is_even: bool = False) -> float:
    """About how wide a line of letters is."""
    return len(text) * size * (_MONO if is_even else _SANS)


def moved(mark: Mark, x: float, y: float) -> Mark:
    """A mark somewhere else."""
    if isinstance(mark, Path):
        return mark._replace(points=tuple((a + x, b + y) for a, b in mark.points))
    return mark._replace(x=mark.x + x, y=mark.y + y)
