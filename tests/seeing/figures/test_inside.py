"""Figures of what is inside: shared scales, and no more tiles than one can look at."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.figure import Panel, Table, Words
from striate.seeing.figures.inside import (
    beside_figure,
    field_figure,
    filters_figure,
    maps_figure,
    templates_figure,
)
from striate.seeing.inside.arithmetic import Arithmetic
from striate.seeing.inside.fields import UnitField
from striate.seeing.inside.filters import Filters
from striate.seeing.inside.maps import LayerMaps
from striate.seeing.inside.templates import Templates

PICTURE = np.zeros((8, 8, 3), np.uint8)


def panels(figure) -> list[Panel]:
    return [part for part in figure.parts if isinstance(part, Panel)]


def test_all_filters_of_a_layer_share_one_symmetric_scale(rng: np.random.Generator) -> None:
    values = rng.normal(size=(40, 30, 3, 3))
    figure = filters_figure("net", Filters("conv2", values, False))
    (panel,) = panels(figure)
    assert panel.reach == np.abs(values).max()
    assert {tile.reach for tile in panel.tiles} == {panel.reach}
    assert len(panel.tiles) == 16 * 16
    assert "first 16 of 40 filters, 16 of 30 input channels" in panel.said
    np.testing.assert_array_equal(figure.arrays["filters"], values)


def test_one_filter_has_all_its_channels(rng: np.random.Generator) -> None:
    values = rng.normal(size=(40, 30, 3, 3))
    (panel,) = panels(filters_figure("net", Filters("conv2", values, False), 33))
    assert len(panel.tiles) == 30
    np.testing.assert_array_equal(panel.tiles[29].values, values[33, 29])
    assert panel.said == "Filter 33 of 40, 30 of 30 input channels."
    coloured, _ = panels(filters_figure("net", Filters("conv1", values[:, :3], True), 33))
    assert [tile.name for tile in coloured.tiles] == ["33"]


def test_a_template_has_the_name_of_its_class_and_a_bank_has_numbers(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=(2, 3, 4, 4))
    last = templates_figure("net", Templates("fc", values, True), ("cat", "dog"))
    bank = templates_figure("net", Templates("fc", values, False), ("cat", "dog"))
    assert [tile.name for tile in panels(last)[0].tiles] == ["cat", "dog"]
    assert [tile.name for tile in panels(bank)[1].tiles] == ["0", "1"]


def test_first_layers_stand_side_by_side_under_the_names_of_their_networks(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=(2, 3, 4, 4))
    last = templates_figure("net", Templates("fc", values, True), ("cat", "dog"))
    kernels = filters_figure("conv", Filters("conv1", values, True))
    figure = beside_figure([last, kernels, last])
    titles = ["Templates of net", "Filters of conv", "Templates of net (2)"]
    assert [part.title for part in figure.parts] == titles
    assert [len(part.tiles) for part in panels(figure)] == [2, 2, 2]
    assert "full at" in panels(figure)[1].said
    assert set(figure.arrays) == {
        "Templates of net: templates", "Filters of conv: filters", "Templates of net (2): templates",
    }  # fmt: skip
    assert [one["title"] for one in figure.facts["networks"]] == titles


def test_maps_of_most_energy_come_first_and_the_sum_is_written_out() -> None:
    values = np.stack([np.full((4, 4), v) for v in (1.0, -3.0, 2.0)])
    found = [LayerMaps("relu", values, -3.0, 2.0, 1 / 3, 0.0)]
    ones = np.ones((1, 2, 2))
    written = Arithmetic("conv", 2, (1, 0), ones * 2, ones * 3, 0.5, 24.5, 24.5, (4, 1))
    figure = maps_figure("net", PICTURE, found, written, 1)
    assert [tile.name for tile in panels(figure)[-1].tiles] == ["1", "2", "0"]
    asked = maps_figure("net", PICTURE, found, written, 1, most=2, first=0)
    assert [tile.name for tile in panels(asked)[-1].tiles] == ["0", "1"]
    table = next(p for p in figure.parts if isinstance(p, Table))
    assert table.rows == (("relu", "3×4×4", "−3", "2", "33.3 %", "0.0 %"),)
    patch = panels(figure)[1]
    assert [tile.name for tile in patch.tiles] == ["patch, channel 4", "× kernel", "= product"]
    words = next(p for p in figure.parts if isinstance(p, Words))
    assert (figure.arrays["value: products"] == 6).all()
    assert figure.arrays["value: bias, sum, network"].tolist() == [0.5, 24.5, 24.5]
    told = figure.facts["value"]
    assert (told["layer"], told["unit"], told["at"], told["first_channel"]) == (
        "conv",
        2,
        [1, 0],
        4,
    )
    assert told["patch"] == [[[2, 2], [2, 2]]]
    assert maps_figure("net", PICTURE, found, None, 1).facts["value"] is None
    assert words.lines[-2] == "all channels 24.00000 + bias 0.50000 = 24.50000"


def test_a_field_is_framed_and_one_of_the_whole_picture_says_so() -> None:
    heat = np.full((8, 8), 1 / 64)
    found = [
        UnitField("conv", -1, (1, 2), (0, 1, 3, 4), (3, 3), heat, (3, 3)),
        UnitField("gap", -1, (0, 0), (0, 0, 8, 8), None, heat, (7, 7)),
    ]
    figure = field_figure("net", PICTURE, found, 5)
    (panel,) = panels(figure)
    assert panel.tiles[0].box == (0, 1, 3, 4)
    assert panel.tiles[1].note == "can see the whole picture, 95 % of the slope in 7×7"
    assert "mean of 5 pictures and all maps of the layer" in panel.said
    assert [one["unit"] for one in figure.facts["fields"]] == [None, None]


def test_a_field_of_one_map_names_it() -> None:
    heat = np.full((8, 8), 1 / 64)
    found = [UnitField("conv", 5, (1, 2), (0, 1, 3, 4), (3, 3), heat, (3, 3))]
    figure = field_figure("net", PICTURE, found, 1)
    (panel,) = panels(figure)
    assert "mean of 1 picture, of map 5 alone." in panel.said
    table = next(p for p in figure.parts if isinstance(p, Table))
    assert table.rows[0][1] == "map 5, row 1, column 2"
    assert figure.facts["fields"][0]["unit"] == 5
