"""Runs side by side."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from striate.errors import CannotJudge, CannotTrain
from striate.verbs.compare import compare
from tests.verbs import made


def right(run: Path, split: str) -> dict[str, bool]:
    with open(run / "predictions.csv") as file:
        rows = list(csv.DictReader(file))
    return {row["path"]: row["truth"] == row["label"] for row in rows if row["split"] == split}


@pytest.mark.parametrize("split", ["auto", "val", "test"])
def test_runs_on_the_same_pictures_are_held_against_the_first(split: str) -> None:
    first, second = made.digits().path, made.other_digits().path
    found = compare([first, second, first], split)
    assert found.split == ("test" if split == "auto" else split)
    assert [row["run"] for row in found.rows] == [str(first), str(second), str(first)]
    assert [row["parameters"] for row in found.rows] == [94, 178, 94]
    one, other = right(first, found.split), right(second, found.split)
    assert found.pairs[0]["only_second"] == sum(other[p] and not one[p] for p in one)
    assert found.pairs[0]["only_first"] == sum(one[p] and not other[p] for p in one)
    assert found.rows[0]["accuracy"] == pytest.approx(sum(one.values()) / len(one))
    assert found.pairs[1]["difference"] == 0
    assert found.pairs[1]["p"] == 1
    assert set(found.to_dict()) == {"split", "runs", "pairs"}


def test_runs_on_other_pictures_are_not_compared() -> None:
    with pytest.raises(CannotJudge, match="not judged on the same pictures"):
        compare([made.digits().path, made.photos().path])


def test_a_run_that_is_not_finished_or_lacks_the_split_is_named(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    (run / "predictions.csv").write_text(
        "path,split,truth,label,probability,sure,loss\na,val,0,0,1,1,0\n"
    )
    with pytest.raises(CannotTrain, match="has no test"):
        compare([made.digits().path, run], "test")
    assert compare([run, run]).split == "val"
    for missing in ("metrics.json", "predictions.csv"):  # a stop may come between the two
        left = made.copy(made.digits().path, tmp_path / missing)
        (left / missing).unlink()
        with pytest.raises(CannotTrain, match="it is not finished") as caught:
            compare([made.digits().path, left])
        assert caught.value.hint == f"striate resume {left}"
    (run / "predictions.csv").unlink()
    with pytest.raises(CannotTrain, match="it is not finished"):
        compare([made.digits().path, run])
