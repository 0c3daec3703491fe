"""Looking into runs with very few pictures, or with what they cannot use: told, not left out and no crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import CannotLookInside
from striate.verbs import see_crowd
from striate.verbs.see_crowd import Crowd
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
