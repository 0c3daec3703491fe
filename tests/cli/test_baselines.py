"""`striate baselines`."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator

import pytest

from striate.verbs import baselines as verb
from striate.verbs.baselines_world import Asked
from striate.verbs.train_order import Event

QUICK = ("places + softmax", "HOG + SVM")
DATA = "shapes:side=16,train=60,val=20,test=40"


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the methods; the others have their tests in tests/verbs."""
    whole = verb.baselines

    def some(asked: Asked) -> Generator[Event, None, verb.Compared]:
        return whole(asked, QUICK)

    monkeypatch.setattr(verb, "baselines", some)


@pytest.mark.usefixtures("_quick")
def test_a_table_is_printed_and_a_page_written(striate: Callable, tmp_path) -> None:
    page = tmp_path / "page.html"
    done = striate("baselines", DATA, "--budget", "1s", "-o", str(page))
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["method", "accuracy"]
    assert {line.split("  ")[0] for line in lines[1:3]} == set(QUICK)
    assert "3x16x16" in lines[1]
    assert "The best method is" in done.out
    assert f"page written to {page}" in done.err
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("_quick")
def test_json_is_one_object_with_every_method(striate: Callable) -> None:
    done = striate("baselines", DATA, "--budget", "1s", "--subset", "40", "--json", "-q")
    told = json.loads(done.out)
    assert told["splits"] == {"train": 40, "val": 10, "test": 10}
    assert {one["method"] for one in told["methods"]} == set(QUICK)
    assert done.err == ""


def test_a_page_in_a_folder_that_is_not_there_is_refused_at_once(
    striate: Callable, tmp_path
) -> None:
    done = striate("baselines", DATA, "-o", str(tmp_path / "none" / "page.html"))
    assert done.code != 0
    assert "error[F" in done.err


def test_a_budget_that_is_no_time_is_refused(striate: Callable) -> None:
    done = striate("baselines", DATA, "--budget", "soon")
    assert done.code == 2
    assert "is no time" in done.err
