"""`striate compare` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.verbs import made


def test_people_get_a_table_and_a_verdict(striate: Callable) -> None:
    first, second = made.digits(), made.other_digits()
    done = striate("compare", str(first.path), str(second.path))
    assert done.code == 0, done.err
    heads, one, other, blank, verdict = done.out.splitlines()
    assert "test accuracy" in heads
    assert one.startswith(str(first.path))
    assert f"{first.scores['test']['accuracy']:.2%}" in one
    assert f"{second.scores['test']['accuracy']:.2%}" in other
    assert blank == ""
    assert "McNemar p =" in verdict


def test_json_holds_runs_and_pairs(striate: Callable) -> None:
    given = (str(made.digits().path), str(made.other_digits().path), "--split", "val", "--json")
    found = json.loads(striate("compare", *given).out)
    assert list(found) == ["schema_version", "split", "runs", "pairs"]
    assert found["split"] == "val"
    assert len(found["runs"]) == 2
    assert found["pairs"][0]["count"] == 270


def test_one_run_alone_and_runs_on_other_pictures_are_refused(striate: Callable) -> None:
    done = striate("compare", str(made.digits().path))
    assert done.code == 2
    assert "at least two runs" in done.err
    done = striate("compare", str(made.digits().path), str(made.photos().path), "--json")
    assert done.code == 4
    assert json.loads(done.out)["error"]["code"] == "M008"


def test_a_run_that_was_stopped_before_its_scores_were_written_is_told_and_how_to_go_on(
    striate: Callable, tmp_path: Path
) -> None:
    run = made.copy(made.other_digits().path, tmp_path / "run")
    (run / "metrics.json").unlink()  # predictions.csv is written before it, the bundle in between
    done = striate("compare", str(made.digits().path), str(run))
    assert done.code == 4
    assert f"{run} has no scores: it is not finished" in " ".join(done.err.split())
    assert f"striate resume {run}" in " ".join(done.err.split())
