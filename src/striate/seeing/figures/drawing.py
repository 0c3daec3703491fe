"""A figure as a PNG, by matplotlib: laid out from top to bottom on white sheets, ten inches wide."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.optional import need
from striate.seeing.figures.colours import laid_over, signed
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Table, Tile, Words, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

WIDTH, EDGE, GAP = 10.0, 0.35, 0.14  # inches
_DPI = 130
_LINE, _SMALL = 0.19, 0.145  # height of a line of text
_INK, _SOFT = "#1d1c1a", "#6a6660"
_LETTERS = 118  # of body text in a line
_TALLEST = 60.0  # inches of a sheet: taller pictures are more than many viewers open
_COLOURS = {"s1": ("#0b63a8", "-"), "s2": ("#c4500a", "--"), "s3": ("#5a5f66", ":")}
_TINY = 64


def sheets_of(figure: Figure) -> Iterator[bytes]:
    """The bytes of one PNG after the other: one, or as many as it takes."""
    need("matplotlib", to="draw a figure", extra="train")
    lead = _wrapped(figure.lead)
    runs = _divided(figure.parts, EDGE + 0.4 + _LINE * len(lead) + EDGE)
    for at, (parts, height) in enumerate(runs):
        title = figure.title + (f" ({at + 1} of {len(runs)})" if len(runs) > 1 else "")
        yield _sheet(title, lead if at == 0 else [], parts, height)


def _sheet(title: str, lead: list[str], parts: list[Part], height: float) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    sheet = Sheet(figsize=(WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(sheet)
    pen = _Pen(sheet, height)
    pen.text(title, 0.36, 15, weight="bold")
    for line in lead:
        pen.text(line, _LINE, 9.5, _SOFT)
    for part in parts:
        _draw(pen, part)
    held = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are drawn as boxes
        sheet.savefig(held, format="png", dpi=_DPI)
    return held.getvalue()


def _divided(parts: Sequence[Part], top: float) -> list[tuple[list[Part], float]]:
    """The parts of each sheet, and how high it is. A part and what belongs to it stay together; `top` is
    what stands above and below the parts of the first sheet.
    """
    made: list[tuple[list[Part], float]] = [([], top)]
    for block in _blocks(parts):
        kept, height = made[-1]
        more = sum(map(_height, block))
        if kept and height + more > _TALLEST:
            made.append((block, 2 * EDGE + 0.4 + more))
        else:
            made[-1] = (kept + block, height + more)
    return made


def _blocks(parts: Sequence[Part]) -> list[list[Part]]:
    """Each part with those that belong to it."""
    made: list[list[Part]] = []
    for part in parts:
        if made and part.is_below:
            made[-1].append(part)
        else:
            made.append([part])
    return made


class _Pen:
    """Where the next thing is drawn, in inches from the top."""

    def __init__(self, sheet: Sheet, height: float) -> None:
        self.sheet, self.height, self.at = sheet, height, EDGE

    def text(self, text: str, room: float, size: float, colour: str = _INK, **more: Any) -> None:
        """A line of words."""
        at = 1 - self.at / self.height
        self.sheet.text(EDGE / WIDTH, at, _plain(text), size=size, color=colour, va="top", **more)
        self.at += room

    def axes(self, left: float, width: float, height: float, down: float = 0.0) -> Any:
        """A place for a picture or a chart."""
        bottom = self.height - self.at - down - height
        return self.sheet.add_axes(
            (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        )


def _plain(text: str) -> str:
    """A dollar would begin a formula."""
    return text.replace("$", r"\$")


def _wrapped(text: str, letters: int = _LETTERS) -> list[str]:
    return [line for part in text.split("\n") if part for line in textwrap.wrap(part, letters)]


def _draw(pen: _Pen, part: Part) -> None:
    pen.at += 0.12
    pen.text(part.title, 0.26, 9.5 if part.is_below else 11.5, weight="bold")
    if isinstance(part, Words):
        for line in part.lines if part.is_plain else _wrapped("\n".join(part.lines)):
            pen.text(line, _LINE, 8.5, _INK, family="monospace" if part.is_plain else None)
        return
    for line in _wrapped("" if isinstance(part, Chart) else part.said):
        pen.text(line, _LINE, 9, _SOFT)
    if isinstance(part, Panel):
        _panel(pen, part)
    elif isinstance(part, Chart):
        _chart(pen, part)
    else:
        for line in _lines(part):
            pen.text(line, _LINE, 8, _INK, family="monospace")


def _height(part: Part) -> float:
    """How much room a part takes."""
    height = 0.12 + 0.26
    if isinstance(part, Words):
        return height + _LINE * len(
            part.lines if part.is_plain else _wrapped("\n".join(part.lines))
        )
    if isinstance(part, Chart):
        return height + 3.1
    height += _LINE * len(_wrapped(part.said))
    if isinstance(part, Panel):
        _, rows, _, row = _grid(part)
        return height + rows * row + (0.3 if part.reach is not None else 0)
    return height + _LINE * len(_lines(part))


def _grid(part: Panel) -> tuple[int, int, float, float]:
    """Columns, rows, width of a tile and height of a row with its words, in inches."""
    room = WIDTH - 2 * EDGE
    width = min(part.side / 104, room)
    columns = max(1, int((room + GAP) // (width + GAP)))
    width = min(width * 1.25, (room - GAP * (columns - 1)) / columns)
    tallest = max((h / w for h, w in (tile.size for tile in part.tiles)), default=1.0)
    words = max((len(_caption(tile, width)) for tile in part.tiles), default=0)
    rows = -(-len(part.tiles) // columns)
    return columns, rows, width, width * tallest + words * _SMALL + GAP


def _caption(tile: Tile, width: float) -> list[str]:
    letters = max(8, int(width * 14.5))
    return [
        line for text in (tile.name, tile.note) if text for line in textwrap.wrap(text, letters)
    ]


def _panel(pen: _Pen, part: Panel) -> None:
    columns, _, width, row = _grid(part)
    for start in range(0, len(part.tiles), columns):
        for k, tile in enumerate(part.tiles[start : start + columns]):
            _tile(pen, tile, EDGE + k * (width + GAP), width)
        pen.at += row
    if part.reach is not None:
        axes = pen.axes(EDGE + 0.7, 2.2, 0.13)
        axes.imshow(signed(np.linspace(-1, 1, 257)[None], 1.0), aspect="auto")
        axes.set_axis_off()
        for left, text, side in (
            (EDGE + 0.64, -part.reach, "right"),
            (EDGE + 2.96, part.reach, "left"),
        ):
            at = 1 - (pen.at + 0.065) / pen.height
            pen.sheet.text(
                left / WIDTH, at, number(text), size=8, color=_SOFT, ha=side, va="center"
            )
        pen.sheet.text(
            (EDGE + 1.8) / WIDTH, 1 - (pen.at + 0.15) / pen.height, "0", size=8, color=_SOFT, ha="center",
            va="top",
        )  # fmt: skip
        pen.at += 0.3


def _tile(pen: _Pen, tile: Tile, left: float, width: float) -> None:
    H, W = tile.size
    height = width * H / W
    axes = pen.axes(left, width, height)
    shown = _pixels(tile)
    if shown is not None:
        sharp = "nearest" if max(H, W) <= _TINY else "antialiased"
        axes.imshow(shown, interpolation=sharp, aspect="auto", extent=(0, W, H, 0))
    axes.set_xticks([])
    axes.set_yticks([])
    for edge in axes.spines.values():
        edge.set(
            color="#8a5a00" if tile.is_apart else "#d5d0c8", linewidth=1.2 if tile.is_apart else 0.6
        )
        edge.set_linestyle("--" if tile.is_apart else "-")
    if tile.box is not None:
        _rectangle(axes, tile.box)
    down = pen.at + height + 0.03
    for i, line in enumerate(_caption(tile, width)):
        at = 1 - (down + i * _SMALL) / pen.height
        colour = _INK if i == 0 and tile.name else _SOFT
        pen.sheet.text(left / WIDTH, at, _plain(line), size=7.5, color=colour, va="top")


def _rectangle(axes: Any, box: tuple[int, int, int, int]) -> None:
    from matplotlib.patches import Rectangle

    top, left, bottom, right = box
    for colour, width in (("white", 3.2), ("#c4500a", 1.6)):
        axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                fill=False,
                edgecolor=colour,
                linewidth=width,
            )
        )


def _pixels(tile: Tile) -> Any:
    if tile.values is None:
        return tile.pixels
    if tile.pixels is None:
        return signed(tile.values, tile.full)
    return laid_over(tile.pixels, tile.values, tile.full)


def _chart(pen: _Pen, part: Chart) -> None:
    axes = pen.axes(EDGE + 0.55, 6.2, 2.35, down=0.1)
    for one in part.series:
        colour, dash = _COLOURS[one.kind]
        x, y = zip(*one.points, strict=True)
        dots = "o" if one.has_dots and len(x) <= 40 else None
        axes.plot(x, y, dash, color=colour, marker=dots, markersize=3.5, label=one.name or None)
    axes.set_xlabel(part.scale.names[0], color=_SOFT, size=9)
    axes.set_ylabel(part.scale.names[1], color=_SOFT, size=9)
    axes.tick_params(labelsize=8, colors=_SOFT)
    axes.grid(color="#e2ded7", linewidth=0.6)
    for name, edge in axes.spines.items():
        edge.set_visible(name in ("left", "bottom"))
        edge.set_color("#bdb8af")
    if part.scale.is_share:
        axes.set_ylim(-0.02, 1.02)
    if sum(bool(one.name) for one in part.series) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5)
    pen.at += 3.1


def _lines(part: Table) -> list[str]:
    """A table as columns of letters."""
    rows = [part.headers, *part.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(part.headers))]
    return [
        "   ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, part.align, strict=True)
        ).rstrip()
        for row in rows
    ]
