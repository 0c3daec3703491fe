"""The reliability figure: discs where bins are, and every count."""

from __future__ import annotations

import pytest

from striate.pages.chart_reliability import Bin, reliability
from tests.pages.reading import figure, parts

BINS = [
    Bin(0.0, 0.25, 0, 0.1, 0.0),
    Bin(0.25, 0.5, 4, 0.4, 0.5),
    Bin(0.5, 0.75, 16, 0.6, 0.2),
    Bin(0.75, 1.0, 1600, 0.9, 0.9),
]


def test_discs_lie_where_bins_are_and_areas_are_counts() -> None:
    svg = reliability("Before", BINS, "ECE 0.1")
    discs = parts(svg, "circle", "disc")
    assert len(discs) == 3
    left, right = 48, 420 - 14
    for disc, one in zip(discs, BINS[1:], strict=True):
        assert float(disc["cx"]) == pytest.approx(left + (right - left) * one.confidence, abs=0.1)
    tops = [float(disc["cy"]) for disc in discs]
    assert tops[2] < tops[0] < tops[1]  # 90 % right lies above 50 % and 20 %
    assert float(discs[2]["r"]) == 11
    assert min(float(disc["r"]) for disc in discs) >= 2.5


def test_gaps_reach_from_the_line_to_the_disc() -> None:
    svg = reliability("Before", BINS)
    lengths = [abs(float(g["y1"]) - float(g["y2"])) for g in parts(svg, "line", "gap")]
    assert lengths[2] == 0
    assert lengths[1] / lengths[0] == pytest.approx(4, rel=0.02)


def test_every_count_stands_under_the_figure_in_few_letters() -> None:
    svg = reliability("Before", BINS)
    small = [e.text for e in figure(svg).iter() if e.attrib.get("class") == "small"]
    assert small == ["pictures", "4", "16", "1.6k"]
    assert "1,600 pictures" in svg
    assert "1620 pictures" in svg.replace(",", "")


def test_no_pictures_are_no_figure() -> None:
    assert reliability("Before", BINS[:1]) == ""
