"""Drawings of edges, hues and places."""

from __future__ import annotations

import re

from striate.pages import glyphs


def test_a_stroke_runs_along_the_edge_and_faint_ones_are_left_out() -> None:
    figure = glyphs.edges([[[1.0, 0.0, 0.01]]], "one cell")
    strokes = re.findall(r'd="M([\d.]+) ([\d.-]+)L([\d.]+) ([\d.-]+)"', figure)
    assert len(strokes) == 1
    x, y, to_x, to_y = map(float, strokes[0])
    # The gradient goes to the right (bin 0 of 3: 30 degrees), so the edge stands upright.
    assert abs(to_y - y) > abs(to_x - x)
    assert 'aria-label="one cell"' in figure


def test_each_hue_has_a_bar_as_high_as_its_share() -> None:
    figure = glyphs.hues([0.5, 0.25], "h")
    assert re.findall(r'height="([\d.]+)" fill', figure) == ["92.0", "46.0"]
    assert "hsl(90 " in figure


def test_places_are_dark_where_something_is() -> None:
    figure = glyphs.places([[0.0, 1.0], [0.5, 0.0]], "p")
    assert re.findall(r'fill-opacity="([\d.]+)"', figure) == ["0.00", "0.85", "0.42", "0.00"]


def test_nothing_at_all_is_drawn_without_a_fault() -> None:
    assert "svg" in glyphs.edges([[[0.0, 0.0]]], "e")
    assert "svg" in glyphs.hues([0.0], "h")
    assert "svg" in glyphs.places([[0.0]], "p")
