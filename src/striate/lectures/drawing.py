"""A still as marks: rows of parts, each in the middle of its row. Letters are large enough for a hall."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from striate.lectures.drawing_chart import chart_marks
from striate.lectures.drawing_grid import grid_marks
from striate.lectures.drawing_net import net_marks
from striate.lectures.scene import BODY, INK, SMALL, SOFT, TITLE, Mark, Scene, Text, moved, wide
from striate.lectures.shown import Chart, Grid, Net, Part, Sign, Still, Words

_EDGE, _GAP = 36, 34
_NARROWEST = 760


class _Laid(NamedTuple):
    """The marks of a part from (0, 0) on, and the room they take."""

    marks: tuple[Mark, ...]
    width: float
    height: float


def scene_of(still: Still) -> Scene:
    """The sheet of one still or frame."""
    rows = [[_laid(part) for part in row] for row in still.rows]
    room = max(
        [_NARROWEST, *(sum(part.width for part in row) + _GAP * (len(row) - 1) for row in rows)]
    )
    marks: list[Mark] = []
    at = float(_EDGE)
    for text, size, colour in ((still.title, TITLE, INK), (still.said, SMALL, SOFT)):
        for line in wrapped(text, size, room):
            at += size * 0.62
            marks.append(Text(_EDGE, at, line, size, colour, is_bold=size == TITLE))
            at += size * 0.72
    for row in rows:
        at += _GAP * 0.7
        high = max(part.height for part in row)
        x = float(_EDGE)
        for part in row:
            down = at + (high - part.height) / 2
            marks += [moved(mark, x, down) for mark in part.marks]
            x += part.width + _GAP
        at += high
    told = ". ".join(text.rstrip(".") for text in (still.title, still.said) if text)
    return Scene(round(room + 2 * _EDGE), round(at + _EDGE), tuple(marks), told)


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Lines of letters of a size that fit a room."""
    letters = max(12, int(room / wide("m", size)))
    return [line for part in text.split("\n") if part for line in textwrap.wrap(part, letters)]


def _laid(part: Part) -> _Laid:
    if isinstance(part, Words):
        return _words(part)
    if isinstance(part, Sign):
        size = BODY * 1.7
        width = max(wide(part.text, size), size)
        text = Text(width / 2, size / 2, part.text, size, INK, "middle")
        return _Laid((text,), width, size)
    if isinstance(part, Grid):
        marks, width, height = grid_marks(part)
    elif isinstance(part, Chart):
        marks, width, height = chart_marks(part)
    else:
        marks, width, height = net_marks(part)
    return _framed(part, marks, width, height)


def _framed(part: Grid | Chart | Net, marks: list[Mark], width: float, height: float) -> _Laid:
    """The name above and the note below, neither much wider than the part."""
    room = max(width, 260.0)
    above = wrapped(part.name, BODY, room)
    below = wrapped(part.note, SMALL, room)
    texts: list[Mark] = []
    at = 0.0
    for line in above:
        texts.append(Text(width / 2, at + BODY * 0.6, line, BODY, INK, "middle", is_bold=True))
        at += BODY * 1.3
    at += 8 if above else 0
    drawn = [moved(mark, 0, at) for mark in marks]
    at += height + (10 if below else 0)
    for line in below:
        texts.append(Text(width / 2, at + SMALL * 0.6, line, SMALL, SOFT, "middle"))
        at += SMALL * 1.3
    need = max([width, *(wide(line, BODY) for line in above), *(wide(b, SMALL) for b in below)])
    shift = (need - width) / 2
    return _Laid(tuple(moved(mark, shift, 0) for mark in (*drawn, *texts)), need, at)


def _words(part: Words) -> _Laid:
    step = SMALL * 1.35
    marks = tuple(
        Text(0, step * (i + 0.5), line, SMALL, INK, is_even=True)
        for i, line in enumerate(part.lines)
    )
    letters = max([part.width, *(len(line) for line in part.lines)])
    return _Laid(marks, wide("m" * letters, SMALL, is_even=True), step * len(part.lines))
