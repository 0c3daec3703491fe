"""`striate runs` as a user types it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.keeping.runs import Run
from tests.pages import runs


class Keyboard(io.StringIO):
    """A person who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two runs, the second the latest."""
    monkeypatch.chdir(tmp_path)
    rows = [
        (f"{c}/{i}.jpg", c, s) for c in "ab" for i, s in enumerate(["train", "val", "test"] * 8)
    ]
    (tmp_path / "runs").mkdir()
    for name in ("one", "two"):
        runs.make_run(tmp_path / "runs" / name, rows, f"letters {name}")
        Run.open(tmp_path / "runs" / name).update(started=f"2026-01-0{len(name)}T1{name < 'p'}")
    Run.open(tmp_path / "runs" / "two").update(started="2026-02-01T10:00:00+00:00")
    (tmp_path / "runs" / "latest").symlink_to("two", target_is_directory=True)
    return tmp_path


def test_an_empty_place_says_how_a_run_is_made(
    striate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = striate("runs", "list")
    assert done == (0, "", "no runs in runs/; `striate train DATA` makes one\n")
    assert json.loads(striate("runs", "list", "--json").out)["runs"] == []


def test_runs_are_listed_newest_first(striate: Callable, here: Path) -> None:
    done = striate("runs", "list")
    assert done.code == 0
    heads, first, second = done.out.splitlines()
    assert heads.split()[:5] == ["run", "status", "started", "data", "accuracy"]
    assert first.split()[:2] == ["two", "finished"]
    assert "letters two" in first
    assert "(test)" in first
    assert second.split()[0] == "one"
    found = json.loads(striate("runs", "list", "--root", "runs", "--json").out)["runs"]
    assert [one["path"] for one in found] == ["runs/two", "runs/one"]
    assert striate("runs", "list", "--root", "nowhere").out == ""


def test_a_run_that_cannot_be_read_is_listed_with_the_reason(striate: Callable, here: Path) -> None:
    (here / "runs" / "one" / "run.json").write_text("{")
    done = striate("runs", "list")
    assert done.code == 0
    assert "unreadable" in done.out.splitlines()[2]


def test_a_run_is_shown_with_scores_and_findings(striate: Callable, here: Path) -> None:
    done = striate("runs", "show", "latest")
    assert done.code == 0
    names = [line.split()[0] for line in done.out.splitlines()]
    assert names == [
        "run",
        "status",
        "data",
        "network",
        "steps",
        "started",
        "seconds",
        "val",
        "test",
    ]
    assert "runs/two" in done.out.splitlines()[0]
    found = json.loads(striate("runs", "show", "two", "--json").out)
    assert found["path"] == "runs/two"
    assert found["status"] == "finished"
    assert found["scores"]["test"]["accuracy"]


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_it_asks_before_it_removes(
    striate: Callable, here: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(answer))
    done = striate("runs", "rm", "one")
    assert done.code == code
    assert "remove runs/one and all its files?" in done.err
    assert (here / "runs" / "one").exists() == bool(code)
    assert ("nothing was removed" in done.err) == bool(code)


def test_where_nobody_can_answer_nothing_is_removed_without_yes(
    striate: Callable, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    done = striate("runs", "rm", "one")
    assert done.code == 2
    assert "give --yes" in done.err
    assert (here / "runs" / "one").exists()
    found = json.loads(striate("runs", "rm", "latest", "--yes", "--json").out)
    assert found["removed"] == "runs/two"
    assert not (here / "runs" / "two").exists()
    assert json.loads(striate("runs", "show", "latest", "--json").out)["path"] == "runs/one"


def test_what_is_no_run_ends_with_three_and_stays(striate: Callable, here: Path) -> None:
    (here / "photos").mkdir()
    for name in ("photos", "nowhere"):
        for verb in (("show", name), ("rm", name, "--yes")):
            assert striate("runs", *verb).code == 3
    assert (here / "photos").is_dir()


def test_a_run_that_a_process_works_in_is_not_removed(striate: Callable, here: Path) -> None:
    with Run.resume(here / "runs" / "one"):
        assert striate("runs", "rm", "one", "--yes").code == 3
    assert (here / "runs" / "one" / "run.json").exists()
