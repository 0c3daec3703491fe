"""Figures as a part of another page: under titles of a lower rank, their pictures as large as there is room.

The page that holds them takes `STYLE` of `page` and `STYLE` of here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from striate.pages import html
from striate.pages.html import Html, escaped
from striate.seeing.figures.figure import Chart, Figure, Part
from striate.seeing.figures.page import CHARTS, SIDES, part_of

_NAMED = 8  # titles of what is folded

STYLE = """
h4 { font-size: .9rem; margin: 1.1rem 0 .2rem }
"""


class Inset(NamedTuple):
    """A figure under a title of the page's own. parts_open: so many of its parts are seen at once, the others
    are folded.
    """

    title: str
    figure: Figure
    parts_open: int = 99


def inset(figures: Sequence[Inset], room: int) -> tuple[Html, list[str]]:
    """All of them within `room` letters, by keeping less of each picture; where that is not enough the last
    ones are left out, and their titles given.
    """
    held = list(figures)
    while held:
        for side in SIDES:
            text = html.joined(_one(one, side) for one in held)
            if len(text.encode()) <= room:
                return text, [one.title for one in figures[len(held) :]]
        held.pop()
    return Html(""), [one.title for one in figures]


def _one(one: Inset, side: int) -> Html:
    parts = one.figure.parts
    body = [Html(f"<h3>{escaped(one.title)}</h3>")]
    body += [html.paragraph(line) for line in one.figure.lead.split("\n") if line]
    body += [_parts(parts[: one.parts_open], side)]
    rest = parts[one.parts_open :]
    if rest:
        titles = [part.title for part in rest if not part.is_below]
        told = ", ".join(titles) if len(titles) <= _NAMED else f"{len(titles)} more"
        body.append(html.folded(told, _parts(rest, side)))
    return html.joined(body)


def _parts(parts: Sequence[Part], side: int) -> Html:
    """Charts have titles of their own and stand beside one another."""
    made: list[str] = []
    for part in parts:
        body = part_of(part, side)
        if not isinstance(part, Chart):
            made += [f"<h4>{escaped(part.title)}</h4>"] if part.title else []
            made.append(body)
        elif made and made[-1].endswith(CHARTS[1]):
            made[-1] = made[-1].removesuffix(CHARTS[1]) + body.removeprefix(CHARTS[0])
        else:
            made.append(body)
    return html.joined(made)
