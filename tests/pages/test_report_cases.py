"""Single pictures: which are shown, in which order, and how."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from striate.pages.report_cases import doubtful, errors, figure, suspects, wanted, worst
from striate.pages.report_told import Case, Told
from striate.pictures.files import to_jpeg
from tests.pages.reading import Read


def told_of(cases: list[Case], held: list[object] | None = None) -> Told:
    scores = {"test": {"accuracy": 0.5}, "suspects": held or []}
    return Told("run", "finished", {}, scores=scores, cases=tuple(cases))


def wrong(path: str, loss: float, split: str = "test") -> Case:
    return Case(path, split, "cat", "dog", 0.75, True, loss)


def test_wrong_answers_of_the_headline_come_by_their_loss() -> None:
    right = Case("right.jpg", "test", "cat", "cat", 0.5, False, 9.0)
    told = told_of([wrong("b", 1), right, wrong("c", 3), wrong("v", 9, "val"), wrong("a", 1)])
    assert [case.path for case in worst(told)] == ["c", "a", "b"]
    assert wanted(told) == ["c", "a", "b"]


def test_without_thumbnails_errors_are_a_table_and_with_them_a_gallery() -> None:
    told = told_of([wrong(f"{i}.jpg", -float(np.log(0.125))) for i in range(30)])
    table = Read(errors(told))
    assert "0.jpg cat dog 75.0% 12.5%" in table.text
    assert len(table.all("table")) == 2
    assert "6 more" in table.text
    gallery = Read(errors(replace(told, thumbnails={"3.jpg": b"\xff\xd8"})))
    assert len(gallery.all("figure")) == 30
    assert len(gallery.all("img")) == 1
    assert "“dog” 75.0%" in gallery.text
    assert "shows “cat” 12.5%" in gallery.text
    assert "cannot be shown" in gallery.text


def test_a_run_without_errors_says_so() -> None:
    told = told_of([Case("a", "test", "cat", "cat", 0.9, True, 0.1)])
    assert "No picture of test got a wrong name." in errors(told)
    assert errors(told_of([])) == ""


def test_more_errors_than_fit_are_counted() -> None:
    told = told_of([wrong(f"{i}.jpg", i) for i in range(300)])
    text = Read(errors(told)).text
    assert "300 pictures of test got a wrong name" in text
    assert "120 are shown" in text
    assert len(wanted(told)) == 120


def test_suspects_keep_their_order_and_odd_ones_are_left_out() -> None:
    held: list[object] = [
        {"path": "z.jpg", "label": "cat", "likely": "dog", "probability": 0.9},
        {"path": "a.jpg", "label": "dog", "likely": "cat"},
        {"path": "b.jpg", "label": 3},
        "x",
    ]
    told = told_of([], held)
    assert [one.path for one in suspects(told)] == ["z.jpg", "a.jpg"]
    text = Read(doubtful(told)).text
    assert "2 labels may be wrong" in text
    assert "z.jpg cat dog 90.0%" in text
    assert "a.jpg dog cat –" in text
    shown = Read(doubtful(replace(told, thumbnails={"z.jpg": b"\xff\xd8"}))).text
    assert "labelled “cat”" in shown
    assert "looks like “dog” 90.0%" in shown


def test_tiny_pictures_keep_their_pixels(rng: np.random.Generator) -> None:
    tiny = to_jpeg(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    large = to_jpeg(rng.integers(0, 256, (96, 20, 3), dtype=np.uint8))
    assert 'class="tiny"' in figure(tiny, "a", "", "")
    assert "tiny" not in figure(large, "a", "", "")


def test_a_long_path_is_shortened_and_kept_in_its_title() -> None:
    path = "/".join(["folder"] * 20) + "/a.jpg"
    found = figure(b"\xff\xd8", path, "first", "second")
    assert f'title="{path}"' in found
    assert f">{path}<" not in found
