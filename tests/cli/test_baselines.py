"""`striate baselines`."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator

import numpy as np
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


@pytest.mark.usefixtures("_quick")
def test_the_comparison_is_also_a_picture_and_arrays(striate: Callable, tmp_path) -> None:
    picture, arrays = tmp_path / "cost.png", tmp_path / "all.npz"
    done = striate("baselines", DATA, "--budget", "1s", "-o", str(picture), "--npz", str(arrays))
    assert done.code == 0
    assert f"arrays written to {arrays}" in done.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    with np.load(arrays, allow_pickle=False) as found:
        assert set(found["method"].tolist()) == set(QUICK)
        assert found["confusion"].sum(axis=(1, 2)).tolist() == [40, 40]


def test_a_name_that_says_nothing_is_refused_before_anything_is_read(
    striate: Callable, tmp_path
) -> None:
    for flags in (("-o", "page.txt"), ("--npz", "all.csv")):
        done = striate("baselines", "nowhere/", *flags)
        assert done.code == 2
        assert flags[1] in done.err
        assert "end" in done.err
    done = striate("baselines", DATA, "--npz", str(tmp_path / "none" / "a.npz"))
    assert "cannot be written" in done.err


def test_a_budget_that_is_no_time_is_refused(striate: Callable) -> None:
    done = striate("baselines", DATA, "--budget", "soon")
    assert done.code == 2
    assert "is no time" in done.err
