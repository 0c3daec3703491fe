"""Looking into runs with very few pictures, or with what they cannot use: told, not left out and no crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from striate.errors import CannotLookInside, UsageError
from striate.seeing.figures.figure import Table
from striate.verbs import see_crowd, see_inside, see_plane
from striate.verbs.see_crowd import Crowd
from striate.verbs.see_inside import Inside
from striate.verbs.train_order import Said
from tests.verbs.made import followed, photographs, photos


def one_picture() -> str:
    return str(min((photographs() / "cat").iterdir()))


def test_a_folder_of_one_picture_has_no_neighbours_unless_another_asks(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(Path(one_picture()).read_bytes())
    run = str(photos().path)
    with pytest.raises(CannotLookInside, match="one picture alone"):
        followed(see_crowd.neighbours(run, Crowd(data=str(tmp_path))))
    asked = Crowd((one_picture(),), data=str(tmp_path))
    _, figure = followed(see_crowd.neighbours(run, asked))
    assert len(figure.facts["questions"][0]["neighbours"]) == 1


def test_a_picture_that_lies_in_the_data_is_no_neighbour_of_its_own() -> None:
    run = str(photos().path)
    _, figure = followed(
        see_crowd.neighbours(run, Crowd((one_picture(),), data=str(photographs())))
    )
    names = [one["path"] for one in figure.facts["questions"][0]["neighbours"]]
    assert len(names) == 6
    assert not any(one_picture().endswith(name) for name in names)
    _, figure = followed(see_crowd.neighbours(run, Crowd((one_picture(),))))
    assert len(figure.facts["questions"][0]["neighbours"]) == 6


def test_neighbours_look_through_all_pictures_unless_fewer_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("striate.verbs.see_crowd.MOST", 10)
    run, data = str(photos().path), str(photographs())
    _, figure = followed(see_crowd.neighbours(run, Crowd(data=data)))
    assert figure.lead.startswith("The nearest of 40 pictures")
    _, figure = followed(see_crowd.neighbours(run, Crowd(data=data, most=7)))
    assert figure.lead.startswith("The nearest of 7 of 40 pictures")
    _, figure = followed(see_crowd.units(run, Crowd(data=data, unit=0, steps=1)))
    assert "10 of 40 pictures" in figure.lead


def test_a_value_that_cannot_be_written_out_is_refused() -> None:
    run, named = str(photos().path), (one_picture(),)
    with pytest.raises(UsageError, match="no convolution is in relu1"):
        see_inside.maps(run, Inside(named, layer="relu1", at=(1, 2)))
    assert see_inside.maps(run, Inside(named, layer="relu1")).parts
    assert see_inside.maps(run, Inside(named, layer="conv1", at=(1, 2))).parts


@pytest.mark.parametrize("look", [see_inside.maps, see_inside.field, see_inside.shift])
def test_pictures_and_a_data_set_are_not_given_together(look: Callable) -> None:
    with pytest.raises(UsageError, match="none of --in"):
        look(str(photos().path), Inside((one_picture(),), data=str(photographs())))


@pytest.mark.parametrize("look", [see_crowd.plane, see_plane.hyperplanes])
def test_more_pictures_than_have_room_on_a_plane_are_told(
    look: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("striate.verbs.see_crowd.PLANE", 20)
    run, data = str(photos().path), str(photographs())
    for most, is_told in ((30, True), (20, False), (None, False)):
        events, figure = followed(look(run, Crowd(data=data, most=most)))
        told = [one.text for one in events if isinstance(one, Said)]
        assert told == ["20 pictures find room beside one another, so 20 are taken of 30"] * is_told
        assert "20 of 40 pictures" in figure.lead


def test_the_table_of_precision_says_how_many_pictures_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, data = str(photos().path), str(photographs())
    for most, told in ((40, "over all pictures of"), (15, "over 15 of the 40 pictures of")):
        monkeypatch.setattr("striate.verbs.see_crowd._ASKED", most)
        _, figure = followed(see_crowd.neighbours(run, Crowd(data=data)))
        (table,) = (part for part in figure.parts if isinstance(part, Table))
        assert told in table.said
