"""Figures within another page: their rank, what is folded, and how they are made to fit."""

from __future__ import annotations

import numpy as np

from striate.pages.chart_lines import Scale, Series
from striate.seeing.figures.figure import Chart, Figure, Panel, Table, Tile, Words
from striate.seeing.figures.inset import Inset, inset
from tests.pages.reading import Read


def figure(rng: np.random.Generator, title: str = "Filters <of> it") -> Figure:
    pixels = rng.integers(0, 256, (300, 300, 3), np.uint8)
    line = Chart("a line", (Series("", "s1", ((0.0, 1.0), (1.0, 2.0))),), Scale(("x", "y")))
    parts = (
        Panel("Pictures", (Tile("one", "", pixels),)), line, line._replace(title="another"),
        Table("Sizes", ("a",), (("1",),), "l"), Words("Said", ("that is all",)),
    )  # fmt: skip
    return Figure(title, "What it is.\nAnd more.", parts)


def test_titles_stand_below_those_of_the_page_and_charts_beside_one_another(rng) -> None:
    text, lacking = inset([Inset("Its <filters>", figure(rng))], 1_000_000)
    read = Read(text)
    assert not read.faults
    assert not lacking
    assert [tag for tag, _ in read.tags if tag in ("h1", "h2")] == []
    assert "Its &lt;filters&gt;" in text
    assert text.count("<h4>") == 3  # charts have titles of their own
    assert text.count('<div class="charts">') == 1
    assert read.text.splitlines()[1:3] == ["What it is.", "And more."]


def test_what_comes_later_is_folded_under_its_titles(rng) -> None:
    text, _ = inset([Inset("one", figure(rng), 3)], 1_000_000)
    assert text.index("<details><summary>Sizes, Said</summary>") < text.index("that is all")
    many = Figure("", "", tuple(Words(f"part {i}", ("x",)) for i in range(12)))
    assert "<summary>11 more</summary>" in inset([Inset("one", many, 1)], 1_000_000)[0]


def test_pictures_shrink_until_they_fit_and_then_the_last_figures_go(rng) -> None:
    figures = [Inset(name, figure(rng)) for name in ("one", "two", "three")]
    whole, _ = inset(figures, 1_000_000)
    smaller, lacking = inset(figures, len(whole) * 2 // 3)
    assert not lacking
    assert len(smaller) <= len(whole) * 2 // 3
    least, lacking = inset(figures, len(inset(figures, 1)[0]) + len(whole) // 12)
    assert lacking == ["three"] or lacking == ["two", "three"]
    assert "<h3>one</h3>" in least
    assert inset(figures, 10) == ("", ["one", "two", "three"])
    assert inset([], 10) == ("", [])
