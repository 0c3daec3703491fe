"""The figure of hyperplanes: regions where a class leads, dots in their own colours, shares told."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.divided import Divided, hyperplanes_figure
from striate.seeing.figures.figure import Panel, Table
from striate.seeing.figures.made import COLOURS
from striate.seeing.inside.hyperplanes import Plane


def test_each_side_of_a_line_has_the_colour_of_its_class_and_unknown_labels_are_grey() -> None:
    places = np.array([[-1.0, 0.0], [1.0, 0.4], [0.6, -0.4]])
    plane = Plane(
        places, np.array([[-1.0, 0.0], [1.0, 0.0]]), np.zeros(2), 0.75, np.array([0, 1, 1]), 1.0
    )
    told = Divided(("net", "fc1", "3 pictures"), ("cat", "dog"), np.array([0, 0, -1]))
    figure = hyperplanes_figure(told, plane)
    panel, legend, table = figure.parts
    assert isinstance(panel, Panel)
    assert isinstance(legend, Panel)
    assert isinstance(table, Table)
    assert [t.name for t in legend.tiles] == ["cat", "dog"]
    drawn = panel.tiles[0].pixels
    assert drawn is not None
    H, W, _ = drawn.shape
    left, right, middle = drawn[5, 5], drawn[5, W - 5], drawn[5, W // 2]
    assert np.abs(left - (255 * 0.78 + 0.22 * np.array(COLOURS[0]))).max() < 1
    assert np.abs(right - (255 * 0.78 + 0.22 * np.array(COLOURS[1]))).max() < 1
    assert (middle == 60).all()
    step = 2 * 1.12 / W
    for place, colour in zip(places, (COLOURS[0], COLOURS[0], (128, 128, 128)), strict=True):
        at = drawn[round(H / 2 - place[1] / step), round(W / 2 + place[0] / step)]
        assert tuple(at) == colour
    assert "75.0 % of the variance" in panel.said
    assert "labelled with, grey where it has no label" in panel.said
    assert table.rows == (("cat", "33.3 %", "50.0 %"), ("dog", "66.7 %", "–"))
    assert figure.facts["kept"] == 1.0


def test_without_labels_no_colour_is_promised() -> None:
    plane = Plane(
        np.array([[-1.0, 0.0], [1.0, 0.4]]), np.array([[-1.0, 0.0], [1.0, 0.0]]), np.zeros(2), 0.75,
        np.array([0, 1]), 1.0,
    )  # fmt: skip
    told = Divided(("net", "fc1", "2 pictures"), ("cat", "dog"), np.array([-1, -1]))
    panel = hyperplanes_figure(told, plane).parts[0]
    assert isinstance(panel, Panel)
    assert panel.said.startswith("A dot is a picture, grey without labels;")
