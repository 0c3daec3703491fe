"""Units, neighbours and the plane of a run's page."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import CannotLookInside
from striate.pages.report_told import Case
from striate.seeing.figures.figure import Panel, Table
from striate.verbs import report_crowd
from striate.verbs.report_scene import Scene, scene
from tests.verbs.made import digits

PLENTY = 1e6


def world(*cases: Case) -> Scene:
    made = scene(digits().path, cases, PLENTY)
    made.allowed_s = PLENTY
    return made


def test_units_show_the_pictures_of_their_greatest_values() -> None:
    found = report_crowd.units(world())
    assert found.figure.facts["layer"] == "relu1"
    assert len(found.figure.facts["units"]) == 4
    values = [one["value"] for one in found.figure.facts["units"][0]["best"]]
    assert len(values) == 6
    assert values == sorted(values, reverse=True)
    shown = [p for p in found.figure.parts if isinstance(p, Panel) and not p.is_below]
    assert [p.tiles[-1].name for p in shown] == ["made for it"] * 4
    assert all(len(p.tiles) == 7 for p in shown)


def test_without_time_no_picture_is_made_for_a_unit(monkeypatch) -> None:
    monkeypatch.setattr(report_crowd, "_MADE", float("inf"))
    found = report_crowd.units(world())
    assert "made for it" not in str(
        [p.tiles[-1].name for p in found.figure.parts if isinstance(p, Panel)]
    )


def test_an_error_has_neighbours_but_is_none_of_its_own() -> None:
    known = world()
    paths = list(known.dataset.paths)
    wrong = Case(paths[3], "test", known.dataset[3].label, "another", 0.9, True, 2.0)
    right = Case(paths[5], "test", "x", "x", 0.9, True, 0.1)
    found = report_crowd.neighbours(world(wrong, right))
    assert found.title == "Neighbours of its worst errors"
    table, *rows = found.figure.parts
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["1", "5", "10"]
    (only,) = rows
    assert isinstance(only, Panel)
    assert only.title == f"{wrong.truth} taken for another"
    shown = [tile.note for tile in only.tiles]
    assert shown.count(shown[0]) == 1
    assert len(shown) == 6


def test_without_errors_some_pictures_are_asked_about() -> None:
    found = report_crowd.neighbours(world())
    assert found.title == "Neighbours"
    assert len([p for p in found.figure.parts if isinstance(p, Panel)]) == 4


def test_the_plane_holds_some_of_the_pictures_that_were_looked_at() -> None:
    found = report_crowd.plane(world())
    places = np.array(found.figure.facts["places"])
    assert places.shape == (300, 2)
    assert len(found.figure.facts["labels"]) == 300


def test_where_one_picture_is_all_there_is_neighbours_are_left_out_and_not_the_page() -> None:
    alone = world()
    alone.rows, alone.crowd = alone.rows[:1], alone.crowd[:1]
    with pytest.raises(CannotLookInside, match="one picture alone"):
        report_crowd.neighbours(alone)
