"""`striate report` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pages import runs


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in runs/ of the current folder, with `latest` beside it."""
    monkeypatch.chdir(tmp_path)
    rows = [
        (f"{c}/{i}.jpg", c, s) for c in "ab" for i, s in enumerate(["train", "val", "test"] * 8)
    ]
    (tmp_path / "runs").mkdir()
    made = runs.make_run(tmp_path / "runs" / "one", rows, "letters")
    (tmp_path / "runs" / "latest").symlink_to("one", target_is_directory=True)
    return made


def test_people_get_the_place_of_the_page(striate: Callable, run: Path) -> None:
    done = striate("report", str(run), "--quick")
    assert done.code == 0
    assert done.out == f"written: {run}/report.html\n"
    assert done.err == ""
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["latest", "one", "runs/one", "runs/latest"])
def test_a_run_may_be_named_in_short(striate: Callable, run: Path, name: str) -> None:
    done = striate("report", name, "--quick")
    assert done.code == 0
    assert done.out == "written: runs/one/report.html\n"
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "striate report runs/one<" in text


def test_json_says_where_and_how_large(striate: Callable, run: Path, tmp_path: Path) -> None:
    done = striate("report", "latest", "-o", "page.html", "--quick", "--json")
    found = json.loads(done.out)
    size = (tmp_path / "page.html").stat().st_size
    assert found == {"schema_version": 1, "written": "page.html", "bytes": size}


def test_the_whole_page_says_what_it_lacks(striate: Callable, run: Path, tmp_path: Path) -> None:
    done = striate("report", "latest")
    assert done.code == 0
    assert done.out == "written: runs/one/report.html\n"
    assert "What it looks at is left out: " in done.err
    found = json.loads(striate("report", "latest", "-o", "page.html", "--json").out)
    assert len(found["left_out"]) == 1
    assert found["left_out"][0] in done.err
    assert found["bytes"] == (tmp_path / "page.html").stat().st_size


def test_a_budget_that_is_no_time_is_refused(striate: Callable, run: Path) -> None:
    done = striate("report", "latest", "--budget", "soon")
    assert done.code == 2
    assert "is no time" in done.err
    assert not (run / "report.html").exists()


def test_what_is_no_run_ends_with_three(striate: Callable, run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        done = striate("report", name, "--json")
        assert done.code == 3
        assert "is no run" in json.loads(done.out)["error"]["text"]


def test_a_budget_that_would_not_be_used_is_refused(striate: Callable, run: Path) -> None:
    done = striate("report", "latest", "--quick", "--budget", "1m")
    assert done.code == 2
    assert "--quick does not use --budget" in done.err
