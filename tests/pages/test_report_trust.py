"""Calibration in words, and coverage against the share of right answers, counted the slow way."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pages.report_told import Case, Told
from striate.pages.report_trust import abstention, bins, calibration, coverage_curve
from tests.pages.reading import Read, places


def drawn(rng: np.random.Generator, count: int) -> list[Case]:
    """Pictures whose probabilities are rounded, so that many are equal."""
    p = np.round(rng.uniform(0.2, 1, count), 2)
    right = rng.uniform(0, 1, count) < p
    return [
        Case(f"{i}.jpg", "test", "a" if r else "b", "a", float(q), q >= 0.8, 1.0)
        for i, (q, r) in enumerate(zip(p, right, strict=True))
    ]


def test_every_threshold_keeps_what_counting_keeps(rng: np.random.Generator) -> None:
    cases = drawn(rng, 300)
    found = coverage_curve(cases)
    slow = []
    for threshold in sorted({case.probability for case in cases}, reverse=True):
        kept = [case for case in cases if case.probability >= threshold]
        if len(kept) >= 20:
            right = sum(case.truth == case.label for case in kept)
            slow.append((threshold, len(kept) / 300, right / len(kept)))
    assert [tuple(one) for one in found] == slow
    assert found[-1].coverage == 1


def test_few_pictures_are_one_point_and_none_are_none(rng: np.random.Generator) -> None:
    assert len(coverage_curve(drawn(rng, 5))) == 1
    assert coverage_curve([]) == []


def test_the_threshold_is_told_from_the_scores_or_counted(rng: np.random.Generator) -> None:
    cases = tuple(drawn(rng, 200))
    scores = {"precision_wanted": 0.95, "threshold": 0.8, "test": {"accuracy": 0.6}}
    counted = Read(abstention(Told("run", "finished", {}, scores=scores, cases=cases))).text
    sure = [case for case in cases if case.sure]
    right = sum(case.truth == case.label for case in sure) / len(sure)
    assert (
        "not sure below a probability of 0.800. It was chosen on val so that 95% of its" in counted
    )
    assert f"answers {len(sure) / 200:.1%} of the pictures, and {right:.1%} of these" in counted
    held = {"threshold": 0.7, "coverage": 0.5, "precision": 0.75, "precision_95": [0.7, 0.8]}
    given = {**scores, "threshold": 0.7, "test": {"abstention": held}}
    told = Read(abstention(Told("run", "finished", {}, scores=given, cases=cases))).text
    assert "below a probability of 0.700" in told
    other = {**scores, "test": {"abstention": held}}  # of a threshold that is not the one shipped
    assert Read(abstention(Told("run", "finished", {}, scores=other, cases=cases))).text == counted
    assert "answers 50.0% of the pictures, and 75.0% (70.0–80.0) of these answers are right" in told


@pytest.mark.parametrize("is_shown", [True, False])
def test_whether_val_shows_what_was_wanted_is_told(is_shown: bool) -> None:
    chosen = {"wanted": 0.9, "is_shown": is_shown, "text": "3 of 9 pictures are answered"}
    scores = {"threshold": 0.8, "test": {"accuracy": 0.6}, "val": {"abstention": chosen}}
    text = Read(abstention(Told("run", "finished", {}, scores=scores))).text
    assert "so that 90% of its answers are right" in text
    assert ("and the pictures of val show that." in text) == is_shown
    assert ("but val cannot show that: 3 of 9 pictures are answered." in text) != is_shown


def test_a_network_that_is_never_sure_says_so(rng: np.random.Generator) -> None:
    cases = tuple(case._replace(sure=False) for case in drawn(rng, 30))
    scores = {"threshold": 1.0, "test": {"accuracy": 0.6}}
    text = Read(abstention(Told("run", "finished", {}, scores=scores, cases=cases))).text
    assert "On test it was sure of no picture." in text


def test_the_curve_of_the_other_split_is_not_mixed_in(rng: np.random.Generator) -> None:
    cases = drawn(rng, 100)
    other = [case._replace(split="val", probability=0.111) for case in cases]
    scores = {"threshold": 0.8, "test": {"accuracy": 0.6}}
    body = abstention(Told("run", "finished", {}, scores=scores, cases=(*cases, *other)))
    svg = body[body.index("<svg") : body.index("</svg>") + 6]
    assert len(places(svg, "s1")) == len(coverage_curve(cases))


def test_other_thresholds_reach_what_they_promise(rng: np.random.Generator) -> None:
    cases = tuple(drawn(rng, 400))
    scores = {"threshold": 0.8, "test": {"accuracy": 0.6}}
    text = Read(abstention(Told("run", "finished", {}, scores=scores, cases=cases))).text
    row = next(line for line in text.split("\n") if line.startswith("80.0% "))
    _, threshold, answered, right = row.split()
    kept = [case for case in cases if case.probability >= float(threshold)]
    assert answered == f"{len(kept) / 400:.1%}"
    assert float(right.rstrip("%")) >= 80


@pytest.mark.parametrize(
    ("temperature", "before", "after", "words"),
    [
        (1.5, 0.08, 0.02, "8.0 points off as the network says it, and 2.0 points after"),
        (1.5, 0.08, 0.02, "Temperature 1.5, fitted on val: the network is made less sure"),
        (0.7, 0.08, 0.02, "surer than it said"),
        (1.0, 0.02, 0.03, "Here scaling did not help."),
    ],
)
def test_calibration_is_told_in_words(
    temperature: float, before: float, after: float, words: str
) -> None:
    scores = {"temperature": temperature, "test": {"ece_before": before, "ece_after": after}}
    assert words in Read(calibration(Told("run", "finished", {}, scores=scores))).text


def test_bins_that_make_no_sense_are_left_out() -> None:
    good = {"low": 0.5, "high": 1.0, "count": 3, "confidence": 0.9, "accuracy": 1.0}
    odd = [{**good, "count": 0}, {**good, "low": None}, {**good, "accuracy": 1.5}, {}, "x", None]
    assert [one.pictures for one in bins([good, *odd])] == [3]
    assert bins("x") == []
