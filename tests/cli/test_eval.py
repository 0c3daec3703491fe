"""`striate eval` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.cli.train import headline
from tests.verbs import made


def test_people_get_the_headline_and_a_row_for_each_class(striate: Callable) -> None:
    done = striate("eval", str(made.photos().path))
    assert done.code == 0, done.err
    first, heads, *rows = done.out.splitlines()
    assert first == headline("test", made.photos().scores["test"], optimistic=False)
    assert heads.split() == ["class", "pictures", "precision", "recall", "F1"]
    assert [row.split()[:2] for row in rows] == [["cat", "3"], ["dog", "3"]]


def test_json_holds_the_score_under_the_name_of_the_split(striate: Callable) -> None:
    done = striate("eval", str(made.digits().path), "--split", "val", "--json")
    found = json.loads(done.out)
    assert list(found) == ["schema_version", "run", "data", "split", "optimistic", "val"]
    assert found["val"]["count"] == 270
    assert done.err == ""


@pytest.mark.parametrize("split", ["train", "val", "test", "all"])
def test_what_the_run_has_learnt_from_or_chosen_by_is_called_optimistic(
    striate: Callable, split: str
) -> None:
    run = str(made.digits().path)
    first = striate("eval", run, "--split", split).out.splitlines()[0]
    assert ("(optimistic: " in first) == (split != "test")
    told = json.loads(striate("eval", run, "--split", split, "--json").out)
    assert told["optimistic"] == (split != "test")
    failed = striate("eval", run, "--split", split, "--min-accuracy", "1")
    assert failed.code == 5
    assert ("(optimistic), and at least" in " ".join(failed.err.split())) == (split != "test")


def test_a_class_without_pictures_has_dashes_and_is_said(striate: Callable, tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", ("dog",), (5,))
    done = striate("eval", str(made.photos().path), "--data", str(place))
    assert done.code == 0
    assert done.out.splitlines()[2].split() == ["cat", "0", "–", "–", "–"]
    assert "1 of 2 classes of the run have no picture here" in done.err


def test_below_the_gate_the_exit_code_is_five(striate: Callable) -> None:
    done = striate("eval", str(made.digits().path), "--min-accuracy", "0.99", "--json")
    assert done.code == 5
    assert json.loads(done.out)["error"]["code"] == "E001"
    assert striate("eval", str(made.digits().path), "--min-accuracy", "0").code == 0
    assert striate("eval", str(made.digits().path), "--min-accuracy", "2").code == 2


def test_classes_that_the_run_does_not_know_end_with_four(striate: Callable) -> None:
    done = striate("eval", str(made.photos().path), "--data", "digits")
    assert done.code == 4
    assert "does not know 10 of these classes" in done.err
    assert done.out == ""
