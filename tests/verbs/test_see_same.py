"""Two pictures beside pairs of the run's own val and test, or of two halves of other pictures."""

from __future__ import annotations

import pytest

from striate.errors import CannotJudge, UsageError
from striate.verbs.see_crowd import Crowd
from striate.verbs.see_same import same
from tests.verbs.made import folder, followed, photographs, photos


def pictures(*names: str) -> tuple[str, ...]:
    return tuple(str(photographs() / name) for name in names)


def test_a_picture_is_the_same_as_itself_by_val_and_counted_on_test() -> None:
    both = pictures("cat/003.jpg", "cat/003.jpg")
    _, figure = followed(same(str(photos().path), Crowd(both)))
    assert figure.facts["distance"] == pytest.approx(0, abs=1e-6)
    assert figure.facts["answer"] in ("same", "not sure")
    assert figure.facts["chosen_on"].startswith("val of ")
    assert figure.facts["counted_on"].startswith("test of ")


def test_other_pictures_are_halved_with_all_labels_in_both() -> None:
    wanted = Crowd(pictures("cat/003.jpg", "dog/004.jpg"), data=str(photographs()))
    _, figure = followed(same(str(photos().path), wanted))
    assert figure.facts["pairs"] == {"same": 90, "different": 100, "pictures": 20}
    _, again = followed(same(str(photos().path), wanted))
    assert again.facts == figure.facts
    _, other = followed(same(str(photos().path), wanted._replace(seed=1)))
    assert other.facts["threshold"] != figure.facts["threshold"]


def test_anything_but_two_pictures_and_labelled_pairs_is_refused(tmp_path) -> None:
    run = str(photos().path)
    with pytest.raises(UsageError, match="two pictures"):
        followed(same(run, Crowd(pictures("cat/003.jpg"))))
    with pytest.raises(UsageError, match="these are 21"):
        followed(same(run, Crowd(pictures("cat/003.jpg", "dog"))))
    alone = folder(tmp_path / "one", ("cat", "dog"), (1, 1))
    wanted = Crowd(pictures("cat/003.jpg", "dog/004.jpg"), data=str(alone))
    with pytest.raises(CannotJudge, match="pairs of one label"):
        followed(same(run, wanted))
