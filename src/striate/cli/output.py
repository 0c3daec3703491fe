"""What a verb prints: results on stdout, all else on stderr; columns, JSON, colour where it is wanted."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any, TypeVar

import click

SCHEMA_VERSION = 1
_GAP = "  "
_NARROWEST = (
    8  # a column is never cut below this, so that a cut text can still be told from its neighbours
)
_COLOURS = {"red": "31", "yellow": "33", "bold": "1", "dim": "2"}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def json_option(function: _Function) -> _Function:
    """The flag `--json` that every verb has; it arrives as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def examples(*lines: str) -> str:
    """The worked examples at the end of a verb's help, one per line, not wrapped."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def emit(text: str) -> None:
    """Print a result on stdout."""
    click.echo(text, color=wants_colour(sys.stdout))


def emit_json(content: Mapping[str, object]) -> None:
    """Print one JSON object on stdout, with its `schema_version` first."""
    whole = {"schema_version": SCHEMA_VERSION, **content}
    emit(json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False))


def note(text: str, label: str = "", colour: str = "yellow") -> None:
    """Say something that is not the result, on stderr; a `label` before it is painted."""
    shown = paint(label, colour, sys.stderr) + printable(text)
    click.echo(shown, err=True, color=wants_colour(sys.stderr))


def warn(text: str) -> None:
    """Warn on stderr, without stopping."""
    note(" " + text, "warning:")


def wants_colour(stream: IO[str]) -> bool:
    """NO_COLOR forbids colour, FORCE_COLOR asks for it, and otherwise a terminal gets it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, stream: IO[str]) -> str:
    """`text` in a colour where `stream` wants one."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if wants_colour(stream) else text


def printable(text: str) -> str:
    """`text` without characters that could move the cursor or change colours; lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def thousands(number: int) -> str:
    """A whole number that can be read: 23,508,032."""
    return f"{number:,}"


def width_of(text: str) -> int:
    """How many columns `text` takes: East Asian wide letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def terminal_width() -> int | None:
    """How many columns a line may have; None when stdout is no terminal, where nothing may be cut."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size(fallback=(100, 24)).columns


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    align: str = "",
    width: int | None = None,
) -> str:
    """Plain columns. `align` has one letter per column, l or r (missing: l); whole numbers get separators.

    In a terminal the widest left-aligned column is cut with … until the lines fit; a pipe gets everything.
    L is a left-aligned column that is never cut, for names that are to be typed again.
    `width` stands for the terminal's in tests.
    """
    cells = [list(headers), *([_cell(value) for value in row] for row in rows)]
    sides = align.ljust(len(headers), "l")
    widths = [max(width_of(row[i]) for row in cells) for i in range(len(headers))]
    limit = terminal_width() if width is None else width
    if limit is not None:
        widths = _fitted(widths, sides, limit)
    return "\n".join(_line(row, widths, sides) for row in cells)


def _cell(value: object) -> str:
    """One value as text; None is a dash. A bool is an int in Python, but no number."""
    if value is None:
        return "–"
    return thousands(value) if type(value) is int else printable(str(value)).replace("\n", " ")


def _fitted(widths: list[int], sides: str, limit: int) -> list[int]:
    """Column widths that fit `limit`, taken from the widest text column, one column of letters at a time."""
    widths = list(widths)
    while sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        texts = [i for i, side in enumerate(sides) if side == "l" and widths[i] > _NARROWEST]
        if not texts:
            break
        widths[max(texts, key=lambda i: widths[i])] -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int], sides: str) -> str:
    """One row, each cell cut or filled to its column."""
    padded = []
    for text, width, side in zip(row, widths, sides, strict=True):
        shown = _cut(text, width)
        blank = " " * (width - width_of(shown))
        padded.append(blank + shown if side == "r" else shown + blank)
    return _GAP.join(padded).rstrip()


def _cut(text: str, width: int) -> str:
    """`text`, or its beginning and … where it is too wide."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) > width - 1:
        text = text[:-1]
    return text + "…"
