"""Confusions and classes, counted again the slow way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from striate.pages.report_scores import all_scores, classes, confused, confusion
from striate.pages.report_told import Told
from tests.pages.reading import Read


def told_with(counts: list[list[int]], names: tuple[str, ...]) -> Told:
    scores = {"test": {"accuracy": 0.5, "count": 1, "confusion": counts}}
    return Told("run", "finished", {}, scores=scores, classes=names)


def test_pairs_are_all_that_is_not_on_the_diagonal_the_most_frequent_first(
    rng: np.random.Generator,
) -> None:
    names = tuple("abcdefg")
    counts = rng.integers(0, 4, (7, 7)).tolist()
    found = confused(names, counts)
    slow = {
        (names[i], names[j]): counts[i][j]
        for i in range(7) for j in range(7) if i != j and counts[i][j]
    }  # fmt: skip
    assert {(one.truth, one.said): one.pictures for one in found} == slow
    assert [one.pictures for one in found] == sorted(slow.values(), reverse=True)
    assert all(one.shown == sum(counts[names.index(one.truth)]) for one in found)


def test_thirty_classes_are_a_table_and_one_more_a_list(rng: np.random.Generator) -> None:
    for K, is_table in ((30, True), (31, False)):
        names = tuple(f"c{i}" for i in range(K))
        counts = rng.integers(0, 3, (K, K)).tolist()
        read = Read(confusion(told_with(counts, names)))
        assert not read.faults
        assert ("heat" in " ".join(held.get("class", "") for held in read.all("table"))) == is_table
        rows = len(read.all("tr")) - 1
        assert rows == 30
        pairs = sum(1 for i in range(K) for j in range(K) if i != j and counts[i][j])
        assert is_table or f"The 30 most frequent of {pairs} pairs" in read.text


def test_a_faultless_run_confuses_nothing() -> None:
    text = Read(confusion(told_with([[3, 0], [0, 4]], ("a", "b")))).text
    assert "Nothing was confused on test." in text
    assert confusion(told_with([[3, 0]], ("a", "b"))) == ""


def test_the_worst_class_comes_first_and_unknown_values_are_dashes() -> None:
    per_class = {
        "good": {"f1": 0.9, "recall": 0.9, "precision": 0.9, "count": 10, "recall_95": [0.8, 0.95]},
        "never said": {"f1": 0.0, "recall": 0.0, "precision": None, "count": 4},
    }
    told = told_with([], ())
    told = replace(told, scores={"test": {**told.scores["test"], "per_class": per_class}})
    lines = Read(classes(told)).text.split("\n")
    at = {name: i for i, line in enumerate(lines) for name in per_class if line.startswith(name)}
    assert at["never said"] < at["good"]
    assert lines[at["never said"]] == "never said 4 0%"
    assert any(line.startswith("–") for line in lines[at["never said"] : at["good"]])


def test_six_hundred_classes_are_folded_and_the_rest_is_told() -> None:
    per_class = {f"c{i}": {"f1": i / 600, "recall": 0.5, "count": 1} for i in range(600)}
    told = told_with([], ())
    told = replace(told, scores={"test": {**told.scores["test"], "per_class": per_class}})
    read = Read(classes(told))
    assert "460 more classes" in read.text
    assert "100 classes with a higher F1 are not shown" in read.text


def test_every_score_stands_beside_its_interval() -> None:
    held = {
        "accuracy": 0.9, "interval_95": [0.85, 0.94], "count": 200, "loss": 0.31, "ece_before": 0.05,
        "ece_after": 0.01, "ece_by_chance": 0.02, "notes": ["no pictures of x"],
        "top_5": {"value": 0.99, "interval_95": [0.96, 1.0]},
        "macro_auc": {"value": 0.98, "interval_95": [0.97, 0.99]},
    }  # fmt: skip
    views = {"gate": 0.7, "test": {"value": 0.91, "interval_95": [0.86, 0.95]}}
    told = Told(
        "run", "finished", {}, scores={"test": held, "val": {"accuracy": 0.8}, "views": views}
    )
    text = Read(all_scores(told)).text
    assert "test val what it is" in text
    assert "accuracy 90.0% (85.0–94.0) 80.0% pictures named rightly" in text
    assert "top 5 99.0% (96.0–100)" in text
    assert "macro AUC 98.0% (97.0–99.0)" in text
    assert "loss 0.310" in text
    assert "pictures 200 –" in text
    assert "ECE by chance 0.020" in text
    assert "On test: no pictures of x." in text
    assert "With several views of the pictures it is not sure of: 91.0% (86.0–95.0)." in text
