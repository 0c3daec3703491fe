"""A run judged again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from striate.errors import CannotTrain, GateFailed, UnreadablePictures
from striate.keeping.runs import Run
from striate.pictures.files import decode, to_jpeg
from striate.verbs.evaluate import Evaluated, evaluate, must_reach
from striate.verbs.train_order import Order, Said
from tests.verbs import made


def judged(*given: Any, **named: Any) -> tuple[list[str], Evaluated]:
    events, found = made.followed(evaluate(*given, **named))
    assert isinstance(found, Evaluated)
    return [one.text for one in events if isinstance(one, Said)], found


def test_its_own_test_pictures_give_the_scores_it_was_kept_with() -> None:
    _, found = judged(made.digits().path)
    kept = made.digits().scores["test"]
    assert found.split == "test"
    assert found.score["confusion"] == kept["confusion"]
    assert found.score["abstention"]["threshold"] == kept["abstention"]["threshold"]
    assert found.score["loss"] == pytest.approx(kept["loss"], rel=1e-5)
    assert found.to_dict()["test"] == found.score


def test_without_test_its_own_val_is_optimistic_and_cross_fitted_as_when_it_was_trained(
    tmp_path: Path,
) -> None:
    order = Order("digits", made.MODEL, test=0)
    run = made.trained(order, tmp_path / "run", made.recipe(epochs=3))
    _, found = judged(run.path)
    assert (found.split, found.optimistic) == ("val", True)
    assert found.to_dict()["optimistic"] is True
    same(found.score, run.scores["val"])
    # By the one temperature that was fitted on these pictures the loss would look better than it is.
    rows = [row for row in Run.open(run.path).predictions() if row.split == "val"]
    assert found.score["loss"] > sum(row.loss for row in rows) / len(rows)


def test_beside_test_its_own_val_has_the_scores_it_was_kept_with_and_is_optimistic_too() -> None:
    _, found = judged(made.digits().path, split="val")
    assert found.optimistic
    same(found.score, made.digits().scores["val"])
    assert not judged(made.digits().path)[1].optimistic


def test_other_pictures_are_never_called_optimistic() -> None:
    found = judged(made.photos().path, str(made.photographs()))[1]
    assert found.optimistic is False


def same(found: dict[str, Any], kept: dict[str, Any]) -> None:
    """The figures that a temperature changes, and those that it does not."""
    for name in ("loss", "ece_before", "ece_after", "accuracy", "count"):
        assert found[name] == pytest.approx(kept[name], rel=1e-5), name
    assert found["confusion"] == kept["confusion"]
    for name in ("threshold", "answered", "precision", "coverage", "is_shown"):
        assert found["abstention"][name] == kept["abstention"][name], name


@pytest.mark.parametrize(("split", "count"), [("train", 1259), ("val", 270), ("all", 1797)])
def test_any_split_can_be_asked_for(split: str, count: int) -> None:
    _, found = judged(made.digits().path, split=split)
    assert found.score["count"] == count


def test_another_folder_may_have_fewer_classes_and_they_are_matched_by_name(tmp_path: Path) -> None:
    made.folder(tmp_path / "dogs", ("dog", "zebra"), (9, 0))
    shutil.copytree(made.photographs() / "dog", tmp_path / "dogs" / "dog", dirs_exist_ok=True)
    (tmp_path / "dogs" / "zebra").rmdir()
    said, found = judged(made.photos().path, str(tmp_path / "dogs"))
    _, own = judged(made.photos().path, split="all")
    assert found.split == "all"
    assert found.score["count"] == 20
    assert found.score["confusion"][1] == own.score["confusion"][1]
    assert said == ["1 of 2 classes of the run have no picture here"]


def test_a_class_that_the_run_does_not_know_is_refused(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", ("cat", "owl"), (3, 3))
    with pytest.raises(CannotTrain, match="does not know 1 of these classes: owl"):
        judged(made.photos().path, str(place))


def test_a_gate_that_is_not_reached_is_a_fault_and_one_that_is_reached_is_none() -> None:
    accuracy = made.digits().scores["test"]["accuracy"]
    _, found = judged(made.digits().path)
    must_reach(found, accuracy)
    must_reach(found, None)
    with pytest.raises(GateFailed, match=r"at least 99\.90% was asked for"):
        must_reach(found, 0.999)


def test_pictures_in_another_light_are_told_beside_their_score(tmp_path: Path) -> None:
    place = tmp_path / "dark"
    for path in sorted(made.photographs().rglob("*.jpg")):
        target = place / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(to_jpeg(decode(path.read_bytes()) // 4))
    _, found = judged(made.photos().path, str(place))
    assert found.drift is not None
    shifted = {one.fact for one in found.drift.shifts if one.is_drift}
    assert "brightness" in shifted
    assert "brightness is smaller in the new pictures" in found.drift.text
    assert found.to_dict()["drift"]["facts"]
    assert judged(made.photos().path)[1].drift is None


def test_the_runs_own_pictures_in_another_place_are_no_drift() -> None:
    _, found = judged(made.photos().path, str(made.photographs()))
    assert found.drift is not None
    assert not any(one.is_drift for one in found.drift.shifts)


def test_a_split_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set")
    with pytest.raises(CannotTrain, match="no pictures in 'val'"):
        judged(made.photos().path, str(place), "val")


def test_pictures_that_cannot_be_read_are_left_out_only_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    place = made.folder(tmp_path / "set", bad=(2,))
    with pytest.raises(UnreadablePictures):
        judged(made.photos().path, str(place))
    said, found = judged(made.photos().path, str(place), skip_bad=True)
    assert found.score["count"] == 39
    assert said == ["1 of 40 pictures cannot be read and are left out"]


def test_a_run_that_skipped_them_skips_them_again(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", bad=(2,))
    order = Order(str(place), made.COLOURED, skip_bad=True)
    told = made.trained(order, tmp_path / "run")
    _, found = judged(told.path, split="all")
    assert found.score["count"] == 39


def test_a_run_without_a_bundle_is_not_finished(tmp_path: Path) -> None:
    run = made.copy(made.photos().path, tmp_path / "run")
    shutil.rmtree(run / "bundle")
    with pytest.raises(CannotTrain, match="not finished") as caught:
        judged(run)
    assert Run.open(run).path == run
    assert "striate resume" in caught.value.hint
