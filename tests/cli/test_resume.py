"""`striate resume` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from striate.cli.train import headline
from striate.keeping.runs import Run
from striate.verbs.train import begin
from striate.verbs.train_order import Stepped
from tests.verbs import made


def test_a_finished_run_is_told_and_left_as_it_is(striate: Callable, tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file() and p.name != "lock"}
    done = striate("resume", str(run))
    assert done.code == 0
    assert done.err == f"{run} is finished\n"
    assert headline("test", made.digits().scores["test"], optimistic=False) in done.out
    assert {p: p.read_bytes() for p in before} == before
    found = json.loads(striate("resume", str(run), "--json", "-q").out)
    assert found["test"] == made.digits().scores["test"]


def test_a_report_that_is_missing_is_made_again(striate: Callable, tmp_path: Path) -> None:
    run = made.copy(made.photos().path, tmp_path / "run")
    (run / "report.html").unlink()
    assert striate("resume", str(run)).code == 0
    assert (run / "report.html").exists()


def test_a_run_that_was_left_goes_on(striate: Callable, tmp_path: Path) -> None:
    steps = begin(made.digits().order, made.recipe(save_every_s=0), path=tmp_path / "run")
    for event in steps:
        if isinstance(event, Stepped) and event.step == 9:
            break
    steps.close()
    done = striate("resume", str(tmp_path / "run"))
    assert done.code == 0
    assert "going on from step 8 of 19" in done.err
    assert headline("test", made.digits().scores["test"], optimistic=False) in done.out


def test_what_is_no_run_or_in_other_hands_ends_with_three(
    striate: Callable, tmp_path: Path
) -> None:
    assert striate("resume", "nowhere").code == 3
    run = made.copy(made.digits().path, tmp_path / "run")
    with Run.resume(run):
        done = striate("resume", str(run), "--json")
    assert done.code == 3
    assert json.loads(done.out)["error"]["code"] == "F003"
