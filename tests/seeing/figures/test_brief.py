"""`why` in short: a map beside its twin, in words that a reader can check."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.brief import Asked, Believed, brief_why
from striate.seeing.figures.figure import Panel, Table
from striate.seeing.why.methods import Maps


def believed(rng: np.random.Generator, alike, is_spiky: bool = False) -> Believed:
    values = rng.normal(size=(2, 8, 8))
    name = "gradient" if is_spiky else "cam"
    maps, twins = (Maps(name, some, ("gap 0.1", ""), 0.25) for some in (values, -values))
    return Believed(name, maps, twins, alike, is_spiky)


def test_each_map_stands_beside_the_same_on_shuffled_weights(rng) -> None:
    pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
    asked = [
        Asked("test/a.png", pixels, "cat", "dog", 0.9996),
        Asked("b.png", pixels, "cat", "cat", 0.5),
    ]
    found = [believed(rng, (-0.25, None)), believed(rng, (0.5, 0.7), is_spiky=True)]
    figure = brief_why("net", asked, found)
    wrong, right, table = figure.parts
    assert isinstance(wrong, Panel)
    assert isinstance(right, Panel)
    assert isinstance(table, Table)
    assert (wrong.title, right.title) == ("Wrong: cat taken for dog", "Right: cat")
    assert wrong.said == "With a probability of > 99.9 %."
    assert [tile.name for tile in wrong.tiles] == [
        "as the network sees it", "cam", "on shuffled weights", "gradient", "on shuffled weights",
    ]  # fmt: skip
    assert [tile.is_apart for tile in wrong.tiles] == [False, False, True, False, True]
    assert wrong.tiles[2].note == "alike: −0.25"
    assert right.tiles[2].note == "one of the two is blank"
    assert wrong.tiles[2].values is not None
    assert np.array_equal(wrong.tiles[2].values, found[0].twins.values[0])
    assert "full colour from" in wrong.tiles[3].note
    assert wrong.tiles[1].note.endswith("; gap 0.1")
    assert "gap" not in right.tiles[1].note
    assert table.rows == (("cam", "0.250 s", "−0.25"), ("gradient", "0.250 s", "0.60"))
    assert "no sign" in figure.lead


def test_blank_maps_have_no_likeness_and_no_slope_is_told_where_there_is_none(rng) -> None:
    pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
    asked = [Asked("a", pixels, "a", "b", 0.2)] * 2
    figure = brief_why("net", asked, [believed(rng, (None, None))])
    assert isinstance(figure.parts[-1], Table)
    assert figure.parts[-1].rows[0][2] == "–"
    assert "no sign" not in figure.lead
