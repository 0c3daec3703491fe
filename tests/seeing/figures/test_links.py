"""Places that show a picture each: what is on the sheet, and where they lie on the page."""

from __future__ import annotations

import re

import numpy as np

from striate.seeing.figures.figure import Figure, Panel, Tile
from striate.seeing.figures.links import HOW, drawn, linked
from striate.seeing.figures.page import page_of

BOXES = [(0, 0, 10, 10), (90, 0, 100, 10), (0, 190, 10, 200), (90, 190, 100, 200), (40, 60, 50, 70)]


def grey(value: int) -> np.ndarray:
    return np.full((8, 8, 3), value, np.uint8)


def test_the_sheet_holds_every_picture_in_its_order() -> None:
    links = linked(BOXES, list("abcde"), [grey(10 * i) for i in range(5)])
    assert (links.columns, links.sheet.shape) == (3, (144, 216, 3))
    held = [int(links.sheet[i // 3 * 72 + 30, i % 3 * 72 + 30, 0]) for i in range(5)]
    assert held == [0, 10, 20, 30, 40]


def test_each_place_is_drawn_where_it_is_and_opens_to_the_side_with_room() -> None:
    links = linked(BOXES, list("abcde"), [grey(0)] * 5)
    made = drawn(links, (100, 200), "data:x")
    assert "top:90.00%;left:95.00%;height:10.00%;width:5.00%;--c:0;--r:1" in made
    assert re.findall(r'<span class="(..?.?)">(.)', made) == [
        ("w n", "a"), ("w s", "b"), ("e n", "c"), ("e s", "d"), ("w n", "e"),
    ]  # fmt: skip


def test_names_of_files_cannot_become_markup() -> None:
    made = drawn(linked(BOXES[:1], ['"><img src=x>.png'], [grey(0)]), (100, 200), "data:x")
    assert "<img" not in made
    assert "&quot;&gt;&lt;img src=x&gt;.png" in made


def test_a_page_says_how_to_see_them_and_a_keyboard_reaches_each() -> None:
    links = linked(BOXES, list("abcde"), [grey(0)] * 5)
    sheet = np.zeros((100, 200, 3), np.uint8)
    text = page_of(Figure("T", "L", (Panel("P", (Tile(pixels=sheet, links=links),)),)))
    assert HOW in text
    assert text.count('class="spot" tabindex="0" role="img" aria-label=') == 5
    assert 'class="stack linked" role="group"' in text
    plain = page_of(Figure("T", "L", (Panel("P", (Tile(pixels=sheet),)),)))
    assert HOW not in plain
