"""Figures of many pictures: two networks on the same axes, crops of the right part, precision told."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.crowd import (
    Crop,
    Found,
    UnitSeen,
    neighbours_figure,
    shift_figure,
    units_figure,
)
from striate.seeing.figures.figure import Chart, Panel, Table
from striate.seeing.inside.shift import Answers, Equivariance
from striate.seeing.inside.units import Best


def test_two_networks_stand_on_the_same_axes_and_what_stride_and_borders_explain_is_said() -> None:
    one = Answers("degrees", (-5.0, 0.0, 5.0), np.array([0.5, 1.0, 0.5]), np.ones(3))
    layers = [
        Equivariance("conv", 1, 0.5, 0.25, 2, 0.25, 0.75),
        Equivariance("conv", 2, 1.0, None, 2),
    ]
    figure = shift_figure(("a", "b"), [[one], [one]], layers, 7)
    chart = next(p for p in figure.parts if isinstance(p, Chart))
    assert [(s.name, s.kind) for s in chart.series] == [("a", "s1"), ("b", "s2")]
    assert chart.series[0].points == ((-5.0, 0.5), (0.0, 1.0), (5.0, 0.5))
    assert figure.arrays["equivariance: conv, 1 pixels"].tolist() == [0.5, 0.25, 2, 0.25, 0.75]
    assert np.isnan(figure.arrays["equivariance: conv, 2 pixels"][[1, 3, 4]]).all()
    table = next(p for p in figure.parts if isinstance(p, Table))
    assert [row[3:] for row in table.rows] == [
        ("50 %", "25 %", "25 %", "75 %"), ("100 %", "–", "–", "–"),
    ]  # fmt: skip


def test_the_crop_is_what_the_unit_sees_and_a_made_picture_is_never_alone() -> None:
    pixels = np.arange(6 * 5 * 3, dtype=np.uint8).reshape(6, 5, 3)
    crop = Crop("a/b.png", Best(3, 2.5, (1, 1)), pixels, (1, 2, 4, 5))
    counts = np.array([0, 0, 4, 0, 1, 0])
    made = np.zeros((6, 5, 3), np.uint8)
    seen = UnitSeen(8, (crop,), np.arange(6.0), counts, made, 0.25)
    figure = units_figure("net", "relu", [seen], "5 pictures", 0.25)
    whole, crops, chart = figure.parts
    assert isinstance(whole, Panel)
    assert isinstance(crops, Panel)
    assert isinstance(chart, Chart)
    np.testing.assert_array_equal(figure.arrays["unit 8: crop 0"], pixels[1:4, 2:5])
    np.testing.assert_array_equal(figure.arrays["unit 8: picture 0"], pixels)
    np.testing.assert_array_equal(figure.arrays["unit 8: made"], made)
    assert figure.arrays["unit 8: best"].tolist() == [[2.5, 1, 1]]
    assert chart.title.endswith("all but the 25.0 % that are exactly 0")
    assert [(t.name, t.is_apart) for t in whole.tiles] == [("2.5", False), ("made for it", True)]
    np.testing.assert_array_equal(crops.tiles[0].pixels, pixels[1:4, 2:5])
    assert chart.series[0].points == ((2.0, 4.0), (3.0, 0.0), (4.0, 1.0))
    assert "25.0 %" in figure.lead


def test_neighbours_have_label_likeness_and_precision_where_labels_exist() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    found = [Found("q/me.png", pixels, (("x/one.png", "cat", 0.987, pixels),))]
    figure = neighbours_figure("net", found, "9 pictures", {1: 0.5})
    table, panel = figure.parts
    assert isinstance(table, Table)
    assert isinstance(panel, Panel)
    assert table.rows == (("1", "50.0 %"),)
    assert [(t.name, t.note) for t in panel.tiles] == [
        ("the question", "me.png"),
        ("cat, 0.987", "one.png"),
    ]
    assert len(neighbours_figure("net", found, "9 pictures", {}).parts) == 1
