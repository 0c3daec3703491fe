"""A figure as data: panels of tiles, charts, tables and sentences. `page` makes HTML of it, `drawing` a PNG.

Shape legend: H height, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pages.chart_lines import Scale, Series
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import reach_of
from striate.seeing.figures.links import Links

Floats = NDArray[np.float64]
Boxed = tuple[int, int, int, int]  # top, left, bottom, right


class Tile(NamedTuple):
    """One picture. pixels: H W 3, or None for a map on its own; values: H W, a map, over the pixels where
    both are there; reach: where its colours are full (its own greatest value by default); box: drawn on it;
    links: places in it that show more on the page.
    """

    name: str = ""
    note: str = ""
    pixels: Pixels | None = None
    values: Floats | None = None
    reach: float | None = None
    box: Boxed | None = None
    is_apart: bool = False
    links: Links | None = None

    @property
    def full(self) -> float:
        """Where the colours of the map are full."""
        if self.values is None:
            return 0.0
        return reach_of(self.values) if self.reach is None else self.reach

    @property
    def size(self) -> tuple[int, int]:
        """H W."""
        held = self.pixels if self.pixels is not None else self.values
        return (1, 1) if held is None else (held.shape[0], held.shape[1])


class Panel(NamedTuple):
    """Tiles beside one another. `side` is how wide a tile is, in pixels of the page; `reach`: the scale that
    all its tiles share, drawn under them; is_below: it belongs to the part before it.
    """

    title: str
    tiles: tuple[Tile, ...]
    said: str = ""
    side: int = 148
    reach: float | None = None
    is_below: bool = False


class Chart(NamedTuple):
    """Lines, under a title of their own."""

    title: str
    series: tuple[Series, ...]
    scale: Scale
    is_below: bool = False


class Table(NamedTuple):
    """Rows of text; `align` has a letter per column, l or r."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    said: str = ""
    is_below: bool = False


class Words(NamedTuple):
    """Sentences, or lines that keep their places."""

    title: str
    lines: tuple[str, ...]
    is_plain: bool = False
    is_below: bool = False


Part = Panel | Chart | Table | Words


@final
@dataclass(frozen=True, eq=False)
class Figure:
    """Everything that was seen; `arrays` are the numbers themselves, for --npz, some as `Rows` on the disk;
    `facts` are for --json.
    """

    title: str
    lead: str
    parts: tuple[Part, ...]
    arrays: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        """What Jupyter shows: the page, in a frame, so that its style stays its own."""
        from striate.pages.html import escaped
        from striate.seeing.figures.page import page_of

        title, page = escaped(self.title), escaped(page_of(self))
        style = "width:100%;height:640px;border:0"
        return f'<iframe title="{title}" srcdoc="{page}" style="{style}"></iframe>'


def number(value: float) -> str:
    """A value with three digits, its sign a real minus.

    >>> number(-0.012345), number(1234.5), number(0)
    ('−0.0123', '1.23e+03', '0')
    """
    return f"{value:.3g}".replace("-", "−")


def ranged(values: Floats) -> str:
    """Least and greatest value of a map; of a blank one that it is blank."""
    low, high = float(values.min()), float(values.max())
    return "blank: 0 everywhere" if low == high == 0 else f"{number(low)} … {number(high)}"
