"""Pictures laid out on a plane stand where their numbers say, framed in the colour of their class."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.figure import Panel, Tile
from striate.seeing.figures.made import COLOURS, made_figure, plane_figure


def test_corners_of_the_plane_hold_the_pictures_with_the_greatest_numbers() -> None:
    shown = [np.full((5, 5, 3), v, np.uint8) for v in (10, 120, 230)]
    places = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])
    paths = ["1.png", "2.png", "3.png"]
    figure = plane_figure(("net", "3 pictures"), places, shown, ["b", "a", "b"], "pca", paths)
    assert figure.facts["paths"] == paths
    plane, legend = figure.parts
    assert isinstance(plane, Panel)
    assert isinstance(legend, Panel)
    sheet = plane.tiles[0].pixels
    assert sheet is not None
    assert tuple(sheet[-1, 0]) == COLOURS[1]  # the least of both: bottom left
    assert tuple(sheet[0, -1]) == COLOURS[0]
    assert (sheet[-16, 16] == 10).all()
    assert (sheet[16, -16] == 120).all()
    assert [tile.name for tile in legend.tiles] == ["a", "b"]
    assert legend.tiles[1].pixels is not None
    assert (legend.tiles[1].pixels[16, 16] == 10).all()  # the first of its class


def test_pictures_on_one_spot_do_not_divide_by_nothing() -> None:
    shown = [np.zeros((5, 5, 3), np.uint8)] * 2
    figure = plane_figure(("net", "2 pictures"), np.ones((2, 2)), shown, ["a", "a"], "tsne")
    assert "mean little" in figure.parts[0].said  # type: ignore[union-attr]


def test_what_was_made_is_kept_as_arrays_with_its_way() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    figure = made_figure("T", "L", [Tile("a", pixels=pixels)], [1.0, 2.0], "answer")
    assert figure.arrays["picture 0"] is pixels
    assert figure.facts["values"] == [1.0, 2.0]
    way = made_figure("T", "L", [], [1.0], "answer", [Tile("at step 1", pixels=pixels)]).parts
    assert [part.title for part in way] == ["Pictures", "On the way", "Step by step"]
